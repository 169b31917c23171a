//! The sign-in that qBittorrent's clients know.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};
use crate::support::verify::Dialect;
use crate::support::wait;

fn form(user: &str, password: &str) -> Request {
    Request::post("/api/v2/auth/login").form(&[("username", user), ("password", password)])
}

#[track_caller]
fn sign_in(sluice: &Sluice, user: &str, password: &str) -> String {
    let answer = form(user, password).send(sluice.address);
    assert_eq!(answer.assert_status(200).text(), "Ok.");
    session_of(&answer)
}

fn api(method: &str, session: &str) -> Request {
    Dialect::Nginx.about(method, "http", "nas", "/api/v2/torrents/info").session(session)
}

fn qbittorrent() -> Home {
    Home::new().with("[[app]]\nname = \"qbittorrent\"").user("ada", &["--admin"]).user("vera", &[])
}

#[test]
fn a_client_signs_in_and_acts_without_naming_a_page() {
    let sluice = qbittorrent().start();
    let answer = form("Vera", PASSWORD).send(sluice.address);
    assert_eq!(answer.assert_status(200).text(), "Ok.");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    let cookie = answer.set_cookie("sluice_session").expect("a session").to_owned();
    for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let session = session_of(&answer);
    for method in ["GET", "POST"] {
        let allowed = api(method, &session).send(sluice.address);
        assert_eq!(allowed.assert_status(200).header("remote-user"), Some("vera"));
        assert_eq!(allowed.header("x-auth-method"), Some("session"));
    }
    api("POST", &session).header("Origin", "http://evil.test").send(sluice.address).assert_status(403);
    // A browser's session still has to name its page.
    let page = sluice.sign_in("vera", PASSWORD);
    api("POST", &page).send(sluice.address).assert_status(403);
}

#[test]
fn a_key_opens_a_session_that_ends_and_is_limited_with_it() {
    let home = qbittorrent();
    let key = home.key("ada", "sonarr");
    let made = home.cli(
        &[
            "key",
            "create",
            "ada",
            "--name",
            "narrow",
            "--capabilities",
            "search,view_all_downloads",
            "--json",
        ],
        "",
    );
    let narrow = made.assert_code(0).json()["key"].as_str().expect("a key").to_owned();
    let sluice = home.start();
    for user in ["ada", "ADA", ""] {
        sign_in(&sluice, user, &key);
    }
    let of_another = form("vera", &key).header("X-Forwarded-For", "192.0.2.9").send(sluice.address);
    assert_eq!(of_another.assert_status(200).text(), "Fails.");
    let limited = api("GET", &sign_in(&sluice, "ada", &narrow)).send(sluice.address);
    assert_eq!(limited.assert_status(200).header("x-auth-capabilities"), Some("search,view_all_downloads"));
    assert_eq!(limited.header("x-auth-role"), Some("user"));
    let session = sign_in(&sluice, "ada", &key);
    api("POST", &session).send(sluice.address).assert_status(200);
    sluice.cli(&["key", "revoke", "ada", "sonarr"], "").assert_code(0);
    wait::until("the revocation", || api("GET", &session).send(sluice.address).status == 403);
    assert_eq!(form("ada", &key).send(sluice.address).text(), "Fails.");
}

#[test]
fn a_key_that_is_for_other_apps_fails_and_the_log_says_why() {
    let with = |apps: &str, limit: &str| {
        let home = Home::new().with(apps).user("ada", &["--admin"]);
        let arguments = ["key", "create", "ada", "--name", "narrow", "--json", "--app", limit];
        let key = home.cli(&arguments, "").assert_code(0).json()["key"].as_str().expect("a key").to_owned();
        let sluice = home.start();
        let answer = form("ada", &key).host("nas").send(sluice.address);
        (answer, sluice)
    };
    let [qbittorrent, sonarr] = ["qbittorrent", "sonarr"].map(|name| format!("[[app]]\nname = \"{name}\"\n"));
    let [one_host, apart] = [
        format!("{qbittorrent}{sonarr}"),
        format!(
            "{qbittorrent}hosts = [\"nas\"]\n[[app]]\nname = \"far\"\npack = \"qbittorrent\"\nhosts = [\"far\"]"
        ),
    ];
    // The proxy names it on a host that another app lists.
    let by_name = format!("{sonarr}hosts = [\"nas\"]\n{qbittorrent}hosts = [\"qb\"]");
    let unknown_kind = "[[app]]\nname = \"seedbox\"\n[[app]]\nname = \"other\"";
    for (apps, limit, opens) in [
        (one_host.as_str(), "sonarr", false),
        (&one_host, "qbittorrent", true),
        (&apart, "far", false),
        (&apart, "qbittorrent", true),
        (&by_name, "sonarr", false),
        (&by_name, "qbittorrent", true),
        (unknown_kind, "seedbox", true),
    ] {
        let (answer, sluice) = with(apps, limit);
        let said = if opens { "Ok." } else { "Fails." };
        assert_eq!(answer.assert_status(200).text(), said, "{limit} of {apps}");
        assert_eq!(answer.set_cookie("sluice_session").is_some(), opens, "{limit} of {apps}");
        if !opens {
            wait::until("the cause in the log", || sluice.process.log.contains("opens other apps only"));
        }
    }
}

