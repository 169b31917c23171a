//! What those people may do: by the configuration, by the groups that the proxy names, and in step with both.

use super::{DEFAULT, MAP, assert_rights, users, visit};
use crate::sso::{SECRET, ask, gate, home, session};
use crate::support::raw::Request;
use crate::support::sluice::{Home, Sluice};
use crate::support::verify::{ALL_CAPABILITIES, DIALECTS, READ_ONLY};
use crate::support::wait;

fn in_groups(user: &str, groups: &str) -> Request {
    visit(user).header("Remote-Groups", groups)
}

#[test]
fn who_is_made_gets_what_is_configured() {
    for (settings, role, capabilities, permission) in [
        ("", "user", DEFAULT, "custom"),
        ("sso.permission = \"default\"", "user", DEFAULT, "custom"),
        ("sso.permission = \"none\"", "user", "none", "none"),
        ("sso.permission = \"ro\"", "user", READ_ONLY, "ro"),
        ("sso.permission = \"rw\"", "user", ALL_CAPABILITIES, "full"),
        ("sso.permission = \"full\"", "user", ALL_CAPABILITIES, "full"),
        ("sso.capabilities = \"view_logs,search\"", "user", "search,view_logs", "ro"),
        ("sso.capabilities = \"pause_resume\"", "user", "pause_resume", "custom"),
        ("sso.role = \"user\"\nsso.permission = \"ro\"", "user", READ_ONLY, "ro"),
        ("sso.role = \"admin\"", "admin", ALL_CAPABILITIES, "full"),
        ("sso.role = \"admin\"\nsso.permission = \"none\"", "admin", ALL_CAPABILITIES, "full"),
    ] {
        let sluice = gate(&format!("sso.auto_provision = true\n{settings}"));
        let answer = ask(&sluice, &visit("newcomer"));
        assert_rights(&answer, role, capabilities);
        assert_eq!(answer.header("x-auth-permission"), Some(permission), "{settings}");
        let group = if role == "admin" { "admins" } else { "users" };
        let groups = answer.header("remote-groups").unwrap_or_default();
        assert_eq!(groups.split(',').next(), Some(group), "{settings}");
        // Who was there before stays as they were.
        assert_rights(&ask(&sluice, &visit("vera")), "user", READ_ONLY);
    }
}

#[test]
fn groups_mean_what_the_map_says() {
    let both = READ_ONLY.replace("search,", "search,add_downloads,");
    for (groups, role, capabilities) in [
        ("family", "user", READ_ONLY),
        ("adders", "user", "search,add_downloads"),
        ("family,adders", "user", both.as_str()),
        ("adders, family", "user", both.as_str()),
        ("wheel", "admin", ALL_CAPABILITIES),
        ("family,wheel", "admin", ALL_CAPABILITIES),
        ("others", "user", "none"),
        ("wheels,wheel2,awheel", "user", "none"),
        ("admins", "user", "none"),
        ("", "user", "none"),
    ] {
        let sluice = gate(&format!("sso.auto_provision = true\nsso.permission = \"none\"\n{MAP}"));
        assert_rights(&ask(&sluice, &in_groups("newcomer", groups)), role, capabilities);
    }
    let lists = "sso.group_map = { adders = [\"search\", \"add_downloads\"], family = [\"read-only\"] }";
    for (groups, capabilities) in [("adders", "search,add_downloads"), ("family", READ_ONLY)] {
        let sluice = gate(&format!("sso.auto_provision = true\nsso.permission = \"none\"\n{lists}"));
        assert_rights(&ask(&sluice, &in_groups("newcomer", groups)), "user", capabilities);
    }
    let renamed = gate(&format!(
        "sso.auto_provision = true\nsso.permission = \"none\"\nsso.groups_header = \"X-Groups\"\n{MAP}"
    ));
    let request = in_groups("newcomer", "wheel").header("X-Groups", "family");
    assert_rights(&ask(&renamed, &request), "user", READ_ONLY);
}

#[test]
fn a_map_of_groups_that_no_header_names_is_warned_of() {
    let on = format!("sso.enabled = true\nsso.secret = \"{SECRET}\"\n{MAP}");
    for (settings, warned) in [("", false), ("sso.user_header = \"X-Forwarded-User\"", true)] {
        let said = Home::new().with(&on).with(settings).cli(&["check"], "");
        let said = said.assert_code(0);
        assert_eq!(said.err.contains("sso.groups_header the one"), warned, "{said:#?}");
    }
}

