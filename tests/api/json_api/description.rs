//! The description of the API, held against what the service answers.

use std::process::Command;

use super::{API, Gate};
use crate::support::process::tool;
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};

/// Schemathesis sends what the description allows and what it forbids, and reads every answer.
#[track_caller]
fn run(gate: &mut Gate, headers: &[String], more: &[&str]) {
    let mut command = Command::new(tool("schemathesis"));
    command
        .arg("run")
        .arg(format!("{}{API}/openapi.json", gate.sluice.origin()))
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args([
            "--checks",
            "response_schema_conformance,response_headers_conformance,negative_data_rejection",
        ])
        .args(["--seed", "1", "--no-color"])
        .args(more)
        .current_dir(gate.sluice.home.file("data"))
        .env("NO_PROXY", "*");
    for header in headers {
        command.args(["-H", header]);
    }
    let output = command.output().expect("schemathesis runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Fuzzing"), "{said}");
    gate.sluice.assert_no_panic();
}

fn by_key(key: &str) -> [String; 2] {
    [format!("Authorization: Bearer {key}"), format!("X-API-Key: {key}")]
}

#[test]
fn whatever_is_sent_the_answer_is_in_the_description() {
    let mut gate = Gate::start();
    let headers = by_key(&gate.key);
    // Whatever revokes or ends may hit what the run itself goes by.
    run(&mut gate, &headers, &["--max-examples", "40", "--exclude-method", "DELETE"]);
}

#[test]
fn the_description_is_sent_once_to_whoever_keeps_it() {
    let gate = Gate::start();
    let ask = || Request::get(&format!("{API}/openapi.json"));
    let first = ask().send(gate.sluice.address);
    assert_eq!(first.assert_status(200).json()["servers"][0]["url"], API);
    let tag = first.header("etag").expect("an ETag");
    let again = ask().header("If-None-Match", tag).send(gate.sluice.address);
    assert_eq!(again.assert_status(304).body, b"");
    for other in ["\"other\"", "", "W/\"\""] {
        let other = ask().header("If-None-Match", other).send(gate.sluice.address);
        assert_eq!(other.assert_status(200).body, first.body);
    }
}

/// A gate where no number that is guessed is that of a key in use.
fn with_far_keys() -> (Gate, String) {
    let home = Home::new()
        .with("[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"sonarr\"")
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "read-only"]);
    let (key, users) = (home.key("ada", "automation"), home.key("vera", "phone"));
    let store = rusqlite::Connection::open(home.store()).expect("the store");
    store.execute("UPDATE api_keys SET id = id + 7219463501", []).expect("other ids");
    (Gate { sluice: home.start(), key }, users)
}

#[test]
fn whatever_is_deleted_the_answer_is_in_the_description() {
    let (mut gate, _) = with_far_keys();
    let headers = by_key(&gate.key);
    run(&mut gate, &headers, &["--max-examples", "40", "--include-method", "DELETE"]);
    gate.get("/me");
}

#[test]
fn what_a_user_is_answered_is_in_the_description_too() {
    let (mut gate, key) = with_far_keys();
    let few = ["--max-examples", "4", "--phases", "coverage,fuzzing"];
    run(&mut gate, &by_key(&key), &few);
    let session = gate.sluice.sign_in("vera", PASSWORD);
    let origin = format!("Origin: {}", gate.sluice.origin());
    let headers = [format!("Cookie: sluice_session={session}"), origin];
    // A user may end their own session, too.
    run(&mut gate, &headers, &[few.as_slice(), &["--exclude-method", "DELETE"]].concat());
    assert_eq!(gate.get("/users?q=vera")["items"][0]["role"], "user");
}
