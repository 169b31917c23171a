//! Apps in the settings: added, changed, removed, and shown as the file has them.

use super::{Desk, SETTINGS, element};
use crate::support::raw::Request;
use crate::support::sluice::PASSWORD;
use crate::support::wait;

/// The value and the layer of a key, by `sluice check`.
#[track_caller]
fn checked(desk: &Desk, key: &str) -> (String, String) {
    let checked = desk.sluice.cli(&["check", "--json"], "").assert_code(0).json();
    let values = checked["values"].as_array().expect("values").clone();
    let found = values.iter().find(|value| value["key"] == key).unwrap_or_else(|| panic!("no {key}"));
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("value"), text("source"))
}

#[test]
fn a_name_that_an_app_has_is_refused_beside_it_and_overwrites_nothing() {
    let desk = Desk::start();
    desk.submit("new-app", &[("name", "sonarr"), ("hosts", "sonarr.test")]).assert_status(303);
    for name in ["sonarr", "qbittorrent"] {
        let fields = [("name", name), ("hosts", "typed.test"), ("base_path", "/typed")];
        let html = desk.submit("new-app", &fields).assert_status(422).text();
        assert!(
            element(&html, "p class=\"wrong\"", "name-wrong").contains("There is an app of this name"),
            "{html}"
        );
        assert!(element(&html, "textarea", "hosts").contains("typed.test"), "{html}");
        assert!(html.contains("value=\"/typed\""), "{html}");
    }
    assert_eq!(checked(&desk, "app.1.hosts").0, "[sonarr.test]");
    assert!(desk.html(SETTINGS).contains("Version 1, saved") && !desk.html(SETTINGS).contains("Version 2"));
}

#[test]
fn what_is_not_chosen_for_an_app_is_left_to_its_kind() {
    let desk = Desk::start();
    let blank = desk.html("/sluice/admin/settings/new-app");
    for id in ["pack", "ownership", "authorization"] {
        assert!(element(&blank, "select", id).contains("<option value=\"\" selected>"), "{blank}");
    }
    let as_a_browser_sends = [
        ("name", "amutorrent"),
        ("hosts", "amu.test"),
        ("pack", ""),
        ("base_path", ""),
        ("ownership", ""),
        ("authorization", ""),
    ];
    desk.submit("new-app", &as_a_browser_sends).assert_status(303);
    for (key, value) in
        [("pack", "amutorrent"), ("ownership", "app"), ("authorization", "gate"), ("base_path", "/")]
    {
        assert_eq!(
            checked(&desk, &format!("app.1.{key}")),
            (value.to_owned(), "default".to_owned()),
            "{key}"
        );
    }
    let own = desk.html("/sluice/admin/settings/app.amutorrent");
    assert!(element(&own, "select", "ownership").contains("as the kind of app says: app"), "{own}");
    for (typed, held, layer) in [("strict", "strict", "settings"), ("", "app", "default")] {
        desk.submit("app.amutorrent", &[("ownership", typed)]).assert_status(303);
        assert_eq!(checked(&desk, "app.1.ownership"), (held.to_owned(), layer.to_owned()));
    }
}

#[test]
fn the_kinds_of_app_are_to_choose_from_with_those_of_the_own_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy("config/packs/sonarr.toml", folder.path().join("mine.toml")).expect("a pack");
    let desk = Desk::with(&format!("packs.folder = \"{}\"", folder.path().display()));
    let blank = desk.html("/sluice/admin/settings/new-app");
    for kind in ["amutorrent", "generic", "transmission", "mine"] {
        assert!(element(&blank, "select", "pack").contains(&format!("<option value=\"{kind}\">")), "{kind}");
    }
    let app = [("name", "tv"), ("hosts", "127.0.0.1"), ("pack", "mine")];
    desk.submit("new-app", &app).assert_status(303);
    assert_eq!(checked(&desk, "app.0.pack"), ("mine".to_owned(), "settings".to_owned()));
    let change = desk.html("/sluice/admin/settings/app.tv");
    assert!(element(&change, "select", "pack").contains("<option value=\"mine\" selected>"), "{change}");
    desk.submit("app.tv", &[("pack", "")]).assert_status(303);
    assert_eq!(checked(&desk, "app.0.pack"), ("generic".to_owned(), "default".to_owned()));
}

#[test]
fn an_emptied_text_is_not_set_any_more() {
    let desk = Desk::start();
    desk.submit("session", &[("max_lifetime", "60d"), ("cookie_domain", "")]).assert_status(303);
    assert_eq!(checked(&desk, "session.max_lifetime"), ("60d".to_owned(), "settings".to_owned()));
    desk.submit("session", &[("max_lifetime", " ")]).assert_status(303);
    assert_eq!(checked(&desk, "session.max_lifetime").1, "default");
    desk.submit("upstream", &[("user_header", "X-Who")]).assert_status(303);
    desk.submit("upstream", &[("user_header", ""), ("groups_header", "X-Groups")]).assert_status(303);
    assert_eq!(checked(&desk, "upstream.user_header").1, "default");
    assert_eq!(checked(&desk, "upstream.groups_header"), ("X-Groups".to_owned(), "settings".to_owned()));
}

