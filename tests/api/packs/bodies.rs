//! Bodies that decide: whose are read, and how many at a time.

use std::io::ErrorKind;

use super::{basic, home};
use crate::support::raw::{Connection, Request};
use crate::support::sluice::Sluice;
use crate::support::verify::{Dialect, IDENTITY};
use crate::support::wait;

const CALL: &str = r#"{"method":"torrent-get","arguments":{}}"#;
const LARGEST: usize = 8 << 20;

fn question(path: &str) -> Request {
    Dialect::Traefik.about_at(path, &["POST", "http", "nas", "/transmission/rpc"])
}

/// Sends a question, but nothing of the body of so many bytes that it announces.
#[track_caller]
fn announce(sluice: &Sluice, request: Request, length: usize) -> Connection {
    let request = request.header("Content-Length", length.to_string());
    let mut connection = Connection::open(sluice.address).expect("a connection");
    connection.write(&request.bytes(sluice.address)).expect("a head");
    connection
}

#[test]
fn no_body_is_waited_for_that_could_not_help() {
    let sluice = home().start();
    let ask = || question("/verify/traefik/transmission");
    // The body of somebody who may send one is waited for, and longer than any of these, as it was asked first.
    let mut awaited = announce(&sluice, basic(ask(), "eve"), CALL.len());
    for (request, status) in [
        (ask(), 401),
        (basic(ask(), "nobody"), 401),
        (ask().session("A".repeat(43).as_str()), 401),
        (basic(ask(), "eve").header("Origin", "http://evil.test"), 403),
        (basic(question("/verify/traefik/nothing"), "eve"), 400),
    ] {
        let mut connection = announce(&sluice, request, CALL.len());
        let answer = connection.read_answer(false).expect("an answer");
        answer.assert_status(status);
        let early = awaited.try_read().map_err(|error| error.kind());
        assert_eq!(early, Err(ErrorKind::WouldBlock), "{status}: it was answered first");
    }
    awaited.write(CALL.as_bytes()).expect("a body");
    awaited.read_answer(false).expect("an answer").assert_status(200);
}

#[test]
fn bodies_have_only_so_much_room_and_one_user_a_share_of_it() {
    let sluice = home().start();
    let ask = |user: &str| basic(question("/verify/traefik/transmission"), user);
    // Whoever is known by now is known at once.
    for user in ["ada", "eve"] {
        ask(user).body(CALL).send(sluice.address).assert_status(200);
    }
    let held: Vec<_> = (0..2).map(|_| announce(&sluice, ask("ada"), LARGEST)).collect();
    wait::until("no more room for one user", || ask("ada").body(CALL).send(sluice.address).status == 503);
    ask("eve").body(CALL).send(sluice.address).assert_status(200);
    question("/verify/traefik/transmission").body(CALL).send(sluice.address).assert_status(401);
    drop(held);
    wait::until("room again", || ask("ada").body(CALL).send(sluice.address).status == 200);
}

#[test]
fn the_first_of_two_questions_lets_nothing_pass_by_itself() {
    let sluice = home().start();
    let first = || question("/verify/traefik/transmission/first");
    first().send(sluice.address).assert_status(401);
    basic(first(), "eve").header("Origin", "http://evil.test").send(sluice.address).assert_status(403);
    let answer = basic(first(), "eve").send(sluice.address);
    assert_eq!(answer.assert_status(200).header("expect"), Some("sluice-second-question"));
    for name in IDENTITY.into_iter().chain(["cookie", "authorization", "x-api-key"]) {
        assert_eq!(answer.header(name), None, "{name}");
    }
    // The question that it is about takes that off again.
    let second =
        basic(question("/verify/traefik/transmission"), "eve").header("Expect", "sluice-second-question");
    assert_eq!(second.body(CALL).send(sluice.address).assert_status(200).header("expect"), None);
    // No body decides about this app, which this question would leave open.
    basic(question("/verify/traefik/qbittorrent/first"), "ada").send(sluice.address).assert_status(400);
    for other in ["/verify/nginx/transmission/first", "/verify/caddy/transmission/first"] {
        basic(question(other), "ada").send(sluice.address).assert_status(404);
    }
    basic(first(), "nobody").send(sluice.address).assert_status(401);
}
