//! Webhooks: signed, in order, and each event until the other side has it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::Gate;
use crate::support::hook::{self, Hook, Mode, Post};
use crate::support::sluice::Home;
use crate::support::wait;

const TAKING: Mode = Mode::Answering(204);

#[track_caller]
fn assert_signed(post: &Post) {
    let signature = post.header("x-sluice-signature");
    let (time, mac) = signature.split_once(",v1=").expect("a time and a signature");
    let time = time.strip_prefix("t=").expect("a time");
    let mut expected = Hmac::<Sha256>::new_from_slice(b"whsec").expect("a key");
    expected.update(format!("{time}.{}", post.body).as_bytes());
    let expected: String =
        expected.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(mac, expected);
}

/// Subjects of events of one type, in the order in which they came.
fn subjects(posts: &[Post]) -> Vec<String> {
    posts.iter().map(|post| post.tells().1).collect()
}

#[test]
fn a_webhook_gets_what_it_is_for_in_order_and_signed() {
    let hook = Hook::start(TAKING);
    let gate = Gate::start(Home::new().with(&hook.settings("\"user.*\", \"key.revoked\"")));
    gate.add(&["bob"]);
    gate.cli(&["key", "create", "bob", "--name", "phone"]);
    gate.cli(&["user", "disable", "bob"]);
    gate.cli(&["key", "revoke", "bob", "phone"]);
    let posts = hook.wait_for(3);
    let told: Vec<_> = posts.iter().map(Post::tells).collect();
    assert_eq!(
        told,
        ["user.added", "user.disabled", "key.revoked"].map(|kind| (kind.to_owned(), "bob".to_owned()))
    );
    for post in &posts {
        assert_signed(post);
        let json = post.json();
        assert_eq!(post.header("content-type"), "application/json");
        assert_eq!(post.header("x-sluice-event"), json["type"]);
        assert_eq!(post.header("x-sluice-delivery"), json["id"].to_string());
        assert_eq!(json["actor"], "command line");
        assert_eq!(json["triggeredBy"], "command line");
        assert!(json["app"].is_null() && json["owner"].is_null());
    }
    let capabilities = posts[0].json()["capabilities"].as_str().map(str::to_owned);
    assert!(capabilities.is_some_and(|list| list.starts_with("search,")), "{:?}", posts[0]);
    assert!(!gate.sluice.process.log.contains("T0K3N"), "{}", gate.sluice.process.log.text());
}

#[test]
fn a_webhook_that_is_down_gets_everything_once_it_is_there() {
    let address = hook::address();
    let gate = Gate::start(Home::new().with(&hook::settings(address, "\"user.*\"")));
    gate.add(&["bob", "eve", "kim"]);
    wait::until("a word in the log", || gate.sluice.process.log.contains("could not be told"));
    let hook = Hook::start_at(address, TAKING);
    assert_eq!(subjects(&hook.wait_for(3)), ["bob", "eve", "kim"]);
    let log = gate.sluice.process.log.text();
    assert_eq!(log.matches("could not be told").count(), 1, "{log}");
    assert!(!log.contains("T0K3N"), "{log}");
}

#[test]
fn one_that_fails_for_a_moment_gets_the_same_event_again_before_the_next() {
    let hook = Hook::start(Mode::Answering(503));
    let gate = Gate::start(Home::new().with(&hook.settings("\"user.*\"")));
    gate.add(&["bob", "eve"]);
    hook.wait_for(1);
    hook.set(TAKING);
    let posts = wait::for_some("the second event", || {
        Some(hook.posts()).filter(|posts| subjects(posts).contains(&"eve".to_owned()))
    });
    assert_eq!(subjects(&posts)[..2], ["bob", "bob"]);
    assert_eq!(posts[0].body, posts[1].body);
    assert_eq!(posts[0].header("x-sluice-delivery"), posts[1].header("x-sluice-delivery"));
    assert_eq!(subjects(&posts).last().map(String::as_str), Some("eve"));
    posts.iter().for_each(assert_signed);
}

