//! A provider that is down, slow or talks nonsense: nobody is let in, nobody is sent anywhere, nothing hangs.

use std::time::Duration;

use super::{about, ask, assert_let_in, gate, home, page, session};
use crate::support::process::{free_port, local};
use crate::support::product::{PRODUCTS, Product};
use crate::support::provider::{Mode, Provider, settings};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::Sluice;
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait::{self, Deadline};

/// Nobody is proved, and it is nobody's fault but ours.
#[track_caller]
fn assert_unavailable(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {answer:#?}");
    assert_eq!(answer.location(), None, "{what}");
    assert_eq!(answer.header("x-tinyauth-location"), None, "{what}");
}

/// A person and a program, of somebody whom the provider knows.
fn callers(product: Product, dialect: Dialect) -> [Request; 2] {
    let request = page(dialect).header("Cookie", product.cookie("vera"));
    [request.clone().navigating(), request]
}

#[track_caller]
fn assert_unavailable_to_everybody(sluice: &Sluice, product: Product, dialect: Dialect, what: &str) {
    for request in callers(product, dialect) {
        assert_unavailable(&ask(sluice, &request), what);
    }
}

/// Answers that name a user and yet are none.
fn nonsense(header: &str) -> Vec<(&'static str, Vec<u8>)> {
    let user = format!("{header}: vera\r\n");
    let ok = |rest: &str| format!("HTTP/1.1 200 OK\r\n{user}{rest}\r\n").into_bytes();
    let empty = "Content-Length: 0\r\n";
    let text = |text: String| text.into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03garbage\r\n\r\n".to_vec()),
        ("words", b"come in, vera\r\n\r\n".to_vec()),
        ("another version", text(format!("HTTP/9.9 200 OK\r\n{user}{empty}\r\n"))),
        ("no number", text(format!("HTTP/1.1 OK 200\r\n{user}{empty}\r\n"))),
        ("a number too long", text(format!("HTTP/1.1 2000 OK\r\n{user}{empty}\r\n"))),
        ("a line without a colon", ok(&format!("{empty}Nonsense\r\n"))),
        ("a name with a space", ok(&format!("{empty}Bad Name: 1\r\n"))),
        ("a NUL in a value", ok(&format!("{empty}X: a\0b\r\n"))),
        ("a length that is no number", ok("Content-Length: x\r\n")),
        ("a negative length", ok("Content-Length: -1\r\n")),
        ("two lengths", ok("Content-Length: 0\r\nContent-Length: 5\r\n")),
        ("a body shorter than its length", [ok("Content-Length: 100\r\n"), b"short".to_vec()].concat()),
        ("chunks that are none", [ok("Transfer-Encoding: chunked\r\n"), b"ZZ\r\n\r\n".to_vec()].concat()),
        (
            "chunks without an end",
            [ok("Transfer-Encoding: chunked\r\n"), b"5\r\nhello\r\n".to_vec()].concat(),
        ),
        ("an interim answer only", text(format!("HTTP/1.1 100 Continue\r\n{user}\r\n"))),
        ("a huge header", ok(&format!("{empty}X-Huge: {}\r\n", "x".repeat(2_000_000)))),
        ("endless headers", ok(&format!("{empty}{}", "X-Many: 1\r\n".repeat(20_000)))),
        ("no user", text(format!("HTTP/1.1 200 OK\r\n{empty}\r\n"))),
        ("an empty user", text(format!("HTTP/1.1 200 OK\r\n{header}: \r\n{empty}\r\n"))),
        ("two users", ok(&format!("{header}: ada\r\n{empty}"))),
        ("the same user twice", ok(&format!("{user}{empty}"))),
        ("another product's user", text(format!("HTTP/1.1 200 OK\r\nX-Webauth-User: vera\r\n{empty}\r\n"))),
        ("half a head", text(format!("HTTP/1.1 200 OK\r\n{user}"))),
    ]
}

#[test]
fn an_answer_that_makes_no_sense_opens_nothing() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for (what, bytes) in nonsense(product.user_header()) {
            provider.set(Mode::Saying(bytes));
            assert_unavailable_to_everybody(&sluice, product, Dialect::Nginx, what);
        }
        provider.set(Mode::Working);
        for request in callers(product, Dialect::Nginx) {
            assert_let_in(&ask(&sluice, &request), "vera");
        }
    }
}

#[test]
fn a_status_that_means_neither_yes_nor_no_opens_nothing() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let mut sluice = gate(&provider, "");
        for status in [101, 300, 304, 400, 402, 404, 405, 407, 410, 418, 429, 499, 500, 502, 503, 504, 599] {
            let user = product.user_header();
            let answer = format!("HTTP/1.1 {status} X\r\n{user}: vera\r\nContent-Length: 0\r\n\r\n");
            provider.set(Mode::Saying(answer.into_bytes()));
            for dialect in DIALECTS {
                let what = format!("{product:?} {status}");
                assert_unavailable_to_everybody(&sluice, product, dialect, &what);
            }
        }
        sluice.assert_no_panic();
    }
}

