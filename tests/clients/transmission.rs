//! transmission-rpc before a real Transmission.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::proxy::{Kind, write};
use crate::support::python::Client;
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::torrent;
use crate::support::transmission::Transmission;
use crate::support::wait;
use crate::support::world::{ONE_HOST, World, with_people};

const TORRENT: &str = "linux.iso";
const REFUSED: &str = "TransmissionAuthError";

/// Transmission behind the proxy, and a key of `ada`.
struct Edge {
    world: World,
    key: String,
    _app: Transmission,
}

impl Edge {
    #[track_caller]
    fn behind(kind: Kind) -> Self {
        let app = Transmission::start();
        let home = with_people(Home::new().with(ONE_HOST));
        let key = home.key("ada", "phone");
        Self { world: World::with_apps(kind, home, [None, Some(app.address)]), key, _app: app }
    }

    #[track_caller]
    fn client(&self) -> Client {
        let address = self.world.address();
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        Client::start("transmission_client.py", &[&host, &port])
    }

    #[track_caller]
    fn command(&self, arguments: &[&str], input: &str) {
        self.world.sluice.cli(arguments, input).assert_code(0);
    }
}

#[track_caller]
fn wait_for_state(client: &mut Client, holds: impl Fn(Option<&str>) -> bool) {
    wait::until("another state of the torrent", || {
        holds(client.call("states", &json!([])).get(TORRENT).and_then(Value::as_str))
    });
}

#[track_caller]
fn manage_a_torrent(client: &mut Client) {
    let version = client.call("version", &json!([]));
    assert!(version.as_str().is_some_and(|version| version.starts_with(['3', '4'])), "{version}");
    assert_eq!(client.call("add", &json!([torrent::base64(TORRENT)])), TORRENT);
    wait_for_state(client, |state| state == Some("stopped"));
    client.call("start", &json!([TORRENT]));
    wait_for_state(client, |state| state == Some("downloading"));
    client.call("stop", &json!([TORRENT]));
    wait_for_state(client, |state| state == Some("stopped"));
    client.call("remove", &json!([TORRENT]));
    wait_for_state(client, |state| state.is_none());
}

/// A failure is followed by a wait, in which the right password is refused too; it then clears the failure.
#[track_caller]
fn connect_after_a_wait(client: &mut Client, password: &str) {
    wait::until("the end of the wait", || client.ask("connect", &json!(["ada", password])).is_ok());
}

pub fn a_password_manages_torrents(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client();
    client.call("connect", &json!(["ada", PASSWORD]));
    manage_a_torrent(&mut client);
}

pub fn a_key_as_the_password_manages_torrents(kind: Kind) {
    let edge = Edge::behind(kind);
    for user in [json!("ada"), Value::Null] {
        let mut client = edge.client();
        client.call("connect", &json!([user, edge.key]));
        manage_a_torrent(&mut client);
    }
}

pub fn the_handshake_of_the_session_id_is_intact(kind: Kind) {
    let edge = Edge::behind(kind);
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("ada:{PASSWORD}")));
    let ask = Request::post("/transmission/rpc")
        .header("Authorization", basic)
        .header("Content-Type", "application/json")
        .body(json!({"method": "session-get", "tag": 7}).to_string());
    let first = edge.world.send(&ask);
    let id = first.assert_status(409).header("x-transmission-session-id").expect("a session id");
    assert!(first.text().contains(&format!("X-Transmission-Session-Id: {id}")), "{}", first.text());
    let answer = edge.world.send(&ask.header("X-Transmission-Session-Id", id));
    let answer = answer.assert_status(200).json();
    assert_eq!((&answer["result"], &answer["tag"]), (&json!("success"), &json!(7)));
}

pub fn a_wrong_password_is_refused(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client();
    let wrong_key = format!("sluice_{}", "A".repeat(43));
    for (user, password) in [
        (Some("ada"), Some("wrong")),
        (Some("vera"), Some(&*edge.key)),
        (Some("ada"), Some(&*wrong_key)),
        (None, None),
    ] {
        assert_eq!(client.fail("connect", &json!([user, password])).kind, REFUSED, "{user:?} {password:?}");
        connect_after_a_wait(&mut client, PASSWORD);
    }
}

