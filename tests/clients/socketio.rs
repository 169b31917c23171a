//! python-socketio before a real Socket.IO app, by polling, by WebSocket and from the one to the other.

use serde_json::{Value, json};

use crate::support::echo::Seen;
use crate::support::proxy::Kind;
use crate::support::python::Client;
use crate::support::python_app::PythonApp;
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::wait;
use crate::support::websocket;
use crate::support::world::{World, with_people};

/// pyTorrent, whose pages live on Socket.IO, has the place of qBittorrent in the shipped files.
const PYTORRENT: &str = "
[[app]]
name = \"qbittorrent\"
pack = \"pytorrent\"
[[app]]
name = \"transmission\"
";

/// A Socket.IO app behind the proxy, and a key of `vera`, who may only look.
struct Edge {
    world: World,
    key: String,
    app: PythonApp,
}

impl Edge {
    #[track_caller]
    fn behind(kind: Kind) -> Self {
        let app = PythonApp::start("socketio_app.py");
        let home = with_people(Home::new().with(PYTORRENT));
        let key = home.key("vera", "script");
        Self { world: World::with_apps(kind, home, [Some(app.address), None]), key, app }
    }

    #[track_caller]
    fn client(&self) -> Client {
        Client::start("socketio_client.py", &[&self.world.origin()])
    }
}

/// The app is told who it is with every request, and nothing of how it was proven.
#[track_caller]
fn assert_identity(seen: &Seen, method: &str) {
    assert_eq!((seen.one("remote-user"), seen.one("x-auth-method")), ("vera", method));
    for secret in ["authorization", "x-api-key", "cookie", "x-sluice-secret"] {
        assert_eq!(seen.all(secret), [""; 0], "{secret}");
    }
}

#[track_caller]
fn every_transport_passes(edge: &Edge, credentials: &Value, method: &str) {
    // Polling comes last, so that none of its requests is counted for another.
    for (transports, ends_with) in
        [(json!(["websocket"]), "websocket"), (Value::Null, "websocket"), (json!(["polling"]), "polling")]
    {
        let before = edge.app.seen().len();
        let mut client = edge.client();
        assert_eq!(client.call("connect", &json!([transports, credentials])), ends_with, "{transports}");
        assert_eq!(client.call("say", &json!(["hello"])), "you said hello");
        let is_handshake = |seen: &Seen| !seen.all("upgrade").is_empty();
        let is_expected =
            |seen: &Seen| is_handshake(seen) || (ends_with == "polling" && seen.method == "POST");
        wait::until("the app's word about the requests", || {
            edge.app.seen()[before..].iter().any(is_expected)
        });
        let seen = edge.app.seen().split_off(before);
        seen.iter().for_each(|seen| assert_identity(seen, method));
        assert_eq!(seen.iter().any(is_handshake), ends_with == "websocket");
        assert_eq!(seen.iter().all(is_handshake), transports == json!(["websocket"]));
    }
}

pub fn every_transport_passes_with_a_session(kind: Kind) {
    let edge = Edge::behind(kind);
    let session = edge.world.sign_in("vera");
    every_transport_passes(&edge, &json!({"cookies": {"sluice_session": session}}), "session");
}

pub fn every_transport_passes_with_a_key(kind: Kind) {
    let edge = Edge::behind(kind);
    every_transport_passes(&edge, &json!({"headers": {"X-API-Key": edge.key}}), "api-key");
}

pub fn every_transport_passes_with_a_password(kind: Kind) {
    let edge = Edge::behind(kind);
    every_transport_passes(&edge, &json!({"basic": ["vera", PASSWORD]}), "basic");
}

pub fn every_transport_passes_with_the_name_that_a_proxy_in_front_sends(kind: Kind) {
    const SECRET: &str = "of-the-proxy-in-front";
    let app = PythonApp::start("socketio_app.py");
    let home = Home::new().with(&format!("sso.enabled = true\nsso.secret = \"{SECRET}\"")).with(PYTORRENT);
    let world = World::with_app_behind_sign_in(kind, with_people(home), app.address);
    let edge = Edge { world, key: String::new(), app };
    let headers = |secret: &str| json!({"headers": {"Remote-User": "vera", "X-Sluice-Secret": secret}});
    every_transport_passes(&edge, &headers(SECRET), "sso");
    for transport in ["polling", "websocket"] {
        let refused = edge.client().fail("connect", &json!([[transport], headers("guess")]));
        assert_eq!(refused.kind, "ConnectionError");
    }
}

pub fn a_polling_client_is_let_go_when_its_session_was_ended(kind: Kind) {
    let edge = Edge::behind(kind);
    let session = edge.world.sign_in("vera");
    let cookie = json!({"cookies": {"sluice_session": session}});
    let mut client = edge.client();
    client.call("connect", &json!([["polling"], cookie]));
    assert_eq!(client.call("say", &json!(["hello"])), "you said hello");
    edge.world.sluice.cli(&["session", "revoke", "vera"], "").assert_code(0);
    assert_eq!(client.call("has_ended", &json!([])), true);

    let refused = edge.client().fail("connect", &json!([["polling"], cookie]));
    assert_eq!(refused.kind, "ConnectionError");
    assert!(refused.text.contains("401"), "{}", refused.text);
    let refused = edge.client().fail("connect", &json!([["websocket"], cookie]));
    assert_eq!(refused.kind, "ConnectionError");

    let before = edge.app.seen().len();
    let poll = Request::get("/socket.io/?EIO=4&transport=polling");
    let handshake = websocket::handshake("/socket.io/?EIO=4&transport=websocket");
    for request in [poll, handshake] {
        let answer = edge.world.send(&request.session(&session).header("Origin", edge.world.origin()));
        assert_eq!(answer.assert_status(401).location(), None);
        assert!(answer.json().is_object());
    }
    assert_eq!(edge.app.seen().len(), before);
}
