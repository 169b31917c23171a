//! Of the headers in which another proxy says who somebody is.

use std::net::IpAddr;

use actix_web::http::header::HeaderMap;

use super::{super::forgery, Finding, Question, Verdict, once};
use crate::{authn::sso::SsoProof, config::SsoConfig};

/// By what came to the portal's page of a request that named somebody without proof.
pub(in super::super) fn secret(sso: &SsoConfig, headers: &HeaderMap, peer: Option<IpAddr>) -> Finding {
    let came = forgery::came_through(forgery::read(&sso.headers), headers);
    let trusted = peer.is_none_or(|peer| sso.trusted.iter().any(|network| network.contains(&peer)));
    // A check knows no secret: one that is not its own is the proxy's.
    let has_secret =
        || once(headers, "x-sluice-secret").is_some_and(|value| !forgery::is_forged(value.as_bytes()));
    let (proved, usual) = match sso.proof {
        SsoProof::Secret(_) => (
            has_secret(),
            "Only the proxy in front knows sso.secret, so this shows when somebody signs in there; Sluice's log says when \
             the secret was missing or wrong.",
        ),
        SsoProof::Stripped => (
            true,
            "sso.secret is \"none\": that the proxy in front takes a client's own header away was only looked at here.",
        ),
    };
    let names = forgery::in_words(&came);
    let (verdict, text) = match (came.is_empty(), trusted && proved) {
        (true, _) => (Verdict::NotHere, usual.to_owned()),
        (false, true) => (
            Verdict::Wrong,
            format!(
                "What a client wrote itself in {names} came to Sluice through the proxy and counts there: whoever writes it \
                 is whom it names. Let the proxy that signs people in set or remove such a header in every request."
            ),
        ),
        (false, false) => (
            Verdict::NotHere,
            format!(
                "What a client wrote itself in {names} came to Sluice, but nothing that proves the proxy, so it counts for \
                 nothing. {usual}"
            ),
        ),
    };
    Finding::new(Question::Secret, verdict, text)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;
    use crate::config::{self, Flags};

    fn configured(secret: &str) -> SsoConfig {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sluice.toml");
        let text = format!(
            "[sso]\nenabled = true\nsecret = \"{secret}\"\nuser_header = \"X-Forwarded-User\"\n\
             groups_header = \"Remote-Groups\"\ntrusted_ips = [\"192.0.2.0/24\"]"
        );
        std::fs::write(&file, text).unwrap();
        let flags = Flags { file: Some(file), values: Vec::new() };
        config::load(&flags).config.unwrap_or_else(|problems| panic!("{problems:?}")).sso.unwrap()
    }

    #[test]
    fn a_header_that_names_somebody_is_wrong_where_it_came_as_a_client_wrote_it_and_counts() {
        const SECRET: &str = "of-the-proxy-and-nobody-else";
        let forged = "sluice-forged";
        for (secret, came, peer, said) in [
            (SECRET, &[][..], "192.0.2.1", ""),
            (SECRET, &[("x-sluice-secret", SECRET)], "192.0.2.1", ""),
            (SECRET, &[("x-forwarded-user", "ada"), ("x-sluice-secret", SECRET)], "192.0.2.1", ""),
            (
                SECRET,
                &[("x-forwarded-user", forged), ("x-sluice-secret", SECRET)],
                "192.0.2.1",
                "X-Forwarded-User",
            ),
            (SECRET, &[("x-forwarded-user", forged), ("x-sluice-secret", SECRET)], "198.51.100.1", "-"),
            (SECRET, &[("x-forwarded-user", forged), ("x-sluice-secret", forged)], "192.0.2.1", "-"),
            (SECRET, &[("x-forwarded-user", forged)], "192.0.2.1", "-"),
            ("none", &[("remote-name", forged), ("remote-user", forged)], "192.0.2.1", ""),
            ("none", &[("remote-groups", "users,sluice-forged")], "192.0.2.1", "Remote-Groups"),
            (
                "none",
                &[("remote-groups", forged), ("x-forwarded-user", "ada"), ("x-forwarded-user", forged)],
                "192.0.2.1",
                "X-Forwarded-User and Remote-Groups",
            ),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in came {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            let found = super::secret(&configured(secret), &headers, peer.parse().ok());
            let expected = if said.is_empty() || said == "-" { Verdict::NotHere } else { Verdict::Wrong };
            assert_eq!(found.verdict, expected, "{came:?} from {peer}: {found:?}");
            let named = found.text.contains(&format!("wrote itself in {said} came")) || said.is_empty();
            let counts_for_nothing = found.text.contains("counts for nothing");
            assert!(if said == "-" { counts_for_nothing } else { named && !counts_for_nothing }, "{found:?}");
        }
    }
}
