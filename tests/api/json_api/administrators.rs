//! Somebody can always sign in as an administrator.

use serde_json::{Value, json};

use super::{API, Gate, fields, problem, with_json};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::PASSWORD;

/// A change of a user, sent with this key.
fn change(gate: &Gate, key: &str, user: i64, body: &Value) -> Answer {
    let request = Request::new("PATCH", &format!("{API}/users/{user}")).header("X-API-Key", key);
    with_json(request, body).send(gate.sluice.address)
}

/// Another administrator and a key of theirs.
fn another(gate: &Gate, name: &str, more: &Value) -> (i64, String) {
    let mut body = json!({ "role": "admin" });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let user = gate.add(name, &body);
    let key = gate.send("POST", &format!("/users/{user}/keys"), &json!({ "name": "k" }));
    (user, key.assert_status(201).json()["key"].as_str().expect("a key").to_owned())
}

#[test]
fn an_administrator_is_never_the_last_to_go_nor_locked_out_by_themselves() {
    let gate = Gate::start();
    let ada = gate.id_of("ada");
    let own = format!("/users/{ada}");
    assert_eq!(
        fields(&gate.send("PATCH", &own, &json!({ "role": "user", "enabled": false }))),
        ["role", "enabled"]
    );
    assert_eq!(fields(&gate.send("PATCH", &own, &json!({ "password": null }))), ["password"]);
    gate.sluice.sign_in("ada", PASSWORD);
    problem(&gate.ask("DELETE", &own).send(gate.sluice.address), 403);
    gate.send("PATCH", &own, &json!({ "email": "ada@example.org" })).assert_status(200);
}

#[test]
fn two_administrators_who_demote_each_other_leave_one() {
    let gate = Gate::start();
    let ada = gate.id_of("ada");
    let (zoe, key) = another(&gate, "zoe", &json!({}));
    let demote = |key: &str, id: i64| change(&gate, key, id, &json!({ "role": "user" })).status;
    let statuses = std::thread::scope(|scope| {
        let one = scope.spawn(|| demote(&gate.key, zoe));
        let other = scope.spawn(|| demote(&key, ada));
        [one, other].map(|thread| thread.join().expect("an answer"))
    });
    assert_eq!(statuses.iter().filter(|&&status| status == 200).count(), 1, "{statuses:?}");
    let users = gate.sluice.cli(&["user", "list", "--json"], "").assert_code(0).json();
    let admins = users.as_array().expect("a list").iter().filter(|user| user["role"] == "admin").count();
    assert_eq!(admins, 1, "{users}");
}

#[test]
fn who_has_no_password_is_not_the_administrator_who_stays() {
    let gate = Gate::start();
    let ada = gate.id_of("ada");
    let (zoe, key) = another(&gate, "zoe", &json!({ "password": null }));
    let path = format!("{API}/users/{ada}");
    let delete = || Request::new("DELETE", &path).header("X-API-Key", &key).send(gate.sluice.address);
    let without = json!({ "password": null });

    assert_eq!(fields(&change(&gate, &key, ada, &without)), ["password"]);
    for body in [json!({ "role": "user" }), json!({ "enabled": false })] {
        let said = problem(&change(&gate, &key, ada, &body), 409);
        assert!(said["detail"].as_str().is_some_and(|said| said.contains("password")), "{said}");
    }
    problem(&delete(), 409);
    for command in ["disable", "delete"] {
        let said = gate.sluice.cli(&["user", command, "ada"], "");
        assert!(said.assert_code(1).err.contains("password"), "{said:#?}");
    }
    gate.sluice.sign_in("ada", PASSWORD);

    gate.send("PATCH", &format!("/users/{zoe}"), &json!({ "password": PASSWORD })).assert_status(200);
    change(&gate, &key, ada, &without).assert_status(200);
    delete().assert_status(204);
}

#[test]
fn where_people_sign_in_elsewhere_an_administrator_needs_no_password() {
    let gate = Gate::with(
        "sso = { enabled = true, user_header = \"X-User\", \
                           secret = \"0123456789abcdef0123456789abcdef\" }",
    );
    let ada = gate.id_of("ada");
    change(&gate, &gate.key, ada, &json!({ "password": null })).assert_status(200);
}

#[test]
fn two_administrators_who_remove_each_others_password_leave_one() {
    let gate = Gate::start();
    let ada = gate.id_of("ada");
    let (zoe, key) = another(&gate, "zoe", &json!({}));
    let without = json!({ "password": null });
    let statuses = std::thread::scope(|scope| {
        let one = scope.spawn(|| change(&gate, &gate.key, zoe, &without).status);
        let other = scope.spawn(|| change(&gate, &key, ada, &without).status);
        [one, other].map(|thread| thread.join().expect("an answer"))
    });
    let mut sorted = statuses;
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 422], "{statuses:?}");
}
