//! Verify requests that are allowed: the ten headers, whatever else the request holds.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{ALL_CAPABILITIES, DIALECTS, Dialect, IDENTITY, READ_ONLY};
use crate::support::wait;

/// Allowed, empty, never stored, no cookie, each identity header once and not empty.
#[track_caller]
fn assert_allowed(answer: &Answer) {
    answer.assert_status(200);
    assert_eq!(answer.body, b"");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.all("set-cookie"), [""; 0]);
    for name in IDENTITY {
        assert!(answer.header(name).is_some_and(|value| !value.is_empty()), "{name}: {:#?}", answer.headers);
    }
}

#[track_caller]
fn assert_headers(answer: &Answer, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(answer.header(name), Some(*value), "{name}");
    }
}

#[test]
fn an_allowed_request_carries_all_ten_headers_in_every_dialect() {
    let sluice = Home::new()
        .user("ada", &["--admin", "--display-name", "Ada Lovelace", "--email", "ada@example.com"])
        .start();
    let session = sluice.sign_in("ada", PASSWORD);
    for dialect in DIALECTS {
        let answer = dialect.verify().session(&session).send(sluice.address);
        assert_allowed(&answer);
        assert_headers(
            &answer,
            &[
                ("remote-user", "ada"),
                ("remote-name", "Ada Lovelace"),
                ("remote-email", "ada@example.com"),
                ("remote-groups", "admins"),
                ("x-auth-role", "admin"),
                ("x-auth-capabilities", ALL_CAPABILITIES),
                ("x-auth-permission", "full"),
                ("x-auth-method", "session"),
                ("x-auth-app", "default"),
            ],
        );
    }
}

#[test]
fn what_is_not_known_of_a_user_has_a_neutral_value() {
    let sluice = Sluice::with_users(&[("ada", &["--admin"]), ("bob", &["--preset", "none"])]);
    let answer = Dialect::Nginx.verify().session(&sluice.sign_in("bob", PASSWORD)).send(sluice.address);
    assert_allowed(&answer);
    assert_headers(
        &answer,
        &[
            ("remote-name", "bob"),
            ("remote-email", "-"),
            ("remote-groups", "users"),
            ("x-auth-role", "user"),
            ("x-auth-capabilities", "none"),
            ("x-auth-permission", "none"),
        ],
    );
}

#[test]
fn capabilities_are_listed_in_one_order_and_summed_up_as_a_permission() {
    let default = "search,add_downloads,remove_downloads,pause_resume,assign_categories,move_files,rename_files,\
                   set_comment,view_history,clear_history,view_shared,view_uploads,view_statistics,\
                   view_all_downloads";
    let cases: [(&str, &[&str], &str, &str); 7] = [
        ("full", &["--preset", "full"], ALL_CAPABILITIES, "full"),
        ("read", &["--preset", "read-only"], READ_ONLY, "ro"),
        ("sso", &["--preset", "sso-default"], default, "custom"),
        ("none", &["--preset", "none"], "none", "none"),
        ("part", &["--capabilities", "view_logs,search"], "search,view_logs", "ro"),
        ("own", &["--capabilities", "pause_resume,search"], "search,pause_resume", "custom"),
        ("boss", &["--admin"], ALL_CAPABILITIES, "full"),
    ];
    let users: Vec<(&str, &[&str])> = cases.iter().map(|(name, options, ..)| (*name, *options)).collect();
    let sluice = Sluice::with_users(&users);
    for (name, _, capabilities, permission) in cases {
        let answer = Dialect::Caddy.verify().session(&sluice.sign_in(name, PASSWORD)).send(sluice.address);
        assert_allowed(&answer);
        assert_headers(&answer, &[("x-auth-capabilities", capabilities), ("x-auth-permission", permission)]);
    }
}