#[test]
fn who_may_not_enter_the_app_fails_as_with_a_wrong_password_but_is_never_blocked() {
    let app = "throttle.max_failures = 2\n[[app]]\nname = \"qbittorrent\"\nusers = [\"john\"]\ngroups = [\"admins\"]";
    let home =
        Home::new().with(app).user("ada", &["--admin"]).user("vera", &[]).user("john", &[]).user("eve", &[]);
    let keys = ["vera", "john"].map(|user| home.key(user, "script"));
    let sluice = home.start();
    let from = |address: &str, user: &str, password: &str| {
        let mut answer = form(user, password).header("X-Forwarded-For", address).send(sluice.address);
        answer.headers.retain(|(name, _)| name != "date");
        answer.headers.sort();
        (answer.status, answer.headers, String::from_utf8(answer.body).expect("a text"))
    };
    let wrong = from("192.0.2.1", "vera", "wrong");
    assert_eq!((wrong.0, wrong.2.as_str()), (200, "Fails."));
    for password in [PASSWORD, &keys[0]] {
        for _ in 0..4 {
            assert_eq!(from("192.0.2.2", "vera", password), wrong);
        }
    }
    wait::until("the cause in the log", || sluice.process.log.contains("the app does not let this user in"));
    for (user, password) in [("john", PASSWORD), ("john", &keys[1]), ("ada", PASSWORD)] {
        assert_eq!(from("192.0.2.2", user, password).2, "Ok.", "{user}");
    }
    // A right password that opens nothing clears no failures of the address.
    let failed = from("192.0.2.3", "eve", "wrong");
    assert_eq!(failed, wrong);
    wait::until("the end of the wait", || from("192.0.2.3", "vera", PASSWORD) == wrong);
    assert_eq!(from("192.0.2.3", "eve", "wrong"), wrong);
    let blocked = form("john", PASSWORD).header("X-Forwarded-For", "192.0.2.3").send(sluice.address);
    let wait = blocked.assert_status(403).header("retry-after").and_then(|wait| wait.parse().ok());
    assert!(wait > Some(60), "{blocked:#?}");
}

#[test]
fn who_may_enter_one_of_the_apps_that_are_meant_signs_in() {
    let apps = "[[app]]\nname = \"qbittorrent\"\nusers = [\"john\"]\n\
                [[app]]\nname = \"second\"\npack = \"qbittorrent\"\nusers = [\"vera\"]\n\
                [[app]]\nname = \"sonarr\"";
    let home = Home::new().with(apps).user("vera", &[]).user("eve", &[]);
    let key = |app: &str| {
        let arguments = ["key", "create", "vera", "--name", app, "--json", "--app", app];
        home.cli(&arguments, "").assert_code(0).json()["key"].as_str().expect("a key").to_owned()
    };
    let (of_first, of_second) = (key("qbittorrent"), key("second"));
    let sluice = home.start();
    for (user, password, said) in [
        ("vera", PASSWORD, "Ok."),
        ("vera", &of_second, "Ok."),
        ("vera", &of_first, "Fails."),
        ("eve", PASSWORD, "Fails."),
    ] {
        assert_eq!(form(user, password).send(sluice.address).assert_status(200).text(), said, "{user}");
    }
}

#[test]
fn a_client_with_a_dead_session_is_told_to_sign_in_again() {
    let sluice = qbittorrent().start();
    let session = sign_in(&sluice, "vera", PASSWORD);
    let out = Request::post("/api/v2/auth/logout").session(&session).send(sluice.address);
    assert!(
        out.assert_status(200)
            .set_cookie("sluice_session")
            .is_some_and(|cookie| cookie.contains("Max-Age=0"))
    );
    api("GET", &session).send(sluice.address).assert_status(403);
    for (request, status) in [
        (api("GET", &"A".repeat(43)), 403),
        (api("GET", "short"), 403),
        (Dialect::Nginx.about("GET", "http", "nas", "/api/v2/app/version"), 403),
        (Dialect::Nginx.about("GET", "http", "nas", "/").session(&session), 401),
        (Dialect::Caddy.about("GET", "http", "nas", "/api/v2/app/version").session(&session), 403),
    ] {
        request.send(sluice.address).assert_status(status);
    }
}

