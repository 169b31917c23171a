//! Users, their keys and sessions.

use serde_json::{Value, json};

use super::{API, Gate, fields, id, problem, with_json};
use crate::support::raw::Request;
use crate::support::sluice::PASSWORD;
use crate::support::verify::{Dialect, READ_ONLY};

fn verify(gate: &Gate, app: &str, session: &str) -> crate::support::raw::Answer {
    let path = format!("/verify/nginx/{app}");
    let request = Dialect::Nginx.about_at(&path, &["GET", "http", &gate.sluice.address.to_string(), "/"]);
    request.session(session).send(gate.sluice.address)
}

#[test]
fn what_is_changed_of_a_user_holds_from_the_next_request_on() {
    let gate = Gate::start();
    let bob = gate.add("Bob", &json!({ "preset": "full", "display_name": "Bob B." }));
    let session = gate.sluice.sign_in("bob", PASSWORD);
    let change = |body: Value| gate.send("PATCH", &format!("/users/{bob}"), &body);
    let capabilities = |app: &str| {
        verify(&gate, app, &session).assert_status(200).header("x-auth-capabilities").map(ToOwned::to_owned)
    };

    let changed = change(json!({ "preset": "read-only", "apps": { "sonarr": ["edit_all_downloads"] } }));
    let changed = changed.assert_status(200).json();
    assert_eq!(
        (changed["preset"].as_str(), changed["display_name"].as_str()),
        (Some("read-only"), Some("Bob B."))
    );
    assert_eq!(capabilities("qbittorrent").as_deref(), Some(READ_ONLY));
    assert_eq!(capabilities("sonarr").as_deref(), Some("view_all_downloads,edit_all_downloads"));
    change(json!({ "apps": { "sonarr": null }, "display_name": null, "groups": ["family"] }))
        .assert_status(200);
    assert_eq!(capabilities("sonarr").as_deref(), Some(READ_ONLY));
    let answer = verify(&gate, "sonarr", &session);
    assert_eq!(
        (answer.header("remote-name"), answer.header("remote-groups")),
        (Some("bob"), Some("users,family"))
    );

    change(json!({ "enabled": false })).assert_status(200);
    verify(&gate, "sonarr", &session).assert_status(401);
    change(json!({ "enabled": true, "password": "Another-horse-2" })).assert_status(200);
    verify(&gate, "sonarr", &session).assert_status(401);
    let session = gate.sluice.sign_in("bob", "Another-horse-2");
    change(json!({ "name": "robert" })).assert_status(200);
    assert_eq!(verify(&gate, "sonarr", &session).header("remote-user"), Some("robert"));
    gate.ask("DELETE", &format!("/users/{bob}")).send(gate.sluice.address).assert_status(204);
    verify(&gate, "sonarr", &session).assert_status(401);
    problem(&gate.ask("DELETE", &format!("/users/{bob}")).send(gate.sluice.address), 404);
    assert!(gate.add("robert", &json!({})) > bob, "an id came back");
}

