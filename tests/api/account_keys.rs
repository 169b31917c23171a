//! API keys on the account page: making them, with limits or without, and revoking them.

mod refused;

use rusqlite::Connection;
use serde_json::Value;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{ALL_CAPABILITIES, Dialect, READ_ONLY};
use crate::support::wait;

const DAY: i64 = 86_400;

fn gate() -> Home {
    with("")
}

/// Two apps, an administrator and a user, and a setting.
fn with(setting: &str) -> Home {
    Home::new()
        .with(setting)
        .with("[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"transmission\"")
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "sso-default"])
}

fn create(sluice: &Sluice, session: &str, fields: &[(&str, &str)]) -> Answer {
    sluice.portal_post("/sluice/account/keys").session(session).form(fields).send(sluice.address)
}

/// The form for a key without limits.
fn plain(name: &str) -> [(&str, &str); 5] {
    [("name", name), ("rights", "all"), ("app", "*"), ("networks", ""), ("lifetime", "none")]
}

fn revoke(sluice: &Sluice, session: &str, id: &str) -> Answer {
    sluice
        .portal_post("/sluice/account/keys/revoke")
        .session(session)
        .form(&[("id", id)])
        .send(sluice.address)
}

/// The key on the page that shows it.
#[track_caller]
fn key_on(answer: &Answer) -> String {
    let html = answer.assert_status(200).text();
    let start = html.find("value=\"sluice_").unwrap_or_else(|| panic!("no key on {html}")) + "value=\"".len();
    let key = html[start..].split('"').next().unwrap_or_default().to_owned();
    assert_eq!(key.len(), 50, "{key}");
    assert!(html[start..].contains("readonly"), "{html}");
    key
}

fn verify(sluice: &Sluice, app: &str, key: &str) -> Answer {
    let path = format!("/verify/nginx/{app}");
    let request = Dialect::Nginx.about_at(&path, &["GET", "http", "app.test", "/"]);
    request.header("X-API-Key", key).send(sluice.address)
}

fn account(sluice: &Sluice, session: &str) -> String {
    let answer = Request::get("/sluice/account").session(session).send(sluice.address);
    answer.assert_status(200).text()
}

#[track_caller]
fn listed(sluice: &Sluice) -> Vec<Value> {
    let keys = sluice.cli(&["key", "list", "--json"], "").assert_code(0).json();
    keys.as_array().expect("a list").clone()
}

#[track_caller]
fn id_of(sluice: &Sluice, name: &str) -> String {
    let keys = listed(sluice);
    let key = keys.iter().find(|key| key["name"] == name).unwrap_or_else(|| panic!("{name} in {keys:#?}"));
    key["id"].to_string()
}

#[track_caller]
fn database(sluice: &Sluice) -> Connection {
    Connection::open(sluice.home.store()).expect("the database")
}

#[track_caller]
fn rows(sluice: &Sluice) -> i64 {
    let count = "SELECT count(*) FROM api_keys";
    database(sluice).query_row(count, [], |row| row.get(0)).expect("a count")
}

#[test]
fn a_key_opens_what_was_chosen_and_nothing_else() {
    const SSO_DEFAULT: &str = "search,add_downloads,remove_downloads,pause_resume,assign_categories,move_files,\
        rename_files,set_comment,view_history,clear_history,view_shared,view_uploads,view_statistics,\
        view_all_downloads";
    let looking = READ_ONLY.replace("view_logs,", "");
    let sluice = gate().start();
    for (user, rights, role, capabilities) in [
        ("ada", "all", "admin", ALL_CAPABILITIES),
        ("ada", "look", "user", READ_ONLY),
        ("vera", "all", "user", SSO_DEFAULT),
        ("vera", "look", "user", &looking),
    ] {
        let session = sluice.sign_in(user, PASSWORD);
        for (app, lifetime, days) in [
            ("*", "none", None),
            ("*", "30d", Some(30)),
            ("qbittorrent", "90d", Some(90)),
            ("transmission", "1y", Some(365)),
        ] {
            let name = format!("{rights} {} {lifetime}", app.replace('*', "every"));
            let fields = [
                ("name", name.as_str()),
                ("rights", rights),
                ("app", app),
                ("networks", ""),
                ("lifetime", lifetime),
            ];
            let key = key_on(&create(&sluice, &session, &fields));
            for asked in ["qbittorrent", "transmission"] {
                let answer = verify(&sluice, asked, &key);
                if app != "*" && app != asked {
                    answer.assert_status(403);
                    continue;
                }
                answer.assert_status(200);
                assert_eq!(answer.header("remote-user"), Some(user), "{name}");
                assert_eq!(answer.header("x-auth-method"), Some("api-key"), "{name}");
                assert_eq!(answer.header("x-auth-role"), Some(role), "{name}");
                assert_eq!(answer.header("x-auth-capabilities"), Some(capabilities), "{name}");
            }
            let keys = listed(&sluice);
            let made = keys
                .iter()
                .find(|key| key["name"] == name && key["user"] == user)
                .expect("the key in the list");
            let life = made["expires"].as_i64().zip(made["created"].as_i64()).map(|(end, made)| end - made);
            // The two moments may lie on both sides of a full second.
            assert!(
                life.zip(days).map_or(life.is_none() && days.is_none(), |(life, days)| (0..=1)
                    .contains(&(days * DAY - life))),
                "{name}: {made:#}"
            );
            assert_eq!(made["networks"], Value::Null, "{name}");
        }
    }
}

