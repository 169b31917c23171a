//! The pages that the README shows, as a household would see them; the pictures go to `target/screenshots`.

use rusqlite::Connection;
use serde_json::json;

use crate::support::browser::Browser;
use crate::support::sluice::{Home, PASSWORD, Sluice};

/// A household of four and their apps.
#[track_caller]
fn household() -> Sluice {
    let apps = ["qbittorrent", "transmission", "sonarr", "prowlarr"];
    let toml: String = apps.map(|app| format!("[[app]]\nname = \"{app}\"\n")).concat();
    let home = Home::new()
        .with(&toml)
        .user("ada", &["--admin"])
        .user("bob", &["--preset", "sso-default"])
        .user("carol", &["--preset", "read-only"])
        .user("dave", &["--capabilities", "search,add_downloads,view_all_downloads"]);
    home.cli(&["user", "set-capabilities", "carol", "--app", "sonarr", "--preset", "full"], "")
        .assert_code(0);
    home.key("bob", "phone");
    home.start()
}

/// What a day leaves behind: quiet nights, evenings with the most to do.
#[track_caller]
fn a_day_passes(sluice: &Sluice) {
    let store = Connection::open(sluice.home.store()).expect("the database");
    let now: i64 = store.query_row("SELECT unixepoch() / 3600", [], |row| row.get(0)).expect("an hour");
    let count = |hour: i64, what: &str, count: i64| {
        let sql = "INSERT INTO traffic (hour, what, count) VALUES (?1, ?2, ?3)";
        store.execute(sql, (hour, what, count)).expect("written");
    };
    for hour in now - 23..=now {
        let busy = [2, 1, 0, 0, 0, 1, 5, 9, 7, 4, 3, 4, 6, 5, 4, 5, 8, 14, 21, 26, 31, 24, 13, 6];
        let busy = busy[usize::try_from(hour % 24).expect("an hour of the day")];
        count(hour, "allowed", busy * 87);
        count(hour, "refused.no_credential", busy);
        count(hour, "refused.missing_capability", busy / 3);
        count(hour, "refused.wrong_credential", busy / 6);
        count(hour, "refused.foreign_origin", busy / 20);
        count(hour, "sign_in.succeeded", busy / 5);
        count(hour, "sign_in.failed", busy / 12);
    }
}

#[test]
fn the_pages_of_the_readme_have_their_pictures() {
    let sluice = household();
    sluice.sign_in("bob", PASSWORD);
    a_day_passes(&sluice);
    let browser = Browser::start();
    let show = |path: &str, heading: &str, picture: &str| {
        browser.open(&format!("{}/sluice/{path}", sluice.origin()));
        browser.wait_for_text("h1", heading);
        browser.picture(picture);
    };
    browser.resize(1200, 800);
    browser.open(&format!("{}/sluice/login", sluice.origin()));
    browser.sign_in("ada", PASSWORD);
    browser.wait_for_text("h1", "ada");
    show("admin/users", "Users", "users");
    show("admin", "Overview", "overview");
    assert_eq!(browser.run("return document.querySelectorAll('.chart svg').length", &json!([])), 4);
    browser.resize(390, 844);
    show("admin/users/3", "carol", "user-phone");
}
