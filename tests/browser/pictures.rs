//! The pages that the README shows, as a household would see them; the pictures go to `target/screenshots`.

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

#[test]
fn the_pages_of_the_readme_have_their_pictures() {
    let sluice = household();
    sluice.sign_in("bob", PASSWORD);
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
    browser.resize(390, 844);
    show("admin/users/3", "carol", "user-phone");
}
