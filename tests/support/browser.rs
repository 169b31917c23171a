//! A real Chromium, driven over WebDriver.

use std::net::SocketAddr;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::{Process, free_port, local, repository};
use super::raw::Request;
use super::wait;

pub mod gestures;

/// The key under which WebDriver names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a fresh profile; closed when dropped.
#[derive(Debug)]
pub struct Browser {
    driver: SocketAddr,
    session: String,
    _process: Process,
    _profile: TempDir,
}

impl Browser {
    #[track_caller]
    pub fn start() -> Self {
        Self::with_options(&[])
    }

    /// With command-line options of its own, such as `--host-resolver-rules`.
    #[track_caller]
    pub fn with_options(options: &[&str]) -> Self {
        let profile = TempDir::new().expect("a profile directory");
        let driver = local(free_port());
        let mut process = Process::spawn(
            Command::new("chromedriver").arg(format!("--port={}", driver.port())).env("HOME", profile.path()),
        );
        process.wait_for_port(driver);
        let user_data = format!("--user-data-dir={}", profile.path().display());
        let mut arguments = vec![
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // The list below the address bar is a page of its own, which costs a third of the start.
            "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,\
             WebUIOmniboxPopup,WebUIOmniboxAimPopup",
            "--window-size=1280,900",
            &user_data,
        ];
        arguments.extend_from_slice(options);
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}});
        let mut browser = Self { driver, session: String::new(), _process: process, _profile: profile };
        let created = browser.ask("POST", "/session", &wanted);
        browser.session = text(&created["sessionId"]);
        browser
    }

    /// A window of its own in place of the last one, with no cookie, no history and nothing emulated. What pages keep
    /// beside that belongs to their address and port, which no other world has.
    #[track_caller]
    pub fn start_anew(&self) {
        let window = self.command("POST", "/window/new", &json!({"type": "tab"}));
        self.command("DELETE", "/window", &Value::Null);
        self.command("POST", "/window", &json!({"handle": window["handle"]}));
        self.devtools("Network.clearBrowserCookies", &json!({}));
    }

    #[track_caller]
    pub fn open(&self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url }));
    }

    /// Loads the page anew; one that answered a form sends that form again.
    #[track_caller]
    pub fn reload(&self) {
        self.command("POST", "/refresh", &json!({}));
    }

    /// As the browser's own button does.
    #[track_caller]
    pub fn back(&self) {
        self.command("POST", "/back", &json!({}));
    }

    #[track_caller]
    pub fn url(&self) -> String {
        text(&self.command("GET", "/url", &Value::Null))
    }

    #[track_caller]
    pub fn title(&self) -> String {
        text(&self.command("GET", "/title", &Value::Null))
    }

    /// Waits until the page has this address.
    #[track_caller]
    pub fn wait_for_url(&self, url: &str) {
        wait::for_some_or(
            || (self.url() == url).then_some(()),
            || format!("the browser is at {}, not at {url}", self.url()),
        );
    }

    /// Runs JavaScript in the page; `arguments` are the script's own.
    #[track_caller]
    pub fn run(&self, script: &str, arguments: &Value) -> Value {
        let body = json!({"script": script, "args": arguments});
        self.command("POST", "/execute/sync", &body)
    }

    /// Runs JavaScript that gives a promise, and waits for its value.
    #[track_caller]
    pub fn run_async(&self, script: &str) -> Value {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {script} }})().then(done, e => done(String(e)));"
        );
        let body = json!({"script": script, "args": []});
        self.command("POST", "/execute/async", &body)
    }

    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let element = self.find(selector);
        text(&self.command("GET", &format!("/element/{element}/text"), &Value::Null))
    }

    /// Waits until the first element that fits holds this text.
    #[track_caller]
    pub fn wait_for_text(&self, selector: &str, part: &str) {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(each => each.textContent).join('\\n')";
        let path = format!("/session/{}/execute/sync", self.session);
        let held = || {
            // Between two pages there is nothing to ask.
            let answer = self.request("POST", &path, &json!({"script": script, "args": [selector]}));
            answer["value"].as_str().unwrap_or_default().to_owned()
        };
        wait::for_some_or(
            || Some(held()).filter(|text| text.contains(part) && !text.is_empty()),
            || format!("{selector} holds {:?}, not {part:?}, at {}", held(), self.url()),
        );
    }

    #[track_caller]
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let element = self.find(selector);
        let path = format!("/element/{element}/attribute/{name}");
        let value = self.command("GET", &path, &Value::Null);
        value.as_str().map(str::to_owned)
    }

    #[track_caller]
    pub fn type_into(&self, selector: &str, keys: &str) {
        self.on_shown(selector, "value", &json!({ "text": keys }));
    }

    #[track_caller]
    pub fn clear(&self, selector: &str) {
        self.on_shown(selector, "clear", &json!({}));
    }

    /// Clicks as soon as the element is there, visible and not covered.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.on_shown(selector, "click", &json!({}));
    }

    /// Clicks what one clicks by its words: a link, a button, a box, what unfolds.
    #[track_caller]
    pub fn press(&self, words: &str) {
        let kinds = "self::a or self::button or self::label or self::summary";
        let path = format!("//*[{kinds}][normalize-space()=\"{words}\" or @aria-label=\"{words}\"]");
        self.click(&path);
    }

    /// Does what leads to another page, and waits until that has come: what the page before said is not taken for it.
    #[track_caller]
    pub fn leave_by(&self, act: impl FnOnce()) {
        self.run("document.documentElement.dataset.left = 'yes'", &json!([]));
        act();
        let script = "return document.readyState === 'complete' && !document.documentElement.dataset.left";
        let path = format!("/session/{}/execute/sync", self.session);
        wait::until("another page", || {
            // Between two pages there is nothing to ask.
            self.request("POST", &path, &json!({"script": script, "args": []}))["value"] == true
        });
    }

    /// Every cookie that the page's own host gets.
    #[track_caller]
    pub fn cookies(&self) -> Vec<Value> {
        let cookies = self.command("GET", "/cookie", &Value::Null);
        cookies.as_array().cloned().unwrap_or_default()
    }

    /// The accessible name that a screen reader would say.
    #[track_caller]
    pub fn spoken_name(&self, selector: &str) -> String {
        let element = self.find(selector);
        let path = format!("/element/{element}/computedlabel");
        text(&self.command("GET", &path, &Value::Null))
    }

    /// Resizes the window, in CSS pixels.
    #[track_caller]
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": true});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Keeps the window as a PNG of this name.
    #[track_caller]
    pub fn picture(&self, name: &str) {
        let encoded = text(&self.command("GET", "/screenshot", &Value::Null));
        let folder = repository().join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let png = BASE64_STANDARD.decode(encoded).expect("base64");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("a picture");
    }

    /// Sends a command of the DevTools protocol.
    #[track_caller]
    pub fn devtools(&self, method: &str, parameters: &Value) -> Value {
        let body = json!({"cmd": method, "params": parameters});
        self.command("POST", "/goog/cdp/execute", &body)
    }

    /// What the page wrote to the console: blocked scripts and styles show here.
    #[track_caller]
    pub fn console(&self) -> Vec<Value> {
        let log = self.command("POST", "/se/log", &json!({"type": "browser"}));
        log.as_array().cloned().unwrap_or_default()
    }

    /// What went over the network since this was last asked: events of the DevTools protocol and their parameters.
    #[track_caller]
    pub fn network(&self) -> Vec<(String, Value)> {
        let log = self.command("POST", "/se/log", &json!({"type": "performance"}));
        let events = log.as_array().cloned().unwrap_or_default();
        let event = |entry: Value| {
            let entry: Value = serde_json::from_str(&text(&entry["message"])).expect("an event in JSON");
            let mut event = entry["message"].clone();
            (text(&event["method"]), event["params"].take())
        };
        events.into_iter().map(event).filter(|(method, _)| method.starts_with("Network.")).collect()
    }

    /// Fills in the sign-in page and sends it.
    #[track_caller]
    pub fn sign_in(&self, user: &str, password: &str) {
        self.type_into("input[name=username]", user);
        self.type_into("input[name=password]", password);
        self.click("button[type=submit]");
    }

    /// Waits for the first element that fits a CSS selector, or an XPath, which starts with `//`.
    #[track_caller]
    fn find(&self, selector: &str) -> String {
        self.find_by(if selector.starts_with("//") { "xpath" } else { "css selector" }, selector)
    }

    #[track_caller]
    fn find_by(&self, way: &str, selector: &str) -> String {
        let query = json!({"using": way, "value": selector});
        let path = format!("/session/{}/element", self.session);
        wait::for_some(&format!("{selector} on the page"), || {
            let answer = self.request("POST", &path, &query);
            answer["value"][ELEMENT].as_str().map(str::to_owned)
        })
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut answer = self.request(method, path, body);
        let value = answer["value"].take();
        assert!(value["error"].is_null(), "{method} {path} {body}: {value:#}");
        value
    }

    #[track_caller]
    fn request(&self, method: &str, path: &str, body: &Value) -> Value {
        let request = Request::new(method, path);
        let request = match body {
            Value::Null => request,
            body => request.header("Content-Type", "application/json").body(body.to_string()),
        };
        request.send(self.driver).json()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends Chromium itself; killing the driver alone would leave it running.
        let path = format!("/session/{}", self.session);
        let bytes = Request::new("DELETE", &path).bytes(self.driver);
        let _ = super::raw::try_send(self.driver, &bytes);
    }
}

#[track_caller]
fn text(value: &Value) -> String {
    value.as_str().expect("a text from WebDriver").to_owned()
}
