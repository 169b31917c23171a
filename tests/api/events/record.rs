//! What is put on record, and what is not.

use rusqlite::Connection;
use serde_json::Value;

use super::{Gate, each};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD};
use crate::support::verify::Dialect;
use crate::support::wait;

fn home() -> Home {
    Home::new().with("[[app]]\nname = \"qbittorrent\"\n")
}

/// Asks about a request of a session to the app.
fn about(gate: &Gate, session: &str, method: &str, target: &str) -> Answer {
    let app = ["http", "app.test", target];
    Dialect::Nginx
        .about_at("/verify/nginx/qbittorrent", &[method, app[0], app[1], app[2]])
        .header("Origin", "http://app.test")
        .session(session)
        .send(gate.sluice.address)
}

/// The newest event of a type, once it is there.
#[track_caller]
fn newest(gate: &Gate, kind: &str) -> Value {
    wait::for_some(kind, || gate.audit(&format!("types={kind}&limit=1")).pop())
}

#[track_caller]
fn assert_says(event: &Value, expected: &[(&str, &str)]) {
    for (key, value) in expected {
        assert_eq!(event[key].as_str().unwrap_or_default(), *value, "{key} in {event}");
    }
}

#[test]
fn signing_in_and_out_is_on_record() {
    let gate = Gate::start(home());
    let session = gate.sluice.sign_in("vera", PASSWORD);
    let who = [("actor", "vera"), ("subject", "vera"), ("address", "127.0.0.1")];
    assert_says(&newest(&gate, "session.started"), &who);
    assert_says(&newest(&gate, "signin.succeeded"), &who);
    assert_says(&newest(&gate, "signin.succeeded"), &[("method", "password")]);
    gate.sluice.sign_out(&session).assert_status(303);
    assert_says(&newest(&gate, "session.ended"), &who);
    gate.sluice.sign_in_form("vera", "wrong").send(gate.sluice.address).assert_status(401);
    let failed = newest(&gate, "signin.failed");
    assert_says(
        &failed,
        &[("actor", ""), ("subject", "vera"), ("method", "password"), ("address", "127.0.0.1")],
    );
}

#[test]
fn a_sign_in_to_an_app_that_does_not_let_the_user_in_is_on_record_as_failed() {
    let gate = Gate::start(home().with("users = [\"john\"]"));
    let form = [("username", "vera"), ("password", PASSWORD)];
    let answer = Request::post("/api/v2/auth/login").form(&form).send(gate.sluice.address);
    assert_eq!(answer.assert_status(200).text(), "Fails.");
    assert_says(
        &newest(&gate, "signin.failed"),
        &[("actor", ""), ("subject", "vera"), ("method", "password")],
    );
    assert_eq!(gate.audit("types=signin.succeeded,session.started&limit=200"), [Value::Null; 0]);
}

#[test]
fn a_name_that_nobody_has_is_not_on_record_for_it_may_be_a_password() {
    let gate = Gate::start(home());
    gate.sluice.sign_in_form("Hunter2", "x").send(gate.sluice.address).assert_status(401);
    assert_eq!(newest(&gate, "signin.failed")["subject"], Value::Null);
    assert!(
        !gate.audit("limit=200").iter().any(|event| event.to_string().to_lowercase().contains("hunter2"))
    );
}

#[test]
fn too_many_failures_are_on_record_as_a_block() {
    let gate = Gate::start(Home::new().with("throttle.max_failures = 1"));
    gate.sluice.sign_in_form("vera", "wrong").send(gate.sluice.address).assert_status(401);
    let blocked = newest(&gate, "signin.blocked");
    assert_says(&blocked, &[("address", "127.0.0.1"), ("subject", "vera")]);
    assert_eq!(blocked["seconds"], 900);
}

