//! What docs/events.md shows is what happens.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use sluice::events::kind::Kind;

use super::Gate;
use crate::support::hook::{Hook, Mode};
use crate::support::process::{repository, tool};
use crate::support::sluice::Home;
use crate::support::wait;

fn document() -> String {
    fs::read_to_string(repository().join("docs/events.md")).expect("docs/events.md")
}

/// The first example in a language.
fn example(language: &str) -> String {
    let document = document();
    let start = format!("```{language}\n");
    let (_, rest) = document.split_once(&start).expect("an example");
    rest.split_once("```").expect("its end").0.to_owned()
}

#[test]
fn every_type_is_described() {
    let document = document();
    for kind in Kind::ALL {
        assert!(document.contains(&format!("`{}`", kind.name())), "{}", kind.name());
    }
}

#[test]
fn the_python_example_believes_a_delivery_and_no_forgery() {
    let hook = Hook::start(Mode::Answering(204));
    let gate = Gate::start(Home::new().with(&hook.settings("\"user.added\"")));
    gate.add(&["bob"]);
    let post = hook.wait_for(1).remove(0);
    let program = format!(
        "{}\nimport sys\nprint(is_from_sluice(sys.argv[1].encode(), sys.argv[2], sys.argv[3].encode()))",
        example("python")
    );
    let believes = |secret: &str, body: &str| {
        let output = Command::new(tool("python3"))
            .args(["-c", &program, secret, post.header("x-sluice-signature"), body])
            .output()
            .expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim() == "True"
    };
    assert!(believes("whsec", &post.body));
    assert!(!believes("another", &post.body));
    assert!(!believes("whsec", &post.body.replace("bob", "eve")));
}

#[test]
fn the_example_of_a_command_writes_who_did_it() {
    let home = Home::new();
    let (script, told) = (home.file("tell"), home.file("told"));
    fs::write(&script, example("sh")).expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).expect("its mode");
    let command = format!("command = [\"{}\", \"{}\"]", script.display(), told.display());
    let gate = Gate::start(home.with(&format!("[[event]]\ntypes = [\"user.added\"]\n{command}")));
    gate.add(&["bob"]);
    let read = || fs::read_to_string(&told).ok().filter(|text| text.ends_with('\n'));
    assert_eq!(wait::for_some("a line", read), "user.added: command line, for nobody\n");
}

#[test]
fn the_object_that_is_shown_has_the_keys_that_come() {
    let hook = Hook::start(Mode::Answering(204));
    let gate = Gate::start(Home::new().with(&hook.settings("\"user.added\"")));
    gate.add(&["bob"]);
    let came = hook.wait_for(1)[0].json();
    let shown: serde_json::Value = serde_json::from_str(&example("json")).expect("JSON");
    let shown = shown.as_object().expect("an object");
    for key in came
        .as_object()
        .expect("an object")
        .keys()
        .filter(|key| !["role", "capabilities"].contains(&key.as_str()))
    {
        assert!(shown.contains_key(key), "{key}");
    }
}
