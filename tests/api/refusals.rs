//! Verify requests that are refused, in the way each proxy and client understands.

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::{wait, websocket};

const LOGIN: &str = "http://app.test/sluice/login?rd=http%3A%2F%2Fapp%2Etest%2F";

#[test]
fn a_person_is_sent_to_the_sign_in_page() {
    let sluice = Sluice::start();
    for dialect in DIALECTS {
        let old_browser = dialect.verify().header("Accept", "text/html,*/*;q=0.8");
        for request in
            [dialect.verify().navigating(), old_browser, dialect.verify().navigating().session("wrong")]
        {
            let answer = request.send(sluice.address);
            assert_eq!(answer.location(), Some(LOGIN));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.all("set-cookie"), [""; 0]);
            if dialect == Dialect::Nginx {
                assert_eq!(answer.assert_status(401).header("x-tinyauth-location"), Some(LOGIN));
            } else {
                answer.assert_status(302);
            }
        }
    }
}

#[test]
fn a_navigation_that_was_no_get_becomes_one() {
    let sluice = Sluice::start();
    for dialect in [Dialect::Traefik, Dialect::Caddy] {
        for (method, status) in [("GET", 302), ("HEAD", 302), ("POST", 303), ("DELETE", 303)] {
            let answer = dialect.about(method, "http", "app.test", "/").navigating().send(sluice.address);
            assert_eq!(answer.assert_status(status).location(), Some(LOGIN), "{method}");
        }
    }
}

#[test]
fn a_program_gets_401_without_a_redirect() {
    let sluice = Sluice::start();
    for dialect in DIALECTS {
        for headers in [
            &[][..],
            &[("Accept", "*/*")],
            &[("Accept", "application/json")],
            &[("Accept", "text/event-stream")],
            &[("Accept", "text/html"), ("X-Requested-With", "XMLHttpRequest")],
            &[("Accept", "text/html"), ("Sec-Fetch-Mode", "cors")],
            &[("Accept", "text/html"), ("Sec-Fetch-Dest", "empty")],
            &[("Cookie", "sluice_session=wrong")],
            &[("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0")],
        ] {
            let request =
                headers.iter().fold(dialect.verify(), |request, (name, value)| request.header(name, value));
            let answer = request.send(sluice.address);
            answer.assert_status(401);
            assert_eq!(answer.location(), None, "{headers:?}");
            assert_eq!(answer.header("x-tinyauth-location"), None);
            if dialect != Dialect::Nginx {
                assert!(answer.json().is_object());
            }
        }
    }
}

#[test]
fn a_websocket_handshake_is_never_redirected() {
    let sluice = Sluice::start();
    for dialect in DIALECTS {
        let request = dialect.verify().navigating().header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let answer = request.send(sluice.address);
        assert_eq!(answer.assert_status(401).location(), None);
    }
    let upgrade = websocket::handshake("/verify/caddy")
        .header("X-Forwarded-Proto", "http")
        .header("X-Forwarded-Host", "app.test")
        .header("X-Forwarded-Uri", "/")
        .header("X-Forwarded-Method", "GET");
    upgrade.send(sluice.address).assert_status(401);
}

#[test]
fn the_original_query_is_kept_in_the_sign_in_address() {
    let sluice = Sluice::start();
    let request =
        Dialect::Nginx.about("GET", "https", "app.test:8443", "/a?b=1&rd=//evil.test&c=%26").navigating();
    let location = request.send(sluice.address).location().expect("a Location").to_owned();
    let url = url::Url::parse(&location).expect("an address");
    assert_eq!(url.origin().ascii_serialization(), "https://app.test:8443");
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    assert_eq!(pairs, [("rd".to_owned(), "https://app.test:8443/a?b=1&rd=//evil.test&c=%26".to_owned())]);
}

