//! From nothing to a user before an app, in each way: the setup page, the steps, the proxy's lines, and coming in.

use std::net::SocketAddr;
use std::process::Command;

use serde_json::json;

use crate::seat::{Seat, in_each_way};
use crate::support::browser::Browser;
use crate::support::proxy::{Kind, write};
use crate::support::qbittorrent::QBittorrent;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::world::World;

in_each_way!(
    the_first_visitor_gets_from_nothing_to_a_user_before_an_app,
    an_administrator_who_left_before_the_first_app_is_led_back_to_the_steps,
);

fn the_first_visitor_gets_from_nothing_to_a_user_before_an_app(seat: &Seat) {
    let app = QBittorrent::start();
    let world = World::with_apps(Kind::Nginx, Home::new(), [Some(app.address), None]);
    Desk::new(&world, seat).become_administrator();
    // Left in the middle: another window, which knows nothing, goes on from the app's own address.
    let desk = Desk::new(&world, seat);
    desk.open("/");
    desk.browser.wait_for_text("main", "an app that Sluice does not know");
    desk.follow("set it up");
    desk.browser.sign_in("ada", PASSWORD);
    desk.assert_steps(["done", "next", "open", "open"]);
    desk.add_app();
    desk.assert_steps(["done", "done", "done", "next"]);
    desk.copy_lines(app.address);
    desk.look_at_proxy();
    desk.assert_steps(["done", "done", "done", "done"]);
    desk.add_user();
    desk.sign_out();
    desk.open("/");
    desk.browser.sign_in("vera", PASSWORD);
    desk.browser.wait_for_url(&format!("{}/", world.origin()));
    assert!(desk.browser.title().contains("qBittorrent"), "{}", desk.browser.title());
    // The app's own page is drawn by its scripts.
    if seat.has_scripts() {
        desk.browser.wait_for_text("#DlInfos", "B/s");
    }
}

fn an_administrator_who_left_before_the_first_app_is_led_back_to_the_steps(seat: &Seat) {
    let world = World::with_apps(Kind::Nginx, Home::new(), [None; 2]);
    let desk = Desk::new(&world, seat);
    desk.become_administrator();
    desk.open("/sluice/admin");
    desk.browser.wait_for_text("main", "No app is set up yet.");
    desk.follow("Go on setting up");
    desk.add_app();
    desk.open("/sluice/admin");
    desk.browser.wait_for_text("h1", "Overview");
    assert!(!desk.browser.text("main").contains("No app is set up yet."));
}

/// Somebody before the proxy's address.
struct Desk<'a> {
    world: &'a World,
    browser: &'a Browser,
}

impl<'a> Desk<'a> {
    #[track_caller]
    fn new(world: &'a World, seat: &'a Seat) -> Self {
        seat.sit_down();
        if seat.is_on_phone() {
            // The narrowest there is.
            seat.browser.resize(320, 640);
        }
        Self { world, browser: &seat.browser }
    }

