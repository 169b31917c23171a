//! Waits after failures.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

fn attempt_from(sluice: &Sluice, forwarded: &str, user: &str, password: &str) -> Answer {
    sluice.sign_in_form(user, password).header("X-Forwarded-For", forwarded).send(sluice.address)
}

/// One failure is enough to wait for 15 minutes.
fn strict() -> Sluice {
    Home::new().with("throttle.max_failures = 1").user("ada", &["--admin"]).user("vera", &[]).start()
}

#[track_caller]
fn assert_waiting(answer: &Answer) -> u32 {
    let seconds = answer.assert_status(429).header("retry-after").and_then(|text| text.parse().ok());
    assert_eq!(answer.set_cookie("sluice_session"), None);
    seconds.expect("a number of seconds in Retry-After")
}

#[test]
fn at_the_limit_even_the_right_password_waits_15_minutes() {
    let sluice = strict();
    attempt_from(&sluice, "192.0.2.1", "ada", "wrong").assert_status(401);
    let answer = attempt_from(&sluice, "192.0.2.1", "ada", PASSWORD);
    let seconds = assert_waiting(&answer);
    assert!((800..=900).contains(&seconds), "{seconds}");
    assert!(answer.text().contains("15 minutes"), "{}", answer.text());
    assert!(answer.text().contains("name=\"password\""));
}

#[test]
fn each_failure_lengthens_the_wait() {
    let sluice = Sluice::start();
    // ceil(n × 1.5^(n-1) × 0.5)
    for (failures, longest) in [(1, 1), (2, 2), (3, 4)] {
        wait::until(&format!("failure {failures}"), || {
            attempt_from(&sluice, "192.0.2.1", "ada", "wrong").status == 401
        });
        let answer = attempt_from(&sluice, "192.0.2.1", "ada", PASSWORD);
        // A machine that stood still meanwhile has waited already; then this is the right sign-in.
        if answer.status != 303 {
            let seconds = assert_waiting(&answer);
            assert!((1..=longest).contains(&seconds), "{seconds} s after {failures} failures");
            assert!(seconds == longest || failures == 1 || seconds > longest / 2, "{seconds} of {longest}");
        }
    }
}

#[test]
fn a_wait_holds_for_one_address_only() {
    let sluice = strict();
    attempt_from(&sluice, "192.0.2.1", "ada", "wrong").assert_status(401);
    assert_waiting(&attempt_from(&sluice, "192.0.2.1", "vera", PASSWORD));
    attempt_from(&sluice, "192.0.2.2", "ada", PASSWORD).assert_status(303);
    attempt_from(&sluice, "192.0.2.2", "vera", PASSWORD).assert_status(303);
}

#[test]
fn sessions_are_never_touched_by_a_wait() {
    let sluice = strict();
    let session = sluice.sign_in("ada", PASSWORD);
    sluice.sign_in_form("ada", "wrong").send(sluice.address).assert_status(401);
    sluice.sign_in_form("ada", PASSWORD).send(sluice.address).assert_status(429);
    Dialect::Nginx.verify().session(&session).send(sluice.address).assert_status(200);
}

#[test]
fn the_address_is_the_last_one_that_no_trusted_proxy_has() {
    let sluice = strict();
    attempt_from(&sluice, "192.0.2.1", "ada", "wrong").assert_status(401);
    // The left part is the client's own invention; the right one is what our proxies saw.
    for forwarded in [
        "203.0.113.5, 192.0.2.1",
        "garbage, 192.0.2.1",
        "192.0.2.1, 127.0.0.1",
        "1.2.3.4, 192.0.2.1, 127.0.0.2",
        "::ffff:192.0.2.1",
    ] {
        assert_waiting(&attempt_from(&sluice, forwarded, "ada", PASSWORD));
    }
    attempt_from(&sluice, "192.0.2.1, 192.0.2.9", "ada", PASSWORD).assert_status(303);
    let lines = sluice
        .sign_in_form("ada", PASSWORD)
        .header("X-Forwarded-For", "192.0.2.50")
        .header("X-Forwarded-For", "192.0.2.1");
    assert_waiting(&lines.send(sluice.address));
}

#[test]
fn other_headers_and_garbage_hide_no_address() {
    let sluice = strict();
    sluice.sign_in_form("ada", "wrong").send(sluice.address).assert_status(401);
    for (name, value) in [
        ("X-Real-IP", "192.0.2.8"),
        ("Forwarded", "for=192.0.2.8"),
        ("X-Forwarded-For", "unknown"),
        ("X-Forwarded-For", ""),
        ("X-Forwarded-For", "192.0.2.8, nonsense"),
        ("X-Client-IP", "192.0.2.8"),
    ] {
        let request = sluice.sign_in_form("ada", PASSWORD).header(name, value);
        assert_waiting(&request.send(sluice.address));
    }
}

#[test]
fn an_untrusted_peer_cannot_name_its_address() {
    let home =
        Home::new().with("throttle.max_failures = 1\nserver.trusted_proxies = []").user("ada", &["--admin"]);
    let sluice = home.start();
    attempt_from(&sluice, "192.0.2.1", "ada", "wrong").assert_status(401);
    assert_waiting(&attempt_from(&sluice, "192.0.2.2", "ada", PASSWORD));
}

