//! The pages that the README shows, as a household would see them; the pictures go to `target/screenshots`.

use crate::support::browser::Browser;
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;

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

/// A day's worth of what the overview draws.
#[track_caller]
fn busy(sluice: &Sluice) {
    let session = sluice.sign_in("bob", PASSWORD);
    let host = sluice.address.to_string();
    for (count, method, target, status) in [
        (120, "GET", "/api/v2/sync/maindata", 200),
        (9, "POST", "/api/v2/torrents/createCategory", 403),
        (4, "GET", "/api/v2/app/shutdown", 403),
    ] {
        for _ in 0..count {
            let path = "/verify/nginx/qbittorrent";
            let request = Dialect::Nginx.about_at(path, &[method, "http", &host, target]).session(&session);
            let request = request.header("Origin", sluice.origin());
            request.send(sluice.address).assert_status(status);
        }
    }
    Request::get("/verify/nginx/nothing").send(sluice.address);
}

#[test]
fn the_pages_of_the_readme_have_their_pictures() {
    let sluice = household();
    busy(&sluice);
    let browser = Browser::start();
    let show = |path: &str, heading: &str, picture: &str| {
        browser.open(&format!("{}/sluice/{path}", sluice.origin()));
        browser.wait_for_text("h1", heading);
        browser.picture(picture);
    };
    browser.resize(1200, 800);
    browser.open(&format!("{}/sluice/login", sluice.origin()));
    browser.sign_in("ada", PASSWORD);
    browser.wait_for_text("h1", "");
    show("admin", "", "overview");
    show("admin/users", "Users", "users");
    browser.resize(390, 844);
    show("admin/users/4", "carol", "user-phone");
}
