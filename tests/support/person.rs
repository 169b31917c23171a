//! Whoever Sluice names is whom the app acts for, also where the app has sessions of its own and one browser has several
//! users one after the other.

use std::net::SocketAddr;

use serde_json::Value;
use url::Url;

use super::jar::Jar;
use super::process::{Process, local};
use super::proxy::{Kind, Layout};
use super::python;
use super::raw::Request;
use super::sluice::{Home, PASSWORD};
use super::wait;
use super::ways_in;
use super::websocket::{self, Socket};
use super::world::{World, with_people};

/// An app with sessions of its own; killed when dropped.
#[derive(Debug)]
pub struct SessionApp {
    pub address: SocketAddr,
    process: Process,
}

impl SessionApp {
    #[track_caller]
    pub fn start() -> Self {
        let process = Process::spawn(&mut python::program("session_app.py"));
        let port = process.log.wait_for("the port", |line| {
            let port = serde_json::from_str::<Value>(line).ok()?.get("port")?.as_u64()?;
            u16::try_from(port).ok()
        });
        Self { address: local(port), process }
    }

    /// For whom it acted, and whom Sluice had named, at every request so far.
    pub fn acts(&self) -> Vec<Value> {
        let lines = self.process.log.lines();
        let told = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        told.filter(|line| line.get("acts_for").is_some()).collect()
    }

    /// It never acted for anybody but whom Sluice named, and never saw a cookie of Sluice's.
    #[track_caller]
    pub fn assert_acted_for_whom_it_was_told(&self) {
        let acts = self.acts();
        assert!(!acts.is_empty(), "the app was never reached");
        for act in acts {
            assert_eq!(act["acts_for"], act["named"], "{act}");
            let cookies = act["cookies"].as_array().expect("a list");
            assert!(cookies.iter().all(|name| !name.as_str().expect("a name").contains("sluice")), "{act}");
        }
    }
}

