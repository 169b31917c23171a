//! What the body of the original request calls, where Traefik hands it over (`forwardBody`) and the app has one
//! endpoint for everything. Read strictly: what could be read in two ways is unclear.

use std::{collections::HashSet, fmt};

use actix_web::{
    dev::RequestHead,
    http::header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    dialect::{Dialect, Proxy},
    headers::Marks,
    original::Original,
};
use crate::{
    policy::{
        route::Verb,
        rpc::{BodyForm, Calls, Rpc},
    },
    state::State,
};

/// Calls of a batch that are read; more are unclear.
const MOST_CALLS: usize = 1_000;
/// Keys of a call; no app's client sends so many.
const MOST_KEYS: usize = 64;

/// What a body calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// No body was handed over.
    Unseen,
    /// It can be read in more ways than one, or not at all.
    Unclear,
    /// These.
    Named(Vec<String>),
}

impl Called {
    /// The same, for policy.
    pub fn as_calls(&self) -> Calls<'_> {
        match self {
            Self::Unseen => Calls::Unseen,
            Self::Unclear => Calls::Unclear,
            Self::Named(names) => Calls::Named(names),
        }
    }
}

/// The endpoint that the request is for, where its body decides and came along.
pub fn wanted<'a>(
    request: &RequestHead,
    state: &'a State,
    dialect: Dialect,
    app: Option<&str>,
) -> Option<&'a Rpc> {
    if dialect.proxy != Proxy::Traefik {
        return None;
    }
    let app = state.config.apps.named(app?).filter(|app| !app.pack.rpc.is_empty())?;
    let headers = &request.headers;
    let came = headers.contains_key(TRANSFER_ENCODING)
        || headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    let peer = request.peer_addr.map(|peer| peer.ip());
    if !came || !state.config.server.trusted_proxies.trust(peer) {
        return None;
    }
    let original = Original::read(headers, dialect, Marks::of(headers)).ok();
    let original = original.filter(|original| original.verb == Verb::Post)?;
    app.rpc_at(original.path())
}

/// What the body calls.
pub(super) fn called(form: BodyForm, field: &str, body: &[u8]) -> Called {
    match body {
        [] => Called::Unseen,
        body => parse(form, field, body).map_or(Called::Unclear, Called::Named),
    }
}

/// The names of what a body calls; `None` where that is unclear.
fn parse(form: BodyForm, field: &str, body: &[u8]) -> Option<Vec<String>> {
    match form {
        BodyForm::Json { batch } => {
            let mut json = serde_json::Deserializer::from_slice(body);
            let names = json.deserialize_any(Body { field, batch }).ok()?;
            json.end().ok()?;
            Some(names)
        }
        BodyForm::Form => in_form(field, std::str::from_utf8(body).ok()?).map(|name| vec![name]),
    }
}

/// The field's one value in a plain form: letters, digits and `_`, whose other fields have plain names, too, and none
/// is `cmd`, by which ruTorrent takes further commands.
fn in_form(field: &str, body: &str) -> Option<String> {
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let mut found = None;
    for pair in body.split('&') {
        let (name, value) = pair.split_once('=')?;
        if !is_word(name) || name == "cmd" {
            return None;
        }
        if name.eq_ignore_ascii_case(field) {
            let first = name == field && is_word(value) && found.is_none();
            found = Some(first.then(|| value.to_owned())?);
        }
    }
    found
}

/// A call, or several where the app takes batches.
struct Body<'a> {
    field: &'a str,
    batch: bool,
}

impl<'de> Visitor<'de> for Body<'_> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a call")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok(vec![Call { field: self.field }.visit_map(map)?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut calls: A) -> Result<Self::Value, A::Error> {
        if !self.batch {
            return Err(A::Error::custom("no batches"));
        }
        let mut names = Vec::new();
        while let Some(name) = calls.next_element_seed(Call { field: self.field })? {
            names.push(name);
            if names.len() > MOST_CALLS {
                return Err(A::Error::custom("too many calls"));
            }
        }
        Ok(names)
    }
}

/// One call: an object in which the field stands once, and no key twice in whatever case.
struct Call<'a> {
    field: &'a str,
}