#[test]
fn a_key_is_shown_once_and_its_text_is_nowhere_else() {
    let mut sluice = with("log.level = \"trace\"").start();
    let session = sluice.sign_in("vera", PASSWORD);
    let made = create(&sluice, &session, &plain("phone"));
    let key = key_on(&made);
    assert_eq!(made.header("cache-control"), Some("no-store"));
    assert_eq!(made.location(), None);
    assert_eq!(made.text().matches(&key).count(), 1);
    verify(&sluice, "qbittorrent", &key).assert_status(200);
    let again = create(&sluice, &session, &plain("phone"));
    let later = [account(&sluice, &session), again.assert_status(422).text()];
    let revoked = revoke(&sluice, &session, &id_of(&sluice, "phone"));
    assert_eq!(revoked.assert_status(303).location(), Some("/sluice/account?revoked=1"));
    assert_eq!(sluice.stop(), Some(0));
    let secret = &key["sluice_".len()..];
    for page in later {
        assert!(!page.contains(secret) && page.contains("phone"), "{page}");
    }
    assert!(!sluice.process.log.contains(secret), "{}", sluice.process.log.text());
    assert!(sluice.process.log.contains("an API key is made"));
    for suffix in ["", "-wal"] {
        let Ok(bytes) = std::fs::read(sluice.home.file(&format!("data/sluice.db{suffix}"))) else { continue };
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "in the store");
    }
}

#[test]
fn the_page_lists_the_users_own_keys_with_their_limits() {
    let sluice = gate().start();
    for arguments in [
        &["key", "create", "vera", "--name", "at home", "--cidr", "192.0.2.0/24"][..],
        &["key", "create", "vera", "--name", "script", "--capabilities", "search,add_downloads"],
        &["key", "create", "ada", "--name", "not hers"],
    ] {
        sluice.cli(arguments, "").assert_code(0);
    }
    let session = sluice.sign_in("vera", PASSWORD);
    let fields = [
        ("name", "phone"),
        ("rights", "look"),
        ("app", "transmission"),
        ("networks", ""),
        ("lifetime", "30d"),
    ];
    let key = key_on(&create(&sluice, &session, &fields));
    let html = account(&sluice, &session);
    for part in [
        "Only: from 192.0.2.0/24",
        "Only: Search, Add downloads",
        "Only: looking · transmission",
        "never used, no end",
        "never used, ends ",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("not hers"), "{html}");
    verify(&sluice, "transmission", &key).assert_status(200);
    assert!(account(&sluice, &session).contains(", last used "));
}

#[test]
fn a_key_that_ended_is_shown_as_ended_and_can_be_revoked() {
    let sluice = gate().start();
    let session = sluice.sign_in("vera", PASSWORD);
    let key = key_on(&create(&sluice, &session, &plain("old")));
    assert!(!account(&sluice, &session).contains(">ended<"));
    database(&sluice).execute("UPDATE api_keys SET expires = 86400", []).expect("an end in 1970");
    wait::until("the end of the key", || verify(&sluice, "qbittorrent", &key).status == 401);
    let html = account(&sluice, &session);
    assert!(html.contains(">ended<") && html.contains("ended 2 Jan 1970"), "{html}");
    create(&sluice, &session, &plain("old")).assert_status(422);
    revoke(&sluice, &session, &id_of(&sluice, "old")).assert_status(303);
    key_on(&create(&sluice, &session, &plain("old")));
}

#[test]
fn a_revoked_key_opens_nothing_from_the_next_request_on() {
    let sluice = gate().start();
    let session = sluice.sign_in("vera", PASSWORD);
    let (ended, kept) = (
        key_on(&create(&sluice, &session, &plain("phone"))),
        key_on(&create(&sluice, &session, &plain("Sonarr"))),
    );
    let id = id_of(&sluice, "phone");
    revoke(&sluice, &session, &id).assert_status(303);
    verify(&sluice, "qbittorrent", &ended).assert_status(401);
    verify(&sluice, "qbittorrent", &kept).assert_status(200);
    let page = Request::get("/sluice/account?revoked=1").session(&session).send(sluice.address).text();
    assert!(page.contains("The key is revoked.") && !page.contains(">phone<"), "{page}");
    let again = revoke(&sluice, &session, &id);
    assert!(again.assert_status(404).text().contains("You have no such key"), "{}", again.text());
    assert_eq!(listed(&sluice).len(), 1);
}

#[test]
fn nobody_revokes_the_key_of_another() {
    let sluice = gate().start();
    let key = key_on(&create(&sluice, &sluice.sign_in("ada", PASSWORD), &plain("hers")));
    let id = id_of(&sluice, "hers");
    let session = sluice.sign_in("vera", PASSWORD);
    for id in
        [id.as_str(), &format!("0{id}"), &format!("+{id}"), "0", "-1", "", "9223372036854775808", "hers"]
    {
        let answer = revoke(&sluice, &session, id);
        assert!(answer.assert_status(404).text().contains("role=\"alert\""), "{id:?}");
    }
    verify(&sluice, "qbittorrent", &key).assert_status(200);
}