#[test]
fn what_is_wrong_is_said_in_qbittorrents_words() {
    let sluice = Home::new()
        .with("throttle.max_failures = 1\n[[app]]\nname = \"qbittorrent\"")
        .user("vera", &[])
        .start();
    let from =
        |address: &str, request: Request| request.header("X-Forwarded-For", address).send(sluice.address);
    let refused = |answer: &Answer| assert_eq!(answer.set_cookie("sluice_session"), None);
    for (address, user, password) in [
        ("192.0.2.1", "vera", "wrong"),
        ("192.0.2.2", "nobody", PASSWORD),
        ("192.0.2.3", "", ""),
        ("192.0.2.4", "vera", "sluice_guess"),
    ] {
        let answer = from(address, form(user, password));
        assert_eq!(answer.assert_status(200).text(), "Fails.");
        refused(&answer);
        let waiting = from(address, form("vera", PASSWORD));
        assert!(waiting.assert_status(403).text().contains("banned"), "{}", waiting.text());
        refused(&waiting);
    }
    for (request, status) in [
        (Request::post("/api/v2/auth/login").header("Content-Type", "application/json").body("{}"), 415),
        (Request::post("/api/v2/auth/login").form(&[("username", &"x".repeat(20_000))]), 413),
        (form("vera", PASSWORD).header("Origin", "http://evil.test"), 403),
        (form("vera", PASSWORD).header("Origin", "null"), 403),
        (Request::get("/api/v2/auth/login?username=vera"), 405),
        (Request::post("/api/v2/auth/login/").form(&[("username", "vera")]), 404),
        (Request::post("/api/v2/app/version"), 404),
    ] {
        let answer = from("192.0.2.9", request);
        answer.assert_status(status);
        refused(&answer);
    }
}

#[test]
fn a_client_signs_in_on_the_apps_host_wherever_the_portal_is() {
    let sluice = Home::new()
        .with(
            "server.public_url = \"https://auth.example.com\"\nsession.cookie_domain = \"example.com\"\n\
             [[app]]\nname = \"qbittorrent\"\nhosts = [\"qb.example.com\"]",
        )
        .user("vera", &[])
        .start();
    let there = |host: &str, origin: Option<&str>| {
        let request = form("vera", PASSWORD).host(host).header("X-Forwarded-Proto", "https");
        let request = request.header("X-Forwarded-Host", host);
        origin
            .into_iter()
            .fold(request, |request, origin| request.header("Origin", origin))
            .send(sluice.address)
    };
    let answer = there("qb.example.com", Some("https://qb.example.com"));
    let cookie = answer.assert_status(200).set_cookie("sluice_session").expect("a session").to_owned();
    assert!(cookie.contains("; Secure") && cookie.to_lowercase().contains("domain=example.com"), "{cookie}");
    there("qb.example.com", Some("https://other.example.com")).assert_status(403);
}

#[test]
fn a_client_that_signs_in_for_every_run_ends_nobodys_sessions_but_its_own() {
    let home = qbittorrent();
    let key = home.key("vera", "script");
    let sluice = home.start();
    let page = sluice.sign_in("vera", PASSWORD);
    let first = sign_in(&sluice, "vera", &key);
    for _ in 0..200 {
        sign_in(&sluice, "vera", &key);
    }
    api("GET", &first).send(sluice.address).assert_status(403);
    api("GET", &page).send(sluice.address).assert_status(200);
    let kinds = sluice.cli(&["session", "list", "--json"], "").json();
    let of = |kind: &str| kinds.as_array().into_iter().flatten().filter(|each| each["kind"] == kind).count();
    assert_eq!((of("client"), of("browser")), (200, 1));
}

#[test]
fn signing_out_and_in_on_the_pages_ends_what_a_client_opened() {
    let sluice = qbittorrent().start();
    let first = sign_in(&sluice, "vera", PASSWORD);
    sluice.sign_out(&first).assert_status(303);
    api("GET", &first).send(sluice.address).assert_status(403);
    let second = sign_in(&sluice, "vera", PASSWORD);
    sluice.sign_in_form("vera", PASSWORD).session(&second).send(sluice.address).assert_status(303);
    api("GET", &second).send(sluice.address).assert_status(403);
}
