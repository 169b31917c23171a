//! Secrets show nowhere: not in the log, not in the store, not on a page.

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice, mode};
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait;

#[test]
fn no_secret_is_logged_or_stored_in_clear() {
    let mut sluice = Home::new().with("log.level = \"trace\"").user("ada", &["--admin"]).start();
    let session = sluice.sign_in("ada", PASSWORD);
    let guess = "Canary-guess-77";
    sluice.sign_in_form("ada", guess).send(sluice.address).assert_status(401);
    let target = "/x?apikey=canary-key-77&sid=canary-query-77";
    for request in [
        Dialect::Nginx.about("GET", "http", "app.test", target).session(&session),
        Dialect::Nginx.about("GET", "http", "app.test", target).session("canary-cookie-77"),
        Dialect::Nginx
            .verify()
            .header("Authorization", "Bearer canary-bearer-77")
            .header("X-API-Key", "canary-header-77"),
    ] {
        request.send(sluice.address);
    }
    Request::get("/sluice/login?rd=/x%3Ftoken%3Dcanary-rd-77").send(sluice.address).assert_status(200);
    assert_eq!(sluice.stop(), Some(0));
    let log = sluice.process.log.text();
    for secret in [PASSWORD, &session, guess, "canary-", "$2b$"] {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
    for suffix in ["", "-wal"] {
        let Ok(bytes) = std::fs::read(sluice.home.file(&format!("data/sluice.db{suffix}"))) else { continue };
        for secret in [PASSWORD, &session, guess] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in the store");
        }
    }
}

#[test]
fn a_key_that_is_typed_where_none_belongs_is_neither_logged_nor_noted() {
    let home = Home::new()
        .with("log.level = \"trace\"\n[[app]]\nname = \"films\"\nhosts = [\"app.test\", \"127.0.0.1\"]")
        .user("ada", &["--admin"]);
    let key = home.key("ada", "phone");
    let mut sluice = home.start();
    let path = format!("/x/{key}");
    for dialect in DIALECTS {
        for about in [["GET", "http", "app.test", &path], [&key, "http", "app.test", "/"]] {
            let request = dialect.about_at(&dialect.path(), &about);
            request.clone().send(sluice.address).assert_status(401);
            // Noted as well: a session, and another site's page.
            let wrong = request.header("X-API-Key", "sluice_guess").header("Origin", "http://evil.test");
            wrong.send(sluice.address).assert_status(401);
        }
    }
    Request::get(&format!("/sluice/api/v1/users/{key}")).send(sluice.address);
    Request::get(&format!("/sluice/admin/users/{key}")).host("elsewhere.test").send(sluice.address);
    Request::post(&format!("/sluice/admin/users/{key}")).form(&[("x", "y")]).send(sluice.address);
    assert_eq!(sluice.stop(), Some(0));
    let log = sluice.process.log.text();
    assert!(log.contains("/x/sluice_\u{2026}"), "{log}");
    assert!(!log.contains(&key[7..]), "a key in the log:\n{log}");
    let bytes = std::fs::read(sluice.home.file("data/sluice.db")).expect("the store");
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("/x/sluice_\u{2026}") && !holds(&key[7..]), "a key in the store");
}

#[test]
fn the_store_is_for_its_owner_only() {
    let sluice = Sluice::start();
    sluice.sign_in("vera", PASSWORD);
    assert_eq!(mode(&sluice.home.store()) & 0o077, 0);
    for suffix in ["-wal", "-shm"] {
        assert_eq!(mode(&sluice.home.file(&format!("data/sluice.db{suffix}"))) & 0o077, 0, "{suffix}");
    }
}

#[test]
fn control_characters_of_a_client_do_not_reach_the_log() {
    let sluice = Sluice::start();
    let evil = "x\u{1b}[2J\u{7}\r\nINFO forged line";
    sluice.sign_in_form(evil, "wrong").send(sluice.address).assert_status(401);
    let request =
        Dialect::Nginx.about("GET", "http", "app.test", "/\u{9b}2J").header("User-Agent", "a\u{9b}31m");
    request.send(sluice.address).assert_status(403);
    wait::until("the refusal in the log", || sluice.process.log.contains("refused"));
    for line in sluice.process.log.lines() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.starts_with("INFO forged"), "{line:?}");
    }
}
