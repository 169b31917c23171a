//! `rd`: where people are led after signing in, and nowhere else.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use url::Url;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};

/// The host of the portal.
const HOST: &str = "auth.example.com";
const ACCOUNT: &str = "/sluice/account";

fn sign_in(sluice: &Sluice, origin: &str, fields: &[(&str, &str)]) -> Answer {
    let mut form = vec![("username", "ada"), ("password", PASSWORD)];
    form.extend_from_slice(fields);
    Request::post("/sluice/login").host(HOST).header("Origin", origin).form(&form).send(sluice.address)
}

fn portal() -> Sluice {
    Home::new()
        .with(
            "server.public_url = \"https://auth.example.com\"\n\
             session.cookie_domain = \"example.com\"\n\
             [[app]]\nname = \"nas\"\nhosts = [\"nas.example.com\", \"nas.example.com:8443\"]\n",
        )
        .user("ada", &["--admin"])
        .start()
}

#[test]
fn good_targets_are_followed_as_they_are() {
    let sluice = portal();
    for target in [
        "/",
        "/page?x=1&y=%26#top",
        "/sluice/account",
        "https://auth.example.com/x",
        "https://nas.example.com/",
        "https://nas.example.com:8443/a?b=1",
        "https://other.example.com/",
    ] {
        let answer = sign_in(&sluice, "https://auth.example.com", &[("rd", target)]);
        assert_eq!(answer.assert_status(303).location(), Some(target));
    }
}

#[test]
fn a_target_is_followed_to_the_host_that_has_the_cookie() {
    let sluice = portal();
    for target in ["https:nas.example.com.", "https://nas.example.com./", "HTTPS://NAS.example.com:443"] {
        let answer = sign_in(&sluice, "https://auth.example.com", &[("rd", target)]);
        assert_eq!(answer.assert_status(303).location(), Some("https://nas.example.com/"), "{target}");
    }
}

/// Written for this project: ways to name another site that have fooled gates.
const OFF_SITE: [&str; 46] = [
    "//evil.test",
    "///evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "\\/\\/evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "/\r/evil.test",
    "\t//evil.test",
    " //evil.test",
    "/ /evil.test",
    "//evil.test/%2f..",
    "evil.test",
    "https:evil.test",
    "https:/\\evil.test",
    "https:/evil.test",
    "https:///evil.test",
    "http://evil.test",
    "https://evil.test",
    " https://evil.test",
    "HTTPS://EVIL.TEST",
    "https://evil.test#nas.example.com",
    "https://evil.test\\.example.com",
    "https://nas.example.com@evil.test",
    "https://nas.example.com:pw@evil.test",
    "https://evil.test/https://nas.example.com",
    "https://nas.example.com.evil.test",
    "https://evilexample.com",
    "https://example.com.evil.test/",
    "https://nas.example.com%2eevil.test",
    "https://ｅxample.com.evil.test",
    "https://nas。example。com.evil.test",
    "https://0x7f.1",
    "https://nas.example.com\n.evil.test",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "blob:https://nas.example.com/x",
    "ftp://nas.example.com/",
    "file:///etc/passwd",
    "http://nas.example.com/",
    "?x",
    "#x",
    "",
    "/\u{e9}",
];

#[test]
fn targets_elsewhere_lead_to_the_account_page() {
    let sluice = portal();
    for target in OFF_SITE {
        let answer = sign_in(&sluice, "https://auth.example.com", &[("rd", target)]);
        assert_eq!(answer.assert_status(303).location(), Some(ACCOUNT), "{target:?}");
    }
    let long = format!("/{}", "a".repeat(12_000));
    let answer = sign_in(&sluice, "https://auth.example.com", &[("rd", &long)]);
    answer.assert_status(303);
}

#[test]
fn two_targets_are_none() {
    let sluice = portal();
    let answer = sign_in(&sluice, "https://auth.example.com", &[("rd", "/a"), ("rd", "/b")]);
    assert_eq!(answer.assert_status(303).location(), Some(ACCOUNT));
    let page = Request::get("/sluice/login?rd=/a&rd=/b").host(HOST).send(sluice.address);
    assert!(!page.assert_status(200).text().contains("name=\"rd\""));
}

#[test]
fn the_page_carries_only_checked_targets() {
    let sluice = portal();
    for target in OFF_SITE {
        let query: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let page = Request::get(&format!("/sluice/login?rd={query}")).host(HOST).send(sluice.address);
        assert!(!page.assert_status(200).text().contains("name=\"rd\""), "{target:?}");
    }
    let page = Request::get("/sluice/login?rd=https%3A%2F%2Fnas.example.com%2Fx%3Fa%3D1%26b%3D2")
        .host(HOST)
        .send(sluice.address);
    assert!(page.text().contains("name=\"rd\" value=\"https://nas.example.com/x?a=1&"), "{}", page.text());
}

#[test]
fn someone_who_is_signed_in_is_not_sent_elsewhere_either() {
    let sluice = portal();
    let answer = sign_in(&sluice, "https://auth.example.com", &[]);
    let session = crate::support::sluice::session_of(&answer);
    for target in OFF_SITE.iter().filter(|target| target.contains("evil")) {
        let query: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        for path in ["login", "logout", "account"] {
            let page = Request::get(&format!("/sluice/{path}?rd={query}"))
                .host(HOST)
                .session(&session)
                .send(sluice.address);
            assert_eq!(page.assert_status(200).location(), None);
            assert!(!page.text().contains("evil"), "{path} {target:?}");
        }
    }
}

/// As a browser on the portal's page would resolve it.
fn leads_astray(location: &str) -> bool {
    let base = Url::parse("https://auth.example.com/sluice/login").expect("an address");
    base.join(location).map_or(true, |url| {
        let host = url.host_str().unwrap_or_default();
        url.scheme() != "https" || !(host == "example.com" || host.ends_with(".example.com"))
    })
}

#[test]
fn no_text_at_all_leads_to_another_site() {
    let sluice = portal();
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let pieces = prop::collection::vec(
        prop::sample::select(vec![
            "/",
            "//",
            "\\",
            "https:",
            "http:",
            "javascript:",
            "evil.test",
            "nas.example.com",
            "auth.example.com",
            "@",
            ":",
            "%2f",
            "%5c",
            "%09",
            "\t",
            "\n",
            "\r",
            " ",
            "?",
            "#",
            ".",
            "..",
            "%2e",
            "x",
            "[",
            "]",
            "。",
            "\u{0}",
        ]),
        0..8,
    );
    TestRunner::new(config)
        .run(&prop_oneof![pieces.prop_map(|pieces| pieces.concat()), ".{0,40}"], |target| {
            let answer = sign_in(&sluice, "https://auth.example.com", &[("rd", &target)]);
            // Text that cannot be read as text is refused whole.
            if answer.status == 400 {
                return Ok(());
            }
            prop_assert_eq!(answer.status, 303);
            let location = answer.location().unwrap_or_default();
            prop_assert!(!leads_astray(location), "{:?} led to {:?}", target, location);
            Ok(())
        })
        .expect("no target leads astray");
}