pub fn a_new_password_takes_the_place_of_the_old_one(kind: Kind) {
    const NEW: &str = "Another-horse-2";
    let edge = Edge::behind(kind);
    let mut client = edge.client();
    client.call("connect", &json!(["ada", PASSWORD]));
    edge.command(&["user", "set-password", "ada"], NEW);
    let refused = wait::for_some("the end of the old password", || client.ask("version", &json!([])).err());
    assert_eq!(refused.kind, REFUSED);
    connect_after_a_wait(&mut client, NEW);
    manage_a_torrent(&mut client);
    assert_eq!(client.fail("connect", &json!(["ada", PASSWORD])).kind, REFUSED);
}

pub fn a_revoked_key_is_refused(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client();
    client.call("connect", &json!(["ada", edge.key]));
    edge.command(&["key", "revoke", "ada", "phone"], "");
    let refused = wait::for_some("the end of the key", || client.ask("version", &json!([])).err());
    assert_eq!(refused.kind, REFUSED);
    assert_eq!(client.fail("connect", &json!(["ada", edge.key])).kind, REFUSED);
}

fn rpc(world: &World, user: &str, session_id: Option<&str>, body: &str) -> crate::support::raw::Answer {
    let pair = BASE64_STANDARD.encode(format!("{user}:{PASSWORD}"));
    let mut request = Request::post("/transmission/rpc").header("Authorization", format!("Basic {pair}"));
    if let Some(id) = session_id {
        request = request.header("X-Transmission-Session-Id", id);
    }
    world.send(&request.body(body))
}

pub fn what_a_body_calls_decides_where_the_proxy_hands_it_over(kind: Kind) {
    let edge = Edge::behind(kind);
    let world = &edge.world;
    let get = r#"{"method":"torrent-get","arguments":{"fields":["name"]}}"#;
    let by_ada = rpc(world, "ada", None, get);
    let id = by_ada.assert_status(409).header("x-transmission-session-id").expect("a session id").to_owned();
    rpc(world, "ada", Some(&id), get).assert_status(200);
    let by_vera = rpc(world, "vera", Some(&id), get);
    if kind == Kind::Traefik {
        assert_eq!(by_vera.assert_status(200).json()["result"], "success");
    } else {
        assert_eq!(by_vera.assert_status(403).header("x-auth-reason"), Some("administrators only"));
    }
    for changing in [
        r#"{"method":"torrent-remove","arguments":{"ids":[1]}}"#,
        r#"{"method":"torrent-get","method":"torrent-remove"}"#,
        r#"[{"jsonrpc":"2.0","method":"torrent_get","id":1},{"jsonrpc":"2.0","method":"torrent_remove","id":2}]"#,
        r#"{"method":"session-set","arguments":{"script-torrent-done-enabled":true}}"#,
        "method=torrent-get",
    ] {
        rpc(world, "vera", Some(&id), changing).assert_status(403);
    }
}

/// Only Traefik asks twice.
pub fn the_first_question_alone_opens_nothing() {
    let edge = Edge::behind(Kind::Traefik);
    let world = &edge.world;
    let get = r#"{"method":"torrent-get","arguments":{"fields":["name"]}}"#;
    rpc(world, "vera", None, get).assert_status(409);
    let path = world.proxy.dir.path().join("dynamic.yml");
    let lines = std::fs::read_to_string(&path).expect("the rules");
    let first =
        lines.replace("[sluice-transmission-first, sluice-transmission-body]", "[sluice-transmission-first]");
    assert_ne!(first, lines);
    write(&path, &first);
    wait::until("the rules without the second question", || rpc(world, "vera", None, get).status == 417);
    rpc(world, "ada", None, get).assert_status(417);
    world.send(&Request::post("/transmission/rpc").body(get)).assert_status(401);
}

pub fn the_apps_own_password_is_held_by_nobody(kind: Kind) {
    let app = Transmission::start_with_password("app", "s3cret:of the app");
    let settings = "[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"transmission\"\n\
                    inject.authorization = \"Basic app:s3cret:of the app\"\n";
    let home = with_people(Home::new().with(settings));
    let world = World::with_apps(kind, home, [None, Some(app.address)]);
    let session = world.sign_in("vera");
    let page = world.send(&Request::get("/transmission/web/").session(&session));
    page.assert_status(200);
    // The app itself asks whoever comes without it.
    Request::get("/transmission/web/").send(app.address).assert_status(401);
}
