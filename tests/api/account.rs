//! The account page and changing one's own password.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;

const NEW: &str = "Another-horse-2";

fn change(sluice: &Sluice, session: &str, current: &str, new: &str, again: &str) -> Answer {
    sluice
        .portal_post("/sluice/account/password")
        .session(session)
        .form(&[("current_password", current), ("new_password", new), ("new_password_again", again)])
        .send(sluice.address)
}

fn is_live(sluice: &Sluice, session: &str) -> bool {
    Dialect::Nginx.verify().session(session).send(sluice.address).status == 200
}

#[test]
fn the_page_is_for_those_who_are_signed_in() {
    let sluice = Sluice::start();
    let answer = Request::get("/sluice/account").navigating().send(sluice.address);
    let location = answer.assert_status(303).location().expect("a Location").to_owned();
    assert!(location.starts_with("/sluice/login"), "{location}");
    let session = sluice.sign_in("vera", PASSWORD);
    let page = Request::get("/sluice/account").session(&session).send(sluice.address);
    let html = page.assert_status(200).text();
    for part in ["vera", "read-only", "/sluice/logout", "new_password"] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[test]
fn changing_the_password_ends_the_users_other_sessions_only() {
    let sluice = Sluice::start();
    let (mine, other) = (sluice.sign_in("vera", PASSWORD), sluice.sign_in("vera", PASSWORD));
    let somebody_elses = sluice.sign_in("ada", PASSWORD);
    let answer = change(&sluice, &mine, PASSWORD, NEW, NEW);
    assert!(answer.assert_status(303).location().is_some_and(|to| to.starts_with("/sluice/account")));
    assert!(is_live(&sluice, &mine));
    assert!(!is_live(&sluice, &other));
    assert!(is_live(&sluice, &somebody_elses));
    sluice.sign_in("vera", NEW);
    sluice.sign_in_form("vera", PASSWORD).send(sluice.address).assert_status(401);
}

#[test]
fn a_wrong_current_password_changes_nothing() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    change(&sluice, &session, "wrong", NEW, NEW).assert_status(401);
    assert!(is_live(&sluice, &session));
    sluice
        .sign_in_form("vera", NEW)
        .header("X-Forwarded-For", "192.0.2.9")
        .send(sluice.address)
        .assert_status(401);
}

#[test]
fn guessing_the_current_password_is_slowed_like_guessing_at_sign_in() {
    let sluice = Home::new().with("throttle.max_failures = 1").user("ada", &["--admin"]).start();
    let session = sluice.sign_in("ada", PASSWORD);
    change(&sluice, &session, "wrong", NEW, NEW).assert_status(401);
    let answer = change(&sluice, &session, PASSWORD, NEW, NEW);
    assert!(answer.assert_status(429).header("retry-after").is_some());
    assert!(is_live(&sluice, &session));
}

#[test]
fn a_new_password_follows_the_rules_and_is_typed_twice() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for (new, again) in [
        ("Sh0rt-1", "Sh0rt-1"),
        ("no-digits-here", "no-digits-here"),
        ("1234-5678", "1234-5678"),
        ("N0specials", "N0specials"),
        ("", ""),
        (NEW, "Another-horse-3"),
        (NEW, ""),
        (&format!("A1-{}", "x".repeat(70)), &format!("A1-{}", "x".repeat(70))),
    ] {
        let answer = change(&sluice, &session, PASSWORD, new, again);
        assert!(answer.assert_status(422).text().contains("aria-invalid=\"true\""), "{new:?}");
    }
    sluice.sign_in("vera", PASSWORD);
}

#[test]
fn without_a_session_no_password_is_changed() {
    let sluice = Sluice::start();
    let answer = change(&sluice, &"A".repeat(43), PASSWORD, NEW, NEW);
    assert!(answer.assert_status(303).location().is_some_and(|to| to.starts_with("/sluice/login")));
    sluice.sign_in("vera", PASSWORD);
}