/// What the comments of the examples say, with an app whose cookies belong to one person each.
pub const ONE_HOST: &str = "
[[app]]
name = \"qbittorrent\"
pack = \"generic\"
cookies.bind = [\"app.sid\"]
[[app]]
name = \"transmission\"
";
const SUBDOMAINS: &str = "
server.public_url = \"http://auth.example.com\"
session.cookie_domain = \"example.com\"
[[app]]
name = \"qbittorrent\"
pack = \"generic\"
hosts = [\"qbittorrent.example.com\"]
cookies.bind = [\"app.sid\"]
[[app]]
name = \"transmission\"
hosts = [\"transmission.example.com\"]
";

/// A browser before a proxy, and the addresses of the portal and the app.
struct Scene {
    world: World,
    app: SessionApp,
    browser: Jar,
    portal: String,
    page: String,
}

impl Scene {
    #[track_caller]
    fn new(kind: Kind, layout: Layout) -> Self {
        let app = SessionApp::start();
        let (settings, hosts) = match layout {
            Layout::OneHost => (ONE_HOST, ["torrents.example.com"; 2]),
            Layout::Subdomains => (SUBDOMAINS, ["auth.example.com", "qbittorrent.example.com"]),
        };
        let world = World::with_app_in(kind, with_people(Home::new().with(settings)), layout, app.address);
        let browser = Jar::new(world.address());
        let [portal, page] = hosts.map(|host| format!("http://{host}"));
        Self { world, app, browser, portal, page: format!("{page}/page?x=1") }
    }

    #[track_caller]
    fn sign_in(&mut self, user: &str) {
        let form = [("username", user), ("password", PASSWORD)];
        self.browser.submit(&format!("{}/sluice/login", self.portal), &form).assert_status(303);
    }

    #[track_caller]
    fn sign_out(&mut self) {
        self.browser.submit(&format!("{}/sluice/logout", self.portal), &[]).assert_status(303);
    }

    /// Opens the page, and whom the app acts for there.
    #[track_caller]
    fn acts_for(&mut self) -> String {
        let (answer, address) = self.browser.open(&self.page);
        assert_eq!(address.as_str(), self.page);
        acts_for(&answer.assert_status(200).json())
    }
}

#[track_caller]
fn acts_for(told: &Value) -> String {
    told["acts_for"].as_str().expect("somebody").to_owned()
}

fn the_person_in_the_browser_is_the_person_in_the_app(kind: Kind, layout: Layout) {
    let mut scene = Scene::new(kind, layout);
    scene.sign_in("ada");
    assert_eq!(scene.acts_for(), "ada");
    // The session of the app's own holds.
    let told = scene.browser.fetch(&scene.page).assert_status(200).json();
    assert_eq!(told["cookies"].to_string(), r#"["app.lang","app.sid"]"#);

    scene.sign_out();
    scene.sign_in("vera");
    // The page that was ada's is still open in another tab.
    let stale = scene.browser.fetch(&scene.page);
    assert_eq!(stale.assert_status(401).location(), None);
    let reason = stale.header("x-auth-reason").expect("a reason");
    assert!(reason.contains("another person"), "{reason}");
    assert_eq!(stale.header("clear-site-data"), Some("\"storage\""));
    assert_eq!(scene.acts_for(), "vera");
    // Now it acts for vera, as does every other page.
    assert_eq!(acts_for(&scene.browser.fetch(&scene.page).assert_status(200).json()), "vera");

    scene.sign_out();
    scene.sign_in("ada");
    assert_eq!(scene.acts_for(), "ada");
    scene.world.sluice.kill9();
    scene.world.sluice.restart();
    let told = scene.browser.fetch(&scene.page).assert_status(200).json();
    assert_eq!((acts_for(&told).as_str(), told["cookies"][1].as_str()), ("ada", Some("app.sid")));
    scene.sign_out();
    scene.sign_in("vera");
    scene.browser.fetch(&scene.page).assert_status(401);
    assert_eq!(scene.acts_for(), "vera");
    scene.app.assert_acted_for_whom_it_was_told();
}

pub fn on_one_host_the_person_in_the_browser_is_the_person_in_the_app(kind: Kind) {
    the_person_in_the_browser_is_the_person_in_the_app(kind, Layout::OneHost);
}

pub fn with_a_portal_host_the_person_in_the_browser_is_the_person_in_the_app(kind: Kind) {
    the_person_in_the_browser_is_the_person_in_the_app(kind, Layout::Subdomains);
}

/// Whoever signed in before there were markers has a cookie of the app's, and no marker.
pub fn a_cookie_from_before_is_nobodys(kind: Kind) {
    let mut scene = Scene::new(kind, Layout::OneHost);
    scene.sign_in("ada");
    let told = scene.browser.fetch(&scene.page).assert_status(200).json();
    assert_eq!(acts_for(&told), "ada");
    scene.sign_out();
    scene.sign_in("vera");
    for _ in 0..2 {
        let told = scene.browser.fetch(&scene.page).assert_status(200).json();
        assert_eq!(
            (acts_for(&told).as_str(), told["cookies"].to_string().as_str()),
            ("vera", r#"["app.lang"]"#)
        );
    }
    assert_eq!(scene.acts_for(), "vera");
    scene.app.assert_acted_for_whom_it_was_told();
}

pub fn a_websocket_is_the_persons_whose_the_cookies_are(kind: Kind) {
    let mut scene = Scene::new(kind, Layout::OneHost);
    let origin = scene.world.origin();
    scene.page = format!("{origin}/page?x=1");
    scene.portal.clone_from(&origin);
    scene.sign_in("ada");
    assert_eq!(scene.acts_for(), "ada");
    let socket = Url::parse(&format!("{origin}/ws")).expect("an address");
    let opened = |scene: &Scene| {
        let cookies = scene.browser.cookies_for(&socket);
        let mut socket =
            Socket::open(scene.world.address(), "/ws", &[("cookie", &cookies), ("origin", &origin)]);
        socket.ask("who am I")
    };
    assert_eq!(opened(&scene), "ada");
    scene.sign_out();
    scene.sign_in("vera");
    let refused = scene.browser.send(&socket, websocket::handshake("/ws").header("Origin", &origin));
    refused.assert_status(401);
    assert_eq!(scene.acts_for(), "vera");
    assert_eq!(opened(&scene), "vera");
    scene.app.assert_acted_for_whom_it_was_told();
}

pub fn a_browser_that_keeps_no_cookies_is_told_so_and_not_led_round(kind: Kind) {
    let mut scene = Scene::new(kind, Layout::OneHost);
    let session = scene.world.sign_in("ada");
    scene.browser.keeps = false;
    let (answer, address) =
        scene.browser.follow(&scene.page, |request| request.navigating().session(&session));
    answer.assert_status(409);
    assert_eq!(address.path(), "/sluice/person");
    assert!(answer.text().contains("keeps no cookie"), "{}", answer.text());
    assert_eq!(scene.app.acts().len(), 0);
}

pub fn a_program_that_keeps_no_cookies_is_not_led_anywhere(kind: Kind) {
    let mut scene = Scene::new(kind, Layout::OneHost);
    let basic = ways_in::basic("vera", PASSWORD);
    scene.browser.keeps = false;
    for _ in 0..2 {
        let as_program = |request: Request| {
            request
                .header("Authorization", &basic)
                .header("Accept", "text/html")
                .header("Cookie", "app.sid=old")
        };
        let (answer, _) = scene.browser.follow(&scene.page, as_program);
        let told = answer.assert_status(200).json();
        assert_eq!((acts_for(&told).as_str(), told["cookies"].to_string().as_str()), ("vera", "[]"));
    }
    wait::until("the app has told of both", || scene.app.acts().len() == 2);
    scene.app.assert_acted_for_whom_it_was_told();
}
