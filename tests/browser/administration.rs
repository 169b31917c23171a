//! Administration and one's own account as a person does it, through nginx, in each way. What came of it is asked of
//! the product itself.

mod account;
mod lists;
mod settings;
mod users;

use serde_json::{Value, json};

use crate::seat::Seat;
use crate::support::browser::Browser;
use crate::support::proxy::{Kind, Proxy};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::world::World;

/// An administrator `ada` before her browser, and a user `vera` who may only look.
struct Desk<'a> {
    seat: &'a Seat,
    browser: &'a Browser,
    sluice: Sluice,
    proxy: Proxy,
    /// A session of ada's elsewhere, which asks what came of what she did.
    session: String,
}

impl<'a> Desk<'a> {
    #[track_caller]
    fn start(seat: &'a Seat) -> Self {
        Self::with(seat, |home| home)
    }

    /// With more than the usual settings, users and keys.
    #[track_caller]
    fn with(seat: &'a Seat, prepare: impl FnOnce(Home) -> Home) -> Self {
        let desk = Self::with_nobody(seat, prepare);
        desk.open_as("ada", "/admin");
        desk
    }

    /// Before anybody has signed in.
    #[track_caller]
    fn with_nobody(seat: &'a Seat, prepare: impl FnOnce(Home) -> Home) -> Self {
        let home = Home::new().user("ada", &["--admin"]).user("vera", &["--preset", "read-only"]);
        let apps = "[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"sonarr\"";
        let World { sluice, proxy, .. } = World::with_apps(Kind::Nginx, prepare(home).with(apps), [None; 2]);
        let session = sluice.sign_in("ada", PASSWORD);
        seat.sit_down();
        Self { seat, browser: &seat.browser, sluice, proxy, session }
    }

    /// Opens a page that asks for the sign-in first.
    #[track_caller]
    fn open_as(&self, user: &str, path: &str) {
        self.browser.open(&self.address(path));
        self.browser.sign_in(user, PASSWORD);
        self.browser.wait_for_url(&self.address(path));
    }

    fn has_scripts(&self) -> bool {
        self.seat.has_scripts()
    }

    fn address(&self, path: &str) -> String {
        format!("http://{}/sluice{path}", self.proxy.address)
    }

    /// What the JSON API says.
    #[track_caller]
    fn api(&self, path: &str) -> Value {
        let request = Request::get(&format!("/sluice/api/v1{path}")).session(&self.session);
        request.send(self.sluice.address).assert_status(200).json()
    }

    /// A user as the API has them; null where there is none.
    #[track_caller]
    fn user(&self, name: &str) -> Value {
        let users = self.api("/users");
        let users = users["items"].as_array().expect("a list");
        users.iter().find(|user| user["name"] == name).cloned().unwrap_or_default()
    }

    /// What a session or a key is answered before an app.
    fn verify(&self, app: &str, session: &str) -> Answer {
        let path = format!("/verify/nginx/{app}");
        let request = Dialect::Nginx.about_at(&path, &["GET", "http", "app.test", "/"]);
        let request = match session.starts_with("sluice_") {
            true => request.header("X-API-Key", session),
            false => request.session(session),
        };
        request.send(self.sluice.address)
    }

    /// Goes to a page by the menu, which opens over the page on a phone.
    #[track_caller]
    fn go(&self, page: &str) {
        if self.seat.is_on_phone() {
            self.browser.press("Menu");
        }
        self.browser.leave_by(|| self.browser.press(page));
    }

    /// Goes to the page of a user, as one does: by the menu and the list.
    #[track_caller]
    fn go_to_user(&self, name: &str) {
        self.go("Users");
        self.browser.press(name);
        self.browser.wait_for_text("h1", name);
    }

    /// Sends the form and waits for the word that it is done.
    #[track_caller]
    fn save(&self, button: &str, said: &str) {
        self.browser.leave_by(|| self.browser.press(button));
        self.browser.wait_for_text("[role=status]", said);
    }

    #[track_caller]
    fn value(&self, selector: &str) -> String {
        let value = self.browser.run("return document.querySelector(arguments[0]).value", &json!([selector]));
        value.as_str().expect("a value").to_owned()
    }

    #[track_caller]
    fn is_ticked(&self, selector: &str) -> bool {
        self.browser.run("return document.querySelector(arguments[0]).checked", &json!([selector])) == true
    }

    /// Writes into a field that holds something already.
    #[track_caller]
    fn fill(&self, selector: &str, text: &str) {
        self.browser.clear(selector);
        self.browser.type_into(selector, text);
    }

    /// The texts of all elements that fit.
    #[track_caller]
    fn texts(&self, selector: &str) -> Value {
        let script =
            "return [...document.querySelectorAll(arguments[0])].map(each => each.textContent.trim())";
        self.browser.run(script, &json!([selector]))
    }
}
