//! Preflights: a browser asks, without any credential, whether a page may send what it is about to send.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};

const OWN: &str = "https://app.test";

/// A page that is listed for every app.
const LISTED: &str = "https://dash.test";

fn preflight(dialect: Dialect, origin: &str) -> Request {
    from_page(dialect.about("OPTIONS", "https", "app.test", "/api/v2/torrents/add"), origin)
}

fn from_page(request: Request, origin: &str) -> Request {
    request
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "x-requested-with")
        .header("Sec-Fetch-Mode", "cors")
}

/// Let through, as nobody.
#[track_caller]
fn assert_public(answer: &Answer, app: &str) {
    assert_eq!(answer.assert_status(200).body, b"");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-auth-method", "public"),
        ("x-auth-role", "anonymous"),
        ("x-auth-capabilities", "none"),
        ("x-auth-permission", "none"),
        ("x-auth-app", app),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}: {:#?}", answer.headers);
    }
    for name in ["remote-user", "remote-name", "remote-email", "remote-groups", "x-auth-user-id"] {
        assert_eq!(answer.all(name), [""; 0], "{name}: an app would take any name for a user");
    }
    assert_eq!(answer.all("set-cookie"), [""; 0]);
    // Only the app knows what it lets pages read.
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")));
}

#[track_caller]
fn assert_foreign(answer: &Answer) {
    assert_eq!(answer.assert_status(403).header("x-auth-reason"), Some("foreign origin"));
    assert_eq!(answer.header("x-auth-method"), None);
    assert_eq!(answer.location(), None);
}

/// An app with origins of its own, another, and one origin for both.
fn gate() -> Sluice {
    Home::new()
        .with(
            "origins.allowed = [\"https://dash.test\"]\n\
             [[app]]\nname = \"one\"\nhosts = [\"app.test\"]\norigins = [\"https://ui.test:8443\"]\n\
             [[app]]\nname = \"two\"\nhosts = [\"two.test\"]\n",
        )
        .user("ada", &["--admin"])
        .start()
}

#[test]
fn one_from_a_listed_page_passes_as_nobody() {
    let sluice = gate();
    for dialect in DIALECTS {
        for origin in [LISTED, "HTTPS://DASH.TEST", "https://dash.test:443", "https://ui.test:8443"] {
            assert_public(&preflight(dialect, origin).send(sluice.address), "one");
        }
        let two = |origin: &str| from_page(dialect.about("OPTIONS", "https", "two.test", "/"), origin);
        assert_public(&two("https://dash.test").send(sluice.address), "two");
        assert_foreign(&two("https://ui.test:8443").send(sluice.address));
        let path = format!("{}/two", dialect.path());
        let fixed = dialect.about_at(&path, &["OPTIONS", "https", "app.test", "/"]);
        assert_public(&from_page(fixed, LISTED).send(sluice.address), "two");
    }
}

#[test]
fn one_from_another_page_is_refused() {
    let sluice = gate();
    for dialect in DIALECTS {
        for origin in [
            // No browser asks before a request to the page's own host.
            OWN,
            "https://evil.test",
            "http://app.test",
            "https://app.test:8443",
            "https://app.test.evil.test",
            "https://sub.app.test",
            "https://app.test@evil.test",
            "https://two.test",
            "https://ui.test",
            "null",
            "",
            "*",
            "https://app.test, https://evil.test",
        ] {
            assert_foreign(&preflight(dialect, origin).send(sluice.address));
        }
        assert_foreign(&preflight(dialect, OWN).header("Origin", OWN).send(sluice.address));
        let undecodable = dialect
            .about("OPTIONS", "https", "app.test", "/")
            .header("Origin", b"https://app.test\xff")
            .header("Access-Control-Request-Method", "POST");
        assert_foreign(&undecodable.send(sluice.address));
    }
}

