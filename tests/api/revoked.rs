//! Whatever proves a user, what happens to that user holds from the next request on.

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};
use crate::support::verify::Dialect;
use crate::support::wait;
use crate::support::ways_in::basic;

const SETTINGS: &str = "[sso]\nenabled = true\nsecret = \"0123456789-secret\"\n[bypass]\nhosts = [\"home.test\"]\nuser = \"bob\"\n\
                        networks = [\"192.0.2.0/24\"]";

/// Every credential of `bob`, by its name.
fn credentials(sluice: &Sluice, key: &str) -> Vec<(&'static str, Request)> {
    let page = || Dialect::Nginx.verify();
    let client = |password: &str| {
        let form = Request::post("/api/v2/auth/login").form(&[("username", "bob"), ("password", password)]);
        session_of(form.send(sluice.address).assert_status(200))
    };
    vec![
        ("client session", page().session(&client(PASSWORD))),
        ("session of a key", page().session(&client(key))),
        ("key", page().header("X-API-Key", key)),
        ("key as password", page().header("Authorization", basic("bob", key))),
        ("key in the query", Dialect::Nginx.about("GET", "http", "app.test", &format!("/?apikey={key}"))),
        ("basic", page().header("Authorization", basic("bob", PASSWORD))),
        ("sso", page().header("Remote-User", "bob").header("X-Sluice-Secret", "0123456789-secret")),
        ("bypass", Dialect::Nginx.about("GET", "http", "home.test", "/")),
    ]
}

fn start() -> (Sluice, String) {
    let home = Home::new().with(SETTINGS).user("ada", &["--admin"]).user("bob", &["--admin"]);
    let key = home.key("bob", "phone");
    (home.start(), key)
}

#[track_caller]
fn assert_all_let_in(sluice: &Sluice, credentials: &[(&str, Request)]) {
    for (name, request) in credentials {
        let answer = request.send(sluice.address);
        assert_eq!((answer.status, answer.header("remote-user")), (200, Some("bob")), "{name}");
    }
}

#[test]
fn a_disabled_user_is_refused_whatever_they_bring() {
    let (sluice, key) = start();
    let credentials = credentials(&sluice, &key);
    assert_all_let_in(&sluice, &credentials);
    sluice.cli(&["user", "disable", "bob"], "").assert_code(0);
    for (name, request) in &credentials {
        // Whom another system has proved would be sent straight back by a sign-in page.
        let status = if *name == "sso" { 403 } else { 401 };
        wait::until(name, || request.send(sluice.address).status == status);
    }
    // Enabled again, what proves them anew does so; sessions have ended.
    sluice.cli(&["user", "enable", "bob"], "").assert_code(0);
    for (name, request) in &credentials {
        if name.contains("session") {
            request.send(sluice.address).assert_status(401);
        } else {
            wait::until(name, || request.send(sluice.address).status == 200);
        }
    }
}

#[test]
fn a_deleted_user_leaves_nothing_to_one_of_the_same_name() {
    let (sluice, key) = start();
    let credentials = credentials(&sluice, &key);
    assert_all_let_in(&sluice, &credentials);
    let id = credentials[2].1.send(sluice.address).header("x-auth-user-id").map(str::to_owned);
    sluice.cli(&["user", "delete", "bob"], "").assert_code(0);
    for (name, request) in &credentials {
        wait::until(name, || request.send(sluice.address).status != 200);
    }
    sluice.cli(&["user", "add", "bob"], "Another-horse-2").assert_code(0);
    let by_name = ["sso", "bypass"];
    for (name, request) in &credentials {
        if by_name.contains(name) {
            // Whom another system names, or the configuration, is the new user, with a new id and their rights only.
            wait::until(name, || request.send(sluice.address).status == 200);
            let answer = request.send(sluice.address);
            assert_ne!(answer.header("x-auth-user-id").map(str::to_owned), id);
            assert_eq!(answer.header("x-auth-role"), Some("user"));
        } else {
            request.send(sluice.address).assert_status(401);
        }
    }
    assert_eq!(sluice.cli(&["key", "list", "bob", "--json"], "").json(), serde_json::json!([]));
}

#[test]
fn a_demoted_user_is_one_whatever_they_bring() {
    let (sluice, key) = start();
    let credentials = credentials(&sluice, &key);
    for (name, request) in &credentials {
        assert_eq!(request.send(sluice.address).header("x-auth-role"), Some("admin"), "{name}");
    }
    let demote = ["user", "set-capabilities", "bob", "--role", "user", "--capabilities", "search"];
    sluice.cli(&demote, "").assert_code(0);
    for (name, request) in &credentials {
        wait::until(name, || request.send(sluice.address).header("x-auth-role") == Some("user"));
        assert_eq!(request.send(sluice.address).header("x-auth-capabilities"), Some("search"), "{name}");
    }
}

#[test]
fn a_new_password_ends_what_the_old_one_opened() {
    let (sluice, key) = start();
    let credentials = credentials(&sluice, &key);
    assert_all_let_in(&sluice, &credentials);
    sluice.cli(&["user", "set-password", "bob"], "Another-horse-2").assert_code(0);
    for (name, request) in &credentials {
        if name.contains("session") || *name == "basic" {
            wait::until(name, || request.send(sluice.address).status == 401);
        } else {
            request.send(sluice.address).assert_status(200);
        }
    }
}

#[test]
fn a_revocation_ends_its_key_and_nothing_else() {
    let (sluice, key) = start();
    let credentials = credentials(&sluice, &key);
    assert_all_let_in(&sluice, &credentials);
    sluice.cli(&["key", "revoke", "bob", "phone"], "").assert_code(0);
    for (name, request) in &credentials {
        if name.contains("key") {
            wait::until(name, || request.send(sluice.address).status == 401);
        } else {
            request.send(sluice.address).assert_status(200);
        }
    }
    sluice.cli(&["session", "revoke", "bob"], "").assert_code(0);
    wait::until("the session's end", || credentials[0].1.send(sluice.address).status == 401);
}
