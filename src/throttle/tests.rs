use std::sync::LazyLock;

use super::{counts::CAPACITY, *};
use crate::clock;

fn throttle() -> Arc<Throttle> {
    let limits = ThrottleConfig { max_failures: 10, block_for: Duration::from_secs(900), global_limit: 50 };
    Arc::new(Throttle::new(limits))
}

/// A moment of the clock by which a try that was given up counts.
fn at(seconds: u64) -> Duration {
    static BEGUN: LazyLock<Duration> = LazyLock::new(clock::monotonic);
    *BEGUN + Duration::from_secs(seconds)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn name(text: &str) -> UserName {
    UserName::parse(text).unwrap()
}

#[test]
fn the_waits_are_those_of_amutorrent() {
    let throttle = throttle();
    let mut now = 0;
    for expected in [1, 2, 4, 7, 13, 23, 40, 69, 116, 900] {
        let reserved = throttle.reserve(ip("192.0.2.1"), None, at(now)).ok().unwrap();
        assert_eq!(reserved.failed(at(now)), Wait(expected));
        let refused = throttle.reserve(ip("192.0.2.1"), None, at(now)).err();
        assert_eq!(refused, Some(Wait(expected)));
        now += expected;
    }
    assert!(throttle.reserve(ip("192.0.2.1"), None, at(now)).is_ok(), "the full time forgives");
}

#[test]
fn a_network_of_ipv6_counts_as_one_and_other_addresses_do_not_wait() {
    let throttle = throttle();
    throttle.reserve(ip("2001:db8::1"), None, at(0)).ok().unwrap().failed(at(0));
    assert!(throttle.reserve(ip("2001:db8::ffff:2"), None, at(0)).is_err());
    assert!(throttle.reserve(ip("2001:db8:0:1::1"), None, at(0)).is_ok());
    throttle.reserve(ip("::ffff:192.0.2.1"), None, at(0)).ok().unwrap().failed(at(0));
    assert!(throttle.reserve(ip("192.0.2.1"), None, at(0)).is_err());
}

#[test]
fn a_success_clears_the_address_and_only_that_account() {
    let throttle = throttle();
    let fail = |account: &str, now| {
        throttle.reserve(ip("192.0.2.1"), Some(&name(account)), at(now)).ok().unwrap().failed(at(now))
    };
    fail("admin", 0);
    fail("admin", 10);
    throttle.reserve(ip("192.0.2.1"), Some(&name("bob")), at(20)).ok().unwrap().succeeded();
    assert!(throttle.reserve(ip("192.0.2.1"), Some(&name("bob")), at(20)).is_ok());
    assert_eq!(fail("admin", 30), Wait(4), "the third failure of that account");
}

#[test]
fn tries_under_way_count_before_they_are_hashed() {
    let throttle = throttle();
    let tries: Vec<_> =
        (0..200).filter_map(|_| throttle.reserve(ip("192.0.2.1"), None, at(0)).ok()).collect();
    assert_eq!(tries.len(), 10);
    drop(tries);
    let wait = throttle.reserve(ip("192.0.2.1"), None, at(0)).err().unwrap();
    assert!(wait.seconds() > 800, "ten failed: {wait:?}");
}

#[test]
fn a_crowd_makes_only_those_wait_who_have_failed() {
    let throttle = throttle();
    for host in 0..50 {
        let address = IpAddr::from([198, 51, 100, host]);
        throttle.reserve(address, None, at(0)).ok().unwrap().failed(at(0));
    }
    assert_eq!(throttle.reserve(ip("198.51.100.7"), None, at(100)).err(), Some(Wait(800)));
    assert!(throttle.reserve(ip("192.0.2.1"), None, at(100)).is_ok());
    assert!(throttle.reserve(ip("198.51.100.7"), None, at(900)).is_ok());
}

#[test]
fn a_restart_forgives_nothing() {
    let before = throttle();
    before.reserve(ip("192.0.2.1"), Some(&name("admin")), at(1_000)).ok().unwrap().failed(at(1_000));
    let kept = before.changed(at(1_000), Timestamp::from_secs(5_000)).unwrap();
    assert_eq!(before.changed(at(1_000), Timestamp::from_secs(5_000)), None);
    let after = throttle();
    after.restore(kept, at(0), Timestamp::from_secs(5_000));
    assert_eq!(after.reserve(ip("192.0.2.1"), None, at(0)).err(), Some(Wait(1)));
    assert!(after.reserve(ip("192.0.2.1"), None, at(2)).is_ok());
}

#[test]
fn other_limits_hold_for_what_was_counted_before() {
    let before = throttle();
    before.reserve(ip("192.0.2.1"), None, at(0)).ok().unwrap().failed(at(0));
    let limits = ThrottleConfig { max_failures: 1, block_for: Duration::from_secs(60), global_limit: 50 };
    let after = Arc::new(before.with_limits(limits));
    assert_eq!(after.reserve(ip("192.0.2.1"), None, at(10)).err(), Some(Wait(50)));
    after.reserve(ip("192.0.2.2"), None, at(10)).ok().unwrap().failed(at(10));
    assert!(before.changed(at(10), Timestamp::from_secs(10)).is_some_and(|all| all.len() == 2));
}

#[test]
fn the_table_is_bounded() {
    let throttle = throttle();
    for number in 0..(u32::try_from(CAPACITY).unwrap() + 500) {
        let address = IpAddr::from(number.to_be_bytes());
        throttle.reserve(address, None, at(0)).ok().unwrap().failed(at(0));
    }
    assert!(throttle.lock().counts.len() <= CAPACITY + 1);
}