#[test]
fn nothing_unknown_mistyped_or_contradictory_is_taken() {
    let gate = Gate::start();
    let vera = gate.id_of("vera");
    let before = gate.get(&format!("/users/{vera}"));
    for (body, status) in [
        (json!({ "isAdmin": true }), 400),
        (json!({ "is_admin": 1 }), 400),
        (json!({ "disabld": true }), 400),
        (json!({ "enabled": "false" }), 400),
        (json!({ "enabled": 0 }), 400),
        (json!({ "id": 1 }), 400),
        (json!({ "configured": true }), 400),
        (json!({ "password_hash": "x" }), 400),
        (json!({ "capabilities": "search" }), 400),
        (json!({ "capabilities": [["search"]] }), 400),
        (json!({ "apps": [] }), 400),
        (json!([]), 400),
        (json!({ "capabilities": ["*"] }), 422),
        (json!({ "capabilities": ["Search"] }), 422),
        (json!({ "preset": "full", "capabilities": [] }), 422),
        (json!({ "preset": "root" }), 422),
        (json!({ "role": "Admin" }), 422),
        (json!({ "apps": { "other": [] } }), 422),
        (json!({ "groups": ["a,b"] }), 422),
        (json!({ "name": "ve ra" }), 422),
        (json!({ "name": "ada" }), 422),
        (json!({ "display_name": "a\u{202e}b" }), 422),
        (json!({ "display_name": "a\u{0}b" }), 422),
        (json!({ "email": "a b@c" }), 422),
        (json!({ "password": "short" }), 422),
        (json!({ "password": "x1-".repeat(30) }), 422),
    ] {
        problem(&gate.send("PATCH", &format!("/users/{vera}"), &body), status);
    }
    assert_eq!(gate.get(&format!("/users/{vera}")), before);
    let path = format!("{API}/users/{vera}");
    for (content_type, body, status) in [
        ("text/plain", "{\"role\":\"admin\"}", 415),
        ("application/x-www-form-urlencoded", "{\"role\":\"admin\"}", 415),
        ("application/json; charset=utf-7", "{\"role\":\"admin\"}", 415),
        ("application/json; charset=utf-8", "{\"enabled\":true,\"enabled\":false}", 400),
        ("application/json", "{\"apps\":{\"sonarr\":[],\"sonarr\":null}}", 400),
        ("application/json", "\u{feff}{}", 400),
        ("application/json", "{\"groups\":[1e999]}", 400),
        ("application/json", "{\"name\":\"\\ud800\"}", 400),
        ("application/json", "", 400),
    ] {
        let request = Request::new("PATCH", &path).header("X-API-Key", &gate.key);
        let answer = request.header("Content-Type", content_type).body(body).send(gate.sluice.address);
        problem(&answer, status);
    }
    let deep = format!("{{\"groups\":{}", "[".repeat(10_000));
    let request = gate.ask("PATCH", &format!("/users/{vera}")).header("Content-Type", "application/json");
    problem(&request.clone().body(deep).send(gate.sluice.address), 400);
    problem(&request.body(vec![b' '; 300_000]).send(gate.sluice.address), 413);
    assert_eq!(gate.get(&format!("/users/{vera}")), before);
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let gate = Gate::start();
    let body = json!({ "name": "a b", "email": "x", "role": "root", "capabilities": ["fly"], "groups": ["|"],
                       "display_name": "\u{200f}", "apps": { "none": null }, "password": PASSWORD });
    assert_eq!(
        fields(&gate.send("POST", "/users", &body)),
        ["name", "display_name", "email", "role", "capabilities", "groups", "apps"]
    );
}

#[test]
fn the_configured_administrator_is_changed_in_the_configuration() {
    let gate = Gate::with("auth.admin_password = \"Configured-horse-1\"");
    let admin = gate.id_of("admin");
    let path = format!("/users/{admin}");
    let body = json!({ "name": "root", "role": "user", "enabled": false, "password": PASSWORD });
    assert_eq!(fields(&gate.send("PATCH", &path, &body)), ["name", "role", "enabled", "password"]);
    problem(&gate.ask("DELETE", &path).send(gate.sluice.address), 403);
    assert_eq!(gate.get(&path)["configured"], true);
}

#[test]
fn lists_come_in_pages_and_are_searched() {
    let gate = Gate::start();
    for number in 0..5 {
        gate.add(&format!("person{number}"), &json!({ "display_name": format!("Näme {number}") }));
    }
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = gate.get(&format!("/users?limit=3{after}"));
        let items = page["items"].as_array().expect("items");
        assert!(items.len() <= 3);
        names.extend(items.iter().map(|user| user["name"].as_str().expect("a name").to_owned()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(names, ["ada", "person0", "person1", "person2", "person3", "person4", "vera"]);
    let found = gate.get("/users?q=N%C3%84ME%203");
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    for query in ["limit=0", "limit=201", "limit=x", "size=3"] {
        problem(&gate.ask("GET", &format!("/users?{query}")).send(gate.sluice.address), 400);
    }
    for session in 0..3 {
        assert!(!gate.sluice.sign_in("vera", PASSWORD).is_empty(), "{session}");
    }
    let first = gate.get("/sessions?limit=2");
    let second =
        gate.get(&format!("/sessions?limit=2&after={}", first["next"].as_str().expect("a next page")));
    assert_eq!((second["items"].as_array().map(Vec::len), second["next"].is_null()), (Some(1), true));
}

#[test]
fn keys_and_sessions_end_where_they_are_told_to() {
    let gate = Gate::start();
    let vera = gate.id_of("vera");
    let body = json!({ "name": "sonarr", "capabilities": ["search"], "apps": ["sonarr"], "networks": ["10.0.0.0/8"],
                       "lifetime": "90d" });
    let made = gate.send("POST", &format!("/users/{vera}/keys"), &body).assert_status(201).json();
    assert_eq!((made["user"].as_str(), made["apps"][0].as_str()), (Some("vera"), Some("sonarr")));
    assert!(made["key"].as_str().is_some_and(|key| key.starts_with("sluice_") && key.len() == 50), "{made}");
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "sonarr" }), "name"),
        (json!({ "name": "a", "capabilities": ["fly"] }), "capabilities"),
        (json!({ "name": "a", "apps": [] }), "apps"),
        (json!({ "name": "a", "apps": ["none"] }), "apps"),
        (json!({ "name": "a", "networks": ["10.0.0.0/99"] }), "networks"),
        (json!({ "name": "a", "lifetime": "soon" }), "lifetime"),
    ] {
        assert_eq!(fields(&gate.send("POST", &format!("/users/{vera}/keys"), &body)), [field], "{body}");
    }
    gate.ask("DELETE", &format!("/keys/{}", id(&made))).send(gate.sluice.address).assert_status(204);
    assert_eq!(gate.get(&format!("/keys?user_id={vera}"))["items"], json!([]));

    let (one, other) = (gate.sluice.sign_in("vera", PASSWORD), gate.sluice.sign_in("vera", PASSWORD));
    let sessions = gate.get(&format!("/sessions?user_id={vera}"));
    let youngest = id(&sessions["items"][0]);
    gate.ask("DELETE", &format!("/sessions/{youngest}")).send(gate.sluice.address).assert_status(204);
    verify(&gate, "sonarr", &other).assert_status(401);
    verify(&gate, "sonarr", &one).assert_status(200);
    gate.ask("DELETE", &format!("/users/{vera}/sessions")).send(gate.sluice.address).assert_status(204);
    verify(&gate, "sonarr", &one).assert_status(401);
}

