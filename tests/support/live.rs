//! An app that follows Sluice's events and closes the open WebSockets of whomever they are about.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::echo::Sockets;
use super::follower::{Follower, Heard};
use super::proxy::Kind;
use super::raw::{Answer, Request};
use super::sluice::Home;
use super::wait::Deadline;
use super::websocket::{Socket, handshake};
use super::world::{World, with_people};

const API: &str = "/sluice/api/v1";
/// What `docs/events.md` tells such an app to follow.
const TYPES: &str = "user.*,session.ended,key.revoked";
/// How soon a socket is closed after the answer to the change.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The app's side of the stream.
struct Watch {
    follower: Arc<Follower>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Watch {
    /// Follows from the event after `last` on, or from now on where there is none.
    #[track_caller]
    fn start(gate: SocketAddr, key: &str, sockets: Sockets, last: Option<&str>) -> Self {
        let request = Request::get(&format!("{API}/events?types={TYPES}"))
            .header("Accept", "text/event-stream")
            .header("X-API-Key", key);
        let request = match last {
            Some(last) => request.header("Last-Event-ID", last),
            None => request,
        };
        let follower = Arc::new(Follower::start(gate, &request));
        let followed = Arc::clone(&follower);
        let thread = thread::spawn(move || {
            let mut done = 0;
            while let Some(new) = followed.next_after(done) {
                done += new.len();
                new.iter().for_each(|heard| close(&sockets, heard));
            }
        });
        Self { follower, thread: Some(thread) }
    }

    /// Ends the connection, and gives the id to come back with.
    #[track_caller]
    fn cut(self) -> String {
        let follower = Arc::clone(&self.follower);
        drop(self);
        follower.last_id()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.follower.leave();
        if let Some(thread) = self.thread.take() {
            // What came is done to its end.
            let _ = thread.join();
        }
    }
}

fn close(sockets: &Sockets, heard: &Heard) {
    match heard.data["subject"].as_str() {
        Some(user) => sockets.close(Some(user)),
        None if heard.data["everybody"] == true => sockets.close(None),
        None => {}
    }
}

/// Everything that runs: `bob` may look and remove, and the app follows.
struct Live {
    world: World,
    key: String,
    watch: Option<Watch>,
}

impl Live {
    #[track_caller]
    fn behind(kind: Kind) -> Self {
        let apps = "[[app]]\nname = \"qbittorrent\"\npack = \"amutorrent\"\nlive = \"app\"\n[[app]]\nname = \"transmission\"\n";
        let home = with_people(Home::new().with(apps))
            .user("bob", &["--capabilities", "view_all_downloads,remove_downloads"]);
        let key = home.key("ada", "live");
        let world = World::with_apps(kind, home, [None; 2]);
        let mut live = Self { world, key, watch: None };
        live.follow(None);
        live
    }

    #[track_caller]
    fn follow(&mut self, last: Option<&str>) {
        let sockets = self.world.app.sockets();
        self.watch = Some(Watch::start(self.world.sluice.address, &self.key, sockets, last));
    }

    /// A request to the JSON API through the proxy, with the administrator's key.
    #[track_caller]
    fn api(&self, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::new(method, &format!("{API}{path}")).header("X-API-Key", &self.key);
        let request = match body {
            Value::Null => request,
            body => request.header("Content-Type", "application/json").body(body.to_string()),
        };
        self.world.send(&request)
    }

    #[track_caller]
    fn bob(&self) -> Value {
        self.api("GET", "/users?q=bob", &Value::Null).assert_status(200).json()["items"][0]["id"].clone()
    }

    /// A WebSocket that a browser opens with this cookie.
    #[track_caller]
    fn open(&self, session: &str) -> Socket {
        let cookie = format!("sluice_session={session}");
        let headers = [("Cookie", cookie.as_str()), ("Origin", &self.world.origin())];
        let mut socket = Socket::open(self.world.address(), "/ws", &headers);
        assert_eq!(socket.ask("hello"), "hello");
        socket
    }

    /// The status that a WebSocket with this cookie is answered.
    fn handshake(&self, session: &str) -> u16 {
        let request = handshake("/ws").session(session).header("Origin", self.world.origin());
        self.world.send(&request).status
    }

