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
}

fn trim(mut cookies: &[u8]) -> &[u8] {
    while let [b';' | b' ' | b'\t', rest @ ..] | [rest @ .., b';' | b' ' | b'\t'] = cookies {
        cookies = rest;
    }
    cookies
}

/// What the client's cookies hold under a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Presence<'a> {
    /// Nothing.
    #[default]
    Absent,
    /// One value.
    Once(&'a [u8]),
    /// More than one: somebody planted one of them.
    Repeated,
}

/// The client's cookies: ours, and those of others as they stand around it. One search finds both.
#[derive(Debug, Default)]
pub struct Cookies<'a> {
    /// What they hold under our name.
    pub ours: Presence<'a>,
    /// The first stretch of others, where there is one.
    first: &'a [u8],
    more: Vec<&'a [u8]>,
    /// The header that the first stretch fills, where it does.
    filled: Option<&'a HeaderValue>,
}

impl<'a> Cookies<'a> {
    /// Of all headers that hold cookies; `name` is ours.
    pub fn of(headers: &'a HeaderMap, name: &CookieName) -> Self {
        let mut cookies = Self::default();
        for header in headers.get_all(COOKIE) {
            cookies.read(header, name);
        }
        cookies
    }

    fn read(&mut self, header: &'a HeaderValue, name: &CookieName) {
        let bytes = header.as_bytes();
        let mut start = 0;
        for place in name.places(bytes) {
            self.add(&bytes[start..place.start], header);
            start = place.end;
            let value = bytes[place][name.search.needle().len()..].trim_ascii_end();
            self.ours = match self.ours {
                Presence::Absent => Presence::Once(value),
                Presence::Once(_) | Presence::Repeated => Presence::Repeated,
            };
        }
        self.add(&bytes[start..], header);
    }

    fn add(&mut self, others: &'a [u8], header: &'a HeaderValue) {
        match trim(others) {
            [] => {}
            others if self.first.is_empty() => {
                self.first = others;
                self.filled = (others.len() == header.len()).then_some(header);
            }
            others => self.more.push(others),
        }
    }

    /// The others as one header, for the app; `None` where there are none.
    pub fn others(&self) -> Option<HeaderValue> {
        match (self.first, &self.more[..], self.filled) {
            ([], ..) => None,
            // Most requests by key or SSO carry none of ours.
            (_, [], Some(header)) => Some(header.clone()),
            (first, [], None) => HeaderValue::from_bytes(first).ok(),
            _ => joined(self.stretches()),
        }
    }

    /// The others one by one, each `name=value` as it came.
    pub fn pairs(&self) -> impl Iterator<Item = &'a [u8]> {
        self.stretches().flat_map(split).map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
    }

    /// The others whose names pass, as one header; `None` where there are none.
    pub fn others_that(&self, passes: impl Fn(&[u8]) -> bool) -> Option<HeaderValue> {
        let mut passed = Vec::with_capacity(self.stretches().map(<[u8]>::len).sum());
        let mut all_pass = true;
        for pair in self.pairs() {
            if !passes(name_of(pair)) {
                all_pass = false;
                continue;
            }
            if !passed.is_empty() {
                passed.extend_from_slice(b"; ");
            }
            passed.extend_from_slice(pair);
        }
        match (all_pass, passed.is_empty()) {
            (true, _) => self.others(),
            (false, true) => None,
            (false, false) => HeaderValue::from_maybe_shared(Bytes::from(passed)).ok(),
        }
    }

    fn stretches(&self) -> impl Iterator<Item = &'a [u8]> {
        let first = (!self.first.is_empty()).then_some(self.first);
        first.into_iter().chain(self.more.iter().copied())
    }
}

/// What stands between the semicolons.
fn split(stretch: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(stretch);
    iter::from_fn(move || {
        let here = rest?;
        let end = memchr(b';', here);
        rest = end.map(|end| &here[end + 1..]);
        Some(&here[..end.unwrap_or(here.len())])
    })
}

/// The name of a pair: what stands before the first `=`, or all of it.
pub fn name_of(pair: &[u8]) -> &[u8] {
    memchr(b'=', pair).map_or(pair, |end| &pair[..end])
}

/// Cookies for the app with one of our own making, `name=value`, in place of any of that name.
pub fn with(cookies: Option<&HeaderValue>, added: &str) -> Option<HeaderValue> {
    let name = CookieName::new(added.split_once('=').map_or(added, |(name, _)| name));
    let mut others = Cookies::default();
    if let Some(header) = cookies {
        others.read(header, &name);
    }
    let mut value = joined(others.stretches().chain([added.as_bytes()]))?;
    value.set_sensitive(true);
    Some(value)
}

fn joined<'a>(cookies: impl Iterator<Item = &'a [u8]>) -> Option<HeaderValue> {
    let all = cookies.collect::<Vec<_>>().join(&b"; "[..]);
    HeaderValue::from_maybe_shared(Bytes::from(all)).ok()
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
            assert_eq!(Cookies::of(&headers(&[header]), &sid).ours, presence, "{}", header.escape_ascii());
        }
        for (list, presence) in
            [(&[&b"sid=A"[..], b"sid=B"], Presence::Repeated), (&[b"a=b", b"sid=B"], Presence::Once(b"B"))]
        {
            assert_eq!(Cookies::of(&headers(list), &sid).ours, presence);
        }
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
            let left = Cookies::of(&headers(&[header]), &sid).others();
            assert_eq!(left.as_ref().map(HeaderValue::as_bytes), rest, "{}", header.escape_ascii());
        }
        let several = headers(&[b"a=b", b"sid=X", b"c=d"]);
        assert_eq!(Cookies::of(&several, &sid).others().unwrap(), "a=b; c=d");
    }

    #[test]
    fn cookies_whose_names_do_not_pass_are_left_out() {
        let sid = CookieName::new("sid");
        for (header, rest) in [
            (&b"a=b; c=d"[..], Some(&b"a=b; c=d"[..])),
            (b"a=b;c=d", Some(b"a=b;c=d")),
            (b"app=x; a=b", Some(b"a=b")),
            (b"a=b; app=x;;app=y; sid=X; c=\xff", Some(b"a=b; c=\xff")),
            (b"app=x; sid=X", None),
            (b"app", None),
            (b"app =x; App=y; xapp=z", Some(b"App=y; xapp=z")),
            (b"", None),
        ] {
            let map = headers(&[header]);
            let left = Cookies::of(&map, &sid).others_that(|name| name.trim_ascii() != b"app");
            assert_eq!(left.as_ref().map(HeaderValue::as_bytes), rest, "{}", header.escape_ascii());
        }
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
            let cookies = Cookies::of(&map, &name);
            prop_assert_eq!(cookies.ours, match ours[..] {
                [] => Presence::Absent,
                [one] => Presence::Once(one),
                _ => Presence::Repeated,
            });
            let others = |pair: &&&[u8]| !pair.is_empty() && !pair.starts_with(b"s=");
            let left = cookies.others();
            let left = pairs(left.as_ref().map_or(b"", HeaderValue::as_bytes));
            let left: Vec<_> = left.filter(|pair| !pair.is_empty()).collect();
            prop_assert_eq!(left, all.iter().filter(others).copied().collect::<Vec<_>>());
        }
    }
}
