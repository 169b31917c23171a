use std::net::IpAddr;

use super::*;
use crate::{authn::name::UserName, events::event::By};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(seconds)
}

fn refused(host: u8, cause: &str) -> Event {
    Event::new(Kind::RequestRefused).from(IpAddr::from([192, 0, 2, host])).with("cause", cause)
}

fn count(event: &Event) -> Option<u64> {
    event.detail.get("count")?.as_u64()
}

/// Whether it is told now.
fn told(tally: &mut Tally<Event>, event: Event, second: i64) -> bool {
    tally.take((event, at(second))).0.is_some()
}

fn counts(due: &[Due<Event>]) -> Vec<Option<u64>> {
    due.iter().map(|(event, _)| count(event)).collect()
}

#[test]
fn a_minute_is_over_once() {
    let mut minutes = Minutes::default();
    let over = [60, 61, 119, 120, 300, 359].map(|seconds| minutes.is_over(Duration::from_secs(seconds)));
    assert_eq!(over, [true, false, false, true, true, false]);
}

#[test]
fn the_same_refusal_is_told_once_a_minute_with_a_count() {
    let mut tally = Tally::default();
    assert_eq!(tally.take((refused(1, "a"), at(0))).0, Some((refused(1, "a"), at(0))));
    for second in 1..=5 {
        assert!(!told(&mut tally, refused(1, "a"), second));
    }
    assert!(told(&mut tally, refused(1, "b"), 6), "another rule");
    assert!(told(&mut tally, refused(2, "a"), 7), "another address");
    assert_eq!(tally.close(), [(refused(1, "a").with("count", 5), at(5))]);
    assert!(!told(&mut tally, refused(1, "a"), 61), "it was told at the end of the last minute");
    assert!(told(&mut tally, refused(2, "a"), 62), "that one was told a minute ago");
    assert_eq!(tally.close(), [(refused(1, "a").with("count", 1), at(61))]);
    assert!(tally.close().is_empty());
    assert!(told(&mut tally, refused(1, "a"), 190));
}

#[test]
fn what_is_counted_elsewhere_is_told_with_the_rest() {
    let mut tally = Tally::default();
    let (_, one) = tally.take((refused(1, "a"), at(0)));
    let (_, two) = tally.take((refused(1, "a").with("route", "/x"), at(1)));
    let (_, other) = tally.take((refused(2, "b"), at(1)));
    tally.add(one.unwrap(), 2, at(7));
    tally.add(two.unwrap(), 1, at(4));
    tally.add(other.unwrap(), 0, at(9));
    assert_eq!(tally.close(), [(refused(1, "a").with("route", "/x").with("count", 4), at(7))]);
    tally.add(one.unwrap(), 3, at(8));
    assert_eq!(tally.close(), [(refused(1, "a").with("route", "/x").with("count", 3), at(8))]);
}

#[test]
fn strangers_together_are_told_ten_times_a_minute_and_take_no_memory() {
    let mut tally = Tally::default();
    let events = (0..=255).flat_map(|host| ["a", "b"].map(|cause| refused(host, cause)));
    assert_eq!(events.filter(|event| told(&mut tally, event.clone(), 3)).count(), 10);
    assert_eq!(tally.same.len(), 10);
    let (_, others) = tally.take((refused(99, "c"), at(3)));
    tally.add(others.unwrap(), 7, at(4));
    let due = tally.close();
    assert_eq!(counts(&due), [Some(502 + 1 + 7)]);
    assert_eq!((&due[0].0.address, due[0].1), (&None, at(4)));
}

#[test]
fn as_many_different_things_are_told_in_the_next_minute() {
    let mut tally = Tally::default();
    for minute in 0..3 {
        let hosts = (0..=255).filter(|host| told(&mut tally, refused(*host, "a"), minute));
        assert_eq!(hosts.count(), 10, "minute {minute}");
        tally.close();
    }
}

#[test]
fn strangers_do_not_keep_what_known_users_do_from_being_told() {
    let mut tally = Tally::default();
    for host in 0..=255 {
        told(&mut tally, refused(host, "a"), 0);
    }
    let bob = UserName::parse("bob").unwrap();
    assert!(told(&mut tally, refused(1, "a").by(By::User(&bob)), 0));
    assert!(told(&mut tally, Event::new(Kind::SigninFailed), 0));
    for _ in 0..1_000 {
        assert!(told(&mut tally, Event::new(Kind::UserAdded).by(By::User(&bob)), 0));
    }
}

#[test]
fn actions_are_told_one_by_one_until_a_program_runs_wild() {
    let mut tally = Tally::default();
    let bob = UserName::parse("bob").unwrap();
    let action = || Event::new(Kind::Action).by(By::User(&bob)).with("capability", "pause_resume");
    assert_eq!((0..700).filter(|_| told(&mut tally, action(), 0)).count(), 600);
    assert_eq!(counts(&tally.close()), [Some(100)]);
}
