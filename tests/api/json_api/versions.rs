//! Changes that are made only to what their sender has seen.

use std::thread;

use serde_json::json;

use super::{Gate, id, problem, with_json};
use crate::support::sluice::PASSWORD;

#[test]
fn a_change_that_names_a_version_is_made_to_that_one_only() {
    let gate = Gate::start();
    let path = format!("/users/{}", gate.id_of("vera"));
    let tag = || {
        let answer = gate.ask("GET", &path).send(gate.sluice.address);
        answer.assert_status(200).header("etag").expect("a tag").to_owned()
    };
    let change = |body: &serde_json::Value, tag: &str| {
        with_json(gate.ask("PATCH", &path), body).header("If-Match", tag).send(gate.sluice.address)
    };
    let seen = tag();
    assert!(seen.starts_with('"') && seen.ends_with('"') && seen.len() > 8, "{seen}");
    assert_eq!(tag(), seen, "it is the same while nothing changes");
    let answer = change(&json!({ "email": "vera@example.com" }), &seen);
    let next = answer.assert_status(200).header("etag").expect("a tag").to_owned();
    assert_eq!(next, tag());
    problem(&change(&json!({ "email": null }), &seen), 412);
    problem(&change(&json!({ "email": null }), ""), 412);
    problem(&change(&json!({ "email": null }), &format!("W/{next}")), 412);
    let delete = gate.ask("DELETE", &path).header("If-Match", &seen).send(gate.sluice.address);
    problem(&delete, 412);
    assert_eq!(gate.get(&path)["email"], "vera@example.com");
    change(&json!({ "display_name": "Vera" }), &format!("{seen}, {next}")).assert_status(200);
    change(&json!({ "display_name": "V." }), "*").assert_status(200);
    // Who names none changes what is there.
    gate.send("PATCH", &path, &json!({ "email": null })).assert_status(200);
    let made = gate.send("POST", "/users", &json!({ "name": "bob", "password": PASSWORD }));
    let path = format!("/users/{}", id(&made.assert_status(201).json()));
    let bob = made.header("etag").expect("a tag");
    gate.ask("DELETE", &path).header("If-Match", bob).send(gate.sluice.address).assert_status(204);
}

#[test]
fn changes_of_different_fields_at_the_same_moment_all_hold() {
    let gate = Gate::start();
    let path = format!("/users/{}", gate.id_of("vera"));
    for round in 0..20 {
        let (email, name) = (format!("vera{round}@example.com"), format!("Vera {round}"));
        let bodies = [json!({ "email": email }), json!({ "display_name": name })];
        let statuses = thread::scope(|scope| {
            let sent = bodies.each_ref().map(|body| scope.spawn(|| gate.send("PATCH", &path, body).status));
            sent.map(|sent| sent.join().expect("an answer"))
        });
        assert_eq!(statuses, [200, 200]);
        let vera = gate.get(&path);
        assert_eq!((&vera["email"], &vera["display_name"]), (&json!(email), &json!(name)));
    }
}

#[test]
fn a_change_right_after_a_command_does_not_undo_it() {
    let gate = Gate::start();
    let path = format!("/users/{}", gate.id_of("vera"));
    for round in 0..5 {
        let preset = ["none", "full"][round % 2];
        gate.sluice.cli(&["user", "set-capabilities", "vera", "--preset", preset], "").assert_code(0);
        let email = json!({ "email": format!("vera{round}@example.com") });
        assert_eq!(gate.send("PATCH", &path, &email).assert_status(200).json()["preset"], preset);
    }
}