#[test]
fn a_kill_between_event_and_delivery_loses_nothing() {
    let hook = Hook::start(Mode::Holding);
    let mut gate = Gate::start(Home::new().with(&hook.settings("\"user.*\"")));
    gate.add(&["bob"]);
    let first = hook.wait_for(1).remove(0);
    gate.sluice.kill9();
    // While nobody runs, commands go on writing what they do.
    gate.add(&["eve", "kim"]);
    hook.set(TAKING);
    gate.sluice.restart();
    let posts = hook.wait_for(4);
    assert_eq!(subjects(&posts), ["bob", "bob", "eve", "kim"]);
    assert_eq!(posts[1].body, first.body);
    posts.iter().for_each(assert_signed);
}

#[test]
fn a_restart_tells_nothing_twice() {
    let hook = Hook::start(TAKING);
    let mut gate = Gate::start(Home::new().with(&hook.settings("\"user.*\"")));
    gate.add(&["bob", "eve"]);
    hook.wait_for(2);
    assert_eq!(gate.sluice.stop(), Some(0));
    gate.sluice.restart();
    gate.add(&["kim"]);
    assert_eq!(subjects(&hook.wait_for(3)), ["bob", "eve", "kim"]);
}

#[test]
fn a_slow_target_holds_up_no_other() {
    let (slow, quick) = (Hook::start(Mode::Holding), Hook::start(TAKING));
    let targets = format!("{}{}", slow.settings("\"user.*\""), quick.settings("\"user.*\""));
    let gate = Gate::start(Home::new().with(&targets));
    gate.add(&["bob", "eve", "kim"]);
    assert_eq!(subjects(&quick.wait_for(3)), ["bob", "eve", "kim"]);
    assert_eq!(subjects(&slow.posts()), ["bob"]);
    let session = gate.sluice.sign_in("vera", crate::support::sluice::PASSWORD);
    crate::support::verify::Dialect::Nginx
        .verify()
        .session(&session)
        .send(gate.sluice.address)
        .assert_status(200);
    slow.set(TAKING);
    assert_eq!(subjects(&slow.wait_for(3)), ["bob", "eve", "kim"]);
}

#[test]
fn an_event_that_the_other_side_does_not_want_holds_up_the_next_for_a_while_only() {
    let hook = Hook::start(Mode::Answering(400));
    let gate = Gate::start(Home::new().with(&hook.settings("\"user.*\"")));
    gate.add(&["bob"]);
    wait::until("the end of patience", || gate.sluice.process.log.contains("goes without"));
    assert_eq!(subjects(&hook.posts()), ["bob"; 4]);
    hook.set(TAKING);
    gate.add(&["eve"]);
    assert_eq!(subjects(&hook.wait_for(5)).last().map(String::as_str), Some("eve"));
}

#[test]
fn a_redirect_is_not_followed() {
    let hook = Hook::start(Mode::Answering(307));
    let gate = Gate::start(Home::new().with(&hook.settings("\"user.*\"")));
    gate.add(&["bob"]);
    wait::until("a word in the log", || gate.sluice.process.log.contains("it answered 307"));
}

#[test]
fn a_reload_begins_with_new_targets_and_goes_on_with_others() {
    let (old, new) = (Hook::start(TAKING), Hook::start(TAKING));
    let mut gate = Gate::start(Home::new().with(&old.settings("\"user.*\"")));
    gate.add(&["bob"]);
    old.wait_for(1);
    gate.sluice.home = std::mem::take(&mut gate.sluice.home).with(&new.settings("\"user.added\""));
    gate.cli(&["reload"]);
    wait::until("the reload", || gate.sluice.process.log.contains("was read again"));
    gate.add(&["eve"]);
    assert_eq!(subjects(&new.wait_for(1)), ["eve"]);
    assert_eq!(subjects(&old.wait_for(2)), ["bob", "eve"]);
}
