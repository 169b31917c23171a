//! The portal's pages as people meet them: on a phone, in the dark, read aloud.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::sluice::{Home, PASSWORD, Sluice};

#[track_caller]
fn at_sign_in(sluice: &Sluice) -> Browser {
    let browser = Browser::start();
    browser.open(&format!("{}/sluice/login", sluice.origin()));
    browser
}

#[track_caller]
fn prefer(browser: &Browser, scheme: &str) {
    // Without motion a colour is the new one at once, not one on the way to it.
    let features = json!({"features": [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]});
    browser.devtools("Emulation.setEmulatedMedia", &features);
}

/// How well text can be told from what is behind it (WCAG 2 contrast ratio).
#[track_caller]
fn contrast(browser: &Browser, selector: &str) -> f64 {
    const SCRIPT: &str = "
        const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
        const paint = (...colors) => {
            canvas.fillStyle = '#fff';
            canvas.fillRect(0, 0, 1, 1);
            for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
            return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
        };
        const luminance = rgb => rgb
            .map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const element = document.querySelector(arguments[0]);
        const behind = [];
        for (let each = element; each; each = each.parentElement)
            behind.unshift(getComputedStyle(each).backgroundColor);
        const back = luminance(paint(...behind));
        const front = luminance(paint(...behind, getComputedStyle(element).color));
        return (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);";
    browser.run(SCRIPT, &json!([selector])).as_f64().expect("a ratio")
}

#[test]
fn the_sign_in_page_can_be_read_in_light_and_dark() {
    let sluice = Sluice::start();
    let browser = at_sign_in(&sluice);
    let mut backgrounds = Vec::new();
    for scheme in ["light", "dark"] {
        prefer(&browser, scheme);
        for selector in
            ["h1", "label[for=username]", "label.check span", "button[type=submit]", "input[name=username]"]
        {
            let ratio = contrast(&browser, selector);
            assert!(ratio >= 4.5, "{selector} in {scheme}: {ratio}");
        }
        backgrounds.push(browser.run("return getComputedStyle(document.body).backgroundColor", &json!([])));
        browser.picture(&format!("sign-in-{scheme}"));
    }
    assert_ne!(backgrounds[0], backgrounds[1]);
}

#[test]
fn the_pages_fit_a_phone() {
    let sluice = Sluice::start();
    let browser = at_sign_in(&sluice);
    browser.resize(320, 640);
    let assert_fits = |page: &str| {
        browser.open(&format!("{}/sluice/{page}", sluice.origin()));
        let widths = browser.run("return [document.documentElement.scrollWidth, innerWidth]", &json!([]));
        assert_eq!(widths, json!([320, 320]), "{page}");
        let small = browser.run(
            "return [...document.querySelectorAll('input:not([type=hidden]):not([hidden]), button')]
                 .filter(each => each.type !== 'checkbox')
                 .filter(each => each.getBoundingClientRect().height < 40
                     || (each.tagName === 'INPUT' && parseFloat(getComputedStyle(each).fontSize) < 16))
                 .map(each => each.outerHTML)",
            &json!([]),
        );
        assert_eq!(small, json!([]), "{page}: too small for a finger, or zoomed in by a phone");
    };
    assert_fits("login");
    browser.picture("sign-in-phone");
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_url(&format!("{}/sluice/account", sluice.origin()));
    assert_fits("account");
    assert_fits("logout");
}

#[test]
fn a_screen_reader_can_name_every_field() {
    let sluice = Sluice::start();
    let browser = at_sign_in(&sluice);
    assert_eq!(browser.spoken_name("input[name=username]"), "User name");
    assert_eq!(browser.spoken_name("input[name=password]"), "Password");
    assert!(browser.spoken_name("input[name=remember]").starts_with("Keep me signed in"));
    assert_eq!(browser.spoken_name("button[type=submit]"), "Sign in");
    assert_eq!(browser.attribute("html", "lang").as_deref(), Some("en"));
    assert_eq!(browser.attribute("input[name=username]", "autocomplete").as_deref(), Some("username"));
    assert_eq!(
        browser.attribute("input[name=password]", "autocomplete").as_deref(),
        Some("current-password")
    );

    browser.sign_in("vera", "wrong");
    let said = browser.text("[role=alert]");
    assert!(!said.is_empty());
    let described_by = browser.attribute("input[name=password]", "aria-describedby").expect("a description");
    assert_eq!(browser.text(&format!("#{described_by}")), said);
    assert!(browser.title().starts_with("Error: "), "{}", browser.title());
}

#[test]
fn the_pages_load_nothing_from_elsewhere_and_break_no_rule_of_their_own() {
    let sluice = Sluice::start();
    let browser = at_sign_in(&sluice);
    let assert_clean = |page: &str| {
        browser.open(&format!("{}/sluice/{page}", sluice.origin()));
        let loaded =
            browser.run("return performance.getEntriesByType('resource').map(each => each.name)", &json!([]));
        for url in loaded.as_array().expect("a list") {
            let url = url.as_str().expect("an address");
            assert!(url.starts_with(&format!("{}/sluice/", sluice.origin())), "{url}");
        }
        assert_eq!(browser.console(), [Value::Null; 0], "{page}");
    };
    assert_clean("login");
    browser.sign_in("ada", PASSWORD);
    browser.wait_for_url(&format!("{}/sluice/account", sluice.origin()));
    assert_clean("account");
    assert_clean("logout");
}

#[test]
fn the_page_says_how_long_to_wait_after_failures() {
    let home = Home::new().with("throttle.max_failures = 1").user("vera", &[]);
    let sluice = home.start();
    let browser = at_sign_in(&sluice);
    browser.sign_in("vera", "wrong");
    browser.text("[role=alert]");
    browser.open(&format!("{}/sluice/login", sluice.origin()));
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_text("[role=alert]", "15 minutes");
}

#[test]
fn the_account_page_shows_what_its_user_may_do() {
    let sluice = Sluice::start();
    let browser = at_sign_in(&sluice);
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_url(&format!("{}/sluice/account", sluice.origin()));
    browser.wait_for_text("h1", "vera");
    let names = browser.run(
        "return [...document.querySelectorAll('.capabilities li')].map(each => each.className)",
        &json!([]),
    );
    let names = names.as_array().expect("a list").clone();
    assert_eq!(names.len(), 18);
    assert_eq!(names.iter().filter(|class| **class == "").count(), 7, "those of read-only");
}
