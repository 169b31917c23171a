//! Settings that are saved in the portal.

use serde_json::{Value, json};

use super::{Gate, problem};
use crate::support::sluice::PASSWORD;

#[track_caller]
fn version(gate: &Gate) -> i64 {
    gate.get("/settings")["version"].as_i64().expect("a version")
}

fn change(gate: &Gate, mut body: Value) -> crate::support::raw::Answer {
    body["version"] = version(gate).into();
    gate.send("PATCH", "/settings", &body)
}

#[track_caller]
fn setting(gate: &Gate, key: &str) -> Value {
    let settings = gate.get("/settings");
    let all = settings["settings"].as_array().expect("settings");
    all.iter()
        .find(|setting| setting["key"] == key)
        .unwrap_or_else(|| panic!("no {key} in {settings}"))
        .clone()
}

#[test]
fn what_is_saved_holds_at_once_and_over_a_restart_and_can_be_taken_back() {
    let mut gate = Gate::start();
    assert_eq!(setting(&gate, "session.remember_ttl")["source"], "default");
    let changed =
        change(&gate, json!({ "set": { "session.remember_ttl": "40d", "api_keys.admin_only": "true" } }));
    let changed = changed.assert_status(200).json();
    assert_eq!(changed["changes"].as_array().map(Vec::len), Some(2), "{changed}");
    let saved = setting(&gate, "session.remember_ttl");
    assert_eq!((saved["value"].as_str(), saved["source"].as_str()), (Some("40d"), Some("settings")));
    let vera = gate.id_of("vera");
    problem(&gate.send("POST", &format!("/users/{vera}/keys"), &json!({ "name": "k" })), 403);

    gate.sluice.kill9();
    gate.sluice.restart();
    assert_eq!(setting(&gate, "session.remember_ttl")["value"], "40d");
    let first = version(&gate);
    change(&gate, json!({ "remove": ["api_keys.admin_only"] })).assert_status(200);
    gate.send("POST", &format!("/users/{vera}/keys"), &json!({ "name": "k" })).assert_status(201);
    let restore = format!("/settings/versions/{first}/restore");
    gate.send("POST", &restore, &json!({ "version": version(&gate) })).assert_status(200);
    problem(&gate.send("POST", &format!("/users/{vera}/keys"), &json!({ "name": "l" })), 403);
    assert_eq!(gate.get("/settings/versions")["items"].as_array().map(Vec::len), Some(3));
    let checked = gate.sluice.cli(&["check"], "");
    assert!(checked.assert_code(0).out.contains("40d"), "{checked:#?}");
}

#[test]
fn what_a_layer_above_sets_is_locked_and_nothing_wrong_is_saved() {
    let gate = Gate::with("session.ttl = \"2h\"");
    let locked = setting(&gate, "session.ttl");
    assert!(locked["lock"].as_str().is_some_and(|lock| lock.contains("sluice.toml")), "{locked}");
    let before = version(&gate);
    for (body, field) in [
        (json!({ "set": { "session.ttl": "3h" } }), "session.ttl"),
        (json!({ "set": { "session.remember_ttl": "soon" } }), "session.remember_ttl"),
        (json!({ "set": { "session.remember_ttl": "1h" } }), "session.remember_ttl"),
        (json!({ "set": { "session.remember": "1h" } }), "session.remember"),
        (json!({ "set": { "server.listen": "0.0.0.0:80" } }), "server.listen"),
        (json!({ "set": { "store.path": "/etc/passwd" } }), "store.path"),
        (json!({ "set": { "auth.admin_password": PASSWORD } }), "auth.admin_password"),
        (json!({ "set": { "app.qbittorrent.hosts": ["x.test"] } }), "app.qbittorrent.hosts"),
        (json!({ "set": { "app.x.hosts": ["a b"] } }), "app.x.hosts"),
        (json!({ "set": { "sso.enabled": "true" } }), "sso.user_header"),
    ] {
        let answer = change(&gate, body.clone());
        let problem = problem(&answer, 422);
        let fields: Vec<_> =
            problem["errors"].as_array().expect("errors").iter().map(|e| e["field"].clone()).collect();
        assert!(fields.contains(&field.into()) || field == "sso.user_header", "{body}: {problem}");
    }
    problem(&gate.send("PATCH", "/settings", &json!({ "version": before, "sett": {} })), 400);
    assert_eq!(version(&gate), before);
}

#[test]
fn the_second_of_two_who_save_is_told_and_a_trial_saves_nothing() {
    let gate = Gate::start();
    let base = version(&gate);
    let save = |ttl: &str, dry_run: bool| {
        let body = json!({ "version": base, "set": { "session.ttl": ttl }, "dry_run": dry_run });
        gate.send("PATCH", "/settings", &body)
    };
    let trial = save("3h", true).assert_status(200).json();
    assert_eq!(trial["changes"][0]["after"], "3h", "{trial}");
    assert_eq!(version(&gate), base);
    save("3h", false).assert_status(200);
    let told = problem(&save("4h", false), 409);
    assert!(told["detail"].as_str().is_some_and(|detail| detail.starts_with("ada saved")), "{told}");
    assert_eq!(setting(&gate, "session.ttl")["value"], "3h");
}