impl<'de> DeserializeSeed<'de> for Call<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Call<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let mut keys = HashSet::new();
        let mut name = None;
        while let Some(key) = map.next_key::<String>()? {
            if key.eq_ignore_ascii_case(self.field) {
                name = Some(map.next_value::<String>()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            if !keys.insert(key.to_ascii_lowercase()) || keys.len() > MOST_KEYS {
                return Err(A::Error::custom("a key stands twice, or there are too many"));
            }
        }
        name.ok_or_else(|| A::Error::missing_field("the call"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BATCH: BodyForm = BodyForm::Json { batch: true };

    #[test]
    fn a_json_body_names_its_calls_once_each() {
        for (body, names) in [
            (r#"{"method":"torrent-get","arguments":{"method":"x"}}"#, Some(&["torrent-get"][..])),
            (r#" {"jsonrpc":"2.0","Method":"a","id":1} "#, Some(&["a"])),
            (r#"[{"method":"a"},{"method":"b"}]"#, Some(&["a", "b"])),
            ("[]", Some(&[])),
            (r#"{"method":"a","method":"b"}"#, None),
            (r#"{"method":"a","METHOD":"b"}"#, None),
            (r#"{"method":"a","id":1,"id":2}"#, None),
            (r#"{"method":"a"}{"method":"b"}"#, None),
            (r#"{"method":"a"} x"#, None),
            (r#"{"method":7}"#, None),
            (r#"{"method":null}"#, None),
            (r#"{"arguments":{}}"#, None),
            (r#"[{"method":"a"},7]"#, None),
            (r#"[[{"method":"a"}]]"#, None),
            (r#""method""#, None),
            ("", None),
            ("\u{feff}{\"method\":\"a\"}", None),
            (r#"{"method":"a",}"#, None),
            (r#"{method:"a"}"#, None),
        ] {
            let expected = names.map(|names| names.iter().map(|&name| name.to_owned()).collect());
            assert_eq!(parse(BATCH, "method", body.as_bytes()), expected, "{body}");
        }
        let many = |of: usize| vec![r#"{"method":"a"}"#; of].join(",");
        assert_eq!(parse(BATCH, "method", format!("[{}]", many(MOST_CALLS + 1)).as_bytes()), None);
        let keys: String = (0..MOST_KEYS).map(|key| format!("\"{key}\":0,")).collect();
        assert_eq!(parse(BATCH, "method", format!("{{{keys}\"method\":\"a\"}}").as_bytes()), None);
        let escaped = br#"{"\u006dethod":"a"}"#;
        assert_eq!(parse(BATCH, "method", escaped), Some(vec!["a".to_owned()]));
        assert_eq!(parse(BATCH, "method", b"{\"method\":\"\xff\"}"), None);
        assert_eq!(parse(BodyForm::Json { batch: false }, "method", br#"[{"method":"a"}]"#), None);
    }

    #[test]
    fn a_form_names_its_call_plainly() {
        for (body, name) in [
            ("mode=list", Some("list")),
            ("hash=ABC&mode=start", Some("start")),
            ("mode=list&mode=remove", None),
            ("mode=list&Mode=remove", None),
            ("m%6fde=list", None),
            ("mode=li%73t", None),
            ("mode=list&cmd=d.erase", None),
            ("<?xml version=\"1.0\"?><x/>&mode=list", None),
            ("mode", None),
            ("", None),
            ("mode=", None),
        ] {
            let names = name.map(|name| vec![name.to_owned()]);
            assert_eq!(parse(BodyForm::Form, "mode", body.as_bytes()), names, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_breaks_the_reader(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            parse(BATCH, "method", &body);
            parse(BodyForm::Form, "mode", &body);
        }

        #[test]
        fn what_is_named_is_what_a_common_reader_finds(names in proptest::collection::vec("[a-z\"\\\\é]{0,6}", 1..5)) {
            let calls: Vec<_> = names.iter().map(|name| serde_json::json!({ "id": 1, "method": name })).collect();
            let body = serde_json::to_vec(&calls).unwrap();
            prop_assert_eq!(parse(BATCH, "method", &body), Some(names));
        }
    }
}
