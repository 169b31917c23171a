//! SSO by header: whom the proxy before us has signed in, if the proxy proves that it is the one.

mod people;
mod portal;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};
use crate::support::verify::{DIALECTS, Dialect, IDENTITY};
use crate::support::wait;

const SECRET: &str = "of-the-proxy-and-nobody-else";

/// An administrator `ada`, who has a password, and `vera`, who has none and may only look.
fn home(settings: &str) -> Home {
    Home::new()
        .with("sso.enabled = true")
        .with(settings)
        .user("ada", &["--admin"])
        .user("vera", &["--no-password", "--preset", "read-only"])
}

fn gate(settings: &str) -> Sluice {
    home(&format!("sso.secret = \"{SECRET}\"\n{settings}")).start()
}

/// What the proxy adds for a user whom it has signed in.
fn sso(request: Request, user: &str) -> Request {
    request.header("Remote-User", user).header("X-Sluice-Secret", SECRET)
}

/// A session as qBittorrent's clients open one: where another system signs people in, the page has no form.
#[track_caller]
pub fn session(sluice: &Sluice, user: &str) -> String {
    let form = [("username", user), ("password", PASSWORD)];
    let answer = Request::post("/api/v2/auth/login").form(&form).send(sluice.address);
    session_of(answer.assert_status(200))
}

/// Sends a verify request. Whatever comes of it: no cookie, and nobody is named who is not let in.
#[track_caller]
fn ask(sluice: &Sluice, request: &Request) -> Answer {
    let answer = request.send(sluice.address);
    assert_eq!(answer.all("set-cookie"), [""; 0], "{answer:#?}");
    if answer.status != 200 {
        for name in IDENTITY {
            assert_eq!(answer.all(name), [""; 0], "{name} in {answer:#?}");
        }
    }
    answer
}

#[track_caller]
fn assert_let_in(answer: &Answer, user: &str, method: &str) {
    assert_eq!(answer.assert_status(200).body, b"");
    for name in IDENTITY {
        assert!(answer.header(name).is_some_and(|value| !value.is_empty()), "{name}: {:#?}", answer.headers);
    }
    assert_eq!(answer.header("remote-user"), Some(user));
    assert_eq!(answer.header("x-auth-method"), Some(method));
}

#[test]
fn with_the_secret_the_named_user_is_let_in_with_all_ten_headers() {
    let sluice = gate("");
    for dialect in DIALECTS {
        for name in ["vera", "Vera", "VERA"] {
            let answer = ask(&sluice, &sso(dialect.verify(), name));
            assert_let_in(&answer, "vera", "sso");
            assert_eq!(answer.header("x-auth-permission"), Some("ro"));
            assert_eq!(answer.header("x-auth-role"), Some("user"));
        }
        // A password of their own does not keep anybody from it.
        assert_let_in(&ask(&sluice, &sso(dialect.verify(), "ada")), "ada", "sso");
    }
}

/// Requests that name a user without proof.
fn unproved(dialect: Dialect) -> Vec<(&'static str, Request)> {
    let with = |name: &str, secret: &str| dialect.verify().header("Remote-User", "ada").header(name, secret);
    let name = "X-Sluice-Secret";
    let longer = format!("{SECRET}x");
    vec![
        ("no secret", dialect.verify().header("Remote-User", "ada")),
        ("another", with(name, "guess")),
        ("an empty one", with(name, "")),
        ("a part", with(name, &SECRET[..SECRET.len() - 1])),
        ("more", with(name, &longer)),
        ("capitals", with(name, &SECRET.to_ascii_uppercase())),
        ("the word none", with(name, "none")),
        ("bytes", dialect.verify().header("Remote-User", "ada").header(name, b"\xff\xfe")),
        ("another header", with("X-Secret", SECRET)),
    ]
}

#[test]
fn without_the_secret_the_name_counts_as_not_sent() {
    let sluice = gate("");
    let session = session(&sluice, "ada");
    for dialect in DIALECTS {
        for (what, request) in unproved(dialect) {
            let answer = ask(&sluice, &request);
            assert_eq!(answer.status, 401, "{what}: {answer:?}");
            // Who has a session is who the session says.
            let vera = request.header("Remote-Groups", "admins").session(&session);
            assert_let_in(&ask(&sluice, &vera), "ada", "session");
        }
    }
}

#[test]
fn a_secret_that_comes_twice_proves_nothing() {
    let sluice = gate("");
    for dialect in DIALECTS {
        for other in [SECRET, "guess", ""] {
            let request = sso(dialect.verify(), "ada").header("X-Sluice-Secret", other);
            ask(&sluice, &request).assert_status(401);
        }
        let joined = format!("{SECRET}, {SECRET}");
        let request = dialect.verify().header("Remote-User", "ada").header("X-Sluice-Secret", joined);
        ask(&sluice, &request).assert_status(401);
    }
}

