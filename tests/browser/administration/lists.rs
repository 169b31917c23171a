//! What is looked at and ended: sessions, keys, waits; and the audit log.

use serde_json::json;
use tempfile::TempDir;

use super::Desk;
use crate::seat::{Seat, in_each_way};
use crate::support::sluice::{PASSWORD, Sluice};
use crate::support::wait;

in_each_way!(
    a_session_of_somebody_else_is_ended,
    a_key_of_somebody_else_is_revoked_after_a_question,
    an_address_that_has_to_wait_may_try_again,
    the_audit_log_is_narrowed_and_saved_as_a_table,
);

fn a_session_of_somebody_else_is_ended(seat: &Seat) {
    let desk = Desk::start(seat);
    let session = desk.sluice.sign_in("vera", PASSWORD);
    desk.go("Sessions");
    desk.browser.type_into("#name", "vera");
    desk.browser.press("Show");
    desk.browser.wait_for_url(&desk.address("/admin/sessions?name=vera"));
    assert_eq!(desk.texts(".list tbody th a"), json!(["vera"]));
    assert!(desk.browser.spoken_name(".list button").starts_with("End the session of vera from 127.0.0.1"));
    desk.browser.click(".list button");
    desk.browser.wait_for_text("[role=status]", "The session is ended.");
    assert_eq!(desk.verify("sonarr", &session).status, 401);
    assert_eq!(desk.verify("sonarr", &desk.session).status, 200, "nobody else’s is");
}

fn a_key_of_somebody_else_is_revoked_after_a_question(seat: &Seat) {
    let mut key = String::new();
    let desk = Desk::with(seat, |home| {
        key = home.key("vera", "phone");
        home
    });
    desk.go("API keys");
    desk.browser.press("Revoke phone of vera");
    desk.browser.wait_for_text("h1", "Revoke “phone” of vera?");
    desk.browser.press("Keep it");
    assert_eq!(desk.verify("sonarr", &key).status, 200, "a question revokes nothing");
    desk.browser.press("Revoke phone of vera");
    desk.save("Revoke it", "revoked");
    assert_eq!(desk.verify("sonarr", &key).status, 401);
    assert_eq!(desk.api("/keys")["items"], json!([]));
}

fn an_address_that_has_to_wait_may_try_again(seat: &Seat) {
    let desk = Desk::with(seat, |home| home.with("throttle.max_failures = 1"));
    let attempt = |sluice: &Sluice, password| {
        let form = sluice.sign_in_form("vera", password).header("X-Forwarded-For", "198.51.100.7");
        form.send(sluice.address).status
    };
    assert_eq!([attempt(&desk.sluice, "wrong"), attempt(&desk.sluice, PASSWORD)], [401, 429]);
    desk.go("Blocked");
    desk.save("Let 198.51.100.7 try again", "This address may try again at once.");
    assert_eq!(attempt(&desk.sluice, PASSWORD), 303);
}

fn the_audit_log_is_narrowed_and_saved_as_a_table(seat: &Seat) {
    let desk = Desk::start(seat);
    let folder = TempDir::new().expect("a folder");
    let allow = json!({"behavior": "allow", "downloadPath": folder.path()});
    desk.browser.devtools("Browser.setDownloadBehavior", &allow);
    desk.go("Audit log");
    desk.browser.wait_for_text(".happened", "signed in");
    desk.browser.click("#types option[value='user.*']");
    desk.browser.press("By person and day");
    desk.browser.type_into("#subject", "vera");
    desk.browser.press("Show");
    desk.browser.wait_for_text("a.plain", "Show all");
    assert_eq!(desk.texts(".happened li p:first-child"), json!(["The command line added vera as a user."]));
    assert_eq!([desk.value("#types"), desk.value("#subject")], ["user.*", "vera"]);
    desk.browser.press("Save as CSV");
    // The browser takes the name with an empty file, until it moves the whole one there.
    let table = wait::for_some("the table", || {
        let files = std::fs::read_dir(folder.path()).expect("a folder").flatten();
        let path =
            files.map(|file| file.path()).find(|path| path.extension().is_some_and(|end| end == "csv"))?;
        Some(std::fs::read_to_string(path).expect("a table")).filter(|table| !table.is_empty())
    });
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(lines[1].contains("user.added") && lines[1].contains("vera"), "{table}");
}
