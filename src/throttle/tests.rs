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
    let mut tries: Vec<_> =
        (0..200).filter_map(|_| throttle.reserve(ip("192.0.2.1"), None, at(0)).ok()).collect();
    assert_eq!(tries.len(), 10);
    tries.iter_mut().for_each(Reserved::compare);
    drop(tries);
    let wait = throttle.reserve(ip("192.0.2.1"), None, at(0)).err().unwrap();
    assert!(wait.seconds() > 800, "ten failed: {wait:?}");
}

/// A try that fails; the wait after it.
fn fail(throttle: &Arc<Throttle>, address: &str, seconds: u64) -> u64 {
    throttle.reserve(ip(address), None, at(seconds)).ok().unwrap().failed(at(seconds)).seconds()
}

fn crowd(throttle: &Arc<Throttle>, seconds: u64) {
    for host in 0..50 {
        fail(throttle, &format!("198.51.100.{host}"), seconds);
    }
}

#[test]
fn in_a_crowd_of_failures_those_of_strangers_count_twice_and_a_typo_costs_seconds() {
    let throttle = throttle();
    crowd(&throttle, 0);
    let mut now = 10;
    for expected in [2, 7, 23, 69, 900] {
        assert_eq!(fail(&throttle, "192.0.2.1", now), expected);
        now += expected;
    }
    assert_eq!(fail(&throttle, "192.0.2.2", 950), 1, "the crowd is forgotten");
}

#[test]
fn a_network_that_is_known_waits_by_the_formula_whatever_a_crowd_does() {
    let throttle = throttle();
    throttle.known().note(ip("192.0.2.1"), clock::now());
    crowd(&throttle, 0);
    let mut now = 10;
    for expected in [1, 2, 4, 7, 13, 23, 40, 69, 116, 900] {
        assert_eq!(fail(&throttle, "192.0.2.1", now), expected);
        now += expected;
    }
}

#[test]
fn typos_of_known_networks_make_no_crowd() {
    let throttle = throttle();
    for host in 0..50 {
        let address = format!("198.51.100.{host}");
        throttle.known().note(ip(&address), clock::now());
        fail(&throttle, &address, 0);
    }
    assert_eq!(fail(&throttle, "192.0.2.1", 0), 1);
}

#[test]
fn a_whole_48_waits_once_a_hundred_have_failed_in_it_but_not_who_is_known_there() {
    let throttle = throttle();
    throttle.known().note(ip("2001:db8:0:ffff::1"), clock::now());
    let neighbour = |number: u16| format!("2001:db8:0:{number:x}::1");
    // So few of a second that nothing else makes anybody wait, and no crowd.
    for number in 0..99 {
        assert_eq!(fail(&throttle, &neighbour(number), u64::from(number) * 20), 1, "{number}");
    }
    assert_eq!(fail(&throttle, &neighbour(99), 1_980), 900);
    assert!(throttle.reserve(ip(&neighbour(100)), None, at(1_980)).is_err());
    assert!(throttle.reserve(ip("2001:db8:1::1"), None, at(1_980)).is_ok(), "another /48");
    assert!(throttle.reserve(ip("2001:db8:0:ffff::2"), None, at(1_980)).is_ok(), "known");
    assert_eq!(throttle.blocked(at(1_980)).iter().filter(|blocked| blocked.prefix == 48).count(), 1);
    let kept = throttle.changed(at(1_980), Timestamp::from_secs(5_000)).unwrap();
    let after = self::throttle();
    after.restore(kept, at(1_980), Timestamp::from_secs(5_000));
    assert!(after.reserve(ip(&neighbour(100)), None, at(1_980)).is_err(), "after a restart");
    assert!(throttle.forgive(ip(&neighbour(7))));
    assert!(throttle.reserve(ip(&neighbour(100)), None, at(1_980)).is_ok());
}

#[test]
fn a_success_makes_a_network_known_and_forgives_no_neighbour() {
    let throttle = throttle();
    for number in 0..98 {
        fail(&throttle, &format!("2001:db8:0:{number:x}::1"), number * 20);
    }
    throttle.reserve(ip("2001:db8:0:fff::1"), None, at(1_960)).ok().unwrap().succeeded();
    assert!(throttle.known().knows(ip("2001:db8:0:fff::9"), clock::now()));
    fail(&throttle, "2001:db8:0:ffe::1", 1_970);
    assert_eq!(fail(&throttle, "2001:db8:0:ffd::1", 1_980), 900);
}

#[test]
fn a_try_that_was_not_compared_is_none() {
    let throttle = throttle();
    drop(throttle.reserve(ip("192.0.2.1"), None, at(0)));
    assert_eq!(fail(&throttle, "192.0.2.1", 0), 1, "the first");
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
