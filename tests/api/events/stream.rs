//! The event stream: who may follow, what they hear, and when it ends.

use super::{API, Gate, each};
use crate::support::follower::{Follower, Heard};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::wait;

const ACCEPT: (&str, &str) = ("Accept", "text/event-stream");

fn request(gate: &Gate, query: &str) -> Request {
    gate.ask(&format!("/events{query}")).header(ACCEPT.0, ACCEPT.1)
}

#[track_caller]
fn follow(gate: &Gate, query: &str) -> Follower {
    Follower::start(gate.sluice.address, &request(gate, query))
}

fn names(heard: &[Heard]) -> Vec<&str> {
    heard.iter().map(|heard| heard.name.as_str()).collect()
}

#[test]
fn a_follower_hears_what_pages_and_commands_do() {
    let gate = Gate::start(Home::new());
    let follower = follow(&gate, "?types=user.*,session.*");
    let head = follower.head().join("\n").to_lowercase();
    for line in [
        "http/1.1 200",
        "content-type: text/event-stream",
        "cache-control: no-store",
        "x-accel-buffering: no",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    let session = gate.sluice.sign_in("vera", PASSWORD);
    gate.sluice.sign_out(&session).assert_status(303);
    gate.cli(&["user", "set-capabilities", "vera", "--preset", "none"]);
    gate.cli(&["user", "disable", "vera"]);
    let heard = follower.wait_for(4);
    assert_eq!(
        names(&heard),
        ["session.started", "session.ended", "user.capabilities_changed", "user.disabled"]
    );
    for heard in &heard {
        assert_eq!(heard.data["subject"], "vera");
        assert_eq!(heard.data["type"], heard.name.as_str());
        assert_eq!(heard.data["id"].to_string(), heard.id);
    }
    assert_eq!(each(&gate.audit("types=user.*,session.*&limit=4"), "type"), {
        let mut newest_first = names(&heard);
        newest_first.reverse();
        newest_first
    });
}

#[test]
fn a_follower_who_comes_back_hears_what_they_missed() {
    let gate = Gate::start(Home::new());
    let first = follow(&gate, "?types=user.added");
    gate.add(&["bob"]);
    let had = first.wait_for(1)[0].id.clone();
    drop(first);
    gate.add(&["eve", "kim"]);
    for again in [
        Follower::start(
            gate.sluice.address,
            &request(&gate, "?types=user.added").header("Last-Event-ID", &had),
        ),
        follow(&gate, &format!("?types=user.added&after={had}")),
    ] {
        let heard = again.wait_for(2);
        assert_eq!(heard.iter().map(|heard| &heard.data["subject"]).collect::<Vec<_>>(), ["eve", "kim"]);
    }
    // Whoever says nothing begins with what happens next.
    let new = follow(&gate, "?types=user.added");
    gate.add(&["max"]);
    assert_eq!(new.wait_for(1)[0].data["subject"], "max");
    // An id from the future means that the store was set back.
    let ahead = Follower::start(gate.sluice.address, &request(&gate, "").header("Last-Event-ID", "999999"));
    assert_eq!(names(&ahead.wait_for(1)), ["gap"]);
}

#[test]
fn a_stream_goes_on_over_a_restart_with_the_last_id() {
    let mut gate = Gate::start(Home::new());
    let follower = follow(&gate, "?types=user.added");
    gate.add(&["bob"]);
    let had = follower.wait_for(1)[0].id.clone();
    assert_eq!(gate.sluice.stop(), Some(0));
    follower.wait_for_end();
    gate.add(&["eve"]);
    gate.sluice.restart();
    let again = request(&gate, "?types=user.added").header("Last-Event-ID", &had);
    let again = Follower::start(gate.sluice.address, &again);
    assert_eq!(again.wait_for(1)[0].data["subject"], "eve");
}

#[test]
fn a_stream_ends_with_what_opened_it() {
    let gate = Gate::start(Home::new().user("otto", &["--admin"]));
    let by_key = follow(&gate, "");
    let session = gate.sluice.sign_in("otto", PASSWORD);
    let in_session = |session: &str| {
        let request = Request::get(&format!("{API}/events")).header(ACCEPT.0, ACCEPT.1).session(session);
        Follower::start(gate.sluice.address, &request)
    };
    let signed_in = in_session(&session);
    gate.sluice.sign_out(&session).assert_status(303);
    signed_in.wait_for_end();
    let signed_in = in_session(&gate.sluice.sign_in("otto", PASSWORD));
    let set = |change: &str| {
        let request = Request::new("PATCH", &format!("{API}/settings")).header("X-API-Key", &gate.key);
        let request = request.header("Content-Type", "application/json").body(change);
        request.send(gate.sluice.address).assert_status(200);
    };
    set(r#"{"version":0,"set":{"session.cookie_name":"other"}}"#);
    signed_in.wait_for_end();
    set(r#"{"version":1,"remove":["session.cookie_name"]}"#);
    let signed_in = in_session(&gate.sluice.sign_in("otto", PASSWORD));
    gate.cli(&["user", "set-capabilities", "otto", "--role", "user"]);
    signed_in.wait_for_end();
    assert!(!by_key.has_ended());
    gate.cli(&["key", "revoke", "ada", "automation"]);
    by_key.wait_for_end();
}

#[test]
fn only_administrators_follow_and_only_with_a_stream_in_mind() {
    let gate = Gate::start(Home::new());
    let vera = gate.sluice.sign_in("vera", PASSWORD);
    let stream = || Request::get(&format!("{API}/events")).header(ACCEPT.0, ACCEPT.1);
    for (request, status) in [
        (stream(), 401),
        (stream().header("X-API-Key", "sluice_wrong"), 401),
        (stream().session(&vera), 403),
        (gate.ask("/events"), 406),
        (gate.ask("/events").header("Accept", "*/*"), 406),
        (request(&gate, "?types=nonsense"), 400),
        (request(&gate, "?after=nonsense"), 400),
        (request(&gate, "?unknown=1"), 400),
        (request(&gate, "").header("Last-Event-ID", "x"), 400),
    ] {
        let answer = request.send(gate.sluice.address);
        assert_eq!(answer.assert_status(status).header("content-type"), Some("application/problem+json"));
    }
}

#[test]
fn as_many_follow_as_can_and_one_that_leaves_makes_room() {
    let gate = Gate::start(Home::new());
    let mut followers: Vec<_> = (0..64).map(|_| follow(&gate, "")).collect();
    request(&gate, "").send(gate.sluice.address).assert_status(503);
    drop(followers.pop());
    // A follower who has gone is noticed at the next word to them.
    gate.add(&["bob"]);
    wait::until("room", || {
        let another = Follower::start(gate.sluice.address, &request(&gate, ""));
        another.head()[0].contains("200")
    });
}