#[test]
fn an_ipv6_client_is_its_network() {
    let sluice = strict();
    attempt_from(&sluice, "2001:db8:1:2::1", "ada", "wrong").assert_status(401);
    assert_waiting(&attempt_from(&sluice, "2001:db8:1:2:ffff::9", "ada", PASSWORD));
    attempt_from(&sluice, "2001:db8:1:3::1", "ada", PASSWORD).assert_status(303);
}

#[test]
fn unknown_users_and_spellings_count_alike() {
    let sluice = strict();
    for (n, name) in ["nobody", "", "no such name!"].iter().enumerate() {
        let address = format!("192.0.2.{n}");
        attempt_from(&sluice, &address, name, "wrong").assert_status(401);
        assert_waiting(&attempt_from(&sluice, &address, "ADA", PASSWORD));
    }
}

#[test]
fn a_success_clears_the_failures() {
    let sluice = Home::new().with("throttle.max_failures = 2").user("ada", &["--admin"]).start();
    for _ in 0..2 {
        attempt_from(&sluice, "192.0.2.1", "ada", "wrong").assert_status(401);
        // The short wait after one failure; after two in a row it would be 15 minutes.
        wait::until("a sign-in after the short wait", || {
            attempt_from(&sluice, "192.0.2.1", "ada", PASSWORD).status == 303
        });
    }
}

/// The wait that a failure brings, in seconds.
#[track_caller]
fn wait_after_a_typo(sluice: &Sluice, address: &str) -> u32 {
    let answer = attempt_from(sluice, address, "ada", "wrong");
    answer.assert_status(401).header("retry-after").and_then(|text| text.parse().ok()).expect("seconds")
}

#[test]
fn past_the_limit_for_everyone_a_typo_costs_a_stranger_seconds_and_a_known_network_no_more_than_before() {
    let home = Home::new().with("throttle.global_limit = 3").user("ada", &["--admin"]);
    let mut sluice = home.start();
    attempt_from(&sluice, "192.0.2.100", "ada", PASSWORD).assert_status(303);
    for n in 1..=5 {
        attempt_from(&sluice, &format!("192.0.2.{n}"), "nobody", "wrong").assert_status(401);
    }
    assert_eq!(wait_after_a_typo(&sluice, "192.0.2.99"), 2, "a stranger's failure counts twice");
    assert_eq!(wait_after_a_typo(&sluice, "192.0.2.100"), 1);
    attempt_from(&sluice, "192.0.2.98", "ada", PASSWORD).assert_status(303);
    assert_eq!(sluice.stop(), Some(0));
    sluice.restart();
    for n in 11..=15 {
        attempt_from(&sluice, &format!("192.0.2.{n}"), "nobody", "wrong").assert_status(401);
    }
    assert_eq!(wait_after_a_typo(&sluice, "192.0.2.98"), 1, "known since before the restart");
}

/// A right sign-in while so many clients fail at once, each time from another /48.
fn right_among_failing(clients: u16, sluice: &Sluice, address: &str) -> Answer {
    let (stop, tried) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for client in 0..clients {
            let (stop, tried) = (&stop, &tried);
            scope.spawn(move || {
                for n in 0..u16::MAX {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let answer =
                        attempt_from(sluice, &format!("2001:{client:x}:{n:x}::1"), "nobody", "wrong");
                    assert!(matches!(answer.status, 401 | 503), "{answer:?}");
                    tried.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        wait::until("a crowd", || tried.load(Ordering::Relaxed) > usize::from(clients));
        let answer = attempt_from(sluice, address, "ada", PASSWORD);
        stop.store(true, Ordering::Relaxed);
        answer
    })
}

#[test]
fn a_crowd_from_ever_new_networks_keeps_no_right_sign_in_out() {
    let home = Home::new().with("auth.bcrypt_cost = 9").user("ada", &["--admin"]);
    let sluice = home.start();
    right_among_failing(100, &sluice, "192.0.2.1").assert_status(303);
}

#[test]
fn a_network_that_is_known_has_a_place_however_many_others_fail() {
    let home = Home::new().with("auth.bcrypt_cost = 8").user("ada", &["--admin"]);
    let sluice = home.start();
    attempt_from(&sluice, "192.0.2.1", "ada", PASSWORD).assert_status(303);
    right_among_failing(400, &sluice, "192.0.2.1").assert_status(303);
}

#[test]
fn failures_survive_a_restart() {
    let mut sluice = strict();
    attempt_from(&sluice, "192.0.2.1", "ada", "wrong").assert_status(401);
    assert_eq!(sluice.stop(), Some(0));
    sluice.restart();
    assert_waiting(&attempt_from(&sluice, "192.0.2.1", "ada", PASSWORD));
}

#[test]
fn guesses_at_once_do_not_slip_past_the_limit() {
    let sluice = Home::new().with("throttle.max_failures = 5").user("ada", &["--admin"]).start();
    let wrong = thread::scope(|scope| {
        let guesses: Vec<_> = (0..60)
            .map(|n| {
                let sluice = &sluice;
                scope.spawn(move || attempt_from(sluice, "192.0.2.1", "ada", &format!("guess-{n}")).status)
            })
            .collect();
        let statuses: Vec<u16> = guesses.into_iter().map(|guess| guess.join().expect("a status")).collect();
        assert!(statuses.iter().all(|status| matches!(status, 401 | 429 | 503)), "{statuses:?}");
        statuses.iter().filter(|status| **status == 401).count()
    });
    assert!((1..=5).contains(&wrong), "{wrong} guesses were tried");
    let answer = Request::get("/sluice/login").send(sluice.address);
    answer.assert_status(200);
}
