//! The `Cookie` header, by bytes: no decoding, so no name but the exact one is ours, and no byte that another
//! app has put there hides it.

use std::io::BufRead;

use actix_web::{
    http::header::{COOKIE, HeaderMap, HeaderValue},
    web::Bytes,
};
use memchr::memmem;

/// What the client's cookies hold under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence<'a> {
    /// Nothing.
    Absent,
    /// One value.
    Once(&'a [u8]),
    /// More than one: somebody planted one of them.
    Repeated,
}

/// Finds the cookie of exactly this name.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Presence<'a> {
    let mut presence = Presence::Absent;
    for value in pairs(headers).filter_map(|pair| value_of(pair, name)) {
        presence = match presence {
            Presence::Absent => Presence::Once(value),
            Presence::Once(_) | Presence::Repeated => return Presence::Repeated,
        };
    }
    presence
}

/// The client's other cookies as one header, for the app; `None` where there are none.
pub fn without(headers: &HeaderMap, name: &str) -> Option<HeaderValue> {
    let (first, another) = {
        let mut values = headers.get_all(COOKIE);
        (values.next()?, values.next())
    };
    // Most requests by key or SSO carry one header without ours, which then need not be taken apart.
    if another.is_none() && !first.is_empty() && memmem::find(first.as_bytes(), name.as_bytes()).is_none() {
        return Some(first.clone());
    }
    let length: usize = headers.get_all(COOKIE).map(|header| header.len() + 2).sum();
    let mut rest = Vec::with_capacity(length);
    for pair in pairs(headers).filter(|pair| !pair.is_empty() && value_of(pair, name).is_none()) {
        if !rest.is_empty() {
            rest.extend_from_slice(b"; ");
        }
        rest.extend_from_slice(pair);
    }
    if rest.is_empty() { None } else { HeaderValue::from_maybe_shared(Bytes::from(rest)).ok() }
}

/// Cookies for the app with one of our own making, `name=value`, in place of any of that name.
pub fn with(cookies: Option<&HeaderValue>, added: &str) -> Option<HeaderValue> {
    let name = added.split_once('=').map_or(added, |(name, _)| name);
    let others = cookies.into_iter().flat_map(|header| pieces(header.as_bytes())).map(<[u8]>::trim_ascii);
    let mut all: Vec<_> = others.filter(|pair| !pair.is_empty() && value_of(pair, name).is_none()).collect();
    all.push(added.as_bytes());
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(all.join(&b"; "[..]))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers.get_all(COOKIE).flat_map(|header| pieces(header.as_bytes())).map(<[u8]>::trim_ascii)
}

/// What stands between semicolons. Cookies are the longest header of most requests, and the reader's search takes
/// many bytes at a time; reading from memory does not fail.
fn pieces(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let all = rest;
        let read = rest.skip_until(b';').ok().filter(|&read| read > 0)?;
        let piece = all.get(..read)?;
        Some(piece.strip_suffix(b";").unwrap_or(piece))
    })
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    pair.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(COOKIE, HeaderValue::from_bytes(value).unwrap());
        }
        map
    }

    #[test]
    fn only_the_exact_name_is_ours() {
        for (header, presence) in [
            (&b"sid=GOOD"[..], Presence::Once(b"GOOD")),
            (b"a=b; sid=GOOD; c=d", Presence::Once(b"GOOD")),
            (b"a=b;sid=GOOD", Presence::Once(b"GOOD")),
            (b"other=\xff; sid=GOOD", Presence::Once(b"GOOD")),
            (b"sid=", Presence::Once(b"")),
            (b"sid==x", Presence::Once(b"=x")),
            (b"sid=EVIL; sid=GOOD", Presence::Repeated),
            (b"sid=SAME; sid=SAME", Presence::Repeated),
            (b"s%69d=EVIL", Presence::Absent),
            (b"sid =EVIL", Presence::Absent),
            (b"SID=EVIL", Presence::Absent),
            (b"xsid=EVIL", Presence::Absent),
            (b"sid", Presence::Absent),
            (b"$sid=EVIL", Presence::Absent),
            (b"", Presence::Absent),
        ] {
            assert_eq!(find(&headers(&[header]), "sid"), presence, "{}", header.escape_ascii());
        }
        assert_eq!(find(&headers(&[b"sid=A", b"sid=B"]), "sid"), Presence::Repeated);
        assert_eq!(find(&headers(&[b"a=b", b"sid=B"]), "sid"), Presence::Once(b"B"));
    }

    #[test]
    fn the_app_gets_the_others_and_never_ours() {
        for (header, rest) in [
            (&b"sid=X"[..], None),
            (b"sid=X; ", None),
            (b"", None),
            (b"a=b; c=d", Some(&b"a=b; c=d"[..])),
            (b"a=b; sid=X; c=d", Some(&b"a=b; c=d"[..])),
            (b"sid=X; sid=Y;a=\xff", Some(b"a=\xff")),
            (b"s%69d=X", Some(b"s%69d=X")),
        ] {
            let left = without(&headers(&[header]), "sid");
            assert_eq!(left.as_ref().map(HeaderValue::as_bytes), rest, "{}", header.escape_ascii());
        }
        assert_eq!(without(&headers(&[b"a=b", b"sid=X", b"c=d"]), "sid").unwrap(), "a=b; c=d");
    }

    #[test]
    fn a_cookie_for_the_app_takes_the_place_of_the_clients() {
        for (header, all) in [
            (None, "SID=x"),
            (Some("a=b; c=d"), "a=b; c=d; SID=x"),
            (Some("a=b; SID=evil;SID=worse"), "a=b; SID=x"),
            (Some("sid=other"), "sid=other; SID=x"),
        ] {
            let header = header.map(HeaderValue::from_static);
            assert_eq!(with(header.as_ref(), "SID=x").unwrap(), all);
        }
    }

    proptest! {
        #[test]
        fn whatever_is_left_for_the_app_holds_no_cookie_of_ours(bytes in proptest::collection::vec(0x20..0x7f_u8, 0..80)) {
            let map = headers(&[&bytes]);
            if let Some(rest) = without(&map, "s") {
                let seen = headers(&[rest.as_bytes()]);
                prop_assert_eq!(find(&seen, "s"), Presence::Absent);
            }
        }
    }
}