#[test]
fn what_commands_do_is_on_record() {
    let gate = Gate::start(home());
    for (arguments, kind, expected) in [
        (&["user", "add", "bob", "--preset", "none"][..], "user.added", ("role", "user")),
        (&["user", "set-password", "bob"], "user.password_changed", ("subject", "bob")),
        (
            &["user", "set-capabilities", "bob", "--role", "admin"],
            "user.capabilities_changed",
            ("role", "admin"),
        ),
        (
            &["user", "set-capabilities", "bob", "--app", "qbittorrent", "--preset", "full"],
            "user.capabilities_changed",
            ("app", "qbittorrent"),
        ),
        (&["user", "disable", "bob"], "user.disabled", ("subject", "bob")),
        (&["user", "enable", "bob"], "user.enabled", ("subject", "bob")),
        (&["key", "create", "bob", "--name", "phone"], "key.made", ("key", "phone")),
        (&["key", "revoke", "bob", "phone"], "key.revoked", ("key", "phone")),
        (&["user", "delete", "bob"], "user.deleted", ("subject", "bob")),
    ] {
        gate.cli(arguments);
        let event = newest(&gate, kind);
        assert_says(&event, &[("actor", "command line"), ("subject", "bob"), expected]);
    }
    gate.sluice.sign_in("vera", PASSWORD);
    gate.cli(&["session", "revoke", "vera"]);
    let ended = newest(&gate, "session.ended");
    assert_says(&ended, &[("actor", "command line"), ("subject", "vera")]);
    assert_eq!(ended["sessions"], 1);
    // What failed did not happen.
    gate.sluice.cli(&["user", "delete", "ada"], "").assert_code(1);
    assert_eq!(each(&gate.audit("types=user.deleted"), "subject"), ["bob"]);
}

#[test]
fn a_request_that_changes_something_is_on_record_and_one_that_reads_is_not() {
    let gate = Gate::start(home().user("bob", &["--preset", "full"]));
    let session = gate.sluice.sign_in("bob", PASSWORD);
    about(&gate, &session, "GET", "/api/v2/torrents/info?filter=all").assert_status(200);
    about(&gate, &session, "POST", "/api/v2/torrents/delete?hashes=T0K3N").assert_status(200);
    let action = newest(&gate, "action");
    assert_says(
        &action,
        &[
            ("actor", "bob"),
            ("triggeredBy", "bob"),
            ("who", "bob"),
            ("app", "qbittorrent"),
            ("capability", "remove_downloads"),
            ("method", "POST"),
            ("route", "/api/v2/torrents/delete"),
            ("address", "192.0.2.7"),
        ],
    );
    assert_eq!(gate.audit("types=action").len(), 1);
    assert!(!gate.audit("limit=200").iter().any(|event| event.to_string().contains("T0K3N")));
}

#[test]
fn the_same_refusal_is_on_record_once_with_a_count() {
    let mut gate = Gate::start(home());
    let session = gate.sluice.sign_in("vera", PASSWORD);
    for number in 0..40 {
        about(&gate, &session, "POST", &format!("/api/v2/torrents/delete?n={number}")).assert_status(403);
    }
    about(&gate, &session, "POST", "/api/v2/torrents/add").assert_status(403);
    wait::until("two refusals", || gate.audit("types=request.refused").len() == 2);
    let refused = gate.audit("types=request.refused&actor=vera");
    assert_eq!(each(&refused, "reason"), ["missing add_downloads", "missing remove_downloads"]);
    assert_eq!(each(&refused, "route"), ["/api/v2/torrents/add", "/api/v2/torrents/delete"]);
    assert!(refused[1]["cause"].as_str().is_some_and(|cause| cause.contains("the row `POST")), "{refused:?}");
    // What was only counted is told at the end of the minute, or of the service.
    assert_eq!(gate.sluice.stop(), Some(0));
    gate.sluice.restart();
    let counted = gate.audit("types=request.refused&limit=1");
    assert_eq!(
        (&counted[0]["reason"], &counted[0]["count"]),
        (&"missing remove_downloads".into(), &39.into())
    );
}

