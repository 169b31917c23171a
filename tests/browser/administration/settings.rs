//! Settings: changed, gone back on, locked; and the proxy's lines.

use serde_json::{Value, json};

use super::Desk;
use crate::seat::{Seat, in_each_way};
use crate::support::hook::{Hook, Mode};
use crate::support::verify::Dialect;

in_each_way!(
    a_setting_is_changed_and_gone_back_on,
    what_is_wrong_with_a_setting_is_said_and_the_rest_is_kept,
    a_setting_of_the_file_shows_where_it_is_set,
    who_sits_at_home_is_asked_for_nothing_any_more,
    a_webhook_is_added_tells_and_is_removed,
    the_lines_of_the_proxy_are_copied,
);

/// A setting as the API has it.
#[track_caller]
fn setting(desk: &Desk, key: &str) -> Value {
    let settings = desk.api("/settings");
    let settings = settings["settings"].as_array().expect("a list");
    settings.iter().find(|setting| setting["key"] == key).expect("the setting").clone()
}

#[track_caller]
fn set_failures(desk: &Desk, failures: &str) {
    desk.go("Settings");
    desk.browser.press("Change Failed sign-ins");
    desk.fill("#max_failures", failures);
    desk.save("Save", "The settings are saved");
    assert_eq!(setting(desk, "throttle.max_failures")["value"], failures);
}

fn a_setting_is_changed_and_gone_back_on(seat: &Seat) {
    let desk = Desk::start(seat);
    set_failures(&desk, "3");
    set_failures(&desk, "1");
    let attempt = || {
        let form = desk.sluice.sign_in_form("vera", "wrong").header("X-Forwarded-For", "198.51.100.7");
        form.send(desk.sluice.address).text()
    };
    assert!(attempt().contains("Wait 15 minutes"), "it holds for the next who fails");
    desk.save("Go back to it: version 1", "The settings are saved");
    assert_eq!(setting(&desk, "throttle.max_failures")["value"], "3");
    desk.browser.press("Change Failed sign-ins");
    desk.browser.press("Use the default again for Failures until the long wait");
    desk.save("Save", "The settings are saved");
    assert_eq!(setting(&desk, "throttle.max_failures")["value"], "10");
}

fn what_is_wrong_with_a_setting_is_said_and_the_rest_is_kept(seat: &Seat) {
    let desk = Desk::start(seat);
    desk.go("Settings");
    desk.browser.press("Change Sessions");
    desk.fill("#ttl", "12h");
    desk.fill("#remember_ttl", "soon");
    desk.browser.press("Save");
    desk.browser.wait_for_text("#remember_ttl-wrong", "is no time");
    assert_eq!(desk.browser.run("return document.activeElement.id", &json!([])), "remember_ttl");
    assert_eq!([desk.value("#ttl"), desk.value("#remember_ttl")], ["12h", "soon"]);
    assert_eq!(setting(&desk, "session.ttl")["source"], "default");
    desk.fill("#remember_ttl", "60d");
    desk.save("Save", "The settings are saved");
    assert_eq!(setting(&desk, "session.ttl")["value"], "12h");
    assert_eq!(setting(&desk, "session.remember_ttl")["value"], "60d");
}

fn a_setting_of_the_file_shows_where_it_is_set(seat: &Seat) {
    let desk = Desk::with(seat, |home| home.with("session.ttl = \"2h\""));
    let file = desk.sluice.home.file("sluice.toml").display().to_string();
    desk.go("Settings");
    desk.browser.wait_for_text(".settings .tag", &format!("set by {file}"));
    desk.browser.press("Change Sessions");
    desk.browser.wait_for_text("#ttl-hint", &format!("Locked: set in {file}"));
    assert_eq!(desk.browser.attribute("#ttl", "disabled").as_deref(), Some("true"));
    desk.fill("#remember_ttl", "60d");
    desk.save("Save", "The settings are saved");
    assert_eq!(setting(&desk, "session.ttl")["value"], "2h");
}

fn who_sits_at_home_is_asked_for_nothing_any_more(seat: &Seat) {
    let desk = Desk::start(seat);
    let asked = || {
        let request = Dialect::Nginx.about_at("/verify/nginx/sonarr", &["GET", "http", "app.test", "/"]);
        request.send(desk.sluice.address)
    };
    desk.browser.open(&desk.address("/admin/start"));
    desk.browser.press("Nobody signs in at home");
    desk.fill("#hosts", "app.test");
    desk.fill("#networks", "home");
    desk.fill("#user", "vera");
    desk.browser.press("Save");
    desk.browser.wait_for_text("#networks-wrong", "home");
    assert_eq!([desk.value("#hosts"), desk.value("#networks")], ["app.test", "home"]);
    asked().assert_status(401);
    desk.fill("#networks", "192.0.2.0/24");
    desk.save("Save", "The settings are saved");
    assert_eq!(asked().assert_status(200).header("remote-user"), Some("vera"));
    desk.browser.open(&desk.address("/admin/start"));
    assert_eq!(desk.texts("h2 .tag"), json!(["done", "done", "done", "next"]));
}

fn a_webhook_is_added_tells_and_is_removed(seat: &Seat) {
    let desk = Desk::start(seat);
    let hook = Hook::start(Mode::Answering(204));
    desk.go("Settings");
    desk.browser.press("Add a webhook");
    desk.fill("#types", "user.*");
    desk.fill("#url", &format!("http://{}/hook", hook.address));
    desk.fill("#secret", "whsec");
    desk.save("Save", "The settings are saved");
    desk.sluice.cli(&["user", "disable", "vera"], "").assert_code(0);
    assert_eq!(hook.wait_for(1)[0].tells(), ("user.disabled".to_owned(), "vera".to_owned()));
    desk.browser.click("a[href$='/admin/settings/event.0']");
    desk.browser.press(&format!("Remove {}", desk.texts("h1")[0].as_str().expect("a title")));
    desk.save("Remove all of it", "The settings are saved");
    assert_eq!(desk.texts("a[href*='/admin/settings/event.']"), json!([]));
}

fn the_lines_of_the_proxy_are_copied(seat: &Seat) {
    let desk = Desk::start(seat);
    desk.go("Settings");
    desk.browser.press("Proxy lines for qbittorrent");
    desk.browser.click("#proxy option:nth-child(3)");
    // Only the system knows the port of this one, which tells its lines from all that was ever copied.
    desk.fill("#sluice", &desk.sluice.address.to_string());
    desk.browser.type_into("#address", "somewhere else\u{e007}");
    desk.browser.wait_for_text("#address-wrong", "");
    desk.fill("#address", "127.0.0.1:8080");
    assert_eq!(desk.value("#proxy"), "Caddy");
    desk.browser.press("Show the lines");
    desk.browser.wait_for_text("pre.lines", "127.0.0.1:8080");
    if desk.has_scripts() {
        desk.browser.click("pre.lines + button");
        desk.browser.wait_for_text("pre.lines + button", "Copied");
    } else {
        assert_eq!(desk.texts("pre.lines + button"), json!([]));
        let select = "getSelection().selectAllChildren(document.querySelector('pre.lines'))";
        desk.browser.run(select, &json!([]));
        desk.browser.type_into("pre.lines", "\u{e009}c");
    }
    let lines = desk.texts("pre.lines")[0].as_str().expect("lines").trim().to_owned();
    // As into a file: a field with room for more than a line.
    desk.browser.open(&desk.address("/admin/settings/bypass"));
    desk.browser.type_into("#hosts", "\u{e009}v");
    assert_eq!(desk.value("#hosts").trim(), lines);
}
