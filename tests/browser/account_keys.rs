//! A user's own API keys, on the narrowest phone: made, copied on each kind of origin, never shown again, revoked.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::sluice::{PASSWORD, Sluice};

/// Ctrl+V as WebDriver types it.
pub const PASTE: &str = "\u{e009}v";

#[track_caller]
fn on_account_page(origin: &str, options: &[&str]) -> Browser {
    let browser = Browser::with_options(options);
    browser.resize(320, 640);
    browser.open(&format!("{origin}/sluice/login"));
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_url(&format!("{origin}/sluice/account"));
    browser
}

#[track_caller]
fn create(browser: &Browser, name: &str) -> String {
    browser.type_into("#key-name", name);
    browser.run("document.querySelector('#key-rights').value = 'look'", &json!([]));
    browser.click("form[action$='/account/keys'] button");
    browser.wait_for_text("h1", "Your new key");
    let key = browser.run("return document.querySelector('#key').value", &json!([]));
    key.as_str().expect("a key").to_owned()
}

/// That the page can be used on the narrowest phone, which the window is from here on.
#[track_caller]
pub fn assert_fits(browser: &Browser) {
    browser.resize(320, 640);
    let widths = browser.run("return [document.documentElement.scrollWidth, innerWidth]", &json!([]));
    assert_eq!(widths, json!([320, 320]));
    let small = browser.run(
        "return [...document.querySelectorAll('input:not([type=hidden]):not([hidden]), select, button, a')]
             .filter(each => each.type !== 'checkbox')
             .filter(each => each.getBoundingClientRect().height < 40
                 || (each.matches('input, select') && parseFloat(getComputedStyle(each).fontSize) < 16))
             .map(each => each.outerHTML)",
        &json!([]),
    );
    assert_eq!(small, json!([]), "too small for a finger, or zoomed in by a phone");
}

#[track_caller]
pub fn assert_gone(browser: &Browser, key: &str) {
    let html = browser.run("return document.documentElement.outerHTML", &json!([]));
    assert!(!html.as_str().expect("a page").contains(key), "{html}");
}

#[track_caller]
fn revoke(browser: &Browser) {
    assert_eq!(browser.spoken_name(".keys button"), "Revoke phone");
    browser.click(".keys button");
    browser.wait_for_text("[role=status]", "revoked");
    assert_eq!(browser.run("return document.querySelectorAll('.keys li').length", &json!([])), 0);
}

#[test]
fn a_key_is_made_copied_and_revoked() {
    let sluice = Sluice::start();
    // A clipboard of the modern kind exists on the first origin only: the second is no secure one.
    for host in ["127.0.0.1", "nas.test"] {
        let origin = format!("http://{host}:{}", sluice.address.port());
        let browser = on_account_page(&origin, &["--host-resolver-rules=MAP nas.test 127.0.0.1"]);
        let modern = browser.run("return 'clipboard' in navigator && isSecureContext", &json!([]));
        assert_eq!(modern, host == "127.0.0.1");
        let key = create(&browser, "phone");
        assert_eq!(key.len(), 50);
        assert_fits(&browser);
        browser.click(".copy button");
        browser.wait_for_text(".copy button", "Copied");
        let mut said = browser.console();
        // Chromium says of every page that came without TLS that it ignores this header there.
        said.retain(|line| !line["message"].to_string().contains("Cross-Origin-Opener-Policy"));
        assert_eq!(said, [Value::Null; 0]);

        // Reloading sends the form again, which makes no second key and shows none.
        browser.reload();
        browser.wait_for_text("#key-name-wrong", "has a key phone already");
        assert_gone(&browser, &key);
        browser.open(&format!("{origin}/sluice/account"));
        assert_gone(&browser, &key);
        browser.wait_for_text(".keys li", "Only: looking");
        assert_fits(&browser);
        browser.type_into("#key-name", PASTE);
        assert_eq!(browser.run("return document.querySelector('#key-name').value", &json!([])), key);
        revoke(&browser);
    }
}