#[test]
fn an_app_is_removed_once_it_is_said_what_ends_with_it() {
    let desk = Desk::start();
    desk.submit("new-app", &[("name", "sonarr"), ("hosts", "sonarr.test")]).assert_status(303);
    let cli = |arguments: &[&str]| desk.sluice.cli(arguments, PASSWORD).assert_code(0).code;
    cli(&["user", "set-capabilities", "vera", "--app", "sonarr", "--preset", "none"]);
    cli(&["key", "create", "vera", "--name", "tv", "--app", "sonarr"]);
    wait::until("the key is known", || desk.html("/sluice/admin/keys").contains("tv"));
    let asked = desk.submit("app.sonarr", &[("remove", "1")]).assert_status(422).text();
    for said in
        ["Remove App sonarr", "1 key opens nothing any more", "the set of 1 user for `sonarr` goes unused"]
    {
        assert!(asked.contains(said), "no {said} in {asked}");
    }
    let page = || Request::get("/sluice/admin/settings/app.sonarr").session(&desk.session);
    page().send(desk.sluice.address).assert_status(200);
    desk.submit("app.sonarr", &[("remove", "1"), ("confirmed", "1")]).assert_status(303);
    page().send(desk.sluice.address).assert_status(404);
}

#[test]
fn what_the_file_sets_is_shown_whole_and_offers_nothing_to_change() {
    let desk = Desk::with(
        "origins.allowed = [\"https://a.example.com\", \"https://b.example.com\"]\n\
         sso.group_map = { family = \"read-only\", wheel = \"admin\" }\n\
         [[app]]\nname = \"qbittorrent\"\nusers = [\"ada\", \"vera\"]\nheaders = { X-Name = \"{user}\", X-Mail = \"{email}\" }",
    );
    let lines = |part: &str, id: &str| {
        let html = desk.html(&format!("{SETTINGS}/{part}"));
        let field = element(&html, "textarea", id);
        assert!(field.contains(" readonly") && !field.contains(" name="), "{field}");
        let (_, text) = field.split_once(">\n").unwrap_or_else(|| panic!("nothing in {field}"));
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(lines("origins", "allowed"), ["https://a.example.com", "https://b.example.com"]);
    assert_eq!(lines("sso", "group_map"), ["family = read-only", "wheel = admin"]);
    assert_eq!(lines("app.qbittorrent", "users"), ["ada", "vera"]);
    assert_eq!(lines("app.qbittorrent", "headers"), ["X-Mail = {email}", "X-Name = {user}"]);
    assert_eq!(lines("app.qbittorrent", "public"), [""; 0]);
    let app = desk.html("/sluice/admin/settings/app.qbittorrent");
    assert!(!app.contains(">Save<") && !app.contains(" name=\"hosts\""), "{app}");
    let all = desk.html(SETTINGS);
    assert!(all.contains("What groups bring") && all.contains("family = read-only, wheel = admin"), "{all}");
}

#[test]
fn what_the_headers_of_an_app_take_in_the_proxy_is_shown_where_people_look_for_it() {
    let desk = Desk::with(
        "[[app]]\nname = \"tv\"\nheaders = { X-Remote-User = \"{user}\" }\n\
         [[app]]\nname = \"plain\"\nhosts = [\"plain.test\"]",
    );
    let said = desk.sluice.cli(&["check"], "");
    let checked = format!("{}{}", said.assert_code(0).out, said.err);
    let lines = desk.html("/sluice/admin/lines/tv?proxy=nginx&address=127.0.0.1:8080&sluice=127.0.0.1:9180");
    let plain = lines.replace("&#34;", "\"").replace("&quot;", "\"");
    for part in [
        "proxy_set_header X-Remote-User",
        "auth_request_set $sluice_own_x_remote_user $upstream_http_x_remote_user;",
        "sluice-own-tv",
        "- X-Remote-User",
        "request_header -X-Remote-User",
        "copy_headers X-Remote-User",
    ] {
        let page = desk.html("/sluice/admin/settings/app.tv");
        for (place, text) in [("check", &checked), ("the app's page", &page), ("the lines page", &plain)] {
            assert!(text.contains(part), "{part} on {place}: {text}");
        }
    }
    assert!(!desk.html("/sluice/admin/settings/app.plain").contains("copy_headers"));
}