/// Lines of the log about `part`, once everything before has arrived there.
#[track_caller]
fn told(sluice: &Sluice, part: &str) -> Vec<String> {
    Dialect::Nginx.verify().header("X_Auth_App", "x").send(sluice.address).assert_status(403);
    wait::until("the last refusal", || sluice.process.log.contains("x_auth_app"));
    sluice.process.log.lines().into_iter().filter(|line| line.contains(part)).collect()
}

#[test]
fn a_missing_or_wrong_secret_is_told_once() {
    for secret in [None, Some("guess-canary")] {
        let sluice = gate("");
        let session = session(&sluice, "ada");
        for n in 0..10 {
            let target = format!("/{n}");
            let request = Dialect::Nginx.about("GET", "http", "app.test", &target);
            let request = request.header("Remote-User", "vera-canary");
            let request = match secret {
                Some(secret) => request.header("X-Sluice-Secret", secret),
                None => request,
            };
            ask(&sluice, &request).assert_status(401);
            ask(&sluice, &request.session(&session)).assert_status(200);
        }
        let told = told(&sluice, "X-Sluice-Secret");
        assert_eq!(told.len(), 1, "{}", sluice.process.log.text());
        assert!(told[0].contains("WARN"), "{}", told[0]);
        let log = sluice.process.log.text();
        assert!(!log.contains(SECRET) && !log.contains("canary"), "{log}");
    }
}

#[test]
fn a_peer_outside_the_trusted_networks_names_nobody_and_that_is_told_once() {
    // The peer is the proxy at 127.0.0.1; what it forwards for does not matter.
    for networks in [r#"["10.0.0.0/8"]"#, r#"["192.0.2.0/24", "::1"]"#] {
        let sluice = gate(&format!("sso.trusted_ips = {networks}"));
        let session = session(&sluice, "ada");
        for _ in 0..10 {
            for dialect in DIALECTS {
                let request = sso(dialect.verify(), "vera").header("X-Forwarded-For", "10.0.0.1");
                ask(&sluice, &request).assert_status(401);
                assert_let_in(&ask(&sluice, &request.session(&session)), "ada", "session");
            }
        }
        let told = told(&sluice, "sso.trusted_ips");
        assert_eq!(told.len(), 1, "{}", sluice.process.log.text());
        assert!(told[0].contains("127.0.0.1"), "{}", told[0]);
    }
    for networks in [r#"["127.0.0.1"]"#, r#"["10.0.0.0/8", "127.0.0.0/8"]"#] {
        let sluice = gate(&format!("sso.trusted_ips = {networks}"));
        // A client from the internet is not the peer.
        let request = sso(Dialect::Caddy.verify(), "vera").header("X-Forwarded-For", "203.0.113.5");
        assert_let_in(&ask(&sluice, &request), "vera", "sso");
    }
}

#[test]
fn a_bad_name_is_a_wrong_credential_and_not_an_absent_one() {
    let sluice = gate("sso.auto_provision = true");
    let session = session(&sluice, "ada");
    let long = "a".repeat(65);
    let bad: [&[u8]; 17] = [
        b"vera,ada",
        b"vera, vera",
        b"vera;ada",
        b"ve ra",
        b"ve\tra",
        b"Zo\xc3\xab",
        b"Zo\xeb",
        b"\xd0\xb0da",
        b"\xff\xfe",
        b"\xe2\x80\x8bvera",
        b"-",
        b".vera",
        b"vera/../ada",
        b"vera%0a",
        b"\"vera\"",
        b"CN=vera,O=home",
        long.as_bytes(),
    ];
    for dialect in DIALECTS {
        for name in bad {
            let request = dialect.verify().header("X-Sluice-Secret", SECRET).header("Remote-User", name);
            for request in [request.clone(), request.session(&session)] {
                let answer = ask(&sluice, &request);
                assert_eq!(answer.status, 401, "{name:?}: {answer:?}");
            }
        }
        // What no HTTP header may hold is refused before anybody reads it.
        for name in [b"ve\x01ra", b"ve\x7fra", b"ve\x00ra"] {
            let request = dialect.verify().header("X-Sluice-Secret", SECRET).header("Remote-User", name);
            let answer = ask(&sluice, &request.session(&session));
            assert!(matches!(answer.status, 400 | 401), "{name:?}: {answer:?}");
        }
        for second in ["vera", "ada", ""] {
            let request = sso(dialect.verify(), "vera").header("remote-user", second);
            for request in [request.clone(), request.session(&session)] {
                ask(&sluice, &request).assert_status(401);
            }
        }
    }
    let users = sluice.cli(&["user", "list", "--json"], "").json();
    assert_eq!(users.as_array().map(Vec::len), Some(2), "{users:#}");
    assert!(sluice.process.log.lines().iter().all(|line| !line.chars().any(char::is_control)));
}

