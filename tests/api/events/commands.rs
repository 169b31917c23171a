//! Commands: no shell between, the JSON as input, and an environment of four.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use super::Gate;
use crate::support::sluice::Home;
use crate::support::wait;

/// A script in the service's home, which holds what it writes.
fn script(home: &Home, text: &str) -> PathBuf {
    let path = home.file("tell");
    fs::write(&path, format!("#!/bin/sh\ncd {}\n{text}", home.file("").display())).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("its mode");
    path
}

fn read(gate: &Gate, name: &str) -> String {
    fs::read_to_string(gate.sluice.home.file(name)).unwrap_or_default()
}

/// The objects that a script has appended to a file.
fn told(gate: &Gate, name: &str) -> Vec<Value> {
    read(gate, name).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn a_command_gets_the_event_as_input_and_a_small_environment() {
    let home = Home::new();
    let script = script(
        &home,
        "cat >> told; echo >> told\nprintf '%s\\n' \"$@\" > words\ntr '\\0' '\\n' < /proc/$$/environ > env.new\nmv env.new env\n",
    );
    let words = format!("command = [\"{}\", \"$(touch harm); a b\", \"*\"]", script.display());
    let gate = Gate::start(
        home.variable("SECRET", "T0K3N").with(&format!("[[event]]\ntypes = [\"user.added\"]\n{words}")),
    );
    gate.add(&["bob", "eve"]);
    wait::until("two events and an environment", || {
        told(&gate, "told").len() == 2 && !read(&gate, "env").is_empty()
    });
    let told = told(&gate, "told");
    assert_eq!(super::each(&told, "subject"), ["bob", "eve"]);
    assert_eq!(super::each(&told, "triggeredBy"), ["command line"; 2]);
    let mut environment: Vec<_> = read(&gate, "env").lines().map(str::to_owned).collect();
    environment.sort();
    let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(
        environment,
        ["EVENT_OWNER=", "EVENT_TRIGGERED_BY=command line", "EVENT_TYPE=user.added", path]
    );
    assert_eq!(read(&gate, "words"), "$(touch harm); a b\n*\n");
    assert!(!gate.sluice.home.file("harm").exists());
}

#[test]
fn a_command_that_fails_is_run_again_before_the_next_event() {
    let home = Home::new();
    let script = script(&home, "cat >> tried; echo >> tried\ntest -e mended || { touch mended; exit 3; }\n");
    let settings = format!("[[event]]\ntypes = \"user.added\"\ncommand = \"{}\"", script.display());
    let gate = Gate::start(home.with(&settings));
    gate.add(&["bob", "eve"]);
    wait::until("three runs", || told(&gate, "tried").len() == 3);
    assert_eq!(super::each(&told(&gate, "tried"), "subject"), ["bob", "bob", "eve"]);
    wait::until("the reason in the log", || gate.sluice.process.log.contains("it ended with exit status: 3"));
}

#[test]
fn a_command_that_never_ends_holds_up_neither_others_nor_the_end_of_the_service() {
    let home = Home::new();
    let stuck = script(&home, "touch started\nexec sleep 1000\n");
    let quick = home.file("quick");
    fs::write(&quick, format!("#!/bin/sh\ncat > {}\n", home.file("quick-told").display())).expect("a script");
    fs::set_permissions(&quick, fs::Permissions::from_mode(0o700)).expect("its mode");
    let target =
        |path: &PathBuf| format!("[[event]]\ntypes = \"user.*\"\ncommand = \"{}\"\n", path.display());
    let mut gate = Gate::start(home.with(&format!("{}{}", target(&stuck), target(&quick))));
    gate.add(&["bob"]);
    wait::until("both", || gate.sluice.home.file("started").exists() && told(&gate, "quick-told").len() == 1);
    assert_eq!(gate.sluice.stop(), Some(0));
}
