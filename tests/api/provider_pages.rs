//! The portal's pages where people sign in at another provider, or need not sign in at all.

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};

const PROVIDERS: [&str; 2] = [
    "sso.enabled = true\nsso.secret = \"a-shared-secret-of-two-proxies\"\n\
     sso.logout_url = \"https://auth.test/logout\"",
    "upstream.kind = \"tinyauth\"\nupstream.url = \"http://127.0.0.1:9\"\n\
     upstream.logout_url = \"https://auth.test/logout\"",
];

fn start(settings: &str) -> Sluice {
    Home::new().with(settings).user("ada", &["--admin"]).start()
}

#[test]
fn the_sign_in_page_leads_to_the_app_and_never_back_to_itself() {
    for settings in PROVIDERS {
        let sluice = start(settings);
        let origin = sluice.origin();
        for (target, link) in [
            ("/x", "/x"),
            ("/sluicex", "/sluicex"),
            ("http://elsewhere.test/x", "/"),
            ("/sluice", "/"),
            ("/sluice/account", "/"),
            ("/sluice?x", "/"),
            (&format!("{origin}/sluice/account"), "/"),
            (&format!("{origin}/x"), &format!("{origin}/x")),
        ] {
            let rd: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
            let page = Request::get(&format!("/sluice/login?rd={rd}")).navigating().send(sluice.address);
            let html = page.assert_status(200).text();
            assert!(html.contains(&format!("class=\"button\" href=\"{link}\"")), "{target}: {html}");
            assert!(!html.contains("<form"), "{html}");
            assert_eq!(
                html.contains("no account page"),
                target.contains("/sluice") && link == "/",
                "{target}"
            );
        }
        let answer = sluice.sign_in_form("ada", PASSWORD).send(sluice.address);
        assert_eq!(answer.assert_status(403).set_cookie("sluice_session"), None);
    }
}

/// A client in a browser signs in as qBittorrent's do.
#[test]
fn a_session_from_elsewhere_can_sign_out_to_the_provider() {
    for settings in PROVIDERS {
        let sluice = start(settings);
        let signed_in = Request::post("/api/v2/auth/login")
            .header("Origin", sluice.origin())
            .header("Sec-Fetch-Site", "same-origin")
            .form(&[("username", "ada"), ("password", PASSWORD)]);
        let session = session_of(signed_in.send(sluice.address).assert_status(200));
        for page in ["/sluice/account", "/sluice/logout"] {
            let answer = Request::get(page).session(&session).send(sluice.address);
            assert!(answer.assert_status(200).text().contains("action=\"/sluice/logout\""), "{page}");
            let rule = answer.header("content-security-policy").unwrap_or_default();
            assert!(rule.contains("form-action 'self' https://auth.test;"), "{page}: {rule}");
        }
        let answer = sluice.sign_out(&session);
        assert_eq!(answer.assert_status(303).location(), Some("https://auth.test/logout"));
        let after = Request::get("/sluice/logout").session(&session).send(sluice.address);
        assert_eq!(after.assert_status(303).location(), Some("https://auth.test/logout"));
    }
}

#[test]
fn where_nobody_signs_in_the_account_page_leads_to_the_app() {
    let sluice = start("auth.enabled = false");
    let mut page = "/sluice/account".to_owned();
    for _ in 0..3 {
        if !page.starts_with("/sluice") {
            break;
        }
        let answer = Request::get(&page).navigating().send(sluice.address);
        answer.assert_status(303).location().expect("a Location").clone_into(&mut page);
    }
    assert_eq!(page, "/");
}
