//! What becomes of the people whom the proxy names.

mod rights;

use std::thread;

use serde_json::Value;

use super::{SECRET, ask, assert_let_in, gate, home, sso};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait;

/// The preset of users from an SSO header.
const DEFAULT: &str = "search,add_downloads,remove_downloads,pause_resume,assign_categories,move_files,\
                       rename_files,set_comment,view_history,clear_history,view_shared,view_uploads,\
                       view_statistics,view_all_downloads";

const MAP: &str = "sso.group_map = { \"family\" = \"read-only\", \"wheel\" = \"admin\", \
                   \"adders\" = \"search,add_downloads\" }";

fn visit(user: &str) -> Request {
    sso(Dialect::Nginx.verify(), user)
}

fn users(sluice: &Sluice) -> Vec<Value> {
    sluice.cli(&["user", "list", "--json"], "").assert_code(0).json().as_array().expect("a list").clone()
}

fn names(sluice: &Sluice) -> Vec<String> {
    users(sluice).iter().map(|user| user["name"].as_str().expect("a name").to_owned()).collect()
}

#[track_caller]
fn assert_rights(answer: &Answer, role: &str, capabilities: &str) {
    assert_eq!(answer.assert_status(200).header("x-auth-role"), Some(role));
    assert_eq!(answer.header("x-auth-capabilities"), Some(capabilities));
}

#[test]
fn an_unknown_user_is_refused_and_not_made() {
    let sluice = gate("");
    for dialect in DIALECTS {
        let request = sso(dialect.verify(), "newcomer");
        // Signing in again would change nothing: nobody is sent round in circles.
        for request in [request.clone().navigating(), request] {
            let answer = ask(&sluice, &request);
            assert_eq!(answer.assert_status(403).location(), None);
            assert!(answer.header("x-auth-reason").is_some());
        }
    }
    assert_eq!(names(&sluice), ["ada", "vera"]);
}

#[test]
fn an_unknown_user_is_made_where_that_is_configured() {
    let sluice = gate("sso.auto_provision = true");
    let request = visit("Newcomer")
        .header("Remote-Name", "New Comer")
        .header("Remote-Email", "new@example.com")
        .header("Remote-Groups", "family");
    let answer = ask(&sluice, &request);
    assert_let_in(&answer, "newcomer", "sso");
    assert_eq!(answer.header("remote-name"), Some("New Comer"));
    assert_eq!(answer.header("remote-email"), Some("new@example.com"));
    assert_rights(&answer, "user", DEFAULT);
    let id = answer.header("x-auth-user-id").map(ToOwned::to_owned);
    for dialect in DIALECTS {
        let again = ask(&sluice, &sso(dialect.verify(), "NEWCOMER"));
        assert_let_in(&again, "newcomer", "sso");
        assert_eq!(again.header("x-auth-user-id"), id.as_deref());
        assert_eq!(again.header("remote-name"), Some("New Comer"));
    }
    assert_eq!(names(&sluice), ["ada", "newcomer", "vera"]);
    let made = users(&sluice).into_iter().find(|user| user["name"] == "newcomer").expect("newcomer");
    assert_eq!(made["password"], false);
    // No password opens it, an empty one neither.
    for password in ["", PASSWORD] {
        let form = sluice.sign_in_form("newcomer", password);
        assert_eq!(form.send(sluice.address).set_cookie("sluice_session"), None);
    }
}

/// What the app is told of somebody new: display name, address and groups.
fn told(settings: &str, user_header: &str, written: &[(&str, &str)]) -> [String; 3] {
    let sluice = gate(&format!(
        "sso.auto_provision = true\nsso.sync = \"always\"\nsso.user_header = \"{user_header}\"\n{settings}\n{MAP}"
    ));
    let proved = Dialect::Nginx.verify().header("X-Sluice-Secret", SECRET).header(user_header, "newcomer");
    let request = written.iter().fold(proved, |request, &(name, value)| request.header(name, value));
    let answer = ask(&sluice, &request);
    assert_let_in(&answer, "newcomer", "sso");
    ["remote-name", "remote-email", "remote-groups"]
        .map(|name| answer.header(name).unwrap_or_default().to_owned())
}