#[test]
fn a_key_in_the_original_query_does_not_reach_the_sign_in_address() {
    let mut sluice = Sluice::start();
    for key in ["apikey", "api_key"] {
        let target = format!("/a?x=1&{key}=canary-of-a-key");
        let answer =
            Dialect::Caddy.about("GET", "http", "app.test", &target).navigating().send(sluice.address);
        let location = answer.assert_status(302).location().expect("a Location").to_owned();
        assert!(!location.contains("canary"), "{location}");
    }
    assert_eq!(sluice.stop(), Some(0), "the log is written to its end");
    assert!(sluice.process.log.contains("refused") && !sluice.process.log.contains("canary-of-a-key"));
}

#[test]
fn a_portal_host_of_its_own_is_where_people_are_sent() {
    let sluice = Home::new()
        .with("server.public_url = \"https://auth.example.com\"\nsession.cookie_domain = \"example.com\"")
        .user("ada", &["--admin"])
        .start();
    for dialect in DIALECTS {
        let answer = dialect.about("GET", "https", "nas.example.com", "/x").navigating().send(sluice.address);
        let expected = "https://auth.example.com/sluice/login?rd=https%3A%2F%2Fnas%2Eexample%2Ecom%2Fx";
        assert_eq!(answer.location(), Some(expected));
        // A page that no session could ever reach is no target.
        let answer = dialect.about("GET", "https", "nas.evil.test", "/x").navigating().send(sluice.address);
        assert_eq!(answer.location(), Some("https://auth.example.com/sluice/login"));
    }
}

#[test]
fn a_proxy_that_does_not_describe_the_request_is_told_what_is_missing() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("ada", PASSWORD);
    let all = [
        ("/verify/nginx", "X-Original-URL", "http://app.test/", 403),
        ("/verify/nginx", "X-Original-Method", "GET", 403),
        ("/verify/traefik", "X-Forwarded-Proto", "http", 400),
        ("/verify/traefik", "X-Forwarded-Host", "app.test", 400),
        ("/verify/traefik", "X-Forwarded-Uri", "/", 400),
        ("/verify/traefik", "X-Forwarded-Method", "GET", 400),
        ("/verify/caddy", "X-Forwarded-Proto", "http", 400),
        ("/verify/caddy", "X-Forwarded-Host", "app.test", 400),
        ("/verify/caddy", "X-Forwarded-Uri", "/", 400),
        ("/verify/caddy", "X-Forwarded-Method", "GET", 400),
    ];
    for (path, missing, _, status) in all {
        let others = all.iter().filter(|(other, name, ..)| *other == path && *name != missing);
        let request =
            others.fold(Request::get(path), |request, (_, name, value, _)| request.header(name, value));
        let answer = request.session(&session).send(sluice.address);
        answer.assert_status(status);
        let reason = format!("the proxy sent no {missing}; the log of Sluice shows the line to add");
        assert_eq!(answer.header("x-auth-reason"), Some(reason.as_str()), "{path}");
        wait::until("a log line that names the header", || {
            sluice.process.log.lines().iter().any(|line| line.contains("refused") && line.contains(missing))
        });
    }
}

#[test]
fn the_other_family_is_no_substitute() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("ada", PASSWORD);
    for (path, family, status) in [
        ("/verify/nginx", Dialect::Traefik, 403),
        ("/verify/traefik", Dialect::Nginx, 400),
        ("/verify/caddy", Dialect::Nginx, 400),
        ("/api/authz/auth-request", Dialect::Traefik, 403),
        ("/api/auth/nginx", Dialect::Nginx, 403),
    ] {
        let request = family.about_at(path, &["GET", "http", "app.test", "/"]).session(&session);
        request.send(sluice.address).assert_status(status);
    }
}

