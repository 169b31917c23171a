//! A form that cannot be sent: the session has ended meanwhile, or the connection is lost. Nothing typed goes with it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::proxy::Kind;
use crate::support::raw::Request;
use crate::support::sluice::{PASSWORD, Said};
use crate::support::wait::{self, Deadline};
use crate::support::world::World;

const TYPED: &str = "Vera “Dark” Rubin";

/// Ada before vera's page.
struct Desk {
    world: World,
    browser: Browser,
    page: String,
}

impl Desk {
    /// Behind nginx, with the pages' own JavaScript or without.
    #[track_caller]
    fn start(scripts_disabled: bool) -> Self {
        let world = World::behind(Kind::Nginx);
        let browser = Browser::start();
        browser.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": scripts_disabled}));
        let mut desk = Self { world, browser, page: String::new() };
        desk.page = format!("{}/sluice/admin/users/{}", desk.world.origin(), desk.vera()["id"]);
        desk.browser.open(&desk.page);
        desk.browser.sign_in("ada", PASSWORD);
        desk.browser.wait_for_text("h1", "vera");
        desk
    }

    #[track_caller]
    fn cli(&self, arguments: &[&str]) -> Said {
        self.world.sluice.cli(arguments, "")
    }

    #[track_caller]
    fn vera(&self) -> Value {
        let users = self.cli(&["user", "list", "--json"]).json();
        let users = users.as_array().expect("a list");
        users.iter().find(|user| user["name"] == "vera").cloned().expect("vera")
    }

    /// Types a name and a password, and ticks a box of a set of its own.
    #[track_caller]
    fn type_all(&self) {
        self.browser.clear("#display_name");
        self.browser.type_into("#display_name", TYPED);
        self.browser.click("#password-set");
        self.browser.type_into("#password", "Another-horse-2");
        self.browser.click("#set option[value=custom]");
        self.browser.click("input[name=may][value=remove_downloads]");
    }

    /// Ends her session behind her back.
    #[track_caller]
    fn end_session(&self) {
        self.cli(&["session", "revoke", "ada"]).assert_code(0);
        // The command has ended it in the store; the service hears of that a moment later.
        let cookies = self.browser.cookies();
        let session = cookies[0]["value"].as_str().expect("a session");
        let account = || self.world.send(&Request::get("/sluice/account").session(session)).status;
        wait::until("the end of her session", || account() == 303);
    }

    #[track_caller]
    fn assert_typed(&self) {
        let typed = self.browser.run(
            "const ticked = document.querySelector('input[name=may][value=remove_downloads]');
             return [display_name.value, document.getElementById('set').value, ticked.checked];",
            &json!([]),
        );
        assert_eq!(typed, json!([TYPED, "custom", true]));
    }
}

mod with_javascript {
    #[test]
    fn what_was_typed_comes_back_after_signing_in_again() {
        super::what_was_typed_comes_back_after_signing_in_again(false);
    }
    #[test]
    fn a_lost_connection_loses_nothing() {
        super::a_lost_connection_loses_nothing(false);
    }
}

mod without_javascript {
    #[test]
    fn what_was_typed_comes_back_after_signing_in_again() {
        super::what_was_typed_comes_back_after_signing_in_again(true);
    }
    #[test]
    fn a_lost_connection_loses_nothing() {
        super::a_lost_connection_loses_nothing(true);
    }
}

fn what_was_typed_comes_back_after_signing_in_again(scripts_disabled: bool) {
    let desk = Desk::start(scripts_disabled);
    let browser = &desk.browser;
    desk.type_all();
    desk.end_session();
    browser.press("Save changes");
    browser.wait_for_text("h1", "Sign in");
    browser.wait_for_text("[role=status]", "nothing is saved yet");
    browser.sign_in("ada", "Wrong-horse-3");
    browser.wait_for_text("#error", "That user name or password is not right.");
    browser.clear("input[name=username]");
    let seconds = browser.attribute("form", "data-wait").expect("a wait").parse().expect("seconds");
    let end = Deadline::after(Duration::from_secs(seconds));
    wait::until("the end of the wait that the page names", || end.is_over());
    browser.sign_in("ada", PASSWORD);
    browser.press("Back to the form");
    browser.wait_for_text("#error", "you had to show first who you are");
    assert_eq!(browser.url(), desk.page);
    desk.assert_typed();
    assert_eq!(browser.attribute("#password", "value").unwrap_or_default(), "");
    assert_eq!(desk.vera()["display_name"], Value::Null, "signing in saves nothing");
    browser.type_into("#password", "Another-horse-2");
    browser.press("Save changes");
    browser.wait_for_text("[role=status]", "The changes are saved.");
    let vera = desk.vera();
    assert_eq!((&vera["display_name"], &vera["preset"]), (&json!(TYPED), &json!("custom")));
    desk.world.sluice.sign_in("vera", "Another-horse-2");
    let blocked: Vec<_> = browser.console().into_iter().filter(|line| line["source"] != "network").collect();
    assert_eq!(blocked, [Value::Null; 0], "no script and no style is blocked");
}

/// A form that is sent to its own page takes that page's place in the history: reloading sends it again. One that is
/// sent elsewhere is found again by going back.
fn a_lost_connection_loses_nothing(scripts_disabled: bool) {
    let desk = Desk::start(scripts_disabled);
    let browser = &desk.browser;
    let press_offline = |button: &str| {
        set_offline(browser, true);
        browser.press(button);
        browser.wait_for_text("body", "internet");
        set_offline(browser, false);
    };
    desk.type_all();
    press_offline("Save changes");
    browser.reload();
    browser.wait_for_text("[role=status]", "The changes are saved.");
    assert_eq!(desk.vera()["display_name"], TYPED);

    browser.open(&format!("{}/sluice/account", desk.world.origin()));
    browser.type_into("#key-name", "phone");
    browser.click("#key-app option[value=transmission]");
    press_offline("Create key");
    browser.back();
    browser.wait_for_text("h1", "Ada Lovelace");
    let typed = "return ['key-name', 'key-app'].map(id => document.getElementById(id).value)";
    assert_eq!(browser.run(typed, &json!([])), json!(["phone", "transmission"]));
}

#[test]
fn what_is_too_large_to_be_carried_is_sent_again_by_the_browser_after_signing_in_elsewhere() {
    let desk = Desk::start(false);
    let browser = &desk.browser;
    browser.open(&format!("{}/sluice/admin/settings/origins", desk.world.origin()));
    let origins: Vec<_> = (0..1_000).map(|n| format!("https://host{n}.example.test")).collect();
    browser.run("document.getElementById('allowed').value = arguments[0]", &json!([origins.join("\n")]));
    desk.end_session();
    browser.press("Save");
    browser.wait_for_text("[role=status]", "the form is too large to be kept");
    let cookie = desk.world.sluice.sign_in("ada", PASSWORD);
    let url = browser.url();
    browser.devtools(
        "Network.setCookie",
        &json!({"name": "sluice_session", "value": cookie, "url": url, "httpOnly": true}),
    );
    browser.reload();
    browser.wait_for_text("[role=status]", "The settings are saved");
    let checked = desk.cli(&["check", "--json"]).json();
    let saved =
        checked["values"].as_array().and_then(|all| all.iter().find(|one| one["key"] == "origins.allowed"));
    assert_eq!(saved.map(|saved| &saved["value"]), Some(&json!(format!("[{}]", origins.join(", ")))));
}

fn set_offline(browser: &Browser, offline: bool) {
    browser.devtools("Network.enable", &json!({}));
    let throughput =
        json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    browser.devtools("Network.emulateNetworkConditions", &throughput);
}
