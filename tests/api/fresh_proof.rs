//! What widens rights asks for a proof that is no older than 15 minutes, or for a key without limits.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::every_route::{ADMIN, API, PORTAL, Route, routes};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};
use crate::support::wait;

const NEW_USER: &str = "/sluice/admin/users/new";
const BOB: [(&str, &str); 6] = [
    ("name", "bob"),
    ("display_name", "Bob the Builder"),
    ("role", "admin"),
    ("enabled", "yes"),
    ("password_choice", "none"),
    ("set", "full"),
];

/// Two apps, an administrator `ada`, and a user `vera`.
fn people() -> Home {
    Home::new()
        .with("[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"sonarr\"")
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "read-only"])
}

/// Makes the last proof of every session as old as that.
#[track_caller]
fn age(sluice: &Sluice, seconds: i64) {
    let database = Connection::open(sluice.home.store()).expect("the store");
    let sql = "UPDATE sessions SET proved = proved - ?1";
    assert!(database.execute(sql, [seconds]).expect("written") > 0);
}

#[track_caller]
fn key(home: &Home, name: &str, limits: &[&str]) -> String {
    let arguments = [&["key", "create", "ada", "--name", name, "--json"], limits].concat();
    let made = home.cli(&arguments, "").assert_code(0).json();
    made["key"].as_str().expect("a key").to_owned()
}

fn asks_for_the_password(answer: &Answer) -> bool {
    answer.status == 403 && answer.text().contains("<h1>Confirm your password</h1>")
}