#[test]
fn a_description_that_cannot_be_read_is_refused() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("ada", PASSWORD);
    for url in [
        "",
        " ",
        "/",
        "//app.test/",
        "app.test/",
        "http://",
        "http://[::1",
        "http:///x",
        "%",
        "javascript:alert(1)",
        "ftp://app.test/",
        "http://user@app.test/",
        "http://app.test:99999/",
        "http://app.test:/x",
        "http://app.test/a b",
        "http://app.test/#x",
        "http://evil#app.test/",
        "http://app.test\\@evil/",
        "http://app.test/é",
    ] {
        let request =
            Request::get("/verify/nginx").header("X-Original-URL", url).header("X-Original-Method", "GET");
        let answer = request.session(&session).send(sluice.address);
        assert_eq!(answer.status, 403, "{url:?}: {:#?}", answer.headers);
    }
    for (proto, host, uri) in [
        ("javascript", "app.test", "/"),
        ("http", "", "/"),
        ("http", "user@evil", "/"),
        ("http", "evil#app.test", "/"),
        ("http", "a b", "/"),
        ("http", "app.test:99999", "/"),
        ("http", "app.test", ""),
        ("http", "app.test", "x"),
        ("http", "app.test", "http://evil.test/"),
        ("http", "app.test, evil.test", "/"),
        ("http,https", "app.test", "/"),
    ] {
        let answer = Dialect::Traefik.about("GET", proto, host, uri).session(&session).send(sluice.address);
        assert_eq!(answer.status, 400, "{proto} {host} {uri}: {:#?}", answer.headers);
    }
}

#[test]
fn a_description_that_comes_twice_is_refused() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("ada", PASSWORD);
    for (dialect, names, status) in [
        (Dialect::Nginx, &["X-Original-URL", "X-Original-Method"][..], 403),
        (
            Dialect::Traefik,
            &["X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method"],
            400,
        ),
        (
            Dialect::Caddy,
            &["X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method"],
            400,
        ),
    ] {
        for name in names {
            let value = if name.ends_with("URL") { "http://app.test/" } else { "GET" };
            let answer = dialect.verify().session(&session).header(name, value).send(sluice.address);
            assert_eq!(answer.status, status, "two {name}: {:#?}", answer.headers);
        }
    }
}

#[test]
fn a_peer_that_is_no_trusted_proxy_is_refused() {
    let sluice = Home::new().with("server.trusted_proxies = []").user("ada", &["--admin"]).start();
    let session = sluice.sign_in("ada", PASSWORD);
    for dialect in DIALECTS {
        let answer = dialect.verify().session(&session).send(sluice.address);
        answer.assert_status(403);
        assert_eq!(answer.header("remote-user"), None);
        dialect.verify().navigating().send(sluice.address).assert_status(403);
    }
    wait::until("a log line that names the key", || sluice.process.log.contains("trusted_proxies"));
}

/// How often a line of the log says that it happened: once, or as often again as it says.
fn told(line: &str) -> usize {
    let more = line.split_once("more=").and_then(|(_, rest)| rest.split_whitespace().next());
    more.map_or(1, |more| more.parse().expect("a count"))
}

#[test]
fn refusals_that_repeat_are_one_line_and_then_a_count() {
    let mut sluice = Home::new().user("ada", &["--admin"]).start();
    for n in 0..100 {
        let request = Dialect::Caddy.about("GET", "http", "app.test", &format!("/path-{n}"));
        request.send(sluice.address).assert_status(401);
        let form = sluice.portal_post("/sluice/login").header("Content-Type", "text/plain").body("x");
        form.send(sluice.address).assert_status(415);
    }
    assert_eq!(sluice.stop(), Some(0), "the log is written to its end");
    let lines = sluice.process.log.lines();
    for what in ["no credential was sent", "form refused"] {
        let all: Vec<_> = lines.iter().filter(|line| line.contains(what)).collect();
        assert_eq!(all.iter().map(|line| told(line)).sum::<usize>(), 100, "{what}");
        // Two a minute, and nobody needs that long for a hundred requests ten times over.
        assert!(all.len() < 20, "{what}: {} lines", all.len());
        assert!(!all[0].contains("more="), "the first is told whole: {}", all[0]);
    }
}
