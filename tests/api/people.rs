//! People from the command line, and what a running service makes of it.

use std::thread;

use crate::support::raw::Answer;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{Dialect, READ_ONLY};
use crate::support::wait;

fn verify(sluice: &Sluice, session: &str) -> Answer {
    Dialect::Nginx.verify().session(session).send(sluice.address)
}

fn user(home: &Home, name: &str) -> serde_json::Value {
    let users = home.cli(&["user", "list", "--json"], "").assert_code(0).json();
    let found = users.as_array().and_then(|all| all.iter().find(|user| user["name"] == name));
    found.unwrap_or_else(|| panic!("{name} in {users:#}")).clone()
}

#[test]
fn a_list_tells_programs_and_people_who_is_there() {
    let home = Home::new()
        .user("ada", &["--admin", "--display-name", "Ada Lovelace", "--email", "ada@example.com"])
        .user("Vera", &["--preset", "read-only"])
        .user("sonarr", &["--no-password", "--capabilities", "search,add_downloads"]);
    let ada = user(&home, "ada");
    assert_eq!(ada["role"], "admin");
    assert_eq!(ada["enabled"], true);
    assert_eq!(user(&home, "vera")["role"], "user");
    assert_eq!(user(&home, "sonarr")["capabilities"], serde_json::json!(["search", "add_downloads"]));
    let table = home.cli(&["user", "list"], "");
    for part in ["ada", "vera", "sonarr", "admin"] {
        assert!(table.assert_code(0).out.contains(part), "{part} in {}", table.out);
    }
    for secret in [PASSWORD, "$2b$", "password_hash"] {
        assert!(!home.cli(&["user", "list", "--json"], "").out.contains(secret));
    }
}

#[test]
fn a_password_follows_the_rules() {
    let home = Home::new();
    for (password, word) in [
        ("Sh0rt-1", "8"),
        ("no-digits-here", "digit"),
        ("1234-5678", "letter"),
        ("N0specials", "special"),
        ("", "password"),
        (&format!("A1-{}", "x".repeat(70)), "72"),
    ] {
        let said = home.cli(&["user", "add", "ada"], password);
        assert_eq!(said.code, 1, "{password:?}: {said:#?}");
        assert!(said.err.to_lowercase().contains(word), "{word} in {}", said.err);
    }
    for (n, password) in ["Abcdef1!", "pässwörd 1", "1234567a ", "Ünïcode1_x"].iter().enumerate() {
        home.cli(&["user", "add", &format!("u{n}")], password).assert_code(0);
    }
}

#[test]
fn a_name_is_refused_and_never_cleaned() {
    let home = Home::new().user("vera", &[]);
    let long = "a".repeat(65);
    for name in [
        "",
        " ",
        "ada ",
        " ada",
        "-ada",
        ".ada",
        "@ada",
        "a,b",
        "a b",
        "a/b",
        "a\nb",
        "a\u{1b}[2J",
        "Zoë",
        "аda",
        &long,
    ] {
        let said = home.cli(&["user", "add", "--", name], PASSWORD);
        assert_eq!(said.code, 1, "{name:?}: {said:#?}");
        assert!(!said.err.contains('\u{1b}'), "{said:#?}");
    }
    let users = home.cli(&["user", "list", "--json"], "").json();
    assert_eq!(users.as_array().map(Vec::len), Some(1), "{users}");
    home.cli(&["user", "add", "Ada"], PASSWORD).assert_code(0);
    let twice = home.cli(&["user", "add", "ADA"], PASSWORD);
    assert!(twice.assert_code(1).err.contains("ada"), "{twice:#?}");
}

#[test]
fn capabilities_are_known_names_with_what_they_require() {
    let home = Home::new();
    for list in ["fly", "search,,add_downloads", "Search", "edit_all_downloads", "all", "*"] {
        let said = home.cli(&["user", "add", "bob", "--capabilities", list], PASSWORD);
        said.assert_code(1);
    }
    let both = home.cli(&["user", "add", "bob", "--preset", "full", "--capabilities", "search"], PASSWORD);
    assert_ne!(both.code, 0);
    home.cli(&["user", "add", "bob", "--preset", "everything"], PASSWORD).assert_code(1);
    home.cli(&["user", "add", "bob", "--capabilities", "view_all_downloads,edit_all_downloads"], PASSWORD)
        .assert_code(0);
    home.cli(&["user", "add", "boss", "--admin", "--preset", "none"], PASSWORD).assert_code(0);
}

#[test]
fn commands_about_nobody_say_so() {
    let home = Home::new().user("ada", &["--admin"]);
    for command in ["enable", "disable", "delete", "set-password"] {
        let said = home.cli(&["user", command, "nobody"], PASSWORD);
        assert!(said.assert_code(1).err.contains("nobody"), "{command}: {said:#?}");
    }
    home.cli(&["user", "set-capabilities", "nobody", "--preset", "full"], "").assert_code(1);
    home.cli(&["user", "frobnicate"], "").assert_code(2);
    home.cli(&["user", "add", "bob", "--password", PASSWORD], "").assert_code(2);
}

#[test]
fn a_new_user_can_sign_in_within_a_second() {
    let sluice = Sluice::start();
    sluice.cli(&["user", "add", "bob"], PASSWORD).assert_code(0);
    wait::until("bob's sign-in", || {
        let request = sluice.sign_in_form("bob", PASSWORD).header("X-Forwarded-For", "192.0.2.1");
        request.send(sluice.address).status == 303
    });
}