#[track_caller]
fn carried(answer: &Answer) -> String {
    let html = answer.text();
    let (_, rest) = html.split_once("name=\"expired_form\" value=\"").unwrap_or_else(|| panic!("{html}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn has_user(sluice: &Sluice, name: &str) -> bool {
    sluice.cli(&["user", "list"], "").assert_code(0).out.lines().any(|line| line.contains(name))
}

/// What a route asks for beside the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// A fresh proof: what it does goes on after the session.
    Proof,
    /// Nothing: it only takes away, or tells.
    Nothing,
    /// A password in its own form.
    Password,
}
use Asks::{Nothing, Password, Proof};

/// A form: where it goes, whether it asks for a proof, its fields, and what it is answered then.
type Form = (&'static str, Asks, &'static [(&'static str, &'static str)], u16);

/// Every form of the portal, what it asks for, and what it answers when there is a proof: none of them changes anything.
const FORMS: [Form; 16] = [
    ("/admin/users/new", Proof, &[("name", "b b")], 422),
    ("/admin/users/{id}", Proof, &[("name", "b b")], 422),
    ("/admin/users/{id}/delete", Proof, &[("legacy", "heir"), ("heir", "nobody")], 422),
    ("/admin/users/{id}/apps/{app}", Proof, &[("set", "custom"), ("may", "fly")], 422),
    ("/admin/start/check", Proof, &[("app", "sonarr"), ("address", "http://nowhere.test")], 422),
    ("/admin/sessions/end", Nothing, &[("id", "99999")], 404),
    ("/admin/sessions/end-all", Nothing, &[("user", "99999")], 404),
    ("/admin/keys/revoke", Nothing, &[("id", "99999")], 404),
    ("/admin/blocked/unblock", Proof, &[("address", "192.0.2.77")], 303),
    ("/admin/settings/versions/restore", Proof, &[("base", "9"), ("version", "9")], 422),
    ("/admin/settings/{name}", Proof, &[("ttl", "never")], 422),
    ("/account/keys", Proof, &[("name", "")], 422),
    ("/account/keys/revoke", Nothing, &[("id", "99999")], 404),
    ("/account/password", Password, &[("new_password", "short")], 422),
    ("/account/sessions/end", Nothing, &[("id", "99999")], 404),
    ("/proof", Password, &[("rd", "/sluice/admin")], 401),
];
/// These end sessions, or need none.
const OTHERS: [&str; 4] = ["/account/sessions/end-others", "/setup", "/login", "/logout"];

fn filled(path: &str) -> String {
    path.replace("{id}", "2").replace("{app}", "qbittorrent").replace("{name}", "session")
}

#[test]
fn every_form_that_widens_rights_asks_for_the_password_after_a_quarter_of_an_hour() {
    let sluice = people().start();
    let posts = |source, openers: &[&str], below: &str| -> BTreeSet<String> {
        let changing = routes(source, openers).into_iter().filter(|(method, _)| *method == "POST");
        changing.map(|(_, path)| format!("{below}{path}")).collect()
    };
    let mut all = posts(ADMIN, &["at(\""], "/admin");
    all.extend(posts(PORTAL, &["resource(\"", ".route(\"", "resource(\n"], ""));
    all.retain(|path| !path.starts_with("/api/v2/"));
    let known = FORMS.iter().map(|(path, ..)| *path).chain(OTHERS);
    assert_eq!(all, known.map(str::to_owned).collect::<BTreeSet<_>>());
    let session = sluice.sign_in("ada", PASSWORD);
    let send = |(path, fields): (&str, &[(&str, &str)])| {
        let form = sluice.portal_post(&format!("/sluice{}", filled(path))).form(fields);
        form.session(&session).send(sluice.address)
    };
    age(&sluice, 901);
    for (path, asks, fields, _) in &FORMS[..15] {
        let answer = send((path, fields));
        assert_eq!(asks_for_the_password(&answer), *asks == Proof, "{path}: {}", answer.text());
    }
    age(&sluice, -60);
    for (path, _, fields, status) in FORMS {
        let answer = send((path, fields));
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
}

type Call = (&'static str, &'static str, Asks, Value, [u16; 2]);

/// Every changing address of the API, what it asks for, what is sent, and what a session and a key without limits are
/// answered: nothing is changed.
fn calls() -> Vec<Call> {
    let owner = json!({ "user": "nobody" });
    vec![
        ("POST", "/users", Proof, json!({ "name": "b b" }), [422, 422]),
        ("PATCH", "/users/{id}", Proof, json!({ "role": "king" }), [422, 422]),
        ("DELETE", "/users/{id}?heir=nobody", Proof, Value::Null, [422, 422]),
        ("POST", "/users/{id}/keys", Proof, json!({ "name": "" }), [422, 422]),
        ("DELETE", "/users/{id}/sessions", Nothing, Value::Null, [204, 204]),
        ("DELETE", "/keys/{id}", Nothing, Value::Null, [404, 404]),
        ("DELETE", "/sessions/{id}", Nothing, Value::Null, [404, 404]),
        ("PATCH", "/settings", Proof, json!({ "version": 9 }), [409, 409]),
        ("POST", "/settings/versions/{id}/restore", Proof, json!({ "version": 9 }), [409, 409]),
        ("DELETE", "/blocked/{address}", Proof, Value::Null, [404, 404]),
        ("POST", "/apps/{app}/proxy-check", Proof, json!({ "address": "http://nowhere.test" }), [422, 422]),
        ("POST", "/apps/{app}/owners/look-up", Nothing, json!({ "items": [] }), [200, 200]),
        ("PUT", "/apps/{app}/owners/{item}", Nothing, owner, [422, 422]),
        ("DELETE", "/apps/{app}/owners/{item}", Nothing, Value::Null, [404, 404]),
        ("POST", "/me/keys", Proof, json!({ "name": "" }), [422, 403]),
        ("DELETE", "/me/keys/{id}", Nothing, Value::Null, [404, 403]),
        ("DELETE", "/me/sessions/{id}", Nothing, Value::Null, [404, 403]),
        ("DELETE", "/me/sessions", Nothing, Value::Null, [204, 403]),
        ("PUT", "/me/password", Password, json!({ "current": "x", "new": "short" }), [422, 403]),
        ("POST", "/proof", Password, json!({ "password": "x" }), [422, 403]),
    ]
}

fn call((method, path, _, body, _): &Call, sluice: &Sluice, (name, value): (&str, &str)) -> Answer {
    // A key or session of this number is nobody's; a user of it is vera.
    let id = if path.starts_with("/users") { "2" } else { "99999" };
    let path = path.replace("{id}", id).replace("{app}", "qbittorrent").replace("{item}", "aa");
    let path = path.replace("{address}", "192.0.2.77");
    let request = Request::new(method, &format!("/sluice/api/v1{path}")).header("Origin", sluice.origin());
    let request = match name {
        "session" => request.session(value),
        _ => request.header(name, value).header("X-Forwarded-For", "192.0.2.7"),
    };
    let request = match body {
        Value::Null => request,
        body => request.header("Content-Type", "application/json").body(body.to_string()),
    };
    request.send(sluice.address)
}

fn code(answer: &Answer) -> Option<String> {
    let named = |answer: &Answer| answer.json()["code"].as_str().map(str::to_owned);
    (answer.status == 403).then(|| named(answer)).flatten()
}

#[test]
fn every_call_that_widens_rights_takes_a_fresh_proof_or_a_key_without_limits() {
    let home = people();
    let whole = key(&home, "whole", &[]);
    let limits: [&[&str]; 4] = [
        &["--cidr", "192.0.2.0/24"],
        &["--expires", "1h"],
        &["--app", "sonarr"],
        &["--capabilities", "search"],
    ];
    let limited = limits.map(|limit| (limit, key(&home, limit[0].trim_start_matches('-'), limit)));
    let sluice = home.start();
    let changing: BTreeSet<Route> =
        routes(API, &["at(\""]).into_iter().filter(|(method, _)| *method != "GET").collect();
    let calls = calls();
    let known = calls.iter().map(|(method, path, ..)| (*method, path.split('?').next().unwrap_or_default()));
    assert_eq!(changing, known.collect::<BTreeSet<_>>());
    let session = sluice.sign_in("ada", PASSWORD);
    age(&sluice, 901);
    for each in &calls {
        let (method, path, asks, ..) = each;
        if *asks != Password {
            let stale = code(&call(each, &sluice, ("session", &session)));
            assert_eq!(stale.as_deref(), (*asks == Proof).then_some("proof_required"), "{method} {path}");
        }
        for (limit, key) in &limited {
            let answer = call(each, &sluice, ("X-API-Key", key));
            let narrow = matches!(limit[0], "--app" | "--capabilities");
            if narrow || *asks == Proof || path.starts_with("/me") || *path == "/proof" {
                assert_eq!(answer.status, 403, "{method} {path} {limit:?}: {}", answer.text());
            } else {
                assert_eq!(answer.status, each.4[1], "{method} {path} {limit:?}: {}", answer.text());
            }
        }
    }
    age(&sluice, -60);
    for each in &calls {
        let (method, path, .., [by_session, by_key]) = each;
        let answer = call(each, &sluice, ("session", &session));
        assert_eq!(answer.status, *by_session, "{method} {path}: {}", answer.text());
        let answer = call(each, &sluice, ("X-API-Key", &whole));
        assert_eq!(answer.status, *by_key, "{method} {path}: {}", answer.text());
    }
}

#[test]
fn a_limited_key_makes_neither_a_key_nor_a_user_nor_a_setting() {
    let home = people();
    let limits: [&[&str]; 4] = [
        &["--cidr", "192.0.2.0/24"],
        &["--expires", "1h"],
        &["--app", "sonarr"],
        &["--capabilities", "search"],
    ];
    let limited = limits.map(|limit| key(&home, limit[0].trim_start_matches('-'), limit));
    let whole = key(&home, "whole", &[]);
    let sluice = home.start();
    let acts = [
        ("POST", "/users/1/keys", json!({ "name": "another" })),
        ("POST", "/users", json!({ "name": "eve", "role": "admin", "password": "Another-horse-1" })),
        ("PATCH", "/users/2", json!({ "role": "admin" })),
        ("PATCH", "/users/2", json!({ "password": "Another-horse-1" })),
        ("PATCH", "/settings", json!({ "version": 0, "set": { "session.ttl": "2h" } })),
    ];
    let send = |(method, path, body): &(&'static str, &'static str, Value), key: &str| {
        call(&(method, path, Proof, body.clone(), [0, 0]), &sluice, ("X-API-Key", key))
    };
    for key in &limited {
        for act in &acts {
            let answer = send(act, key);
            assert_eq!(answer.status, 403, "{act:?}: {}", answer.text());
            assert!(answer.text().contains("this key is limited"), "{}", answer.text());
        }
    }
    assert!(!has_user(&sluice, "eve"));
    for act in &acts {
        let answer = send(act, &whole);
        assert!(matches!(answer.status, 200 | 201), "{act:?}: {}", answer.text());
    }
    assert!(has_user(&sluice, "eve"));
}

#[test]
fn a_form_waits_for_the_password_and_is_saved_when_it_is_sent_again() {
    let sluice = people().start();
    let (ada, elsewhere) = (sluice.sign_in("ada", PASSWORD), sluice.sign_in("ada", PASSWORD));
    age(&sluice, 901);
    let send = |path: &str, fields: &[(&str, &str)], session: &str| {
        sluice.portal_post(path).session(session).form(fields).send(sluice.address)
    };
    let asked = send(NEW_USER, &[&BOB[..], &[("password", "Canary-in-a-mine-7")]].concat(), &ada);
    assert!(asks_for_the_password(&asked), "{}", asked.text());
    let form = carried(&asked);
    assert!(!asked.text().contains("Canary"));
    let wrong = send("/sluice/proof", &[("password", "guess"), ("expired_form", &form)], &ada);
    assert!(wrong.assert_status(401).text().contains("That is not your password. Wait 1 second"));
    assert_eq!(carried(&wrong), form);
    let too_soon = send("/sluice/proof", &[("password", PASSWORD), ("expired_form", &form)], &ada);
    let too_soon = too_soon.assert_status(429);
    assert_eq!(carried(too_soon), form, "nothing is lost by that");
    let right = wait::for_some("the wait is over", || {
        let answer = send("/sluice/proof", &[("password", PASSWORD), ("expired_form", &form)], &ada);
        (answer.status != 429).then_some(answer)
    });
    assert!(right.assert_status(200).text().contains("<h1>Password confirmed</h1>"), "{}", right.text());
    let back = send(NEW_USER, &[("expired_form", &carried(&right))], &ada);
    assert!(back.assert_status(200).text().contains("value=\"Bob the Builder\""), "{}", back.text());
    assert!(!has_user(&sluice, "bob"), "a proof saves nothing");
    send(NEW_USER, &BOB, &ada).assert_status(303);
    assert!(has_user(&sluice, "bob"));
    let other = send(NEW_USER, &[("name", "eve")], &elsewhere);
    assert!(asks_for_the_password(&other), "the proof counts for another session: {}", other.text());
}

#[test]
fn a_button_leads_back_to_its_page() {
    let sluice = people().start();
    let ada = sluice.sign_in("ada", PASSWORD);
    age(&sluice, 901);
    let page = "/sluice/admin/settings";
    let restore = sluice.portal_post(&format!("{page}/versions/restore")).session(&ada);
    let restore = restore.header("Referer", format!("{}{page}", sluice.origin()));
    let asked = restore.form(&[("base", "0"), ("version", "0")]).send(sluice.address);
    assert!(asks_for_the_password(&asked), "{}", asked.text());
    assert!(asked.text().contains(&format!("name=\"rd\" value=\"{page}\"")), "{}", asked.text());
    let proof = sluice.portal_post("/sluice/proof").session(&ada);
    let proof = proof.form(&[("password", PASSWORD), ("rd", page)]).send(sluice.address);
    assert_eq!(proof.assert_status(303).location(), Some(page));
    let elsewhere = sluice.portal_post("/sluice/proof").session(&ada);
    let elsewhere =
        elsewhere.form(&[("password", PASSWORD), ("rd", "https://evil.test/")]).send(sluice.address);
    assert_eq!(elsewhere.assert_status(303).location(), Some("/sluice/account"));
}

#[test]
fn a_form_is_kept_when_the_session_ends_before_the_password_came() {
    let sluice = people().start();
    let ada = sluice.sign_in("ada", PASSWORD);
    age(&sluice, 901);
    let asked = sluice.portal_post(NEW_USER).session(&ada).form(&BOB).send(sluice.address);
    let form = carried(&asked);
    sluice.cli(&["session", "revoke", "ada"], "").assert_code(0);
    let proof = sluice.portal_post("/sluice/proof").session(&ada);
    let fields = [("password", PASSWORD), ("expired_form", &form)];
    wait::until("the session ends", || proof.clone().form(&fields).send(sluice.address).status == 401);
    let ended = proof.form(&fields).send(sluice.address);
    assert!(ended.text().contains("<h1>Sign in</h1>"), "{}", ended.text());
    let fields = [("username", "ada"), ("password", PASSWORD), ("expired_form", &carried(&ended))];
    let signed_in = sluice.portal_post("/sluice/login").form(&fields).send(sluice.address);
    let back = sluice.portal_post(NEW_USER).session(&session_of(signed_in.assert_status(200)));
    let back = back.form(&[("expired_form", &carried(&signed_in))]).send(sluice.address);
    assert!(back.assert_status(200).text().contains("value=\"Bob the Builder\""), "{}", back.text());
}

#[test]
fn a_program_in_a_session_sends_the_password_to_the_api() {
    let sluice = people().start();
    let ada = sluice.sign_in("ada", PASSWORD);
    age(&sluice, 901);
    let send = |path: &'static str, body: Value| {
        call(&("POST", path, Proof, body, [0, 0]), &sluice, ("session", &ada))
    };
    let eve = json!({ "name": "eve" });
    let asked = send("/users", eve.clone());
    assert_eq!(code(&asked).as_deref(), Some("proof_required"), "{}", asked.text());
    assert!(asked.text().contains("POST api/v1/proof"), "{}", asked.text());
    send("/proof", json!({ "password": PASSWORD })).assert_status(204);
    send("/users", eve).assert_status(201);
}

#[test]
fn ones_own_password_once_changed_is_a_proof() {
    let sluice = people().start();
    let ada = sluice.sign_in("ada", PASSWORD);
    age(&sluice, 901);
    let new = "Another-horse-1";
    let fields = [("current_password", PASSWORD), ("new_password", new), ("new_password_again", new)];
    sluice
        .portal_post("/sluice/account/password")
        .session(&ada)
        .form(&fields)
        .send(sluice.address)
        .assert_status(303);
    sluice.portal_post(NEW_USER).session(&ada).form(&BOB).send(sluice.address).assert_status(303);
}
