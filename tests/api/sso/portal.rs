//! SSO on the portal's pages and at the start: it opens no session, and it does not start unproved.

use super::{SECRET, ask, assert_let_in, gate, home, sso};
use crate::support::raw::Request;
use crate::support::sluice::Home;
use crate::support::verify::{DIALECTS, Dialect};

#[test]
fn it_opens_no_session_on_the_portals_pages() {
    let sluice = gate("sso.auto_provision = true");
    for path in ["/sluice/login", "/sluice/account", "/sluice/logout", "/sluice/setup", "/sluice/", "/"] {
        for request in [
            sso(Request::get(path).navigating(), "ada"),
            sso(Request::get(path), "newcomer"),
            sso(Request::post(path).header("Origin", sluice.origin()), "ada"),
            sso(sluice.portal_post(path).form(&[("username", "ada"), ("password", "")]), "ada"),
        ] {
            let answer = request.send(sluice.address);
            let set: Vec<_> =
                answer.all("set-cookie").into_iter().filter(|cookie| !is_removal(cookie)).collect();
            assert_eq!(set, [""; 0], "{path}");
            assert!(!answer.text().contains("newcomer"), "{path}");
            assert!(path != "/sluice/account" || answer.status != 200, "{path}: {answer:?}");
        }
    }
    let users = sluice.cli(&["user", "list", "--json"], "").json();
    assert_eq!(users.as_array().map(Vec::len), Some(2), "{users:#}");
    assert_eq!(sluice.cli(&["session", "list", "--json"], "").json(), serde_json::json!([]));
}

/// Signing out takes away a cookie that may be there.
fn is_removal(cookie: &str) -> bool {
    cookie.starts_with("sluice_session=;") && cookie.contains("Max-Age=0")
}

#[test]
fn the_sign_in_page_shows_no_form_and_signing_out_leads_to_the_provider_or_the_app() {
    for (settings, expected) in
        [("sso.logout_url = \"https://auth.test/logout\"", "https://auth.test/logout"), ("", "/")]
    {
        let sluice = gate(settings);
        let login = Request::get("/sluice/login").navigating().send(sluice.address);
        assert!(!login.text().contains("name=\"password\""), "{}", login.text());
        let signed_out = sluice.portal_post("/sluice/logout").send(sluice.address);
        let location = signed_out.assert_status(303).location().unwrap_or_default();
        assert_eq!(location.trim_start_matches(&sluice.origin()), expected);
    }
}

#[test]
fn it_is_off_unless_switched_on() {
    let sluice = Home::new().with(&format!("sso.secret = \"{SECRET}\"")).user("ada", &["--admin"]).start();
    for dialect in DIALECTS {
        ask(&sluice, &sso(dialect.verify(), "ada")).assert_status(401);
    }
    let page = Request::get("/sluice/login").navigating().send(sluice.address);
    assert!(page.text().contains("name=\"password\""));
}

#[test]
fn without_a_secret_it_does_not_start_and_the_error_shows_the_line_for_the_proxy() {
    for home in [
        Home::new().with("sso.enabled = true"),
        Home::new().variable("TRUSTED_PROXY_ENABLED", "true"),
        Home::new().variable("PYTORRENT_AUTH_PROVIDER", "tinyauth"),
        Home::new().variable("PYTORRENT_AUTH_PROVIDER", "proxy"),
    ] {
        for said in [home.fail(), home.cli(&["check"], "")] {
            said.assert_code(2);
            for part in ["sso.secret", "proxy_set_header X-Sluice-Secret", "none"] {
                assert!(said.err.contains(part), "{part} in {said:#?}");
            }
        }
        assert!(!home.store().exists(), "half-started");
    }
    Home::new().with("sso.enabled = true\nsso.secret = \"\"").fail().assert_code(2);
}

#[test]
fn the_secret_shows_nowhere() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).expect("a file");
    let mut sluice =
        home(&format!("log.level = \"trace\"\nsso.secret_file = \"{}\"", file.display())).start();
    let answer = ask(&sluice, &sso(Dialect::Nginx.verify(), "vera"));
    assert_let_in(&answer, "vera", "sso");
    assert!(answer.headers.iter().all(|(_, value)| !value.contains(SECRET)));
    let said = sluice.cli(&["check"], "");
    assert!(!said.assert_code(0).out.contains(SECRET), "{}", said.out);
    assert_eq!(sluice.stop(), Some(0));
    assert!(!sluice.process.log.contains(SECRET));
}