#[test]
fn a_user_looks_after_their_own_account_alone() {
    let gate = Gate::start();
    let (here, there) = (gate.sluice.sign_in("vera", PASSWORD), gate.sluice.sign_in("vera", PASSWORD));
    let ask = |method: &str, path: &str| {
        let request = Request::new(method, &format!("{API}{path}")).session(&here);
        request.header("Origin", gate.sluice.origin())
    };
    let send =
        |method: &str, path: &str, body: &Value| with_json(ask(method, path), body).send(gate.sluice.address);
    let made = send("POST", "/me/keys", &json!({ "name": "phone" })).assert_status(201).json();
    let ada = &gate.get("/keys")["items"][0];
    assert_eq!(ada["user"], "ada");
    problem(&ask("DELETE", &format!("/me/keys/{}", id(ada))).send(gate.sluice.address), 404);
    let key = made["key"].as_str().expect("a key");
    let by_key = Request::new("POST", &format!("{API}/me/keys")).header("X-API-Key", key);
    problem(&with_json(by_key, &json!({ "name": "another" })).send(gate.sluice.address), 403);
    ask("DELETE", &format!("/me/keys/{}", id(&made))).send(gate.sluice.address).assert_status(204);

    let sessions = ask("GET", "/me/sessions").send(gate.sluice.address).assert_status(200).json();
    assert_eq!(sessions["items"].as_array().map(Vec::len), Some(2));
    let wrong = json!({ "current": "Wrong-horse-1", "new": "Another-horse-2" });
    assert_eq!(fields(&send("PUT", "/me/password", &wrong)), ["current"]);
    crate::support::wait::until("the password is changed", || {
        let right = json!({ "current": PASSWORD, "new": "Another-horse-2" });
        send("PUT", "/me/password", &right).status == 204
    });
    verify(&gate, "sonarr", &there).assert_status(401);
    verify(&gate, "sonarr", &here).assert_status(200);
    let there = gate.sluice.sign_in("vera", "Another-horse-2");
    ask("DELETE", "/me/sessions").send(gate.sluice.address).assert_status(204);
    verify(&gate, "sonarr", &there).assert_status(401);
    verify(&gate, "sonarr", &here).assert_status(200);
}

#[test]
fn a_blocked_address_may_try_again_when_told_so() {
    let gate = Gate::with("throttle.max_failures = 2\nserver.trusted_proxies = [\"127.0.0.1\"]");
    let fail = || {
        let form =
            gate.sluice.sign_in_form("vera", "Wrong-horse-1").header("X-Forwarded-For", "198.51.100.7");
        form.send(gate.sluice.address).status
    };
    assert_eq!(fail(), 401);
    crate::support::wait::until("the second failure counts", || {
        fail() == 429 && gate.get("/blocked")["items"][0]["failures"] == 2
    });
    assert_eq!(gate.get("/blocked")["items"][0]["address"], "198.51.100.7");
    gate.ask("DELETE", "/blocked/198.51.100.7").send(gate.sluice.address).assert_status(204);
    assert_eq!(gate.get("/blocked")["items"], json!([]));
    assert_eq!(fail(), 401);
    problem(&gate.ask("DELETE", "/blocked/198.51.100.8").send(gate.sluice.address), 404);
}