#[test]
fn every_known_address_answers_in_its_dialect() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let original = ["GET", "http", "app.test", "/page"];
    for (path, dialect) in [
        ("/verify/nginx", Dialect::Nginx),
        ("/verify/nginx/default", Dialect::Nginx),
        ("/verify/traefik", Dialect::Traefik),
        ("/verify/traefik/default", Dialect::Traefik),
        ("/verify/caddy", Dialect::Caddy),
        ("/verify/caddy/default", Dialect::Caddy),
        ("/api/auth/traefik", Dialect::Traefik),
        ("/api/auth/caddy", Dialect::Caddy),
        ("/api/authz/auth-request", Dialect::Nginx),
        ("/api/authz/forward-auth", Dialect::Traefik),
        ("/outpost.goauthentik.io/auth/nginx", Dialect::Nginx),
        ("/outpost.goauthentik.io/auth/traefik", Dialect::Traefik),
        ("/outpost.goauthentik.io/auth/caddy", Dialect::Caddy),
    ] {
        let request = dialect.about_at(path, &original);
        assert_allowed(&request.clone().session(&session).send(sluice.address));
        let refused = request.navigating().send(sluice.address);
        refused.assert_status(if dialect == Dialect::Nginx { 401 } else { 302 });
        assert_eq!(
            refused.location(),
            Some("http://app.test/sluice/login?rd=http%3A%2F%2Fapp%2Etest%2Fpage"),
            "{path}"
        );
    }
}

#[test]
fn tinyauths_nginx_address_reads_the_forwarded_family_and_answers_as_nginx_wants() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let ask = || {
        Request::get("/api/auth/nginx")
            .header("X-Forwarded-Proto", "http")
            .header("X-Forwarded-Host", "app.test")
            .header("X-Forwarded-Uri", "/page")
    };
    assert_allowed(&ask().session(&session).send(sluice.address));
    let refused = ask().navigating().send(sluice.address);
    refused.assert_status(401);
    assert_eq!(refused.header("x-tinyauth-location"), refused.location());
    assert!(refused.location().is_some_and(|to| to.starts_with("http://app.test/sluice/login?rd=")));
    // The method is not said there, so a page of another origin is refused whatever it was.
    let foreign = ask().session(&session).header("Origin", "http://evil.test").send(sluice.address);
    assert_eq!(foreign.assert_status(403).header("x-auth-reason"), Some("foreign origin"));
}

#[test]
fn the_verify_requests_own_method_query_and_body_say_nothing() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"] {
        let described = |path: &str| {
            Request::new(method, path)
                .header("X-Original-URL", "http://app.test/")
                .header("X-Original-Method", "GET")
        };
        let path = "/verify/nginx?apikey=x&rd=//evil.test&caps=all&mode=off&app=other";
        assert_allowed(&described(path).session(&session).body("ignored").send(sluice.address));
        described(path).send(sluice.address).assert_status(401);
    }
    let preflight = Request::new("OPTIONS", "/verify/nginx")
        .header("X-Original-URL", "http://app.test/")
        .header("X-Original-Method", "OPTIONS")
        .header("Origin", "http://evil.test")
        .header("Access-Control-Request-Method", "POST");
    preflight.send(sluice.address).assert_status(403);
}

#[test]
fn the_host_chooses_the_app_unless_the_address_fixes_it() {
    let sluice = Home::new()
        .with(
            "[[app]]\nname = \"sonarr\"\nhosts = [\"sonarr.test\", \"nas.test:8989\"]\n\
             [[app]]\nname = \"radarr\"\nhosts = [\"nas.test\"]\n",
        )
        .user("ada", &["--admin"])
        .start();
    let session = sluice.sign_in_on("sonarr.test", "ada");
    for dialect in DIALECTS {
        for (host, app) in [
            ("sonarr.test", "sonarr"),
            ("SONARR.TEST.", "sonarr"),
            ("sonarr.test:8080", "sonarr"),
            ("nas.test:8989", "sonarr"),
            ("nas.test:7878", "radarr"),
            ("nas.test", "radarr"),
        ] {
            let answer = dialect.about("GET", "http", host, "/").session(&session).send(sluice.address);
            assert_allowed(&answer);
            assert_eq!(answer.header("x-auth-app"), Some(app), "{host}");
        }
        let path = format!("{}/radarr", dialect.path());
        let fixed = dialect
            .about_at(&path, &["GET", "http", "sonarr.test", "/"])
            .session(&session)
            .send(sluice.address);
        assert_eq!(fixed.assert_status(200).header("x-auth-app"), Some("radarr"));
        let elsewhere =
            dialect.about("GET", "http", "other.test", "/").session(&session).send(sluice.address);
        elsewhere.assert_status(403);
        assert_eq!(elsewhere.header("remote-user"), None);
    }
}