#[test]
fn a_refusal_stays_one_even_if_it_names_a_user() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for status in [401, 403] {
            let user = product.user_header();
            let answer = format!("HTTP/1.1 {status} X\r\n{user}: vera\r\nContent-Length: 0\r\n\r\n");
            provider.set(Mode::SayingOn(answer.into_bytes()));
            ask(&sluice, &callers(product, Dialect::Caddy)[1]).assert_status(status);
        }
    }
}

#[test]
fn a_user_that_has_no_users_name_is_nobody() {
    let long = "a".repeat(65);
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "upstream.auto_provision = true");
        for name in [
            &b"vera,ada"[..],
            b"vera, ada",
            b"ve ra",
            b"ve\tra",
            b"ve\x01ra",
            b"ve\x7fra",
            b"Zo\xc3\xab",
            b"Zo\xeb",
            b"\xff\xfe",
            b"-",
            b"-vera",
            b"../vera",
            b"vera%0d%0a",
            b"anonymous user",
            b"\"vera\"",
            long.as_bytes(),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{}: ", product.user_header());
            provider.set(Mode::Saying([head.as_bytes(), name, b"\r\n\r\n"].concat()));
            for request in callers(product, Dialect::Traefik) {
                let answer = ask(&sluice, &request);
                assert!(matches!(answer.status, 401 | 403 | 503), "{product:?} {name:?}: {answer:?}");
                assert_eq!(answer.location(), None);
            }
        }
        let users = sluice.cli(&["user", "list", "--json"], "").json();
        assert_eq!(users.as_array().map(Vec::len), Some(2), "{users:#}");
    }
}

/// A redirect as the product says it, to an address in bytes.
fn redirect(product: Product, to: &[u8]) -> Vec<u8> {
    let (status, name) = match product {
        Product::Tinyauth => (401, "x-tinyauth-location"),
        Product::Authelia | Product::Authentik => (401, "Location"),
        Product::Generic => (302, "Location"),
    };
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{name}: ");
    [head.as_bytes(), to, b"\r\n\r\n"].concat()
}

#[test]
fn a_redirect_that_leads_to_no_page_leads_nowhere() {
    for product in [Product::Tinyauth, Product::Authelia, Product::Generic] {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for to in [
            &b"javascript:alert(1)"[..],
            b"JavaScript://auth.example.com/%0aalert(1)",
            b"data:text/html,<script>alert(1)</script>",
            b"ftp://auth.example.com/",
            b"/login",
            b"login",
            b"//evil.test/login",
            b"\\\\evil.test",
            b"https://",
            b"https://auth.example.com/\rSet-Cookie: a=b",
            b"https://auth.example.com/\x01",
            b"https://auth.example.com/\xff",
            b"https://auth.example.com/a b",
            b"https://auth.example.com:99999/",
            b"",
        ] {
            provider.set(Mode::SayingOn(redirect(product, to)));
            for dialect in DIALECTS {
                let answer = ask(&sluice, &page(dialect).navigating());
                let what = format!("{product:?}: {}", String::from_utf8_lossy(to));
                // Where the status alone says that nobody is signed in, that holds.
                assert!(matches!(answer.status, 401 | 503), "{what}: {answer:?}");
                assert!(product != Product::Generic || answer.status == 503, "{what}: {answer:?}");
                assert_eq!(answer.location(), None, "{what}");
                assert_eq!(answer.header("x-tinyauth-location"), None, "{what}");
            }
        }
        provider.set(Mode::SayingOn(redirect(product, b"https://auth.example.com/\r\nSet-Cookie: a=b")));
        let answer = ask(&sluice, &page(Dialect::Nginx).navigating());
        assert_eq!(answer.assert_status(401).location(), Some("https://auth.example.com/"));
    }
}

#[test]
fn a_redirect_without_an_address_leads_nowhere() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "");
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nRemote-User: vera\r\n\r\n");
        provider.set(Mode::Saying(answer.into_bytes()));
        for dialect in DIALECTS {
            assert_unavailable_to_everybody(&sluice, Product::Generic, dialect, &status.to_string());
        }
    }
}

#[test]
fn a_redirect_of_the_provider_is_handed_on_and_never_followed() {
    let trap = Provider::start(Product::Generic);
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "");
    let to = format!("http://{}/check?for=sluice", trap.address);
    for status in [301, 302, 303, 307, 308] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nLocation: {to}\r\n\r\n");
        provider.set(Mode::SayingOn(answer.into_bytes()));
        let [person, program] = callers(Product::Generic, Dialect::Caddy);
        assert_eq!(ask(&sluice, &person).assert_status(302).location(), Some(to.as_str()));
        assert_eq!(ask(&sluice, &program).assert_status(401).location(), None);
    }
    assert_eq!(trap.questions(), 0);
}

