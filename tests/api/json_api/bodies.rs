//! Bodies are objects, whose fields go by their names.

use serde_json::{Value, json};

use super::callers::operations;
use super::{API, Gate, problem, with_json};

/// What only who wrote Sluice would understand.
const WORDS_OF_THE_CODE: [&str; 9] =
    ["struct", "enum", "variant", "tuple", "i64", "u64", "NewUser", "Change", "Vec"];

#[track_caller]
fn is_refused(gate: &Gate, (method, path): (&str, &str), body: &Value) -> String {
    let said = problem(&gate.send(method, path, body), 400)["detail"].as_str().unwrap_or_default().to_owned();
    let strange = WORDS_OF_THE_CODE.iter().find(|word| said.contains(*word));
    assert_eq!(strange, None, "{method} {path} {body}: {said}");
    said
}

#[test]
fn no_list_is_read_as_the_fields_of_a_body() {
    let gate = Gate::start();
    let mut seen = 0;
    for operation in operations(&gate) {
        let Some(schema) = operation.body.clone() else { continue };
        let to = (operation.method.as_str(), operation.path.as_str());
        let fields = schema["properties"].as_object().expect("fields");
        for body in [json!([]), json!(vec![Value::Null; fields.len()]), json!("x"), json!(1), Value::Null] {
            let said = is_refused(&gate, to, &body);
            assert!(said.contains("no object"), "{to:?} {body}: {said}");
        }
        for (field, schema) in fields {
            // What is derived for an object within a body would take a list as well.
            assert!(!schema.to_string().contains("\"properties\""), "{to:?} {field}: {schema}");
            for value in [json!([[1.5]]), json!({ "x": { "y": [[]] } }), json!(1.5)] {
                is_refused(&gate, to, &json!({ field: value }));
            }
        }
        seen += 1;
    }
    assert!(seen >= 8, "{seen}");
}

#[test]
fn nothing_comes_of_fields_that_are_given_by_their_place() {
    let gate = Gate::start();
    let user = json!(["frank", null, null, "admin", true, null, null, null, null, null]);
    is_refused(&gate, ("POST", "/users"), &user);
    is_refused(&gate, ("POST", "/me/keys"), &json!(["k", null, null, null, null]));
    is_refused(&gate, ("POST", "/apps/qbittorrent/owners/look-up"), &json!([["a"]]));
    assert_eq!(gate.get("/users?q=frank")["items"], json!([]));
    let spaced = with_json(gate.ask("POST", "/users"), &Value::Null).body(" \n[\"frank\"]");
    problem(&spaced.send(gate.sluice.address), 400);
    let path = format!("{API}/users");
    let object = crate::support::raw::Request::new("POST", &path).header("X-API-Key", &gate.key);
    let object = object.header("Content-Type", "application/json").body(" \n{\"name\":\"frank\"}");
    object.send(gate.sluice.address).assert_status(201);
}
