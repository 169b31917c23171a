//! The `Cookie` header, by bytes: no decoding, so no name but the exact one is ours, and no byte that another
//! app has put there hides it.

use std::{iter, ops::Range};

use actix_web::{
    http::header::{COOKIE, HeaderMap, HeaderValue},
    web::Bytes,
};
use memchr::{memchr, memmem::Finder};

/// The name of a cookie. Cookies are the longest header of most requests, so one is searched for as it stands there.
#[derive(Clone, Debug)]
pub struct CookieName {
    /// Finds the name and the `=` behind it.
    search: Finder<'static>,
}

impl CookieName {
    /// Exactly this name.
    pub fn new(name: &str) -> Self {
        Self { search: Finder::new(&[name.as_bytes(), b"="].concat()).into_owned() }
    }

    /// Whether the other one is the same name.
    pub fn is(&self, other: &Self) -> bool {
        self.search.needle() == other.search.needle()
    }

    /// Where cookies of this name stand in a header, each up to its semicolon.
    fn places<'h>(&'h self, header: &'h [u8]) -> impl Iterator<Item = Range<usize>> + 'h {
        let mut searched = 0;
        iter::from_fn(move || {
            loop {
                let start = searched + self.search.find(&header[searched..])?;
                let (before, here) = header.split_at(start);
                searched = start + memchr(b';', here).unwrap_or(here.len());
                if matches!(before.trim_ascii_end(), [] | [.., b';']) {
                    return Some(start..searched);
                }
            }
        })
    }

    /// The values of cookies of this name in a header.
    fn values<'h>(&'h self, header: &'h [u8]) -> impl Iterator<Item = &'h [u8]> + 'h {
        let name = self.search.needle().len();
        self.places(header).map(move |place| header[place][name..].trim_ascii_end())
    }

    /// What a header holds beside them.
    fn others<'h>(&'h self, header: &'h [u8]) -> impl Iterator<Item = &'h [u8]> + 'h {
        let mut places = self.places(header);
        let mut next = Some(0);
        iter::from_fn(move || {
            loop {
                let start = next?;
                let place = places.next();
                let end = place.as_ref().map_or(header.len(), |place| place.start);
                next = place.map(|place| place.end);
                let others = trim(&header[start..end]);
                if !others.is_empty() {
                    return Some(others);
                }
            }
        })
    }
}

fn trim(mut cookies: &[u8]) -> &[u8] {
    while let [b';' | b' ' | b'\t', rest @ ..] | [rest @ .., b';' | b' ' | b'\t'] = cookies {
        cookies = rest;
    }
    cookies
}

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
pub fn find<'a>(headers: &'a HeaderMap, name: &'a CookieName) -> Presence<'a> {
    let mut presence = Presence::Absent;
    for header in headers.get_all(COOKIE) {
        for value in name.values(header.as_bytes()) {
            presence = match presence {
                Presence::Absent => Presence::Once(value),
                Presence::Once(_) | Presence::Repeated => return Presence::Repeated,
            };
        }
    }
    presence
}

/// The client's other cookies as one header, for the app; `None` where there are none.
pub fn without(headers: &HeaderMap, name: &CookieName) -> Option<HeaderValue> {
    let [header] = headers.get_all(COOKIE).as_slice() else {
        return joined(headers.get_all(COOKIE).flat_map(|header| name.others(header.as_bytes())));
    };
    let mut others = name.others(header.as_bytes());
    match (others.next()?, others.next()) {
        // Most requests by key or SSO carry none of ours.
        (all, None) if all.len() == header.len() => Some(header.clone()),
        (rest, None) => HeaderValue::from_bytes(rest).ok(),
        (first, Some(second)) => joined([first, second].into_iter().chain(others)),
    }
}

/// Cookies for the app with one of our own making, `name=value`, in place of any of that name.
pub fn with(cookies: Option<&HeaderValue>, added: &str) -> Option<HeaderValue> {
    let name = CookieName::new(added.split_once('=').map_or(added, |(name, _)| name));
    let others = cookies.into_iter().flat_map(|header| name.others(header.as_bytes()));
    let mut value = joined(others.chain([added.as_bytes()]))?;
    value.set_sensitive(true);
    Some(value)
}

fn joined<'a>(cookies: impl Iterator<Item = &'a [u8]>) -> Option<HeaderValue> {
    let all = cookies.collect::<Vec<_>>().join(&b"; "[..]);
    if all.is_empty() { None } else { HeaderValue::from_maybe_shared(Bytes::from(all)).ok() }
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
        let sid = CookieName::new("sid");
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
            assert_eq!(find(&headers(&[header]), &sid), presence, "{}", header.escape_ascii());
        }
        assert_eq!(find(&headers(&[b"sid=A", b"sid=B"]), &sid), Presence::Repeated);
        assert_eq!(find(&headers(&[b"a=b", b"sid=B"]), &sid), Presence::Once(b"B"));
    }

    #[test]
    fn the_app_gets_the_others_and_never_ours() {
        let sid = CookieName::new("sid");
        for (header, rest) in [
            (&b"sid=X"[..], None),
            (b"sid=X; ", None),
            (b"", None),
            (b"a=b; c=d", Some(&b"a=b; c=d"[..])),
            (b"a=b; sid=X; c=d", Some(&b"a=b; c=d"[..])),
            (b"sid=X; sid=Y;a=\xff", Some(b"a=\xff")),
            (b"s%69d=X", Some(b"s%69d=X")),
        ] {
            let left = without(&headers(&[header]), &sid);
            assert_eq!(left.as_ref().map(HeaderValue::as_bytes), rest, "{}", header.escape_ascii());
        }
        assert_eq!(without(&headers(&[b"a=b", b"sid=X", b"c=d"]), &sid).unwrap(), "a=b; c=d");
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

    /// The slow and plain way to read cookies.
    fn pairs(header: &[u8]) -> impl Iterator<Item = &[u8]> {
        header.split(|&b| b == b';').map(<[u8]>::trim_ascii)
    }

    proptest! {
        #[test]
        fn cookies_are_found_as_if_taken_apart_one_by_one(text in "[s=; \ta]{0,40}", other in "[s=;]{0,4}") {
            let (map, name) = (headers(&[text.as_bytes(), other.as_bytes()]), CookieName::new("s"));
            let all: Vec<_> = pairs(text.as_bytes()).chain(pairs(other.as_bytes())).collect();
            let ours: Vec<_> = all.iter().filter_map(|pair| pair.strip_prefix(b"s=")).collect();
            prop_assert_eq!(find(&map, &name), match ours[..] {
                [] => Presence::Absent,
                [one] => Presence::Once(one),
                _ => Presence::Repeated,
            });
            let others = |pair: &&&[u8]| !pair.is_empty() && !pair.starts_with(b"s=");
            let left = without(&map, &name);
            let left = pairs(left.as_ref().map_or(b"", HeaderValue::as_bytes));
            let left: Vec<_> = left.filter(|pair| !pair.is_empty()).collect();
            prop_assert_eq!(left, all.iter().filter(others).copied().collect::<Vec<_>>());
        }
    }
}
