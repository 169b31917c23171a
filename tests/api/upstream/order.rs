//! What Sluice can decide by itself is decided without the provider; what it does not know goes there.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{APP, about, ask, assert_let_in, gate, home, page, session};
use crate::support::product::{PROVIDER_PASSWORD, Product};
use crate::support::provider::{Mode, Provider};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};
use crate::support::verify::DIALECTS;

fn key(home: &Home, user: &str) -> String {
    let said = home.cli(&["key", "create", user, "--name", "phone", "--json"], "");
    said.assert_code(0).json()["key"].as_str().expect("a key").to_owned()
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

#[test]
fn keys_local_passwords_and_local_sessions_cost_no_question() {
    let provider = Provider::start(Product::Tinyauth);
    let home = home(&provider.settings());
    let key = key(&home, "ada");
    let sluice = home.start();
    let session = session(&sluice, "ada");
    let theirs = Product::Tinyauth.cookie("vera");
    for dialect in DIALECTS {
        for (request, method) in [
            (page(dialect).header("X-API-Key", &key), "api-key"),
            (page(dialect).header("Authorization", format!("Bearer {key}")), "api-key"),
            (page(dialect).header("Authorization", basic("ada", &key)), "api-key"),
            (about(dialect, "GET", &format!("/x?apikey={key}")), "api-key"),
            (page(dialect).header("Authorization", basic("ada", PASSWORD)), "basic"),
            (page(dialect).session(&session), "session"),
        ] {
            for request in [request.clone(), request.header("Cookie", &theirs)] {
                let answer = ask(&sluice, &request);
                assert_eq!(answer.assert_status(200).header("remote-user"), Some("ada"));
                assert_eq!(answer.header("x-auth-method"), Some(method));
            }
        }
    }
    assert_eq!(provider.questions(), 0);
}

#[test]
fn wrong_credentials_of_sluices_own_are_refused_and_not_shown_to_the_provider() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "throttle.max_failures = 1000");
    let unknown = format!("sluice_{}", "A".repeat(43));
    let theirs = Product::Generic.cookie("vera");
    for (n, dialect) in DIALECTS.into_iter().enumerate() {
        for (m, request) in [
            page(dialect).header("X-API-Key", &unknown),
            page(dialect).header("Authorization", format!("Bearer {unknown}")),
            page(dialect).header("Authorization", basic("", &unknown)),
            page(dialect).header("Authorization", basic("ada", "wrong")),
            about(dialect, "GET", &format!("/x?apikey={unknown}")),
        ]
        .into_iter()
        .enumerate()
        {
            // Each from an address of its own, since failures wait.
            let request = request.header("X-Forwarded-For", format!("192.0.{n}.{m}"));
            let answer = ask(&sluice, &request.header("Cookie", &theirs));
            answer.assert_status(401);
        }
    }
    assert_eq!(provider.questions(), 0, "{:#?}", provider.asked());
}

#[test]
fn a_password_that_sluice_does_not_keep_goes_to_the_provider() {
    for product in [Product::Tinyauth, Product::Authelia, Product::Authentik, Product::Generic] {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "upstream.auto_provision = true");
        for (dialect, user) in DIALECTS.into_iter().zip(["vera", "wes", "max"]) {
            let authorization = basic(user, PROVIDER_PASSWORD);
            let request = page(dialect).header("Authorization", &authorization);
            let answer = ask(&sluice, &request);
            assert_let_in(&answer, user);
            // It was meant for the provider, so no app receives it.
            assert_eq!(answer.header("authorization"), None);
            assert_eq!(provider.the_question().one("authorization"), authorization);
            provider.forget();
            let wrong = page(dialect).header("Authorization", basic(user, "wrong"));
            ask(&sluice, &wrong).assert_status(401);
            assert_eq!(provider.the_question().one("authorization"), basic(user, "wrong"));
            provider.forget();
        }
    }
}

#[test]
fn a_token_of_another_kind_goes_to_the_provider() {
    for product in [Product::Authelia, Product::Authentik, Product::Generic] {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            let request = page(dialect).header("Authorization", "Bearer provider-token-vera");
            let answer = ask(&sluice, &request);
            assert_let_in(&answer, "vera");
            assert_eq!(answer.header("authorization"), None);
            let wrong = page(dialect).header("Authorization", "Bearer eyJhbGciOiJub25lIn0.e30.");
            ask(&sluice, &wrong).assert_status(401);
            let asked = provider.asked();
            assert_eq!(asked.len(), 2);
            assert_eq!(asked[0].one("authorization"), "Bearer provider-token-vera");
            assert_eq!(asked[1].one("authorization"), "Bearer eyJhbGciOiJub25lIn0.e30.");
            provider.forget();
        }
    }
}

