//! A user whom another proxy has proved and names in a header. Every proxy hands a client's own header of that
//! name on, so the header counts only beside a secret that no client knows, and only for this one request.

use std::{net::IpAddr, sync::Arc};

use actix_web::http::header::{HeaderMap, HeaderName};
use cidr::IpCidr;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tracing::warn;

use super::{
    chain::{Attempt, Presented, Rejection},
    external::{ExternalIdentity, Provisioner},
    group::Groups,
    name::UserName,
    principal::Credential,
    profile::{DisplayName, Email},
};
use crate::{clock, proxy::headers::OWNED, store::view::View, telemetry::Seldom};

/// The header with the secret.
const X_SLUICE_SECRET: HeaderName = HeaderName::from_static("x-sluice-secret");

/// What proves that the header is the proxy's.
#[derive(Clone)]
pub enum SsoProof {
    /// A secret that it sends, by its digest.
    Secret([u8; 32]),
    /// Nothing: whoever configured it says that the proxy strips the client's own header.
    Stripped,
}

impl SsoProof {
    /// Of a secret; it is never empty.
    pub fn of(secret: &SecretString) -> Self {
        Self::Secret(Sha256::digest(secret.expose_secret()).into())
    }
}

/// The headers, and whom to believe.
pub struct Sso {
    /// The names of the headers.
    pub headers: IdentityHeaders,
    /// Those that are not Sluice's own as well; looked at in every request.
    pub uncommon: Vec<HeaderName>,
    /// What proves that they are the proxy's.
    pub proof: SsoProof,
    /// The proxies, by the address of the connection.
    pub trusted: Vec<IpCidr>,
    /// Who the users are here.
    pub provisioner: Arc<Provisioner>,
    /// A word about headers that were ignored.
    pub notice: Notices,
}

/// When headers that were ignored were last spoken of, by reason.
#[derive(Default)]
pub struct Notices {
    peer: Seldom,
    secret: Seldom,
}

impl Sso {
    /// Proves the user that the header names. A header that the proxy did not prove to be its own is ignored, as any
    /// client can send it.
    pub fn attempt(&self, presented: &Presented<'_>, view: &View) -> Attempt {
        let name = match self.named(presented.headers) {
            Some(name) if self.proved(presented) => name,
            Some(_) | None => return Attempt::NotPresented,
        };
        let Some(name) = name else { return Attempt::Rejected(Rejection::SsoName) };
        let known = |name| self.headers.identity(name, presented.headers);
        self.provisioner.attempt(name, known, Credential::Sso, view)
    }

    /// Whom the header names, where the proxy proved that it is its own.
    pub(super) fn names(&self, presented: &Presented<'_>) -> Option<ExternalIdentity> {
        let name = self.named(presented.headers)?.filter(|_| self.proved(presented))?;
        Some(self.headers.identity(name, presented.headers))
    }

    /// The name in the header, where there is one; `Some(None)` where it is repeated or no name.
    #[expect(clippy::option_option, reason = "a header that is wrong is not one that is left out")]
    fn named(&self, headers: &HeaderMap) -> Option<Option<UserName>> {
        let mut values = headers.get_all(&self.headers.user);
        let value = match (values.next()?, values.next()) {
            (value, None) if value.as_bytes().trim_ascii().is_empty() => return None,
            (value, None) => value.to_str().ok(),
            (_, Some(_)) => None,
        };
        Some(value.and_then(|name| UserName::parse(name).ok()))
    }

