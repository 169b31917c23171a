//! The requests that Sonarr sends to a qBittorrent, one by one. It says neither where it comes from nor
//! what it takes: no Origin, no Referer, no Sec-Fetch-*, no Accept.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::support::proxy::Kind;
use crate::support::qbittorrent::QBittorrent;
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{PASSWORD, session_of};
use crate::support::torrent;
use crate::support::wait;
use crate::support::world::World;

/// Sonarr with its settings: older versions send their cookie only, newer ones Basic with every request too.
struct Sonarr<'a> {
    world: &'a World,
    password: &'a str,
    sends_basic: bool,
}

impl Sonarr<'_> {
    #[track_caller]
    fn send(&self, request: Request, session: Option<&str>) -> Answer {
        let mut request = request.header("User-Agent", "Sonarr/4.0.16.2944 (debian 12)");
        if self.sends_basic {
            let basic = BASE64_STANDARD.encode(format!("ada:{}", self.password));
            request = request.header("Authorization", format!("Basic {basic}"));
        }
        if let Some(session) = session {
            request = request.session(session);
        }
        self.world.send(&request)
    }

    #[track_caller]
    fn log_in(&self) -> Answer {
        let form = [("username", "ada"), ("password", self.password)];
        self.send(Request::post("/api/v2/auth/login").form(&form), None)
    }

    #[track_caller]
    fn session(&self) -> String {
        let answer = self.log_in();
        assert_eq!(answer.assert_status(200).text(), "Ok.");
        session_of(&answer)
    }

    #[track_caller]
    fn add_a_torrent(&self, session: &str) {
        let version = self.send(Request::get("/api/v2/app/webapiVersion"), Some(session));
        assert!(version.assert_status(200).text().starts_with("2."), "{}", version.text());
        let category = Request::post("/api/v2/torrents/createCategory").form(&[("category", "tv-sonarr")]);
        self.send(category, Some(session)).assert_status(200);
        assert_eq!(self.torrents(session), 0);
        let added = self.send(upload("series.mkv"), Some(session));
        assert_eq!(added.assert_status(200).text(), "Ok.");
        wait::until("the torrent in the list", || self.torrents(session) == 1);
    }

    #[track_caller]
    fn torrents(&self, session: &str) -> usize {
        let list = self.send(Request::get("/api/v2/torrents/info?category=tv-sonarr"), Some(session));
        list.assert_status(200).json().as_array().expect("a list").len()
    }
}

/// A torrent as Sonarr uploads it.
fn upload(name: &str) -> Request {
    let boundary = format!("{}8dc1d0b2c3a4f5e", "-".repeat(29));
    let mut body = Vec::new();
    for (field, rest, value) in [
        (
            "torrents",
            format!("; filename=\"{name}.torrent\"\r\nContent-Type: application/octet-stream"),
            torrent::file(name),
        ),
        ("category", String::new(), b"tv-sonarr".to_vec()),
        ("paused", String::new(), b"True".to_vec()),
    ] {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"{rest}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Request::post("/api/v2/torrents/add")
        .header("Content-Type", format!("multipart/form-data; boundary={boundary}"))
        .body(body)
}

pub fn sonarrs_requests_with_its_cookie_are_served(kind: Kind) {
    let app = QBittorrent::start();
    let world = World::with_app(kind, app.address);
    let sonarr = Sonarr { world: &world, password: PASSWORD, sends_basic: false };
    sonarr.add_a_torrent(&sonarr.session());
}

pub fn sonarrs_requests_with_basic_beside_the_cookie_are_served(kind: Kind) {
    let app = QBittorrent::start();
    let world = World::with_app(kind, app.address);
    let sonarr = Sonarr { world: &world, password: PASSWORD, sends_basic: true };
    // Its question which API there is, to which a 401 would be its end.
    sonarr.send(Request::get("/api/v2/app/webapiVersion"), None).assert_status(200);
    sonarr.add_a_torrent(&sonarr.session());
}

pub fn sonarr_is_told_that_its_password_is_wrong(kind: Kind) {
    let world = World::behind(kind);
    for sends_basic in [false, true] {
        let answer = Sonarr { world: &world, password: "wrong", sends_basic }.log_in();
        assert_eq!(answer.assert_status(200).text(), "Fails.");
        assert_eq!(answer.all("set-cookie"), [""; 0]);
        // The right one clears the failure, once the wait after it is over.
        let right = Sonarr { world: &world, password: PASSWORD, sends_basic };
        wait::until("the end of the wait", || right.log_in().text() == "Ok.");
    }
    world.app.assert_never_reached();
}

pub fn sonarr_is_told_to_sign_in_again(kind: Kind) {
    let app = QBittorrent::start();
    let world = World::with_app(kind, app.address);
    let sonarr = Sonarr { world: &world, password: PASSWORD, sends_basic: false };
    let session = sonarr.session();
    world.sluice.cli(&["session", "revoke", "ada"], "").assert_code(0);
    let list = Request::get("/api/v2/torrents/info");
    let refused = wait::for_some("the end of the session", || {
        let answer = sonarr.send(list.clone(), Some(&session));
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(refused.assert_status(403).location(), None);
    sonarr.send(upload("series.mkv"), Some(&session)).assert_status(403);
    sonarr.add_a_torrent(&sonarr.session());
}