#[test]
fn a_trial_of_going_back_says_what_it_would_change_and_saves_nothing() {
    let gate = Gate::start();
    for ttl in ["3h", "4h"] {
        change(&gate, json!({ "set": { "session.ttl": ttl } })).assert_status(200);
    }
    let (before, path) = (version(&gate), "/settings/versions/1/restore");
    let body = |dry_run: bool| json!({ "version": before, "dry_run": dry_run });
    let trial = gate.send("POST", path, &body(true)).assert_status(200).json();
    let changes = &trial["changes"][0];
    assert_eq!((&changes["before"], &changes["after"]), (&json!("4h"), &json!("3h")), "{trial}");
    assert_eq!((trial["version"].as_i64(), version(&gate)), (Some(before), before));
    assert_eq!(setting(&gate, "session.ttl")["value"], "4h");
    let restored = gate.send("POST", path, &body(false)).assert_status(200).json();
    assert_eq!(restored["changes"], trial["changes"]);
    assert_eq!(restored["version"].as_i64(), Some(version(&gate)));
    assert_eq!(setting(&gate, "session.ttl")["value"], "3h");
}

#[test]
fn apps_that_share_a_host_are_saved_with_a_warning() {
    let gate = Gate::start();
    let body = json!({ "set": { "app.x.hosts": ["a.test"], "app.y.hosts": ["a.test"] } });
    let saved = change(&gate, body).assert_status(200).json();
    let warnings = saved["warnings"].as_array().expect("warnings");
    let warning = warnings.iter().find_map(|warning| warning.as_str()?.strip_prefix("app.y.hosts: "));
    assert!(warning.is_some_and(|text| text.contains("`x` and `y` share the host `a.test`")), "{saved}");
    assert_eq!(setting(&gate, "app.y.hosts")["value"], json!(["a.test"]));
}

#[test]
fn what_should_be_looked_at_is_said_for_as_long_as_it_holds() {
    let gate = Gate::start();
    assert_eq!(gate.get("/settings")["warnings"], json!([]));
    let set = json!({ "app.x.hosts": ["a.test"], "app.y.hosts": ["a.test"], "app.y.users": ["nobody"] });
    let saved = change(&gate, json!({ "set": set })).assert_status(200).json();
    assert_eq!(saved["warnings"].as_array().map(Vec::len), Some(2), "{saved}");
    assert_eq!(gate.get("/settings")["warnings"], saved["warnings"]);
    change(&gate, json!({ "remove": ["app.y"] })).assert_status(200);
    assert_eq!(gate.get("/settings")["warnings"], json!([]));
}

#[test]
fn a_key_takes_the_type_that_the_file_has_for_it() {
    let gate = Gate::start();
    let set = json!({ "api_keys.admin_only": true, "throttle.max_failures": 7, "session.remember_ttl": "40d",
                      "origins.allowed": ["https://a.test"] });
    change(&gate, json!({ "set": set })).assert_status(200);
    for (key, value) in [("api_keys.admin_only", "true"), ("throttle.max_failures", "7")] {
        assert_eq!(setting(&gate, key)["value"], value, "{key}");
    }
    for (value, status, said) in [
        (json!(1.5), 400, "`throttle.max_failures`: takes a text, a whole number"),
        (Value::Null, 400, "`throttle.max_failures`: takes a text, a whole number"),
        (json!([["7"]]), 400, "`throttle.max_failures`: takes a text, a whole number"),
        (json!(true), 422, "throttle.max_failures"),
        (json!(-1), 422, "throttle.max_failures"),
    ] {
        let answer = change(&gate, json!({ "set": { "throttle.max_failures": value } }));
        assert!(problem(&answer, status).to_string().contains(said), "{value}: {}", answer.text());
    }
    assert_eq!(setting(&gate, "throttle.max_failures")["value"], "7");
}

#[test]
fn secrets_are_taken_and_never_said_again() {
    let gate = Gate::start();
    let secret = "0123456789abcdef0123456789abcdef";
    let body = json!({ "set": { "event.0.url": "https://hooks.example/x", "event.0.types": ["user.*"],
                                "event.0.secret": secret } });
    change(&gate, body).assert_status(200);
    let answer = gate.ask("GET", "/settings").send(gate.sluice.address);
    assert!(!answer.text().contains(secret));
    let setting = setting(&gate, "event.0.secret");
    assert_eq!((setting["value"].is_null(), setting["secret"].as_bool()), (true, Some(true)));
    assert!(!gate.sluice.process.log.text().contains(secret));
}
