//! Requests that are made up: paths, queries, keys in odd places and spellings, repeated headers, upgrades.

use proptest::prelude::*;
use proptest::sample::select;

/// Where the client's credential stands.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    Session,
    Header,
    Basic,
    /// In the query, under this name and before the pair of this number.
    Query(&'static str, usize),
}

/// A request before the credential is in it.
#[derive(Clone, Debug)]
pub struct Case {
    pub method: &'static str,
    pub absolute: bool,
    pub path: Vec<&'static str>,
    pub query: Option<Vec<&'static str>>,
    pub proof: Proof,
    pub headers: Vec<(&'static str, &'static str)>,
    pub connection: Vec<&'static str>,
}

const SEGMENTS: [&str; 30] = [
    "a",
    "api",
    "content",
    "feed",
    "",
    ".",
    "..",
    "%2e%2e",
    "%2E",
    "%2f",
    "x%2Fy",
    "%5c",
    "%41",
    "%20",
    "%c3%a9",
    "%25",
    "%00",
    "a;b",
    "a\"b",
    "{x}",
    "a|b",
    "(1)!$&'*+,=:@~",
    "^",
    ".apikey=sluice_x.",
    "apKEYi",
    "API_KEY=sluice_",
    "api%6bey%3dsluice_x",
    "#f",
    "=",
    "a.b",
];
const PAIRS: [&str; 18] = [
    "x=1",
    "",
    "y=a/b",
    "z=%2F%zz",
    "q=apikey=sluice_x",
    "apikey",
    "apikey=",
    "xapikey=sluice_x",
    "api%6bey=sluice_x",
    "=",
    "w=\"<>{}|",
    "v=?",
    "u=../..",
    "//",
    "t={http.request.uri}",
    "s=$uri",
    "apikey=sluice_x",
    "API_KEY=SLUICE_x",
];
pub const HEADERS: [(&str, &str); 30] = [
    ("Upgrade", "websocket"),
    ("Upgrade", "websocket"),
    ("Upgrade", "WebSocket"),
    ("Upgrade", "h2c"),
    ("Upgrade", "websocket, h2c"),
    ("Upgrade", "h2c,websocket"),
    ("Upgrade", ""),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Version", "13"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-HTTP-Method-Override", "GET"),
    ("X_HTTP_Method_Override", "DELETE"),
    ("X-Thing", "1"),
    ("X-Thing", "2"),
    ("X-Thing", ""),
    ("Range", "bytes=0-1"),
    ("If-None-Match", "*"),
    ("Accept-Language", "en, de;q=0.5"),
    ("Access-Control-Request-Method", "GET"),
    ("X-Sluice-Uri", "/x?apikey=sluice_x"),
    ("X-Sluice-Upgrade", "websocket"),
    ("X-Original-URL", "http://evil.test/"),
    ("X-Forwarded-Uri", "/evil"),
    ("X-Original-Method", "GET"),
    ("X-Forwarded-Method", "GET"),
    ("Remote-User", "vera"),
    ("Remote_User", "vera"),
    ("Content-Type", "text/plain"),
    ("Cache-Control", "no-cache"),
    ("Sec-Fetch-Site", "same-origin"),
];
/// What a client may name in `Connection`, to have it removed on the way.
const NAMED: [&str; 14] = [
    "close",
    "keep-alive",
    "Upgrade",
    "Upgrade",
    "X-Thing",
    "Sec-WebSocket-Key",
    "X-Sluice-Uri",
    "X-Sluice-Upgrade",
    "X-HTTP-Method-Override",
    "Remote-User",
    "X-Forwarded-Uri",
    "Cookie",
    "Range",
    "Origin",
];
/// Requests of every kind, most of which some proxy or app reads in its own way.
pub fn cases() -> impl Strategy<Value = Case> {
    let proof = prop_oneof![
        Just(Proof::Session),
        Just(Proof::Header),
        Just(Proof::Basic),
        (select(&["apikey", "api_key", "ApiKey", "API_KEY"][..]), 0..4_usize)
            .prop_map(|(name, place)| Proof::Query(name, place)),
    ];
    (
        select(&["GET", "GET", "POST", "DELETE", "OPTIONS"][..]),
        proptest::bool::weighted(0.1),
        prop_oneof![
            proptest::collection::vec(select(&["a", "api", "content", "a.b", "(1)!$&'*+,=:@~"][..]), 0..4),
            proptest::collection::vec(select(&SEGMENTS[..]), 0..5),
        ],
        proptest::option::of(proptest::collection::vec(select(&PAIRS[..]), 0..4)),
        proof,
        proptest::collection::vec(select(&HEADERS[..]), 0..6),
        proptest::collection::vec(select(&NAMED[..]), 0..4),
    )
        .prop_map(|(method, absolute, path, query, proof, headers, connection)| Case {
            method,
            absolute,
            path,
            query,
            proof,
            headers,
            connection,
        })
}
