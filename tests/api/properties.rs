//! No input without a valid credential ever yields a 2xx, whatever parser it goes through.

use std::io;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::raw::{Answer, Connection, Request};
use crate::support::sluice::{PASSWORD, Sluice};
use crate::support::verify::{DIALECTS, Dialect};

const PATHS: [&str; 14] = [
    "/verify/nginx",
    "/verify/nginx/default",
    "/verify/traefik",
    "/verify/traefik/default",
    "/verify/caddy",
    "/verify/caddy/default",
    "/api/auth/nginx",
    "/api/auth/traefik",
    "/api/auth/caddy",
    "/api/authz/auth-request",
    "/api/authz/forward-auth",
    "/outpost.goauthentik.io/auth/nginx",
    "/outpost.goauthentik.io/auth/traefik",
    "/outpost.goauthentik.io/auth/caddy",
];

const NAMES: [&str; 30] = [
    "Cookie",
    "Cookie",
    "Cookie",
    "Authorization",
    "X-API-Key",
    "X-Original-URL",
    "X-Original-URI",
    "X-Original-Method",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Uri",
    "X-Forwarded-Method",
    "X-Forwarded-For",
    "Forwarded",
    "Remote-User",
    "Remote_User",
    "X-Auth-Role",
    "X-Sluice-Secret",
    "Origin",
    "Referer",
    "Accept",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "Sec-WebSocket-Key",
    "X-HTTP-Method-Override",
    "If-None-Match",
    "Range",
    "User-Agent",
    "Upgrade",
    "X-Requested-With",
];

const VALUES: [&str; 32] = [
    "",
    "GET",
    "POST",
    "OPTIONS",
    "/",
    "/public",
    "/?apikey=x",
    "http",
    "https",
    "app.test",
    "http://app.test/",
    "https://app.test/?api_key=",
    "127.0.0.1",
    "null",
    "*",
    "*/*",
    "text/html",
    "navigate",
    "cross-site",
    "ada",
    "admin",
    "none",
    "Basic YWRhOg==",
    "Basic Og==",
    "Bearer ",
    "Bearer null",
    "sluice_session=",
    "sluice_session",
    "sluice_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "SID=1",
    "websocket",
    "bytes=0-0",
];

/// Bytes that HTTP lets into a header's value.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(b'\t'), 0x20..=0x7e_u8, 0x80..=0xff_u8];
    prop_oneof![
        4 => prop::sample::select(VALUES.as_slice()).prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(byte.clone(), 0..60),
        1 => prop::collection::vec(byte, 0..60).prop_map(|mut bytes| {
            bytes.splice(0..0, *b"sluice_session=");
            bytes
        }),
    ]
}

#[derive(Clone, Debug)]
struct Input {
    method: &'static str,
    path: String,
    described: Option<Dialect>,
    headers: Vec<(&'static str, Vec<u8>)>,
}

impl Input {
    fn request(&self) -> Request {
        let request = Request::new(self.method, &self.path);
        let request = match self.described {
            None => request,
            Some(Dialect::Nginx) => {
                request.header("X-Original-URL", "http://app.test/").header("X-Original-Method", "GET")
            }
            Some(_) => request
                .header("X-Forwarded-Proto", "http")
                .header("X-Forwarded-Host", "app.test")
                .header("X-Forwarded-Uri", "/")
                .header("X-Forwarded-Method", "GET"),
        };
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

fn input() -> impl Strategy<Value = Input> {
    let method = prop::sample::select(vec!["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE", "QUERY"]);
    let query = prop_oneof![Just(String::new()), "\\?[A-Za-z0-9/?&=%.;:@!$'()*+,~_-]{0,30}"];
    let path =
        (prop::sample::select(PATHS.as_slice()), query).prop_map(|(path, query)| format!("{path}{query}"));
    let described = prop::option::weighted(0.7, prop::sample::select(DIALECTS.as_slice()));
    let headers = prop::collection::vec((prop::sample::select(NAMES.as_slice()), value()), 0..8);
    (method, path, described, headers).prop_map(|(method, path, described, headers)| Input {
        method,
        path,
        described,
        headers,
    })
}

/// One answer; a closed connection is a refusal too.
fn ask(sluice: &Sluice, request: &Request, to_head: bool) -> io::Result<Answer> {
    let mut connection = Connection::open(sluice.address)?;
    connection.write(&request.bytes(sluice.address))?;
    connection.read_answer(to_head)
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

#[test]
fn no_input_without_a_credential_is_allowed() {
    let mut sluice = Sluice::start();
    sluice.sign_in("ada", PASSWORD);
    TestRunner::new(config(3_000))
        .run(&input(), |input| {
            if let Ok(answer) = ask(&sluice, &input.request(), input.method == "HEAD") {
                prop_assert!(answer.status >= 300, "{answer:?}");
                prop_assert!(answer.header("remote-user").is_none(), "{answer:?}");
                prop_assert!(answer.all("set-cookie").is_empty(), "{answer:?}");
                // nginx makes a 500 of anything else.
                let of_nginx = input.path.contains("nginx") || input.path.contains("auth-request");
                prop_assert!(!of_nginx || matches!(answer.status, 401 | 403), "{answer:?}");
                prop_assert!(answer.status < 500, "{answer:?}");
            }
            Ok(())
        })
        .expect("no input is allowed");
    sluice.assert_no_panic();
}

#[test]
fn no_input_without_a_credential_is_allowed_before_the_first_run() {
    let mut sluice = crate::support::sluice::Home::new().start();
    TestRunner::new(config(1_000))
        .run(&input(), |input| {
            if let Ok(answer) = ask(&sluice, &input.request(), input.method == "HEAD") {
                prop_assert!(answer.status >= 300, "{answer:?}");
            }
            Ok(())
        })
        .expect("no input is allowed");
    sluice.assert_no_panic();
}

#[test]
fn a_session_that_is_off_by_anything_is_none() {
    let sluice = Sluice::start();
    let good = sluice.sign_in("ada", PASSWORD);
    let change = (0..good.len(), any::<u8>(), 0..4_u8);
    TestRunner::new(config(1_500))
        .run(&change, |(at, byte, how)| {
            let mut value = good.clone().into_bytes();
            match how {
                0 => value[at] = byte,
                1 => value.insert(at, byte),
                2 => drop(value.remove(at)),
                _ => value.truncate(at),
            }
            prop_assume!(value != good.as_bytes());
            let mut cookie = b"sluice_session=".to_vec();
            cookie.extend_from_slice(&value);
            // A separator ends the value, and the rest of it may then be right; those are other tests' matter.
            prop_assume!(!value.iter().any(|byte| matches!(byte, b';' | b' ' | b'\t' | b'\r' | b'\n' | 0)));
            let request = Dialect::Nginx.verify().header("Cookie", cookie);
            if let Ok(answer) = ask(&sluice, &request, false) {
                prop_assert!(matches!(answer.status, 400 | 401), "{answer:?}");
            }
            Ok(())
        })
        .expect("no other session is allowed");
}
