//! Where values come from, and what `check` says about them.

use std::process::Command;

use serde_json::Value;

use crate::support::process::repository;
use crate::support::sluice::{Home, PASSWORD, Said};
use crate::support::verify::Dialect;

fn check(home: &Home) -> Said {
    home.cli(&["check"], "")
}

#[track_caller]
fn assert_line(said: &Said, key: &str, value: &str) {
    let found = said.out.lines().any(|line| line.contains(key) && line.contains(value));
    assert!(found, "no line with {key} and {value} in\n{}", said.out);
}

#[test]
fn check_prints_the_values_that_hold_with_secrets_masked() {
    let home = Home::new().with("session.ttl = \"12h\"\nauth.admin_password = \"Canary-secret-1\"");
    let said = check(&home);
    said.assert_code(0);
    assert_line(&said, "session.ttl", "12h");
    assert_line(&said, "session.remember_ttl", "30d");
    assert_line(&said, "auth.admin_password", "*");
    assert!(!said.out.contains("Canary") && !said.err.contains("Canary"), "{said:#?}");
}

#[test]
fn a_variable_wins_over_the_file_and_the_seeds_name() {
    let home =
        Home::new().with("session.ttl = \"12h\"\nauth.enabled = true").variable("SLUICE_SESSION__TTL", "7h");
    assert_line(&check(&home), "session.ttl", "7h");
    let home = home.variable("WEB_AUTH_ENABLED", "false");
    assert_line(&check(&home), "auth.enabled", "false");
    let home = home.variable("SLUICE_AUTH__ENABLED", "true");
    assert_line(&check(&home), "auth.enabled", "true");
}

#[test]
fn the_seeds_names_work_as_they_are() {
    for (name, value, key, shown) in [
        ("WEB_AUTH_ENABLED", "false", "auth.enabled", "false"),
        ("WEB_AUTH_ENABLED", "true", "auth.enabled", "true"),
        ("PYTORRENT_AUTH_ENABLE", "false", "auth.enabled", "false"),
        (
            "PYTORRENT_API_ALLOWED_ORIGINS",
            "https://a.test,https://b.test",
            "origins.allowed",
            "https://b.test",
        ),
        ("PYTORRENT_SOCKETIO_CORS_ALLOWED_ORIGINS", "https://c.test", "origins.allowed", "https://c.test"),
        ("PYTORRENT_SESSION_COOKIE_SECURE", "true", "session.cookie_secure", "true"),
        ("PYTORRENT_SESSION_COOKIE_SECURE", "false", "session.cookie_secure", "false"),
    ] {
        let home = Home::new().variable(name, value);
        let said = check(&home);
        assert_line(said.assert_code(0), key, shown);
    }
}

#[test]
fn a_secret_can_lie_in_a_file() {
    let home = Home::new();
    let file = home.file("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).expect("a file");
    let sluice = home.with(&format!("auth.admin_password_file = \"{}\"", file.display())).start();
    sluice.sign_in("admin", PASSWORD);
}

#[test]
fn a_list_can_come_from_a_variable() {
    let home = Home::new()
        .variable("SLUICE_ORIGINS__ALLOWED", "https://a.test, https://b.test")
        .variable("SLUICE_SERVER__TRUSTED_PROXIES", "127.0.0.0/8")
        .user("ada", &["--admin"]);
    let sluice = home.start();
    let session = sluice.sign_in("ada", PASSWORD);
    let request = Dialect::Nginx.about("POST", "http", "app.test", "/").session(&session);
    request.header("Origin", "https://b.test").send(sluice.address).assert_status(200);
}

#[test]
fn the_file_is_found_by_its_variable_and_by_its_usual_place() {
    let home = Home::new();
    let text = "session.ttl = \"9h\"\n";
    std::fs::write(home.file("elsewhere.toml"), text).expect("a file");
    std::fs::create_dir(home.file("config")).expect("a folder");
    std::fs::write(home.file("config/sluice.toml"), text.replace("9h", "8h")).expect("a file");
    let run = |variable: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.env_clear().current_dir(home.file(".")).arg("check");
        if let Some(file) = variable {
            command.env("SLUICE_CONFIG", file);
        }
        String::from_utf8(command.output().expect("an answer").stdout).expect("text")
    };
    let ttl = |out: &str| out.lines().find(|line| line.contains("session.ttl")).expect("the key").to_owned();
    assert!(ttl(&run(None)).contains("8h"));
    assert!(ttl(&run(Some("elsewhere.toml"))).contains("9h"));
}

#[test]
fn the_example_starts_as_it_is_and_changes_nothing() {
    let home = Home::new();
    let example = repository().join("config/sluice.example.toml").display().to_string();
    let values = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.env_clear().current_dir(home.file(".")).args(["check", "--json"]).args(arguments);
        let output = command.output().expect("an answer");
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(said["problems"], serde_json::json!([]));
        let all = said["values"].as_array().expect("values").clone();
        all.iter().map(|one| (one["key"].to_string(), one["value"].to_string())).collect::<Vec<_>>()
    };
    let defaults = values(&[]);
    assert!(defaults.len() >= 20, "{defaults:?}");
    assert_eq!(values(&["--config", &example]), defaults);
}

#[test]
fn an_address_in_the_environment_decides_where_it_listens() {
    let home =
        Home::new().with("server.listen = \"127.0.0.1:1\"").variable("SLUICE_SERVER__LISTEN", "127.0.0.1:0");
    let sluice = home.user("ada", &["--admin"]).start();
    assert!(sluice.address.port() > 1);
}
