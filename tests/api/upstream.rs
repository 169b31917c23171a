//! The upstream provider: whom it knows, Sluice lets in; where it sends people, Sluice sends them.

mod asked;
mod broken;
mod cached;
mod many;
mod order;
mod people;

use crate::sso::session;
use crate::support::product::{PRODUCTS, Product};
use crate::support::provider::{Mode, Provider};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, Sluice};
use crate::support::verify::{DIALECTS, Dialect, IDENTITY};
use crate::support::websocket;

/// The app's origin.
const APP: &str = "https://app.example.com";

/// What a program sends that signs in as `vera` at the provider, by Basic.
const VERAS_PASSWORD: &str = "Basic dmVyYTpwcm92aWRlci1wYXNzd29yZA==";

/// A store with an administrator `ada`, who has a password, and `vera`, who has none and may only look.
fn home(provider: &str) -> Home {
    // However busy the machine is, the provider is waited for.
    let patient = if provider.contains("upstream.timeout") { "" } else { "upstream.timeout = \"20s\"" };
    Home::new()
        .with(provider)
        .with(patient)
        .user("ada", &["--admin"])
        .user("vera", &["--no-password", "--preset", "read-only"])
}

fn gate(provider: &Provider, settings: &str) -> Sluice {
    home(&provider.settings()).with(settings).start()
}

/// A client's request for a page of the app, as the proxy describes it.
fn about(dialect: Dialect, method: &str, target: &str) -> Request {
    dialect.about(method, "https", "app.example.com", target)
}

fn page(dialect: Dialect) -> Request {
    about(dialect, "GET", "/page?x=1")
}

/// Sends a verify request. Whatever comes of it: no cookie, and nobody is named who is not let in.
#[track_caller]
fn ask(sluice: &Sluice, request: &Request) -> Answer {
    let answer = request.send(sluice.address);
    assert_eq!(answer.all("set-cookie"), [""; 0], "{answer:#?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    if answer.status != 200 {
        for name in IDENTITY {
            assert_eq!(answer.all(name), [""; 0], "{name} in {answer:#?}");
        }
    }
    answer
}

/// Let in by the provider, with all ten headers.
#[track_caller]
fn assert_let_in(answer: &Answer, user: &str) {
    assert_eq!(answer.assert_status(200).body, b"");
    for name in IDENTITY {
        assert!(answer.header(name).is_some_and(|value| !value.is_empty()), "{name}: {:#?}", answer.headers);
    }
    assert_eq!(answer.header("remote-user"), Some(user));
    assert_eq!(answer.header("x-auth-method"), Some("upstream"));
}

#[test]
fn whom_the_provider_knows_is_let_in_with_all_ten_headers() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            let request = page(dialect).header("Cookie", product.cookie("vera"));
            for request in [request.clone().navigating(), request] {
                let answer = ask(&sluice, &request);
                assert_let_in(&answer, "vera");
                assert_eq!(answer.header("x-auth-role"), Some("user"));
                assert_eq!(answer.header("x-auth-permission"), Some("ro"));
                assert_eq!(answer.header("x-auth-app"), Some("default"));
                assert_eq!(answer.location(), None);
            }
        }
    }
}

#[test]
fn a_person_is_sent_where_the_provider_says() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            for (method, status) in [("GET", 302), ("HEAD", 302), ("POST", 303)] {
                let target = "/page?x=1&rd=//evil.test&y=%26";
                let request = about(dialect, method, target).navigating();
                let answer = ask(&sluice, &request);
                let expected = product.sign_in_address(APP, &format!("{APP}{target}"), method);
                let location = answer.location().expect("a Location");
                assert_eq!(decoded(location), decoded(&expected), "{product:?} {dialect:?}");
                if dialect == Dialect::Nginx {
                    assert_eq!(answer.assert_status(401).header("x-tinyauth-location"), Some(location));
                } else {
                    answer.assert_status(status);
                }
            }
        }
    }
}

/// An address without regard to which characters of its query are escaped.
#[track_caller]
fn decoded(address: &str) -> (String, Vec<(String, String)>) {
    let url = url::Url::parse(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    let page = format!("{}{}", url.origin().ascii_serialization(), url.path());
    (page, url.query_pairs().into_owned().collect())
}

#[test]
fn a_program_gets_401_without_a_redirect() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            let stale = page(dialect).header("Cookie", "tinyauth-session-5f3a1c2b=old; authelia_session=old");
            let fetched = page(dialect).header("Accept", "text/html").header("Sec-Fetch-Mode", "cors");
            for request in [page(dialect), page(dialect).header("Accept", "*/*"), stale, fetched] {
                let answer = ask(&sluice, &request);
                assert_eq!(answer.assert_status(401).location(), None, "{product:?} {dialect:?}");
                assert_eq!(answer.header("x-tinyauth-location"), None);
                if dialect != Dialect::Nginx {
                    assert!(answer.json().is_object());
                }
            }
        }
    }
}

