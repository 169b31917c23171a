//! One browser, two people one after the other, and an app that believes its own cookie.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::person::{ONE_HOST, SessionApp};
use crate::support::proxy::{Kind, Layout};
use crate::support::sluice::{Home, PASSWORD};
use crate::support::world::{World, with_people};

macro_rules! behind_each_proxy {
    ($($scenario:ident),* $(,)?) => {
        mod nginx { $(#[test] fn $scenario() { super::$scenario(super::Kind::Nginx); })* }
        mod traefik { $(#[test] fn $scenario() { super::$scenario(super::Kind::Traefik); })* }
        mod caddy { $(#[test] fn $scenario() { super::$scenario(super::Kind::Caddy); })* }
    };
}

behind_each_proxy!(whoever_sits_down_next_is_never_the_one_before);

/// Sends a request from the page that is open, as a script of it does: the status and the text.
const ASK: &str = "
    const [method, address, body] = arguments, request = new XMLHttpRequest();
    request.open(method, address, false);
    request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
    request.send(body);
    return [request.status, request.responseText];";

/// Whom the app acts for in the page that is open.
#[track_caller]
fn in_page(browser: &Browser) -> String {
    let told: Value = serde_json::from_str(&browser.text("body")).expect("the app's page");
    told["acts_for"].as_str().expect("somebody").to_owned()
}

fn whoever_sits_down_next_is_never_the_one_before(kind: Kind) {
    let app = SessionApp::start();
    let home = with_people(Home::new().with(ONE_HOST));
    let world = World::with_app_in(kind, home, Layout::OneHost, app.address);
    let (browser, page) = (Browser::start(), format!("{}/page?x=1", world.origin()));
    let ask = |method: &str, address: &str, body: &str| {
        let answer = browser.run(ASK, &json!([method, address, body]));
        (answer[0].as_u64().expect("a status"), answer[1].as_str().expect("a text").to_owned())
    };
    browser.open(&page);
    browser.sign_in("ada", PASSWORD);
    browser.wait_for_url(&page);
    assert_eq!(in_page(&browser), "ada");
    for (next, before) in [("vera", "ada"), ("ada", "vera")] {
        // From the open page of the one before, as in another tab: sign out, and in as the next.
        ask("POST", "/sluice/logout", "");
        let form = format!("username={next}&password={PASSWORD}");
        assert_eq!(ask("POST", "/sluice/login", &form).0, 200, "the portal's page after it");
        assert_eq!(in_page(&browser), before, "the page is still open");
        let (status, text) = ask("GET", "/data", "");
        assert_eq!(status, 401, "{text}");
        browser.open(&page);
        browser.wait_for_url(&page);
        assert_eq!(in_page(&browser), next);
        let (status, text) = ask("GET", "/data", "");
        assert_eq!(status, 200, "{text}");
        let told: Value = serde_json::from_str(&text).expect("the app's answer");
        assert_eq!((told["acts_for"].as_str(), told["cookies"][1].as_str()), (Some(next), Some("app.sid")));
    }
    app.assert_acted_for_whom_it_was_told();
}