    /// Sends the change, then waits for `closed`; all the others have stayed open.
    #[track_caller]
    fn closes(&self, change: impl FnOnce() -> Answer, closed: &mut [Socket], open: &mut [Socket]) {
        let answer = change();
        let deadline = Deadline::after(AT_ONCE);
        assert!(matches!(answer.status, 200 | 204), "{answer:?}");
        for socket in closed {
            socket.assert_closed_by(deadline);
        }
        for socket in open {
            assert_eq!(socket.ask("still here"), "still here");
        }
    }
}

pub fn narrowed_rights_close_the_users_websockets_at_once_and_nobody_elses(kind: Kind) {
    let live = Live::behind(kind);
    let [bob, other, vera] = ["bob", "bob", "vera"].map(|user| live.world.sign_in(user));
    let mut bobs = [live.open(&bob), live.open(&other)];
    let mut others = [live.open(&vera)];
    let remove = Request::post("/api/v2/torrents/delete").header("Origin", live.world.origin());
    live.world.send(&remove.clone().session(&bob)).assert_status(200);
    let path = format!("/users/{}", live.bob());
    let narrowed = json!({ "capabilities": ["view_all_downloads"] });
    live.closes(|| live.api("PATCH", &path, &narrowed), &mut bobs, &mut others);
    let refused = live.world.send(&remove.session(&bob));
    assert_eq!(refused.assert_status(403).header("x-auth-reason"), Some("missing remove_downloads"));
    // Whoever may still come in connects again, with what they may do now.
    live.world.app.forget();
    let mut again = live.open(&bob);
    assert_eq!(live.world.app.seen()[0].one("x-auth-capabilities"), "view_all_downloads");
    let in_app = json!({ "apps": { "qbittorrent": [] } });
    live.closes(|| live.api("PATCH", &path, &in_app), std::slice::from_mut(&mut again), &mut others);
}

pub fn an_ended_session_closes_its_websocket_at_once(kind: Kind) {
    let live = Live::behind(kind);
    let [bob, vera] = ["bob", "vera"].map(|user| live.world.sign_in(user));
    let mut bobs = [live.open(&bob)];
    let mut others = [live.open(&vera)];
    let sessions = live.api("GET", &format!("/sessions?user_id={}", live.bob()), &Value::Null).json();
    let path = format!("/sessions/{}", sessions["items"][0]["id"]);
    live.closes(|| live.api("DELETE", &path, &Value::Null), &mut bobs, &mut others);
    assert_eq!(live.handshake(&bob), 401);
    // Signing out ends a session as well.
    let mut veras = others;
    let out = Request::post("/sluice/logout").header("Origin", live.world.origin()).session(&vera);
    let answer = live.world.send(&out);
    let deadline = Deadline::after(AT_ONCE);
    answer.assert_status(303);
    veras[0].assert_closed_by(deadline);
    assert_eq!(live.handshake(&vera), 401);
}

pub fn a_disabled_user_loses_their_websocket_at_once(kind: Kind) {
    let live = Live::behind(kind);
    let [bob, vera] = ["bob", "vera"].map(|user| live.world.sign_in(user));
    let (mut bobs, mut others) = ([live.open(&bob)], [live.open(&vera)]);
    let path = format!("/users/{}", live.bob());
    live.closes(|| live.api("PATCH", &path, &json!({ "enabled": false })), &mut bobs, &mut others);
    assert_eq!(live.handshake(&bob), 401);
}

pub fn a_revoked_key_loses_its_websocket_at_once(kind: Kind) {
    let live = Live::behind(kind);
    let path = format!("/users/{}/keys", live.bob());
    let key = live.api("POST", &path, &json!({ "name": "script" })).assert_status(201).json();
    let secret = key["key"].as_str().expect("a key");
    let mut scripts = [Socket::open(live.world.address(), "/ws", &[("X-API-Key", secret)])];
    assert_eq!(scripts[0].ask("hello"), "hello");
    let mut others = [live.open(&live.world.sign_in("vera"))];
    let path = format!("/keys/{}", key["id"]);
    live.closes(|| live.api("DELETE", &path, &Value::Null), &mut scripts, &mut others);
    let again = live.world.send(&handshake("/ws").header("X-API-Key", secret));
    again.assert_status(401);
}

pub fn an_app_that_lost_the_stream_catches_up_with_its_last_event(kind: Kind) {
    let mut live = Live::behind(kind);
    let [bob, vera] = ["bob", "vera"].map(|user| live.world.sign_in(user));
    let (mut bobs, mut others) = (live.open(&bob), live.open(&vera));
    let last = live.watch.take().expect("it follows").cut();
    let narrowed = json!({ "capabilities": ["view_all_downloads"] });
    live.api("PATCH", &format!("/users/{}", live.bob()), &narrowed).assert_status(200);
    assert_eq!(bobs.ask("nobody told the app"), "nobody told the app");
    let deadline = Deadline::after(AT_ONCE);
    live.follow(Some(&last));
    bobs.assert_closed_by(deadline);
    assert_eq!(others.ask("still here"), "still here");
}
