//! qbittorrent-api before a real qBittorrent.

use serde_json::{Value, json};

use crate::support::proxy::Kind;
use crate::support::python::Client;
use crate::support::qbittorrent::QBittorrent;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::torrent;
use crate::support::wait;
use crate::support::world::{ONE_HOST, World, with_people};

const TORRENT: &str = "linux.iso";

/// qBittorrent behind the proxy, and a key of `ada`.
struct Edge {
    world: World,
    key: String,
    _app: QBittorrent,
}

impl Edge {
    #[track_caller]
    fn behind(kind: Kind) -> Self {
        let app = QBittorrent::start();
        let home = with_people(Home::new().with(ONE_HOST));
        let key = home.key("ada", "phone");
        Self { world: World::with_apps(kind, home, [Some(app.address), None]), key, _app: app }
    }

    #[track_caller]
    fn client(&self, password: &str) -> Client {
        let password = format!("password={password}");
        Client::start("qbittorrent_client.py", &[&self.world.origin(), "username=ada", &password])
    }

    #[track_caller]
    fn client_with_token(&self) -> Client {
        Client::start("qbittorrent_client.py", &[&self.world.origin(), &format!("api_key={}", self.key)])
    }

    /// Runs a command beside the running service.
    #[track_caller]
    fn command(&self, arguments: &[&str]) {
        self.world.sluice.cli(arguments, "").assert_code(0);
    }
}

fn is_signed_in(client: &mut Client) -> bool {
    client.call("is_signed_in", &json!([])) == true
}

#[track_caller]
fn wait_for_state(client: &mut Client, holds: impl Fn(Option<&str>) -> bool) {
    wait::until("another state of the torrent", || {
        holds(client.call("states", &json!([])).get(TORRENT).and_then(Value::as_str))
    });
}

#[track_caller]
fn manage_a_torrent(client: &mut Client) {
    let is_paused = |state: &str| matches!(state, "pausedDL" | "stoppedDL");
    assert_eq!(client.call("add", &json!([torrent::base64(TORRENT)])), "Ok.");
    wait_for_state(client, |state| state.is_some_and(is_paused));
    client.call("start", &json!([TORRENT]));
    wait_for_state(client, |state| state.is_some_and(|state| !is_paused(state)));
    client.call("stop", &json!([TORRENT]));
    wait_for_state(client, |state| state.is_some_and(is_paused));
    client.call("delete", &json!([TORRENT]));
    wait_for_state(client, |state| state.is_none());
}

pub fn a_password_signs_in_and_manages_torrents(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client(PASSWORD);
    client.call("sign_in", &json!([]));
    manage_a_torrent(&mut client);
}

pub fn a_key_as_the_password_signs_in_and_manages_torrents(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client(&edge.key);
    client.call("sign_in", &json!([]));
    manage_a_torrent(&mut client);
}

pub fn a_key_as_a_bearer_token_manages_torrents(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client_with_token();
    manage_a_torrent(&mut client);
    edge.command(&["key", "revoke", "ada", "phone"]);
    wait::until("the end of the key", || !is_signed_in(&mut client));
    assert_eq!(client.fail("version", &json!([])).kind, "Forbidden403Error");
}

pub fn a_wrong_password_does_not_sign_in(kind: Kind) {
    let edge = Edge::behind(kind);
    for password in ["wrong", &format!("sluice_{}", "A".repeat(43))] {
        let mut client = edge.client(password);
        assert_eq!(client.fail("sign_in", &json!([])).kind, "LoginFailed");
        assert!(!is_signed_in(&mut client));
        // The right one clears the failure, once the wait after it is over.
        wait::until("the end of the wait", || edge.client(PASSWORD).ask("sign_in", &json!([])).is_ok());
    }
}

pub fn signing_out_ends_the_session(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client(PASSWORD);
    client.call("sign_in", &json!([]));
    assert!(is_signed_in(&mut client));
    client.call("sign_out", &json!([]));
    assert!(!is_signed_in(&mut client));
    let sessions = edge.world.sluice.cli(&["session", "list", "--json"], "").assert_code(0).json();
    assert_eq!(sessions, json!([]));
}

pub fn the_client_signs_in_again_when_its_session_was_ended(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client(PASSWORD);
    client.call("sign_in", &json!([]));
    edge.command(&["session", "revoke", "ada"]);
    wait::until("the end of the session", || !is_signed_in(&mut client));
    client.call("version", &json!([]));
    assert!(is_signed_in(&mut client));
    manage_a_torrent(&mut client);
}

pub fn the_client_stays_out_when_its_key_was_revoked(kind: Kind) {
    let edge = Edge::behind(kind);
    let mut client = edge.client(&edge.key);
    client.call("sign_in", &json!([]));
    assert!(is_signed_in(&mut client));
    edge.command(&["key", "revoke", "ada", "phone"]);
    wait::until("the end of the key", || !is_signed_in(&mut client));
    assert_eq!(client.fail("version", &json!([])).kind, "LoginFailed");
    // Its next try is too early at first.
    wait::until("another judgement", || client.fail("sign_in", &json!([])).kind == "LoginFailed");
    client.fail("version", &json!([]));
}
