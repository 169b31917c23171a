//! The first run, from an empty store to a signed-in administrator.

use crate::support::browser::Browser;
use crate::support::sluice::{Home, PASSWORD};

#[test]
fn the_first_visitor_with_the_token_becomes_the_administrator() {
    let sluice = Home::new().start();
    let browser = Browser::start();
    browser.open(&format!("{}/sluice/login", sluice.origin()));
    browser.wait_for_url(&format!("{}/sluice/setup", sluice.origin()));
    let fill_in = |token: &str| {
        browser.clear("input[name=username]");
        browser.type_into("input[name=token]", token);
        browser.type_into("input[name=username]", "ada");
        browser.type_into("input[name=password]", PASSWORD);
        browser.type_into("input[name=password_again]", PASSWORD);
        browser.click("button[type=submit]");
    };
    fill_in("wrong");
    browser.text("[role=alert]");
    let token =
        std::fs::read_to_string(sluice.home.file("data/sluice.db.setup-token")).expect("a token file");
    browser.clear("input[name=token]");
    fill_in(token.trim());
    browser.wait_for_url(&format!("{}/sluice/account", sluice.origin()));
    browser.wait_for_text("h1", "ada");
    browser.wait_for_text("main", "Administrator");
}