    fn proved(&self, presented: &Presented<'_>) -> bool {
        let header = self.headers.user.as_str();
        if let Some(peer) = presented.peer.map(|peer| peer.to_canonical())
            && !self.trusts(peer)
        {
            if self.notice.peer.is_due(clock::monotonic()) {
                warn!(%peer, header, "the SSO header is ignored: its sender is not in sso.trusted_ips");
            }
            return false;
        }
        let mut values = presented.headers.get_all(X_SLUICE_SECRET);
        let right = match (&self.proof, values.next(), values.next()) {
            (SsoProof::Stripped, ..) => true,
            (SsoProof::Secret(digest), Some(sent), None) => {
                <[u8; 32]>::from(Sha256::digest(sent.as_bytes())).ct_eq(digest).into()
            }
            (SsoProof::Secret(_), ..) => false,
        };
        if !right && self.notice.secret.is_due(clock::monotonic()) {
            warn!(
                client = %(presented.client)().address(),
                header,
                "the SSO header is ignored: X-Sluice-Secret is missing, repeated or not sso.secret; a client forged \
                 the header, or the proxy that signs people in does not send the secret"
            );
        }
        right
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&peer))
    }
}

/// The headers in which another system names a user. Where there is no name for one, nothing is read.
#[derive(Clone, Debug)]
pub struct IdentityHeaders {
    /// The user's name.
    pub user: HeaderName,
    /// Their name for people.
    pub name: Option<HeaderName>,
    /// Their address.
    pub email: Option<HeaderName>,
    /// Their groups.
    pub groups: Option<HeaderName>,
    /// What separates groups.
    pub separator: char,
}

impl IdentityHeaders {
    /// Those of a provider's answer: beside `X-Forwarded-User` stand `X-Forwarded-Name` and `-Email`. Never for a
    /// request, in which a client can write what no configuration names.
    pub fn answered(user: HeaderName, groups: HeaderName, separator: char) -> Self {
        let stem = user.as_str().strip_suffix("username").or_else(|| user.as_str().strip_suffix("user"));
        let beside = |ending: &str, usual: HeaderName| {
            stem.and_then(|stem| HeaderName::try_from(format!("{stem}{ending}")).ok()).unwrap_or(usual)
        };
        Self {
            name: Some(beside("name", HeaderName::from_static("remote-name"))),
            email: Some(beside("email", HeaderName::from_static("remote-email"))),
            user,
            groups: Some(groups),
            separator,
        }
    }

    /// Their names, without those that are Sluice's own as well.
    pub fn uncommon(&self) -> Vec<HeaderName> {
        let beside = [&self.name, &self.email, &self.groups].into_iter().flatten();
        let all = [&self.user].into_iter().chain(beside);
        all.filter(|name| !OWNED.contains(&name.as_str())).cloned().collect()
    }

    /// All that the headers say about a user. What cannot be read beside the name, or came
    /// twice, is left out.
    pub fn identity(&self, name: UserName, headers: &HeaderMap) -> ExternalIdentity {
        let once = |header: &HeaderName| {
            let mut values = headers.get_all(header);
            values.next().filter(|_| values.next().is_none()).map(|value| value.as_bytes())
        };
        self.identity_by(name, once)
    }

    /// The same for headers of an answer.
    pub(super) fn identity_by<'a>(
        &self,
        name: UserName,
        header: impl Fn(&HeaderName) -> Option<&'a [u8]>,
    ) -> ExternalIdentity {
        let text = |name: &Option<HeaderName>| std::str::from_utf8(header(name.as_ref()?)?).ok();
        ExternalIdentity {
            name,
            display_name: text(&self.name).and_then(|name| DisplayName::parse(name).ok()),
            email: text(&self.email).and_then(|email| Email::parse(email).ok()),
            groups: text(&self.groups).map(|list| Groups::parse(list, self.separator)).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_an_answer_the_other_headers_stand_beside_the_users() {
        for (user, name, email) in [
            ("remote-user", "remote-name", "remote-email"),
            ("x-authentik-username", "x-authentik-name", "x-authentik-email"),
            ("x-forwarded-user", "x-forwarded-name", "x-forwarded-email"),
            ("x-whoever", "remote-name", "remote-email"),
        ] {
            let groups = HeaderName::from_static("remote-groups");
            let headers = IdentityHeaders::answered(HeaderName::from_static(user), groups, ',');
            let named = [headers.name, headers.email].map(|name| name.unwrap().as_str().to_owned());
            assert_eq!(named, [name, email], "{user}");
        }
    }
}
