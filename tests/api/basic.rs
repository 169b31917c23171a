//! A name and a password with the request itself.

use std::thread;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait;
use crate::support::ways_in::basic;

const CHALLENGE: Option<&str> = Some("Basic realm=\"Sluice\", charset=\"UTF-8\"");

fn with(user: &str, password: &str) -> Request {
    Dialect::Nginx.verify().header("Authorization", basic(user, password))
}

#[track_caller]
fn ask(sluice: &Sluice, user: &str, password: &str) -> Answer {
    with(user, password).send(sluice.address)
}

#[test]
fn a_right_pair_proves_the_user_in_every_dialect_and_opens_no_session() {
    let sluice = Sluice::start();
    for dialect in DIALECTS {
        for name in ["vera", "VERA"] {
            let answer = dialect.verify().header("Authorization", basic(name, PASSWORD)).send(sluice.address);
            assert_eq!(answer.assert_status(200).header("remote-user"), Some("vera"));
            assert_eq!(answer.header("x-auth-method"), Some("basic"));
            assert_eq!(answer.all("set-cookie"), [""; 0]);
        }
    }
    assert_eq!(sluice.cli(&["session", "list", "--json"], "").json(), serde_json::json!([]));
}

#[test]
fn a_wrong_pair_is_refused_with_a_challenge_even_beside_a_session() {
    let sluice = Home::new()
        .with("throttle.max_failures = 1000\nthrottle.block_for = \"1s\"")
        .user("vera", &[])
        .user("sso", &["--no-password"])
        .user("gone", &[])
        .start();
    sluice.cli(&["user", "disable", "gone"], "").assert_code(0);
    let session = sluice.sign_in("vera", PASSWORD);
    for (user, password) in [
        ("vera", "wrong"),
        ("vera", ""),
        ("nobody", PASSWORD),
        ("sso", ""),
        ("sso", PASSWORD),
        ("", "x"),
        ("a b", "x"),
    ] {
        // Where an earlier failure makes it wait, it is refused all the same.
        for request in
            [with(user, password), with(user, password).session(&session), with(user, password).navigating()]
        {
            let answer = request.send(sluice.address);
            assert_eq!(answer.assert_status(401).header("www-authenticate"), CHALLENGE, "{user}:{password}");
            assert_eq!(answer.location(), None);
        }
    }
    wait::until("the disabled user is known", || {
        !sluice.cli(&["user", "list", "--json"], "").out.is_empty()
            && ask(&sluice, "gone", PASSWORD).status == 401
    });
}

#[test]
fn the_challenge_comes_only_to_those_who_understand_it() {
    let sluice = Home::new().with("[[app]]\nname = \"transmission\"").user("vera", &[]).start();
    let ask = |target: &str| Dialect::Caddy.about("GET", "http", "nas", target);
    let rpc = || ask("/transmission/rpc");
    for (request, status, challenge) in [
        (rpc(), 401, CHALLENGE),
        (rpc().header("Accept", "application/json"), 401, CHALLENGE),
        (rpc().header("Sec-Fetch-Mode", "cors"), 401, None),
        (rpc().header("X-Requested-With", "XMLHttpRequest"), 401, None),
        (rpc().header("Referer", "http://nas/transmission/web/"), 401, None),
        (rpc().header("Origin", "http://nas"), 401, None),
        (rpc().navigating(), 302, None),
        (ask("/transmission/web/"), 401, None),
        (ask("/transmission/web/").header("Authorization", "Basic !!!"), 401, CHALLENGE),
    ] {
        let answer = request.send(sluice.address);
        assert_eq!(answer.assert_status(status).header("www-authenticate"), challenge);
    }
}

#[test]
fn a_pair_that_was_right_is_not_compared_again_until_the_user_changes() {
    let sluice = Home::new().with("throttle.max_failures = 1").user("vera", &[]).user("ada", &[]).start();
    ask(&sluice, "vera", PASSWORD).assert_status(200);
    // From here on nothing is compared for this address: only what is remembered can be right.
    ask(&sluice, "ada", "wrong").assert_status(401);
    ask(&sluice, "ada", PASSWORD).assert_status(401);
    for _ in 0..100 {
        ask(&sluice, "vera", PASSWORD).assert_status(200);
    }
    sluice.cli(&["user", "set-password", "vera"], "Another-horse-2").assert_code(0);
    wait::until("the old password's end", || ask(&sluice, "vera", PASSWORD).status == 401);
    ask(&sluice, "vera", "Another-horse-2").assert_status(401);
}

#[test]
fn parallel_requests_of_a_client_share_one_comparison() {
    // More at once than may fail: each on its own would be refused.
    let sluice = Home::new().with("throttle.max_failures = 3").user("vera", &[]).start();
    thread::scope(|scope| {
        let clients: Vec<_> =
            (0..24).map(|_| scope.spawn(|| ask(&sluice, "vera", PASSWORD).status)).collect();
        for client in clients {
            assert_eq!(client.join().expect("a client"), 200);
        }
    });
}

#[test]
fn failures_count_on_every_entrance_together() {
    let sluice = Home::new().with("throttle.max_failures = 1").user("vera", &[]).start();
    let page = |address: &str| {
        sluice.sign_in_form("vera", PASSWORD).header("X-Forwarded-For", address).send(sluice.address).status
    };
    let client = |address: &str, password: &str| {
        let form = [("username", "VERA"), ("password", password)];
        let request = Request::post("/api/v2/auth/login").form(&form).header("X-Forwarded-For", address);
        request.send(sluice.address)
    };
    let by_basic = |address: &str, password: &str| {
        Request::get("/verify/nginx")
            .header("X-Original-URL", "http://app.test/")
            .header("X-Original-Method", "GET")
            .header("X-Forwarded-For", address)
            .header("Authorization", basic("vera", password))
            .send(sluice.address)
    };
    // Wrong by Basic: the page and the clients' sign-in wait, and so does Basic with the right password.
    by_basic("192.0.2.1", "wrong").assert_status(401);
    assert_eq!(page("192.0.2.1"), 429);
    assert_eq!(client("192.0.2.1", PASSWORD).status, 403);
    let waiting = by_basic("192.0.2.1", PASSWORD);
    assert!(waiting.assert_status(401).header("retry-after").is_some());
    // Wrong at the clients' sign-in.
    assert_eq!(client("192.0.2.2", "wrong").text(), "Fails.");
    assert_eq!(page("192.0.2.2"), 429);
    by_basic("192.0.2.2", PASSWORD).assert_status(401);
    // Another address does not wait, and what was right before goes on being right.
    by_basic("192.0.2.3", PASSWORD).assert_status(200);
    by_basic("192.0.2.1", PASSWORD).assert_status(200);
}

#[test]
fn a_page_of_another_site_cannot_use_what_the_browser_remembers() {
    let sluice = Sluice::start();
    let post = || {
        Dialect::Nginx
            .about("POST", "https", "app.test", "/")
            .header("Authorization", basic("vera", PASSWORD))
    };
    post().send(sluice.address).assert_status(200);
    post().header("Origin", "https://app.test").send(sluice.address).assert_status(200);
    for (name, value) in
        [("Origin", "https://evil.test"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]
    {
        let answer = post().header(name, value).send(sluice.address);
        assert_eq!(answer.assert_status(403).header("x-auth-reason"), Some("foreign origin"));
    }
}