#[test]
fn nothing_is_read_beside_a_proven_name_but_what_the_configuration_names() {
    let written = [
        ("X-Forwarded-Name", "Forged"),
        ("X-Forwarded-Email", "forged@example.com"),
        ("X-Forwarded-Groups", "wheel"),
        ("Remote-Name", "Remote"),
        ("Remote-Email", "remote@example.com"),
        ("Remote-Groups", "wheel"),
    ];
    let named = "sso.name_header = \"X-Forwarded-Name\"\nsso.email_header = \"X-Forwarded-Email\"";
    let nothing = ["newcomer", "-", "users"];
    for (settings, user_header, expected) in [
        ("", "X-Forwarded-User", nothing),
        ("", "X-authentik-username", nothing),
        (named, "X-Forwarded-User", ["Forged", "forged@example.com", "users"]),
        ("", "Remote-User", ["Remote", "remote@example.com", "admins,wheel"]),
        ("sso.groups_header = \"Remote-Groups\"", "X-Forwarded-User", ["newcomer", "-", "admins,wheel"]),
        ("sso.name_header = \"\"\nsso.email_header = \"\"\nsso.groups_header = \"\"", "Remote-User", nothing),
    ] {
        assert_eq!(told(settings, user_header, &written), expected, "{user_header} {settings}");
    }
}

#[test]
fn a_disabled_user_is_refused_whatever_is_configured() {
    for settings in ["", "sso.auto_provision = true\nsso.sync = \"always\"\nsso.role = \"admin\"", MAP] {
        let home = home(&format!("sso.secret = \"{SECRET}\"\n{settings}"));
        home.cli(&["user", "disable", "vera"], "").assert_code(0);
        let sluice = home.start();
        for dialect in DIALECTS {
            for name in ["vera", "VERA"] {
                let request = sso(dialect.verify(), name).header("Remote-Groups", "wheel");
                for request in [request.clone().navigating(), request] {
                    assert_eq!(ask(&sluice, &request).assert_status(403).location(), None);
                }
            }
        }
        let vera = users(&sluice).into_iter().find(|user| user["name"] == "vera").expect("vera");
        assert_eq!((&vera["enabled"], &vera["role"]), (&Value::from(false), &Value::from("user")));
        sluice.cli(&["user", "enable", "vera"], "").assert_code(0);
        wait::until("vera's access", || ask(&sluice, &visit("vera")).status == 200);
        sluice.cli(&["user", "disable", "vera"], "").assert_code(0);
        wait::until("the end of vera's access", || ask(&sluice, &visit("vera")).status == 403);
    }
}

#[test]
fn a_deleted_user_comes_back_as_somebody_new() {
    let sluice = gate("sso.auto_provision = true\nsso.permission = \"none\"");
    let id = || ask(&sluice, &visit("vera")).header("x-auth-user-id").map(ToOwned::to_owned);
    let first = id();
    assert!(first.is_some());
    sluice.cli(&["user", "delete", "vera"], "").assert_code(0);
    wait::until("another vera", || id().is_some_and(|id| Some(id) != first));
    // Nothing of the old one's came with the name.
    assert_rights(&ask(&sluice, &visit("vera")), "user", "none");
}

#[test]
fn made_by_many_requests_at_once_it_is_one_user() {
    let sluice = gate("sso.auto_provision = true");
    let ids: Vec<_> = thread::scope(|scope| {
        let tries: Vec<_> = (0..24)
            .map(|n| {
                let sluice = &sluice;
                scope.spawn(move || {
                    let answer = ask(sluice, &sso(DIALECTS[n % 3].verify(), "newcomer"));
                    assert_let_in(&answer, "newcomer", "sso");
                    answer.header("x-auth-user-id").map(ToOwned::to_owned)
                })
            })
            .collect();
        tries.into_iter().map(|each| each.join().expect("an id")).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(names(&sluice), ["ada", "newcomer", "vera"]);
}

#[test]
fn who_was_made_is_still_there_after_a_crash() {
    let mut sluice = gate("sso.auto_provision = true");
    let id = ask(&sluice, &visit("newcomer")).header("x-auth-user-id").map(ToOwned::to_owned);
    assert!(id.is_some());
    sluice.kill9();
    sluice.restart();
    assert_eq!(ask(&sluice, &visit("newcomer")).header("x-auth-user-id"), id.as_deref());
}

#[test]
fn a_flood_of_names_makes_no_flood_of_users_and_keeps_nobody_else_out() {
    let sluice = gate("sso.auto_provision = true");
    assert_let_in(&ask(&sluice, &visit("early")), "early", "sso");
    let statuses: Vec<_> = (0..100).map(|n| ask(&sluice, &visit(&format!("flood{n}"))).status).collect();
    assert!(statuses.iter().all(|status| matches!(status, 200 | 403)), "{statuses:?}");
    let made = statuses.iter().filter(|status| **status == 200).count();
    assert!((1..100).contains(&made), "{made} of 100 were made");
    assert_eq!(names(&sluice).len(), made + 3);
    for user in ["early", "vera", "ada", "flood0"] {
        assert_let_in(&ask(&sluice, &visit(user)), user, "sso");
    }
}