#[test]
fn a_websocket_opens_with_the_providers_cookie_and_is_never_redirected() {
    let provider = Provider::start(Product::Authelia);
    let sluice = gate(&provider, "");
    for dialect in DIALECTS {
        let handshake = page(dialect).header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let signed_out = ask(&sluice, &handshake.clone().navigating().header("Origin", APP));
        assert_eq!(signed_out.assert_status(401).location(), None);
        let handshake = handshake.header("Cookie", Product::Authelia.cookie("vera"));
        ask(&sluice, &handshake.clone().header("Origin", "https://evil.test")).assert_status(403);
        assert_let_in(&ask(&sluice, &handshake.header("Origin", APP)), "vera");
    }
    let upgrade = websocket::handshake("/verify/traefik")
        .header("X-Forwarded-Proto", "https")
        .header("X-Forwarded-Host", "app.example.com")
        .header("X-Forwarded-Uri", "/socket")
        .header("X-Forwarded-Method", "GET")
        .header("Origin", APP)
        .header("Cookie", Product::Authelia.cookie("vera"));
    assert_let_in(&ask(&sluice, &upgrade), "vera");
}

#[test]
fn what_the_provider_forbids_is_403_for_everybody() {
    for product in PRODUCTS {
        let provider = Provider::with(product, Mode::Forbidding);
        let sluice = gate(&provider, "upstream.auto_provision = true");
        for dialect in DIALECTS {
            let request = page(dialect).header("Cookie", product.cookie("wes"));
            for request in [request.clone().navigating(), request] {
                let answer = ask(&sluice, &request);
                assert_eq!(answer.assert_status(403).location(), None, "{product:?} {dialect:?}");
                assert!(answer.header("x-auth-reason").is_some());
            }
        }
        provider.set(Mode::Working);
        assert_let_in(&ask(&sluice, &page(Dialect::Caddy).header("Cookie", product.cookie("wes"))), "wes");
    }
}

#[test]
fn a_page_of_another_site_cannot_act_with_the_providers_session() {
    let provider = Provider::start(Product::Tinyauth);
    let sluice = gate(&provider, "");
    for dialect in DIALECTS {
        for method in ["POST", "DELETE"] {
            let request =
                about(dialect, method, "/delete").header("Cookie", Product::Tinyauth.cookie("vera"));
            for origin in
                ["https://evil.test", "http://app.example.com", "https://tinyauth.example.com", "null"]
            {
                let answer = ask(&sluice, &request.clone().header("Origin", origin));
                assert_eq!(answer.assert_status(403).header("x-auth-reason"), Some("foreign origin"));
            }
            // A browser always names the page; a program, which sends no cookies, never does.
            ask(&sluice, &request).assert_status(403);
            let program = about(dialect, method, "/delete").header("Authorization", VERAS_PASSWORD);
            assert_let_in(&ask(&sluice, &program), "vera");
            ask(&sluice, &program.header("Origin", "https://evil.test")).assert_status(403);
            assert_let_in(&ask(&sluice, &request.header("Origin", APP)), "vera");
        }
    }
}

#[test]
fn the_portal_shows_no_form_and_signing_out_leads_to_the_provider_or_the_app() {
    let provider = Provider::start(Product::Authelia);
    for (settings, expected) in [
        (
            "upstream.logout_url = \"https://login.example.com:8080/logout\"",
            "https://login.example.com:8080/logout",
        ),
        ("", "/"),
    ] {
        let sluice = gate(&provider, settings);
        let login = Request::get("/sluice/login").navigating().send(sluice.address);
        assert!(!login.text().contains("name=\"password\""), "{}", login.text());
        let signed_out = sluice.portal_post("/sluice/logout").send(sluice.address);
        let location = signed_out.assert_status(303).location().unwrap_or_default();
        assert_eq!(location.trim_start_matches(&sluice.origin()), expected);
        let by_cookie = Request::get("/sluice/account")
            .navigating()
            .header("Cookie", Product::Authelia.cookie("vera"))
            .send(sluice.address);
        assert_eq!(by_cookie.all("set-cookie"), [""; 0], "the provider's cookie opened a session");
        assert_eq!(provider.questions(), 0, "only verify asks the provider");
    }
}
