//! The first run, from an empty store to a signed-in administrator.

use crate::support::browser::Browser;
use crate::support::sluice::{Home, PASSWORD, Sluice};

fn open_setup() -> (Sluice, Browser) {
    let sluice = Home::new().start();
    let browser = Browser::start();
    browser.open(&format!("{}/sluice/login", sluice.origin()));
    browser.wait_for_url(&format!("{}/sluice/setup", sluice.origin()));
    (sluice, browser)
}

fn fill_in(browser: &Browser, token: &str) {
    browser.clear("input[name=username]");
    browser.type_into("input[name=token]", token);
    browser.type_into("input[name=username]", "ada");
    browser.type_into("input[name=password]", PASSWORD);
    browser.type_into("input[name=password_again]", PASSWORD);
    browser.click("button[type=submit]");
}

#[test]
fn the_first_visitor_with_the_token_becomes_the_administrator() {
    let (sluice, browser) = open_setup();
    let token =
        std::fs::read_to_string(sluice.home.file("data/sluice.db.setup-token")).expect("a token file");
    fill_in(&browser, token.trim());
    browser.wait_for_url(&format!("{}/sluice/admin/start", sluice.origin()));
    browser.wait_for_text("h1", "Setting up");
    browser.wait_for_text("main", "An administrator");
}

#[test]
fn a_visitor_with_another_token_is_told_so_and_becomes_nobody() {
    let (sluice, browser) = open_setup();
    fill_in(&browser, "wrong");
    browser.wait_for_text("[role=alert]", "look at what is marked below");
    browser.wait_for_text("#token-wrong", "The token is not right;");
    let users = sluice.cli(&["user", "list", "--json"], "").assert_code(0).json();
    assert_eq!(users, serde_json::json!([]));
}
