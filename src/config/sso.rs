//! `[sso]`: users whom another proxy has proved and names in a header.

use cidr::IpCidr;
use secrecy::ExposeSecret;
use url::Url;

use super::{
    provisioning,
    reader::Reader,
    values::{PRIVATE, bounded_network, flag, header, web_address},
};
use crate::authn::{
    external::Provisioning,
    sso::{IdentityHeaders, SsoProof},
};

/// The section, where it is on.
pub struct SsoConfig {
    /// The headers that name the user.
    pub headers: IdentityHeaders,
    /// What proves that they are the proxy's.
    pub proof: SsoProof,
    /// The proxies that may send them.
    pub trusted: Vec<IpCidr>,
    /// How those users become users here.
    pub provisioning: Provisioning,
    /// Where people sign out.
    pub logout_url: Option<Url>,
}

impl std::fmt::Debug for SsoConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SsoConfig").field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// The word that says aloud that no secret is needed.
const NO_SECRET: &str = "none";

/// Bytes below which a secret could be guessed through the proxy, where nothing slows that down.
const MIN_SECRET: usize = 16;

/// `Some(None)` where it is off.
#[expect(clippy::option_option, reason = "a section that is off is not one that is wrong")]
pub(super) fn read(reader: &mut Reader) -> Option<Option<SsoConfig>> {
    let enabled = reader.value("sso.enabled", "false", flag);
    let headers = headers(reader);
    let secret = reader.secret("sso.secret");
    let trusted = reader.list("sso.trusted_ips", &PRIVATE, bounded_network);
    let provisioning = provisioning::read(reader, "sso");
    let logout_url = reader.optional("sso.logout_url", web_address);
    if !enabled? {
        return Some(None);
    }
    let Some(secret) = secret? else {
        reader.problem(
            "sso.secret",
            "every proxy hands a client's own header on, so one that names a user needs a secret beside it. Give it \
             a long random value, and add one line to the proxy that signs people in: for nginx `proxy_set_header \
             X-Sluice-Secret \"THE-SECRET\";`, for Caddy `header_up X-Sluice-Secret \"THE-SECRET\"`, for Traefik \
             `X-Sluice-Secret: \"THE-SECRET\"` under customRequestHeaders. Or write sso.secret = \"none\", which says \
             that the proxy strips the header of every client",
        );
        return None;
    };
    let text = secret.expose_secret();
    if text != NO_SECRET && text.len() < MIN_SECRET {
        reader.problem(
            "sso.secret",
            &format!(
                "it is shorter than {MIN_SECRET} characters and could be guessed; give it a long random value"
            ),
        );
        return None;
    }
    let proof = if text == NO_SECRET { SsoProof::Stripped } else { SsoProof::of(&secret) };
    if matches!(proof, SsoProof::Stripped) {
        reader.choice(
            "sso.secret",
            "it is \"none\": whoever can send the header through the proxy is the user that it names",
        );
    }
    let (headers, provisioning) = (headers?, provisioning?);
    if headers.groups.is_none() && !provisioning.group_map.is_empty() {
        reader.warning(
            "sso.group_map",
            "it brings nobody anything: no header names groups. Give sso.groups_header the one that the proxy sets, or \
             removes, in every request",
        );
    }
    Some(Some(SsoConfig { headers, proof, trusted: trusted?, provisioning, logout_url: logout_url? }))
}

/// The names. What else is said about a user is read unasked only beside `Remote-User`: a proxy in front that sets a
/// header of another name may well hand on what a client writes beside it.
fn headers(reader: &mut Reader) -> Option<IdentityHeaders> {
    let user = reader.value("sso.user_header", "Remote-User", header);
    let usual = user.as_ref().is_some_and(|user| user == "remote-user");
    let mut beside = |key: &str, default| {
        reader.value(key, if usual { default } else { "" }, |text| match text {
            "" => Ok(None),
            name => header(name).map(Some),
        })
    };
    let name = beside("sso.name_header", "Remote-Name");
    let email = beside("sso.email_header", "Remote-Email");
    let groups = beside("sso.groups_header", "Remote-Groups");
    Some(IdentityHeaders { user: user?, name: name?, email: email?, groups: groups?, separator: ',' })
}