#[test]
fn a_provider_that_is_down_opens_nothing_until_it_is_back() {
    for product in PRODUCTS {
        let address = local(free_port());
        let sluice = home(&settings(product, address)).start();
        for dialect in DIALECTS {
            assert_unavailable_to_everybody(&sluice, product, dialect, "down");
        }
        let session = session(&sluice, "ada");
        ask(&sluice, &page(Dialect::Nginx).session(&session)).assert_status(200);
        let _provider = Provider::start_at(product, address);
        for request in callers(product, Dialect::Nginx) {
            assert_let_in(&ask(&sluice, &request), "vera");
        }
    }
}

#[test]
fn a_provider_slower_than_the_timeout_opens_nothing() {
    let head = "HTTP/1.1 200 OK\r\nRemote-User: vera\r\nX-authentik-username: vera\r\n";
    let modes = [
        Mode::Hanging,
        Mode::Trickling(format!("{head}Content-Length: 60000\r\n\r\n").into_bytes()),
        Mode::Trickling(Vec::new()),
        Mode::Trickling(format!("{head}X-Slow: ").into_bytes()),
        Mode::Trickling(format!("{head}\r\n").into_bytes()),
    ];
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = home(&format!("{}\nupstream.timeout = \"1s\"", provider.settings())).start();
        // The slow ways are slow for each product alike.
        let count = if product == Product::Generic { modes.len() } else { 2 };
        for mode in &modes[..count] {
            provider.set(mode.clone());
            let soon = Deadline::after(Duration::from_secs(10));
            let what = format!("{product:?} {mode:?}");
            assert_unavailable_to_everybody(&sluice, product, Dialect::Nginx, &what);
            assert!(!soon.is_over(), "{what}");
        }
    }
}

/// A server may close a connection at any time; a client has to ask again on another (RFC 9112, 9.3.1).
#[test]
fn a_connection_that_the_provider_closed_is_not_missed() {
    let provider = Provider::start(Product::Authelia);
    let sluice = gate(&provider, "");
    let answer = b"HTTP/1.1 200 OK\r\nRemote-User: vera\r\nContent-Length: 0\r\n\r\n".to_vec();
    provider.set(Mode::SayingOnce(answer));
    for n in 0..20 {
        let request = about(DIALECTS[n % 3], "GET", &format!("/{n}"));
        assert_let_in(&ask(&sluice, &request), "vera");
    }
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "");
    let head = "HTTP/1.1 200 OK\r\nRemote-User: vera\r\n";
    let with_body =
        |length: usize| format!("{head}Content-Length: {length}\r\n\r\n{}", "x".repeat(length)).into_bytes();
    provider.set(Mode::Saying(with_body(60_000)));
    assert_let_in(&ask(&sluice, &callers(Product::Generic, Dialect::Nginx)[1]), "vera");
    for mode in [
        Mode::Saying(with_body(70_000)),
        Mode::Saying(with_body(10_000_000)),
        Mode::Flooding(format!("{head}Content-Length: 99999999999\r\n\r\n").into_bytes()),
        Mode::Flooding(format!("{head}\r\n").into_bytes()),
        Mode::Flooding(format!("{head}X-Flood: ").into_bytes()),
    ] {
        provider.set(mode);
        // Well before the timeout, which is 20 seconds here.
        let soon = Deadline::after(Duration::from_secs(10));
        assert_unavailable_to_everybody(&sluice, Product::Generic, Dialect::Nginx, "a body without end");
        assert!(!soon.is_over());
    }
    assert!(provider.flooded() < 100_000_000, "{} bytes were taken", provider.flooded());
}

#[test]
fn what_follows_an_answer_is_no_answer_to_the_next_question() {
    let stray = "HTTP/1.1 200 OK\r\nRemote-User: ada\r\nContent-Length: 0\r\n\r\n";
    for first in
        ["HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 403 X\r\nContent-Length: 0\r\n\r\n"]
    {
        let provider = Provider::start(Product::Generic);
        let sluice = gate(&provider, "server.workers = 1");
        provider.set(Mode::SayingOn(format!("{first}{stray}").into_bytes()));
        for n in 0..20 {
            let request = about(Dialect::Nginx, "GET", &format!("/{n}"));
            let answer = ask(&sluice, &request);
            assert!(matches!(answer.status, 401 | 403 | 503), "{answer:?}");
        }
    }
}

#[test]
fn a_broken_provider_is_told_of_once_and_not_with_every_request() {
    let provider = Provider::with(Product::Authelia, Mode::Saying(Vec::new()));
    let sluice = gate(&provider, "");
    for n in 0..20 {
        let request = about(Dialect::Nginx, "GET", &format!("/{n}"));
        assert_unavailable(&ask(&sluice, &request), "broken");
    }
    // What comes last in the log: a refusal of another kind.
    Dialect::Nginx.verify().header("Remote_User", "x").send(sluice.address).assert_status(403);
    wait::until("the last refusal", || sluice.process.log.contains("remote_user"));
    let log = sluice.process.log.lines();
    let told: Vec<_> = log.iter().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect();
    let told: Vec<_> = told.iter().filter(|line| line.contains("provider")).collect();
    assert_eq!(told.len(), 1, "{log:#?}");
    assert!(told[0].contains(&provider.address.to_string()), "it names the provider: {}", told[0]);
}
