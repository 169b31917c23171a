//! `[bypass]`: addresses on the own network that need no credential.

use super::{
    reader::Reader,
    values::{PRIVATE, bounded_network, host, network},
};
use crate::{
    authn::{bypass::Bypass, name::UserName},
    policy::origin::Host,
};

/// `Some(None)` where no host is listed.
#[expect(clippy::option_option, reason = "a section that is off is not one that is wrong")]
pub(super) fn read(reader: &mut Reader) -> Option<Option<Bypass>> {
    let hosts = reader.list("bypass.hosts", &[], host);
    let networks = reader.list("bypass.networks", &PRIVATE, bounded_network);
    let user = reader.value("bypass.user", "admin", |text| {
        UserName::parse(text).map_err(|error| format!("is no user name: {error}"))
    });
    let bypass = Bypass { hosts: hosts?, networks: networks?, user: user? };
    for (host, _) in bypass.hosts.iter().filter(|(host, _)| is_public(host)) {
        reader.warning(
            "bypass.hosts",
            &format!(
                "{} looks like a public name: whoever reaches it from bypass.networks is `{}` without a sign-in, \
                 and a tunnel or another proxy makes everybody come from there; list private addresses only",
                host.as_str(),
                bypass.user
            ),
        );
    }
    Some(Some(bypass).filter(|bypass| !bypass.hosts.is_empty()))
}

/// Whether the host could be reached from everywhere: neither a private address nor a name of a home network.
fn is_public(host: &Host) -> bool {
    let text = host.as_str().trim_matches(['[', ']']);
    if text.parse::<std::net::IpAddr>().is_ok() {
        let address = text.parse().ok();
        let private = PRIVATE.iter().filter_map(|private| network(private).ok());
        return address.is_some_and(|address| !private.into_iter().any(|network| network.contains(&address)));
    }
    host.is_public_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_of_the_world_are_public() {
        for (host, public) in [
            ("10.11.1.11", false),
            ("[fd00::1]", false),
            ("nas", false),
            ("nas.local", false),
            ("nas.home.arpa", false),
            ("torrents.example.com", true),
            ("8.8.8.8", true),
            ("[2001:db8::1]", true),
            ("local.example.com", true),
        ] {
            assert_eq!(is_public(&Host::parse(host).unwrap()), public, "{host}");
        }
    }
}