#[test]
fn an_app_that_takes_authorization_for_itself_keeps_it() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "[[app]]\nname = \"app\"\nauthorization = \"app\"");
    for dialect in DIALECTS {
        let request = page(dialect)
            .header("Authorization", "Bearer of-the-app")
            .header("Cookie", Product::Generic.cookie("vera"));
        let answer = ask(&sluice, &request);
        assert_let_in(&answer, "vera");
        assert_eq!(answer.header("authorization"), Some("Bearer of-the-app"));
    }
}

#[test]
fn what_the_provider_hands_back_is_not_handed_on() {
    // Tinyauth repeats the client's Authorization in its answer; others send tokens and cookies.
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRemote-User: vera\r\nX-authentik-username: vera\r\n\
                  Authorization: Basic stray\r\nSet-Cookie: stray=1\r\nX-Stray: 1\r\nX-Auth-Role: admin\r\n\
                  X-Auth-Capabilities: all\r\nRemote-Groups: admins\r\nX-Api-Key: stray\r\nCookie: stray=1\r\n\
                  Location: https://stray.test/\r\nX-authentik-jwt: stray\r\n\r\n";
    for product in [Product::Tinyauth, Product::Authelia, Product::Authentik, Product::Generic] {
        let provider = Provider::with(product, Mode::SayingOn(answer.into()));
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            let answer = ask(&sluice, &page(dialect));
            assert_let_in(&answer, "vera");
            assert_eq!(answer.header("x-auth-role"), Some("user"));
            assert_eq!(answer.header("x-auth-permission"), Some("ro"));
            let stray: Vec<_> = answer.headers.iter().filter(|(_, value)| value.contains("stray")).collect();
            assert!(stray.is_empty(), "{product:?}: {stray:?}");
            assert_eq!(answer.all("x-stray"), [""; 0]);
        }
    }
}

#[test]
fn the_clients_other_cookies_are_handed_back() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "");
    let theirs = Product::Generic.cookie("vera");
    let request = page(DIALECTS[0]).header("Cookie", format!("SID=1; {theirs}"));
    let answer = ask(&sluice, &request);
    assert_let_in(&answer, "vera");
    assert!(answer.header("cookie").is_some_and(|cookies| cookies.starts_with("SID=1")));
}

#[test]
fn a_local_session_of_one_and_the_providers_cookie_of_another_is_the_local_one() {
    let provider = Provider::start(Product::Authentik);
    let sluice = gate(&provider, "");
    let session = session(&sluice, "ada");
    let cookies = format!("{}; sluice_session={session}", Product::Authentik.cookie("vera"));
    for dialect in DIALECTS {
        let answer = ask(&sluice, &page(dialect).header("Cookie", &cookies));
        assert_eq!(answer.assert_status(200).header("remote-user"), Some("ada"));
        let post = about(dialect, "POST", "/").header("Cookie", &cookies).header("Origin", APP);
        assert_eq!(ask(&sluice, &post).assert_status(200).header("x-auth-method"), Some("session"));
    }
    assert_eq!(provider.questions(), 0);
}

#[test]
fn a_session_of_sluices_own_that_has_ended_locks_nobody_out_of_the_provider() {
    let provider = Provider::start(Product::Authelia);
    let sluice = gate(&provider, "");
    let cookies = format!("{}; sluice_session={}", Product::Authelia.cookie("vera"), "A".repeat(43));
    for dialect in DIALECTS {
        let answer = ask(&sluice, &page(dialect).navigating().header("Cookie", &cookies));
        if answer.status == 200 {
            continue;
        }
        // Where they are sent instead, the cookie goes away; then they come in.
        let location = answer.location().expect("a page").to_owned();
        let path = location.strip_prefix(APP).expect("a page of the portal");
        let portal = Request::get(path).navigating().host("app.example.com").header("Cookie", &cookies);
        let portal = portal.header("X-Forwarded-Proto", "https").send(sluice.address);
        let removed = portal.set_cookie("sluice_session");
        assert!(removed.is_some_and(|cookie| cookie.contains("Max-Age=0")), "{portal:?}");
    }
}

#[test]
fn a_public_preflight_costs_no_question() {
    let provider = Provider::start(Product::Authelia);
    let sluice = gate(&provider, "origins.allowed = [\"https://dash.test\"]");
    let preflight = |origin: &str| {
        about(DIALECTS[0], "OPTIONS", "/api")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
    };
    let send = |request: Request| request.send(sluice.address);
    assert_eq!(
        send(preflight("https://dash.test")).assert_status(200).header("x-auth-method"),
        Some("public")
    );
    send(preflight("https://evil.test")).assert_status(403);
    assert_eq!(provider.questions(), 0);
}