#[test]
fn disabling_deleting_and_new_passwords_end_sessions_at_once() {
    let sluice = Sluice::with_users(&[("ada", &["--admin"]), ("a", &[]), ("b", &[]), ("c", &[])]);
    for (n, (name, command)) in
        [("a", "disable"), ("b", "delete"), ("c", "set-password")].into_iter().enumerate()
    {
        let session = sluice.sign_in(name, PASSWORD);
        sluice.cli(&["user", command, name], "Another-horse-2").assert_code(0);
        wait::until(&format!("the end of the session after {command}"), || {
            verify(&sluice, &session).status == 401
        });
        // From another address, so that this failure delays nobody.
        let old_password =
            sluice.sign_in_form(name, PASSWORD).header("X-Forwarded-For", format!("192.0.2.{n}"));
        old_password.send(sluice.address).assert_status(401);
    }
    sluice.sign_in("c", "Another-horse-2");
}

#[test]
fn enabling_a_user_lets_them_in_again_and_brings_no_session_back() {
    let sluice = Sluice::with_users(&[("ada", &["--admin"]), ("bob", &[])]);
    let session = sluice.sign_in("bob", PASSWORD);
    sluice.cli(&["user", "disable", "bob"], "").assert_code(0);
    wait::until("the end of the session", || verify(&sluice, &session).status == 401);
    sluice.cli(&["user", "enable", "bob"], "").assert_code(0);
    // Until it has reached the service this fails, and failures wait: each from an address of its own.
    let mut n = 0;
    wait::until("another sign-in", || {
        n += 1;
        let client = format!("192.0.{}.{}", n / 250, n % 250 + 1);
        sluice.sign_in_form("bob", PASSWORD).header("X-Forwarded-For", client).send(sluice.address).status
            == 303
    });
    assert_eq!(verify(&sluice, &session).status, 401);
}

#[test]
fn changed_capabilities_hold_in_a_running_service() {
    let sluice = Sluice::with_users(&[("ada", &["--admin"]), ("bob", &["--preset", "full"])]);
    let session = sluice.sign_in("bob", PASSWORD);
    sluice.cli(&["user", "set-capabilities", "bob", "--preset", "read-only"], "").assert_code(0);
    wait::until("the end of bob's wider rights", || {
        verify(&sluice, &session).header("x-auth-permission") != Some("full")
    });
    let answer = verify(&sluice, &sluice.sign_in("bob", PASSWORD));
    assert_eq!(answer.assert_status(200).header("x-auth-capabilities"), Some(READ_ONLY));
    sluice.cli(&["user", "set-capabilities", "bob", "--capabilities", "search"], "").assert_code(0);
    wait::until("bob's new rights", || {
        let answer = verify(&sluice, &sluice.sign_in("bob", PASSWORD));
        answer.header("x-auth-capabilities") == Some("search")
    });
}

#[test]
fn a_deleted_users_id_is_never_given_again() {
    let sluice = Sluice::with_users(&[("ada", &["--admin"]), ("bob", &[])]);
    let home = &sluice.home;
    let (id, session) = (user(home, "bob")["id"].clone(), sluice.sign_in("bob", PASSWORD));
    sluice.cli(&["user", "delete", "bob"], "").assert_code(0);
    sluice.cli(&["user", "add", "bob"], PASSWORD).assert_code(0);
    assert_ne!(user(home, "bob")["id"], id);
    wait::until("the new bob's sign-in", || {
        let request = sluice.sign_in_form("bob", PASSWORD).header("X-Forwarded-For", "192.0.2.1");
        request.send(sluice.address).status == 303
    });
    assert_eq!(verify(&sluice, &session).status, 401, "the old bob's session");
}

#[test]
fn the_last_active_administrator_stays() {
    let home = Home::new().user("ada", &["--admin"]).user("eve", &["--admin"]).user("bob", &[]);
    home.cli(&["user", "disable", "eve"], "").assert_code(0);
    for arguments in [
        &["user", "delete", "ada"][..],
        &["user", "disable", "ada"],
        &["user", "set-capabilities", "ada", "--role", "user"],
    ] {
        let said = home.cli(arguments, "");
        assert!(said.assert_code(1).err.contains("last"), "{said:#?}");
    }
    home.cli(&["user", "enable", "eve"], "").assert_code(0);
    home.cli(&["user", "delete", "ada"], "").assert_code(0);
    home.cli(&["user", "delete", "eve"], "").assert_code(1);
}

#[test]
fn two_commands_at_once_cannot_remove_both_administrators() {
    let home = Home::new().user("ada", &["--admin"]).user("eve", &["--admin"]);
    let commands = [&["disable"][..], &["delete"], &["set-capabilities", "--role", "user"]];
    for round in 0..12 {
        let run = |name: &str, command: &[&str]| {
            let mut arguments = vec!["user", command[0], name];
            arguments.extend_from_slice(&command[1..]);
            home.cli(&arguments, "").code
        };
        let (first, second) = (commands[round % 3], commands[(round / 3) % 3]);
        let codes = thread::scope(|scope| {
            let one = scope.spawn(|| run("ada", first));
            let two = scope.spawn(|| run("eve", second));
            let mut codes = [one.join().expect("a code"), two.join().expect("a code")];
            codes.sort_unstable();
            codes
        });
        assert_eq!(codes, [0, 1], "{first:?} and {second:?}");
        for name in ["ada", "eve"] {
            // Back to two administrators, whatever became of the loser.
            home.cli(&["user", "add", name, "--admin"], PASSWORD);
            home.cli(&["user", "enable", name], "");
            home.cli(&["user", "set-capabilities", name, "--role", "admin"], "").assert_code(0);
        }
    }
}

#[test]
fn a_command_without_the_services_configuration_makes_no_database() {
    let home = Home::new();
    for command in [&["user", "list"][..], &["session", "revoke-all"], &["user", "disable", "ada"]] {
        let said = home.cli(command, "");
        assert!(said.assert_code(1).err.contains("--config"), "{said:#?}");
        assert!(!home.store().exists());
    }
}