#[test]
fn an_empty_name_is_none() {
    let sluice = gate("sso.auto_provision = true");
    let session = session(&sluice, "ada");
    for dialect in DIALECTS {
        for empty in ["", " ", "\t "] {
            let request = sso(dialect.verify(), empty);
            ask(&sluice, &request).assert_status(401);
            assert_let_in(&ask(&sluice, &request.session(&session)), "ada", "session");
        }
        let only_groups =
            dialect.verify().header("Remote-Groups", "admins").header("X-Sluice-Secret", SECRET);
        ask(&sluice, &only_groups).assert_status(401);
    }
}

#[test]
fn only_the_configured_header_names_a_user() {
    let sluice = gate("sso.user_header = \"X-Remote-User\"");
    for dialect in DIALECTS {
        ask(&sluice, &sso(dialect.verify(), "vera")).assert_status(401);
        let proved = || dialect.verify().header("X-Sluice-Secret", SECRET);
        let answer = ask(&sluice, &proved().header("X-Remote-User", "vera").header("Remote-User", "ada"));
        assert_let_in(&answer, "vera", "sso");
        for alias in ["X_Remote_User", "X_Remote-User", "X-Remote.User", "XRemoteUser"] {
            let answer = ask(&sluice, &proved().header(alias, "vera"));
            assert!(matches!(answer.status, 400 | 401 | 403), "{alias}: {answer:?}");
        }
        let beside = proved().header("X-Remote-User", "vera").header("X_Remote_User", "ada");
        let answer = ask(&sluice, &beside);
        assert!(matches!(answer.status, 400 | 403), "an app could take the other: {answer:?}");
    }
    // An app that the proxy hands it to must not receive what a client made up.
    let answer = ask(&sluice, &Dialect::Nginx.verify().header("X_Remote_User", "ada"));
    assert!(matches!(answer.status, 401 | 403));
}

#[test]
fn keys_and_passwords_come_first_and_a_session_last() {
    let home = home(&format!("sso.secret = \"{SECRET}\""));
    let said = home.cli(&["key", "create", "ada", "--name", "phone", "--json"], "");
    let key = said.assert_code(0).json()["key"].as_str().expect("a key").to_owned();
    let sluice = home.start();
    let session = session(&sluice, "ada");
    let basic = "Basic YWRhOkNvcnJlY3QtaG9yc2UtMQ==";
    for dialect in DIALECTS {
        let vera = || sso(dialect.verify(), "vera");
        assert_let_in(&ask(&sluice, &vera().header("X-API-Key", &key)), "ada", "api-key");
        assert_let_in(&ask(&sluice, &vera().header("Authorization", basic)), "ada", "basic");
        // Who has been signed in anew is not who an old session says.
        assert_let_in(&ask(&sluice, &vera().session(&session)), "vera", "sso");
        assert_let_in(&ask(&sluice, &vera().session(&"A".repeat(43))), "vera", "sso");
    }
}

#[test]
fn a_page_of_another_site_cannot_act_with_it() {
    let sluice = gate("");
    for dialect in DIALECTS {
        let post = || sso(dialect.about("POST", "http", "app.test", "/delete"), "vera");
        assert_let_in(&ask(&sluice, &post().header("Origin", "http://app.test")), "vera", "sso");
        for origin in ["http://evil.test", "https://app.test", "null"] {
            let answer = ask(&sluice, &post().header("Origin", origin));
            assert_eq!(answer.assert_status(403).header("x-auth-reason"), Some("foreign origin"));
        }
        ask(&sluice, &post()).assert_status(403);
        let socket = sso(dialect.verify(), "vera").header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        ask(&sluice, &socket.clone().header("Origin", "http://evil.test")).assert_status(403);
        assert_let_in(&ask(&sluice, &socket.header("Origin", "http://app.test")), "vera", "sso");
    }
}

#[test]
fn the_word_none_says_that_the_proxy_strips_the_header() {
    let sluice = home("sso.secret = \"none\"").start();
    for dialect in DIALECTS {
        let request = dialect.verify().header("Remote-User", "vera");
        assert_let_in(&ask(&sluice, &request), "vera", "sso");
    }
    let elsewhere = home("sso.secret = \"none\"\nsso.trusted_ips = [\"10.0.0.0/8\"]").start();
    ask(&elsewhere, &Dialect::Nginx.verify().header("Remote-User", "vera")).assert_status(401);
}
