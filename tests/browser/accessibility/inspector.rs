//! Looks at every page in the same way: with axe-core, for its width, its weight and what it breaks of its own rules.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::process::repository;
use crate::support::sluice::{PASSWORD, Sluice};
use crate::support::wait;

/// The narrowest phone, and the size that a page may have there.
const NARROW: u32 = 320;
/// What a page may weigh over the network with all that it loads, in bytes.
const WEIGHT: f64 = 60_000.0;
/// A phone and a desk, the latter last: what is clicked next is clicked there.
const SIZES: [(u32, u32); 2] = [(390, 844), (1280, 900)];

/// A browser that looks at pages, and what it found wrong with them.
#[derive(Debug)]
#[must_use = "what is found counts only once it is asserted"]
pub struct Inspector {
    pub browser: Browser,
    origin: String,
    found: Vec<String>,
    looks: usize,
}

impl Inspector {
    #[track_caller]
    pub fn start(sluice: &Sluice) -> Self {
        let browser = Browser::start();
        // Every page is as heavy as at the first visit.
        browser.devtools("Network.setCacheDisabled", &json!({"cacheDisabled": true}));
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": axe()}));
        browser.network();
        Self { browser, origin: sluice.origin(), found: Vec::new(), looks: 0 }
    }

    #[track_caller]
    pub fn sign_in(&mut self, user: &str) {
        self.browser.open(&self.address("/login"));
        self.browser.sign_in(user, PASSWORD);
        self.browser.wait_for_url(&self.address("/account"));
    }

    /// Opens a page of the portal and looks at it.
    #[track_caller]
    pub fn open(&mut self, path: &str) {
        self.browser.open(&self.address(path));
        self.look(path);
    }

    /// Looks at the page that is open, such as one that answered a form.
    #[track_caller]
    pub fn look(&mut self, page: &str) {
        wait::until("the whole page", || {
            self.browser.run("return document.readyState", &json!([])) == "complete"
        });
        // How soon that is would depend on the machine.
        wait::until("the first paint of what the page holds", || {
            let paints = "return performance.getEntriesByName('first-contentful-paint').length";
            self.browser.run(paints, &json!([])) == 1
        });
        let mut found = self.network();
        found.extend(self.console());
        self.note(page, found);
        self.look_again(page);
    }

    /// Looks at the same page once more, where something else is to be seen on it.
    #[track_caller]
    pub fn look_again(&mut self, page: &str) {
        self.looks += 1;
        // What is folded away belongs to the page as well.
        self.browser
            .run("document.querySelectorAll('details').forEach(each => each.open = true)", &json!([]));
        let mut found = Vec::from_iter(self.width());
        for scheme in ["light", "dark"] {
            self.prefer(scheme);
            for (width, height) in SIZES {
                self.browser.resize(width, height);
                let violations = self.violations(scheme);
                found.extend(violations.into_iter().map(|each| format!("{width} wide, {scheme}: {each}")));
            }
        }
        self.note(page, found);
    }

    fn note(&mut self, page: &str, found: Vec<String>) {
        let title = self.browser.title();
        self.found.extend(found.into_iter().map(|each| format!("{page} ({title}): {each}")));
    }

    /// Asserts that there were as many looks, and nothing is wrong with any page.
    #[track_caller]
    pub fn assert_clean(self, looks: usize) {
        assert!(self.found.is_empty(), "{}", self.found.join("\n"));
        assert_eq!(self.looks, looks, "looks at pages");
    }

    pub fn address(&self, path: &str) -> String {
        format!("{}/sluice{path}", self.origin)
    }

    fn prefer(&self, scheme: &str) {
        // Without motion a colour is the new one at once, not one on the way to it.
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        self.browser.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// What axe-core holds to be serious or critical. In the dark only the colours are others.
    #[track_caller]
    fn violations(&self, scheme: &str) -> Vec<String> {
        let rules = if scheme == "dark" { "runOnly: ['cat.color'], " } else { "" };
        let found = self.browser.run_async(&format!(
            "const found = await axe.run(document, {{{rules}resultTypes: ['violations']}});
             if (!found.passes.length) throw 'axe looked at nothing';
             return found.violations
                 .filter(({{impact}}) => impact === 'serious' || impact === 'critical')
                 .map(({{id, nodes}}) => id + nodes.map(node => `\\n  ${{node.html}} ${{node.failureSummary}}`).join(''));"
        ));
        texts(&found)
    }

    #[track_caller]
    fn width(&self) -> Option<String> {
        self.browser.resize(NARROW, 640);
        let width = self.browser.run("return document.documentElement.scrollWidth", &json!([]));
        let beyond = self.browser.run(
            "return [...document.querySelectorAll('body *')]
                 .filter(each => !each.children.length && each.getBoundingClientRect().right > arguments[0])
                 .map(each => each.outerHTML.slice(0, 200))",
            &json!([NARROW]),
        );
        (width != NARROW).then(|| format!("{width} wide on a phone of {NARROW}: {:#?}", texts(&beyond)))
    }

    /// Where requests went since the last look, what the page weighs, and its policy.
    #[track_caller]
    fn network(&self) -> Vec<String> {
        let events = self.browser.network();
        let all = |wanted: &'static str| {
            events.iter().filter(move |(method, _)| method == wanted).map(|(_, parameters)| parameters)
        };
        let own = format!("{}/sluice/", self.origin);
        // Chromium draws the button of a date with an image that lies in the address itself.
        let stays = |url: &String| url.starts_with(&own) || url.starts_with("data:");
        let mut found: Vec<_> = all("Network.requestWillBeSent")
            .map(|sent| text(&sent["request"]["url"]))
            .filter(|url| !stays(url))
            .map(|url| format!("asked for {url}"))
            .collect();
        let Some(page) = all("Network.responseReceived").rfind(|answer| answer["type"] == "Document") else {
            found.push("was not loaded".to_owned());
            return found;
        };
        let policy = page["response"]["headers"]["content-security-policy"].as_str().unwrap_or_default();
        if !policy.contains("default-src 'none'") || policy.contains("unsafe") {
            found.push(format!("has the policy {policy:?}"));
        }
        let of_page = |id: &Value| {
            all("Network.requestWillBeSent")
                .any(|sent| sent["requestId"] == *id && sent["loaderId"] == page["loaderId"])
        };
        let weight: f64 = all("Network.loadingFinished")
            .filter(|end| of_page(&end["requestId"]))
            .filter_map(|end| end["encodedDataLength"].as_f64())
            .sum();
        // The style alone is more than the lower bound.
        if !(10_000.0..WEIGHT).contains(&weight) {
            found.push(format!("weighs {weight} bytes"));
        }
        found
    }

    /// What the page wrote to the console, but for Chromium's own word about the status of the page itself.
    #[track_caller]
    fn console(&self) -> Vec<String> {
        let status = "Failed to load resource: the server responded with a status of";
        let own = format!("{} - {status}", self.browser.url());
        let lines = self.browser.console();
        lines.iter().map(|line| text(&line["message"])).filter(|line| !line.starts_with(&own)).collect()
    }
}

/// The library that `scripts/test-tools.sh` has put there.
#[track_caller]
fn axe() -> String {
    let libraries = repository().join("target/tools/lib");
    let found = std::fs::read_dir(&libraries).into_iter().flatten().flatten().find_map(|python| {
        std::fs::read_to_string(python.path().join("site-packages/axe_playwright_python/axe.min.js")).ok()
    });
    found.unwrap_or_else(|| panic!("no axe.min.js in {}; `make test` installs it", libraries.display()))
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

#[track_caller]
fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}")).iter().map(text).collect()
}