#[test]
fn groups_without_proof_of_the_proxy_mean_nothing() {
    let sluice = gate(&format!("sso.sync = \"always\"\n{MAP}"));
    let session = session(&sluice, "ada");
    for dialect in DIALECTS {
        let request = dialect.verify().header("Remote-Groups", "wheel").header("Remote-User", "vera");
        ask(&sluice, &request).assert_status(401);
        ask(&sluice, &request.session(&session)).assert_status(200);
    }
    let vera = users(&sluice).into_iter().find(|user| user["name"] == "vera").expect("vera");
    assert_eq!(vera["role"], "user");
}

/// Adds two whose rights differ from what the configuration says.
fn with_old_hands(settings: &str) -> Sluice {
    home(&format!("sso.secret = \"{SECRET}\"\n{settings}"))
        .user("own", &["--preset", "read-only"])
        .user("boss", &["--no-password", "--admin"])
        .start()
}

#[test]
fn only_who_has_no_password_is_kept_in_step_and_only_where_that_is_configured() {
    for (settings, vera, boss) in [
        ("", ("user", READ_ONLY), ("admin", ALL_CAPABILITIES)),
        ("sso.permission = \"full\"", ("user", READ_ONLY), ("admin", ALL_CAPABILITIES)),
        ("sso.sync = \"never\"\nsso.role = \"admin\"", ("user", READ_ONLY), ("admin", ALL_CAPABILITIES)),
        ("sso.sync = \"always\"", ("user", DEFAULT), ("user", DEFAULT)),
        (
            "sso.sync = \"always\"\nsso.permission = \"full\"",
            ("user", ALL_CAPABILITIES),
            ("user", ALL_CAPABILITIES),
        ),
        (
            "sso.sync = \"always\"\nsso.role = \"admin\"",
            ("admin", ALL_CAPABILITIES),
            ("admin", ALL_CAPABILITIES),
        ),
        (
            "sso.sync = \"always\"\nsso.role = \"user\"\nsso.permission = \"none\"",
            ("user", "none"),
            ("user", "none"),
        ),
    ] {
        let sluice = with_old_hands(settings);
        for _ in 0..2 {
            assert_rights(&ask(&sluice, &visit("vera")), vera.0, vera.1);
            assert_rights(&ask(&sluice, &visit("boss")), boss.0, boss.1);
            assert_rights(&ask(&sluice, &visit("own")), "user", READ_ONLY);
            assert_rights(&ask(&sluice, &visit("ada")), "admin", ALL_CAPABILITIES);
        }
    }
}

#[test]
fn who_is_kept_in_step_follows_their_groups_from_request_to_request() {
    let sluice =
        gate(&format!("sso.auto_provision = true\nsso.sync = \"always\"\nsso.permission = \"ro\"\n{MAP}"));
    for user in ["vera", "newcomer"] {
        for (groups, role, capabilities) in [
            ("wheel", "admin", ALL_CAPABILITIES),
            ("adders", "user", "search,add_downloads"),
            ("wheel,adders", "admin", ALL_CAPABILITIES),
            ("", "user", READ_ONLY),
        ] {
            assert_rights(&ask(&sluice, &in_groups(user, groups)), role, capabilities);
        }
    }
    assert_rights(&ask(&sluice, &in_groups("ada", "adders")), "admin", ALL_CAPABILITIES);
}

#[test]
fn what_changes_here_holds_where_nothing_is_kept_in_step() {
    let sluice = gate(&format!("sso.auto_provision = true\n{MAP}"));
    assert_rights(&ask(&sluice, &in_groups("newcomer", "family")), "user", READ_ONLY);
    sluice.cli(&["user", "set-capabilities", "newcomer", "--capabilities", "view_logs"], "").assert_code(0);
    wait::until("the new rights", || {
        let answer = ask(&sluice, &in_groups("newcomer", "wheel"));
        answer.header("x-auth-capabilities") == Some("view_logs")
    });
}

#[test]
fn a_map_of_groups_that_makes_no_sense_does_not_start() {
    let on = "sso.enabled = true\nsso.secret = \"x\"";
    for (map, word) in [
        ("{ \"family\" = \"readonly\" }", "readonly"),
        ("{ \"family\" = \"search,fly\" }", "fly"),
        ("{ \"family\" = \"\" }", "family"),
        ("[\"family\"]", "group_map"),
    ] {
        let said = Home::new().with(&format!("{on}\nsso.group_map = {map}")).fail();
        assert!(said.assert_code(2).err.contains(word), "{map}: {said:#?}");
    }
    for (key, value) in [("role", "root"), ("permission", "rx"), ("sync", "sometimes")] {
        let said = Home::new().with(&format!("{on}\nsso.{key} = \"{value}\"")).fail();
        assert!(said.assert_code(2).err.contains(&format!("sso.{key}")), "{said:#?}");
    }
}
