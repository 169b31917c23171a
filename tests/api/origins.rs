//! The Origin rule of verify: pages of other sites cannot act with a session.

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};

const OWN: &str = "https://app.test";

fn post(dialect: Dialect, session: &str) -> Request {
    dialect.about("POST", "https", "app.test", "/delete").session(session)
}

#[test]
fn the_apps_own_pages_may_act() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for dialect in DIALECTS {
        for (name, value) in [
            ("Origin", OWN),
            ("Origin", "HTTPS://APP.TEST"),
            ("Origin", "https://app.test:443"),
            ("Referer", "https://app.test/page?x=1"),
            ("Referer", "https://app.test"),
        ] {
            post(dialect, &session).header(name, value).send(sluice.address).assert_status(200);
        }
        let both = post(dialect, &session).header("Origin", OWN).header("Referer", "http://evil.test/");
        both.send(sluice.address).assert_status(200);
    }
}

#[test]
fn a_foreign_origin_is_refused_with_its_reason() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for dialect in DIALECTS {
        for (name, value) in [
            ("Origin", "null"),
            ("Origin", ""),
            ("Origin", "http://app.test"),
            ("Origin", "https://app.test:8443"),
            ("Origin", "https://app.test.evil.test"),
            ("Origin", "https://evil.test/?https://app.test"),
            ("Origin", "https://app.test@evil.test"),
            ("Origin", "https://evilapp.test"),
            ("Origin", "https://sub.app.test"),
            ("Origin", "chrome-extension://app.test"),
            ("Origin", "https://app.test, https://evil.test"),
            ("Origin", "https://app.test https://evil.test"),
            ("Origin", "app.test"),
            ("Referer", "https://evil.test/app.test"),
            ("Referer", "https://app.test@evil.test/"),
            ("Referer", "about:blank"),
        ] {
            let answer = post(dialect, &session).header(name, value).send(sluice.address);
            assert_eq!(answer.status, 403, "{name}: {value}: {:#?}", answer.headers);
            assert_eq!(answer.header("x-auth-reason"), Some("foreign origin"), "{name}: {value}");
        }
        let foreign = post(dialect, &session).header("Origin", "http://evil.test").header("Referer", OWN);
        foreign.send(sluice.address).assert_status(403);
        let twice = post(dialect, &session).header("Origin", OWN).header("Origin", OWN);
        twice.send(sluice.address).assert_status(403);
        let cross_site = post(dialect, &session).header("Origin", OWN).header("Sec-Fetch-Site", "cross-site");
        cross_site.send(sluice.address).assert_status(403);
    }
}

#[test]
fn a_session_that_names_no_page_is_refused_unless_configured() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let lenient = Home::new().with("origins.allow_missing = true").user("ada", &["--admin"]).start();
    let other = lenient.sign_in("ada", PASSWORD);
    for dialect in DIALECTS {
        let answer = post(dialect, &session).send(sluice.address);
        assert!(answer.assert_status(403).header("x-auth-reason").is_some());
        post(dialect, &other).send(lenient.address).assert_status(200);
        post(dialect, &other).header("Origin", "null").send(lenient.address).assert_status(403);
    }
}

#[test]
fn only_get_head_and_options_need_no_origin() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for dialect in DIALECTS {
        let about = |method: &str| {
            let request = dialect.about(method, "https", "app.test", "/").session(&session);
            request.header("Origin", "http://evil.test").send(sluice.address)
        };
        for method in ["GET", "HEAD", "OPTIONS"] {
            about(method).assert_status(200);
        }
        for method in
            ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "QUERY", "get", "Get"]
        {
            about(method).assert_status(403);
        }
        for method in ["GET, POST", "G%45T", "GET x"] {
            about(method).assert_status(403);
        }
        about("").assert_status(if dialect == Dialect::Nginx { 403 } else { 400 });
    }
}

#[test]
fn an_override_of_the_method_makes_a_get_unsafe() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let request = Dialect::Nginx.verify().session(&session).header("Origin", "http://evil.test");
        request.header(name, "DELETE").send(sluice.address).assert_status(403);
    }
}

#[test]
fn a_websocket_needs_an_origin_of_its_own_app() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for dialect in DIALECTS {
        let handshake = || {
            let request = dialect.about("GET", "https", "app.test", "/socket").session(&session);
            request.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        };
        handshake().header("Origin", OWN).send(sluice.address).assert_status(200);
        for origin in ["null", "http://evil.test", "https://app.test:8080"] {
            handshake().header("Origin", origin).send(sluice.address).assert_status(403);
        }
        handshake().send(sluice.address).assert_status(403);
    }
}

#[test]
fn listed_origins_administer_nothing_unless_they_are_of_the_portals_own_host() {
    let sluice = Home::new()
        .with(
            "origins.allowed = [\"https://dash.test\", \"https://app.test:8443\"]\n\
             [[app]]\nname = \"one\"\nhosts = [\"app.test\"]\n",
        )
        .user("ada", &["--admin"])
        .start();
    let session = sluice.sign_in_on("app.test", "ada");
    for (origin, status) in
        [("https://dash.test", 403), ("https://app.test", 422), ("https://app.test:8443", 422)]
    {
        let request = Request::new("POST", "/sluice/admin/users/new").session(&session);
        let request = request.host("app.test").header("X-Forwarded-Proto", "https");
        let answer =
            request.header("X-Forwarded-Host", "app.test").header("Origin", origin).form(&[("name", "a b")]);
        assert_eq!(answer.send(sluice.address).status, status, "{origin}");
    }
}

#[test]
fn listed_origins_may_act() {
    let sluice = Home::new()
        .with(
            "origins.allowed = [\"https://dash.test\"]\n\
             [[app]]\nname = \"one\"\nhosts = [\"app.test\"]\norigins = [\"https://ui.test:8443\"]\n\
             [[app]]\nname = \"two\"\nhosts = [\"two.test\"]\n",
        )
        .user("ada", &["--admin"])
        .start();
    let session = sluice.sign_in_on("app.test", "ada");
    for (host, origin, status) in [
        ("app.test", "https://dash.test", 200),
        ("app.test", "https://ui.test:8443", 200),
        ("app.test", "https://ui.test", 403),
        ("app.test", "https://two.test", 403),
        ("two.test", "https://dash.test", 200),
        ("two.test", "https://ui.test:8443", 403),
    ] {
        let request = Dialect::Traefik.about("POST", "https", host, "/").session(&session);
        let answer = request.header("Origin", origin).send(sluice.address);
        assert_eq!(answer.status, status, "{origin} on {host}");
    }
}
