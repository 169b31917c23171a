//! Whose the items of an app are.

use serde_json::json;

use super::{Gate, problem};

const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn the_first_to_say_whose_an_item_is_is_believed() {
    let gate = Gate::start();
    let path = format!("/apps/qbittorrent/owners/{HASH}");
    let claim = |user: &str| gate.send("PUT", &path, &json!({ "user": user }));
    problem(&gate.ask("GET", &path).send(gate.sluice.address), 404);
    assert_eq!(claim("vera").assert_status(201).json()["user"], "vera");
    claim("vera").assert_status(200);
    problem(&claim("ada"), 409);
    problem(&claim("nobody"), 422);
    problem(&gate.send("PUT", "/apps/other/owners/x", &json!({ "user": "ada" })), 404);
    let capitals = format!("/apps/qbittorrent/owners/{}", HASH.to_uppercase());
    assert_eq!(gate.get(&capitals)["user"], "vera");
    gate.ask("DELETE", &path).send(gate.sluice.address).assert_status(204);
    problem(&gate.ask("DELETE", &path).send(gate.sluice.address), 404);
    claim("ada").assert_status(201);
}

#[test]
fn a_key_that_is_too_long_is_told_the_rule() {
    let gate = Gate::start();
    let path = |length: usize| format!("/apps/qbittorrent/owners/{}", "x".repeat(length));
    gate.send("PUT", &path(128), &json!({ "user": "vera" })).assert_status(201);
    for method in ["GET", "PUT", "DELETE"] {
        let said = problem(&gate.send(method, &path(129), &json!({ "user": "vera" })), 422);
        assert!(said["detail"].as_str().is_some_and(|said| said.contains("1 to 128")), "{method}: {said}");
    }
    let item = &gate.get("/openapi.json")["paths"]["/apps/{app}/owners/{item}"]["put"]["parameters"][1];
    assert_eq!((&item["name"], &item["schema"]["maxLength"]), (&json!("item"), &json!(128)));
}

#[test]
fn ten_thousand_items_are_looked_up_at_once() {
    let gate = Gate::start();
    gate.send("PUT", &format!("/apps/sonarr/owners/{HASH}"), &json!({ "user": "vera" })).assert_status(201);
    let mut items: Vec<_> = (1..10_000).map(|number| format!("{number:040x}")).collect();
    items.push(HASH.to_uppercase());
    let answer = gate.send("POST", "/apps/sonarr/owners/look-up", &json!({ "items": items }));
    assert_eq!(answer.assert_status(200).json(), json!({ "owners": { HASH.to_uppercase(): "vera" } }));
    items.push("one-more".to_owned());
    problem(&gate.send("POST", "/apps/sonarr/owners/look-up", &json!({ "items": items })), 422);
    problem(&gate.send("POST", "/apps/sonarr/owners/look-up", &json!({ "items": ["a b"] })), 422);
}

#[test]
fn what_a_deleted_user_owns_is_handed_over_or_nobodys() {
    let gate = Gate::start();
    for (name, heir, owner) in [("kim", "?heir=vera", Some("vera")), ("lou", "", None)] {
        let id = gate.add(name, &json!({}));
        let path = format!("/apps/qbittorrent/owners/{name}-item");
        gate.send("PUT", &path, &json!({ "user": name })).assert_status(201);
        problem(&gate.ask("DELETE", &format!("/users/{id}?heir=nobody")).send(gate.sluice.address), 422);
        problem(&gate.ask("DELETE", &format!("/users/{id}?heir={name}")).send(gate.sluice.address), 422);
        gate.ask("DELETE", &format!("/users/{id}{heir}")).send(gate.sluice.address).assert_status(204);
        match owner {
            Some(owner) => assert_eq!(gate.get(&path)["user"], owner),
            None => drop(problem(&gate.ask("GET", &path).send(gate.sluice.address), 404)),
        }
    }
}
