//! Whose the item is that somebody acts on.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use super::{API, Gate};
use crate::support::hook::{Hook, Mode};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::verify::Dialect;
use crate::support::wait;

const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

fn home() -> Home {
    Home::new().with("[[app]]\nname = \"rqbit\"\n[[app]]\nname = \"sonarr\"\n")
}

/// Says that an item of an app is vera's.
#[track_caller]
fn give_vera(gate: &Gate, app: &str, item: &str) {
    let request =
        Request::new("PUT", &format!("{API}/apps/{app}/owners/{item}")).header("X-API-Key", &gate.key);
    let request =
        request.header("Content-Type", "application/json").body(json!({ "user": "vera" }).to_string());
    request.send(gate.sluice.address).assert_status(201);
}

/// An administrator's request to an app passes; gives the action that is on record of it, `number`th of all.
#[track_caller]
fn act(gate: &Gate, session: &str, (app, method, target): (&str, &str, &str), number: usize) -> Value {
    Dialect::Nginx
        .about_at(&format!("/verify/nginx/{app}"), &[method, "http", "app.test", target])
        .header("Origin", "http://app.test")
        .session(session)
        .send(gate.sluice.address)
        .assert_status(200);
    let all = wait::for_some("the action", || {
        Some(gate.audit("types=action")).filter(|actions| actions.len() >= number)
    });
    assert_eq!(all.len(), number, "{all:#?}");
    all[0].clone()
}

#[test]
fn an_action_says_whose_the_item_is_that_its_path_names() {
    let gate = Gate::start(home());
    give_vera(&gate, "rqbit", HASH);
    give_vera(&gate, "sonarr", "12");
    give_vera(&gate, "sonarr", "a:b");
    let ada = gate.sluice.sign_in("ada", PASSWORD);
    let capitals = format!("/torrents/{}/delete", HASH.to_uppercase());
    let other = format!("/torrents/{}/delete", "f".repeat(40));
    let in_query = format!("/torrents/{}/delete?hash={HASH}", "f".repeat(40));
    let in_another_app = format!("/api/v3/series/{HASH}");
    for (number, (app, method, target, owner)) in [
        ("rqbit", "POST", &*format!("/torrents/{HASH}/delete"), Some("vera")),
        ("rqbit", "POST", &capitals, Some("vera")),
        ("rqbit", "POST", &other, None),
        ("rqbit", "POST", &in_query, None),
        ("sonarr", "DELETE", "/api/v3/series/12", Some("vera")),
        ("sonarr", "DELETE", "/api/v3/series/a%3Ab", Some("vera")),
        ("sonarr", "DELETE", "/api/v3/series/120", None),
        ("sonarr", "DELETE", &in_another_app, None),
    ]
    .into_iter()
    .enumerate()
    {
        let action = act(&gate, &ada, (app, method, target), number + 1);
        assert_eq!(action["owner"].as_str(), owner, "{target}: {action}");
        assert_eq!(action["who"], if owner.is_some() { "vera (by ada)" } else { "ada" }, "{target}");
    }
    let page = Request::get("/sluice/admin/audit?types=action").session(&ada).send(gate.sluice.address);
    assert_eq!(page.assert_status(200).text().matches("Owner: vera (by ada)").count(), 4);
}

#[test]
fn hooks_and_commands_are_told_whose_it_is() {
    let (home, hook) = (home(), Hook::start(Mode::Answering(204)));
    let (script, told) = (home.file("tell"), home.file("told"));
    let line = format!("printf '%s by %s\\n' \"$EVENT_OWNER\" \"$EVENT_TRIGGERED_BY\" >> {}", told.display());
    fs::write(&script, format!("#!/bin/sh\n{line}\n")).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).expect("its mode");
    let command = format!("[[event]]\ntypes = [\"action\"]\ncommand = [\"{}\"]\n", script.display());
    let gate = Gate::start(home.with(&command).with(&hook.settings("\"action\"")));
    give_vera(&gate, "rqbit", HASH);
    let ada = gate.sluice.sign_in("ada", PASSWORD);
    act(&gate, &ada, ("rqbit", "POST", &format!("/torrents/{HASH}/delete")), 1);
    let post = hook.wait_for(1)[0].json();
    assert_eq!((&post["owner"], &post["who"]), (&json!("vera"), &json!("vera (by ada)")));
    let read = || fs::read_to_string(&told).ok().filter(|text| text.ends_with('\n'));
    assert_eq!(wait::for_some("a line", read), "vera by ada\n");
}