#[test]
fn strangers_fill_neither_the_record_nor_anybody_elses_place_in_it() {
    let mut gate = Gate::start(home().user("bob", &["--preset", "full"]));
    let bob = gate.sluice.sign_in("bob", PASSWORD);
    for host in 0..200 {
        let request = Request::get("/verify/nginx/qbittorrent")
            .header("X-Forwarded-For", format!("198.51.100.{host}"))
            .header("X-Original-URL", format!("http://app.test/api/v2/{host}"))
            .header("X-Original-Method", "POST")
            .header("X-API-Key", "sluice_wrong");
        request.send(gate.sluice.address);
    }
    about(&gate, &bob, "POST", "/api/v2/torrents/stop").assert_status(200);
    about(&gate, &bob, "POST", "/api/v2/app/shutdown").assert_status(403);
    newest(&gate, "action");
    wait::until("bob's refusal", || !gate.audit("types=request.refused&actor=bob").is_empty());
    assert_eq!(gate.sluice.stop(), Some(0));
    gate.sluice.restart();
    for kind in ["request.refused", "signin.failed"] {
        let events = gate.audit(&format!("types={kind}&limit=200"));
        let of_strangers: Vec<_> = events.iter().filter(|event| event["actor"].is_null()).collect();
        assert!(of_strangers.len() <= 11, "{kind}: {}", of_strangers.len());
    }
    let others = gate.audit("types=request.refused&limit=200");
    let others = others.iter().find(|event| event["others"] == true).expect("what was only counted");
    assert!(others["count"].as_u64().is_some_and(|count| count > 100), "{others}");
}

#[test]
fn who_is_only_led_to_the_sign_in_is_not_on_record() {
    let gate = Gate::start(home());
    Dialect::Nginx.verify().navigating().send(gate.sluice.address).assert_status(401);
    let session = gate.sluice.sign_in("vera", PASSWORD);
    about(&gate, &session, "POST", "/api/v2/torrents/add").assert_status(403);
    newest(&gate, "request.refused");
    assert_eq!(each(&gate.audit("types=request.refused"), "actor"), ["vera"]);
}

/// Rows as if they had happened at a time of their own.
fn insert(home: &Home, rows: &str) {
    let connection = Connection::open(home.store()).expect("the store");
    connection.execute_batch(rows).expect("rows");
}

#[test]
fn what_is_older_than_it_is_kept_goes() {
    let home = home().user("seed", &[]);
    insert(
        &home,
        "INSERT INTO events (at, type, detail) VALUES (unixepoch() - 3 * 86400, 'action', '{\"old\":true}'),
                                                      (unixepoch() - 86400, 'action', '{\"old\":false}')",
    );
    let gate = Gate::start(home.with("[audit]\nkeep = \"2d\""));
    wait::until("the old one gone", || gate.audit("types=action").len() == 1);
    assert_eq!(gate.audit("types=action")[0]["old"], false);
}

#[test]
fn a_hundred_thousand_events_are_listed_in_pages() {
    let home = home().user("seed", &[]);
    insert(
        &home,
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO events (at, type, actor, subject, app, detail)
         SELECT unixepoch() - 100000 + i, iif(i % 1000 = 0, 'user.changed', 'action'), 'user' || (i % 50),
                iif(i % 7 = 0, 'vera', NULL), 'qbittorrent', '{\"route\":\"/\"}' FROM n",
    );
    let gate = Gate::start(home);
    for (query, expected) in
        [("actor=user7", 2_000), ("types=user.*&actor=user0", 100), ("subject=vera&app=qbittorrent", 14_285)]
    {
        let (mut listed, mut next) = (0, String::new());
        let mut last = i64::MAX;
        loop {
            let answer = gate.ask(&format!("/audit?{query}&limit=200{next}")).send(gate.sluice.address);
            let page = answer.assert_status(200).json();
            for event in page["items"].as_array().expect("items") {
                let id = event["id"].as_i64().expect("an id");
                assert!(id < last, "{query}: {id} after {last}");
                last = id;
                listed += usize::from(event["actor"] != "command line");
            }
            match page["next"].as_str() {
                Some(cursor) => next = format!("&after={cursor}"),
                None => break,
            }
        }
        assert_eq!(listed, expected, "{query}");
    }
}