    #[track_caller]
    fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.world.origin()));
    }

    /// Follows a link by its words.
    #[track_caller]
    fn follow(&self, words: &str) {
        self.browser.click(&format!("//main//a[contains(., '{words}')]"));
    }

    #[track_caller]
    fn press(&self, words: &str) {
        self.browser.click(&format!("//main//button[contains(., '{words}')]"));
    }

    #[track_caller]
    fn wait_for_heading(&self, heading: &str) {
        self.browser.wait_for_text("h1", heading);
        let beyond = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(self.browser.run(beyond, &json!([])), 0, "{heading} is wider than the window");
    }

    /// With the token that the log shows.
    #[track_caller]
    fn become_administrator(&self) {
        let token = self.world.sluice.process.log.wait_for("the token", |line| {
            let line = line.trim();
            (line.len() == 43 && !line.contains(' ')).then(|| line.to_owned())
        });
        self.open("/");
        self.wait_for_heading("Set up Sluice");
        self.browser.fill_in("#token", &token);
        self.browser.fill_in("#username", "ada");
        self.browser.fill_in("#password", PASSWORD);
        self.browser.fill_in("#password_again", PASSWORD);
        self.press("Create administrator");
        self.wait_for_heading("Setting up");
        self.assert_steps(["done", "next", "open", "open"]);
    }

    #[track_caller]
    fn assert_steps(&self, tags: [&str; 4]) {
        self.wait_for_heading("Setting up");
        let shown = "return [...document.querySelectorAll('h2 .tag')].map(tag => tag.textContent.trim())";
        assert_eq!(self.browser.run(shown, &json!([])), json!(tags));
    }

    /// By its name, which is its kind's, and the host that people use.
    #[track_caller]
    fn add_app(&self) {
        self.follow("Add an app");
        self.wait_for_heading("Add an app");
        self.browser.fill_in("#name", "qbittorrent");
        self.browser.fill_in("#hosts", "127.0.0.1");
        self.press("Save");
        self.wait_for_heading("Settings");
        self.browser.wait_for_text("main", "The settings are saved");
        self.browser.wait_for_text("section[aria-labelledby=apps]", "qbittorrent");
        self.follow("Go on setting up");
    }

    /// Takes the lines from the page into nginx, as they are but for its port and folder.
    #[track_caller]
    fn copy_lines(&self, app: SocketAddr) {
        self.follow("Proxy lines for");
        self.wait_for_heading("Proxy lines for qbittorrent");
        self.browser.fill_in("#address", &app.to_string());
        self.browser.fill_in("#sluice", &self.world.sluice.address.to_string());
        self.press("Show the lines");
        self.browser.wait_for_text("main", "auth_request");
        self.wait_for_heading("Proxy lines for qbittorrent");
        let files = self.browser.run(
            "return [...document.querySelectorAll('section[aria-label]')]
                 .map(file => [file.querySelector('h2').textContent, file.querySelector('pre').textContent])",
            &json!([]),
        );
        let proxy = &self.world.proxy;
        let here = proxy.dir.path().display().to_string();
        let listen = format!("listen {} default_server;", proxy.address.port());
        for file in files.as_array().into_iter().flatten() {
            let text =
                file[1].as_str().expect("lines").replace("/etc/nginx/sluice/", &format!("{here}/sluice/"));
            let text = text.replace("listen 80;", &listen);
            let place = match file[0].as_str().expect("a path") {
                "/etc/nginx/conf.d/sluice-upstream.conf" => "upstream.conf",
                "/etc/nginx/conf.d/torrents-qbittorrent.conf" => "server.conf",
                shared => shared.strip_prefix("/etc/nginx/").expect("a path below /etc/nginx"),
            };
            write(&proxy.dir.path().join(place), &text);
        }
        let reload = Command::new("kill").args(["-HUP", &proxy.process.id().to_string()]).status();
        assert!(reload.expect("kill").success());
        proxy.process.log.wait_for("the end of the worker with the old lines", |line| {
            line.contains("exited with code 0").then_some(())
        });
        self.follow("let Sluice look at what it does");
    }

    #[track_caller]
    fn look_at_proxy(&self) {
        self.press("Check qbittorrent on");
        self.browser.wait_for_text("main", "What the proxy does");
        self.wait_for_heading("Setting up");
        let found = self.browser.text("section[aria-labelledby=findings]");
        for right in [
            "The proxy reaches Sluice: Right.",
            "Sluice is asked before the app: Right.",
            "A forged name opens nothing: Right.",
            "A forged name does not reach the app: Right.",
        ] {
            assert!(found.contains(right), "{found}");
        }
        assert!(!found.contains("Wrong"), "{found}");
    }

    #[track_caller]
    fn add_user(&self) {
        self.follow("add users");
        self.wait_for_heading("Add a user");
        self.browser.fill_in("#name", "vera");
        self.browser.click("#password-set");
        self.browser.fill_in("#password", PASSWORD);
        self.browser.click("#set option[value=read-only]");
        self.press("Add user");
        self.browser.wait_for_text("[role=status]", "The user is added.");
    }

    #[track_caller]
    fn sign_out(&self) {
        self.open("/sluice/logout");
        self.wait_for_heading("Sign out");
        self.press("Sign out");
        self.browser.wait_for_text("h1", "Sign in");
    }
}
