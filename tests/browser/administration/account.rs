//! One's own account: the password, keys, and where one is signed in.

use serde_json::json;

use super::Desk;
use crate::account_keys::{PASTE, assert_fits, assert_gone};
use crate::seat::{Seat, in_each_way};
use crate::support::sluice::{PASSWORD, session_of};

in_each_way!(
    ones_own_password_is_changed,
    a_key_that_may_do_a_part_is_copied_once_and_revoked,
    another_session_of_ones_own_is_ended,
    all_other_sessions_of_ones_own_are_ended,
);

const OTHER: &str = "Another-horse-2";

/// With vera before her own page.
#[track_caller]
fn desk_of_vera(seat: &Seat) -> Desk<'_> {
    let desk = Desk::with_nobody(seat, |home| home);
    desk.open_as("vera", "/account");
    desk
}

fn ones_own_password_is_changed(seat: &Seat) {
    let desk = desk_of_vera(seat);
    let elsewhere = desk.sluice.sign_in("vera", PASSWORD);
    for (field, text) in
        [("#current_password", PASSWORD), ("#new_password", OTHER), ("#new_password_again", OTHER)]
    {
        desk.browser.type_into(field, text);
    }
    desk.save("Change password", "Your password is changed. Your other devices are signed out.");
    assert_eq!(desk.verify("sonarr", &elsewhere).status, 401);
    desk.browser.press("Sign out");
    desk.browser.click("main form button");
    desk.browser.wait_for_text("[role=status]", "signed out");
    desk.browser.sign_in("vera", OTHER);
    desk.browser.wait_for_url(&desk.address("/account"));
    desk.sluice.sign_in_form("vera", PASSWORD).send(desk.sluice.address).assert_status(401);
}

fn a_key_that_may_do_a_part_is_copied_once_and_revoked(seat: &Seat) {
    let desk = desk_of_vera(seat);
    desk.browser.type_into("#key-name", "phone");
    desk.browser.click("#key-rights option[value=some]");
    for capability in ["search", "view_statistics"] {
        desk.browser.click(&format!("input[name=capability][value={capability}]"));
    }
    desk.browser.press("Create key");
    desk.browser.wait_for_text("h1", "Your new key");
    if seat.is_on_phone() {
        assert_fits(desk.browser);
    }
    let key = desk.value("#key");
    if seat.has_scripts() {
        desk.browser.press("Copy");
        desk.browser.wait_for_text(".copy button", "Copied");
    } else {
        assert_eq!(desk.texts(".copy button"), json!([]));
        desk.browser.click("#key");
        desk.browser.type_into("#key", "\u{e009}ac");
    }
    let answer = desk.verify("sonarr", &key);
    assert_eq!(answer.assert_status(200).header("x-auth-capabilities"), Some("search,view_statistics"));
    desk.browser.press("I have copied it");
    desk.browser.wait_for_url(&desk.address("/account"));
    assert_gone(desk.browser, &key);
    if seat.is_on_phone() {
        assert_fits(desk.browser);
    }
    desk.browser.type_into("#key-name", PASTE);
    assert_eq!(desk.value("#key-name"), key);
    desk.save("Revoke phone", "revoked");
    assert_eq!(desk.texts(".keys li"), json!([]));
    assert_eq!(desk.verify("sonarr", &key).status, 401);
}

/// Sessions of ada's at these addresses.
#[track_caller]
fn sessions_at<const N: usize>(desk: &Desk, addresses: [&str; N]) -> [String; N] {
    addresses.map(|address| {
        let form = desk.sluice.sign_in_form("ada", PASSWORD).header("X-Forwarded-For", address);
        session_of(form.send(desk.sluice.address).assert_status(303))
    })
}

fn another_session_of_ones_own_is_ended(seat: &Seat) {
    let desk = Desk::start(seat);
    let [one, another] = sessions_at(&desk, ["198.51.100.7", "198.51.100.8"]);
    desk.go("Your account");
    desk.browser.click("button[aria-label$=' at 198.51.100.8']");
    desk.browser.wait_for_text("[role=status]", "Signed out there.");
    assert_eq!(desk.verify("sonarr", &another).status, 401);
    assert_eq!(desk.verify("sonarr", &one).status, 200, "no other is");
    desk.go("Users");
    desk.browser.wait_for_url(&desk.address("/admin/users"));
}

fn all_other_sessions_of_ones_own_are_ended(seat: &Seat) {
    let desk = Desk::start(seat);
    let [one, another] = sessions_at(&desk, ["198.51.100.7", "198.51.100.8"]);
    let of_vera = desk.sluice.sign_in("vera", PASSWORD);
    desk.go("Your account");
    desk.save("Sign out everywhere else", "You are signed out everywhere else.");
    for session in [&one, &another, &desk.session] {
        assert_eq!(desk.verify("sonarr", session).status, 401);
    }
    assert_eq!(desk.verify("sonarr", &of_vera).status, 200, "nobody else’s is");
    desk.go("Users");
    desk.browser.wait_for_url(&desk.address("/admin/users"));
}