#[test]
fn what_is_no_preflight_needs_a_credential_like_everything_else() {
    let sluice = gate();
    for dialect in DIALECTS {
        let about = |method: &str| dialect.about(method, "https", "app.test", "/");
        for request in [
            about("OPTIONS"),
            about("OPTIONS").header("Origin", OWN),
            about("OPTIONS").header("Access-Control-Request-Method", "POST"),
            about("OPTIONS").header("Referer", OWN).header("Access-Control-Request-Method", "POST"),
            from_page(about("GET"), OWN),
            from_page(about("HEAD"), OWN),
            from_page(about("POST"), OWN),
            from_page(about("options"), OWN),
            from_page(about("TRACE"), OWN),
            preflight(dialect, OWN).header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ] {
            let answer = request.send(sluice.address);
            assert_eq!(answer.status, 401, "{request:?}: {answer:?}");
            assert_eq!(answer.header("x-auth-method"), None);
        }
    }
    // The verify request's own method is not the client's.
    for own_method in ["OPTIONS", "GET"] {
        let request = Request::new(own_method, "/verify/nginx")
            .header("X-Original-URL", "https://app.test/")
            .header("X-Original-Method", "GET");
        from_page(request, OWN).send(sluice.address).assert_status(401);
    }
    // Nor is a method that the proxy did not say.
    let unknown = Request::new("OPTIONS", "/api/auth/nginx")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "app.test")
        .header("X-Forwarded-Uri", "/");
    from_page(unknown, OWN).send(sluice.address).assert_status(401);
}

#[test]
fn one_with_a_credential_is_a_request_like_any_other() {
    let sluice = gate();
    let session = sluice.sign_in_on("app.test", "ada");
    for dialect in DIALECTS {
        let answer = preflight(dialect, OWN).session(&session).send(sluice.address);
        assert_eq!(answer.assert_status(200).header("x-auth-method"), Some("session"));
        assert_eq!(answer.header("remote-user"), Some("ada"));
        for (name, value) in [
            ("Cookie", format!("sluice_session={}", "A".repeat(43))),
            ("Cookie", "sluice_session=".to_owned()),
            ("X-API-Key", format!("sluice_{}", "A".repeat(43))),
            ("Authorization", format!("Bearer sluice_{}", "A".repeat(43))),
            ("Authorization", "Basic YWRhOndyb25n".to_owned()),
        ] {
            let answer = preflight(dialect, OWN).header(name, &value).send(sluice.address);
            assert_eq!(answer.status, 401, "{name}: {value}: {answer:?}");
        }
    }
}

#[test]
fn a_host_of_no_app_and_a_stranger_get_nothing() {
    let sluice = gate();
    for dialect in DIALECTS {
        let elsewhere = dialect.about("OPTIONS", "https", "other.test", "/");
        let answer = from_page(elsewhere, "https://other.test").send(sluice.address);
        assert_eq!(answer.assert_status(403).header("x-auth-method"), None);
    }
    let stranger = Home::new().with("server.trusted_proxies = []").user("ada", &["--admin"]).start();
    preflight(Dialect::Nginx, OWN).send(stranger.address).assert_status(403);
}

#[test]
fn headers_that_the_client_forged_change_nothing() {
    let sluice = gate();
    for dialect in DIALECTS {
        let request = preflight(dialect, LISTED)
            .header("Remote-User", "ada")
            .header("X-Auth-Role", "admin")
            .header("X-Auth-Capabilities", "search")
            .header("X-Auth-User-Id", "1")
            .header("Cookie", "theme=dark");
        assert_public(&request.send(sluice.address), "one");
    }
}

#[test]
fn it_passes_without_authentication_and_without_a_configured_app() {
    let open = Home::new().with("auth.enabled = false\nserver.public_url = \"http://app.test\"").start();
    preflight(Dialect::Nginx, OWN).send(open.address).assert_status(200);
    let default =
        Home::new().with("origins.allowed = [\"https://dash.test\"]").user("ada", &["--admin"]).start();
    default.sign_in("ada", PASSWORD);
    assert_public(&preflight(Dialect::Nginx, LISTED).send(default.address), "default");
}