#[test]
fn an_app_that_is_not_configured_is_refused_by_name() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("ada", PASSWORD);
    for (dialect, status) in [(Dialect::Nginx, 403), (Dialect::Traefik, 400), (Dialect::Caddy, 400)] {
        let path = format!("{}/typo", dialect.path());
        let answer =
            dialect.about_at(&path, &["GET", "http", "app.test", "/"]).session(&session).send(sluice.address);
        assert!(answer.assert_status(status).header("x-auth-reason").is_some());
    }
}

#[test]
fn with_auth_off_everyone_is_the_open_administrator() {
    let sluice = Home::new().with("auth.enabled = false\nserver.public_url = \"http://app.test\"").start();
    for dialect in DIALECTS {
        let answer = dialect.verify().header("Remote-User", "mallory").send(sluice.address);
        assert_allowed(&answer);
        assert_headers(
            &answer,
            &[
                ("remote-user", "admin"),
                ("x-auth-role", "admin"),
                ("x-auth-capabilities", ALL_CAPABILITIES),
                ("x-auth-permission", "full"),
                ("x-auth-method", "open"),
            ],
        );
    }
    wait::until("a warning at start", || sluice.process.log.contains("auth.enabled"));
}

#[test]
fn with_auth_off_a_name_that_a_stranger_may_own_opens_nothing() {
    let sluice = Home::new().with("auth.enabled = false").start();
    for dialect in DIALECTS {
        for (host, status) in [
            ("evil.example.com", 403),
            ("127.0.0.1.evil.example.com", 403),
            ("localhost.evil.test:8080", 403),
            ("192.168.1.7:8080", 200),
            ("[fd00::7]", 200),
            ("8.8.8.8", 200),
            ("localhost", 200),
            ("nas", 200),
            ("nas.local", 200),
        ] {
            let page = dialect.about("GET", "http", host, "/").header("Sec-Fetch-Mode", "navigate");
            let answer = page.send(sluice.address);
            let reason = answer.assert_status(status).header("x-auth-reason");
            assert_eq!(reason, (status == 403).then_some("this host is not configured"), "{host}");
        }
    }
    let log = || sluice.process.log.contains("list it in hosts of an [[app]], or set server.public_url");
    wait::until("the fix in the log", log);
    let hosts = "auth.enabled = false\n[[app]]\nname = \"films\"\nhosts = [\"films.example.com\"]\n\
                 [[app]]\nname = \"books\"";
    let sluice = Home::new().with(hosts).start();
    for (app, host, status) in
        [("films", "films.example.com", 200), ("films", "evil.test", 403), ("books", "evil.test", 403)]
    {
        let path = format!("{}/{app}", Dialect::Nginx.path());
        let page = Dialect::Nginx.about_at(&path, &["GET", "http", host, "/"]);
        page.send(sluice.address).assert_status(status);
    }
}

#[test]
fn with_auth_off_a_page_of_another_site_still_may_not_act() {
    let sluice = Home::new().with("auth.enabled = false\nserver.public_url = \"http://app.test\"").start();
    let post = || Dialect::Nginx.about("POST", "http", "app.test", "/delete");
    post().send(sluice.address).assert_status(200);
    post().header("Origin", "http://app.test").send(sluice.address).assert_status(200);
    let foreign = post().header("Origin", "http://evil.test").send(sluice.address);
    assert_eq!(foreign.assert_status(403).header("x-auth-reason"), Some("foreign origin"));
    let socket = Dialect::Nginx.about("GET", "http", "app.test", "/ws").header("Sec-WebSocket-Key", "x");
    socket.header("Origin", "http://evil.test").send(sluice.address).assert_status(403);
}

#[test]
fn cookies_of_others_are_handed_back_without_ours() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let ask = |cookies: &str| Dialect::Nginx.verify().header("Cookie", cookies).send(sluice.address);
    let answer = ask(&format!("SID=1; sluice_session={session}; theme=dark"));
    assert_eq!(answer.assert_status(200).header("cookie"), Some("SID=1; theme=dark"));
    let answer = ask(&format!("sluice_session={session}"));
    assert_eq!(answer.assert_status(200).header("cookie"), None);
}
