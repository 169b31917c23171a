//! Paths as an app might read them: only a plain one is read the same by everybody.

use crate::scan::{self, Kinds};

/// Whether every app reads the path alike: it starts with `/`, has no empty or dot segment, no `;` or `\`, and a
/// percent-sign only before a byte that is neither unreserved (RFC 3986, 2.3) nor a separator nor a control
/// byte. Bytes past ASCII, encoded in UTF-8, are plain only where `non_ascii` says that the app has such names.
pub fn is_plain(path: &str, non_ascii: bool) -> bool {
    let (all, after_slash) = scan::occurring(path.as_bytes(), &KINDS, SLASH);
    path.starts_with('/')
        && all & ODD == 0
        && after_slash & SLASH == 0
        && (after_slash & DOT == 0 || !has_dot_segment(path))
        && (all & PERCENT == 0 || escapes_are_plain(path, non_ascii))
}

/// Whether every proxy that decodes a path and encodes it again comes to the same bytes.
pub fn is_literal(path: &str) -> bool {
    let literal = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()*+,=:@".contains(&b);
    is_plain(path, false) && path.bytes().all(literal)
}

const SLASH: u8 = 1;
const DOT: u8 = 2;
const PERCENT: u8 = 4;
const ODD: u8 = 8;
const LETTER: u8 = 16;
const KINDS: Kinds = scan::kinds(
    [
        (b"/", SLASH),
        (b".", DOT),
        (b"%", PERCENT),
        (b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", LETTER),
        (b"-_~!$&'()*+,=:@\"#<>?[]^`{|}", LETTER),
    ],
    ODD,
);

/// The path as apps would read it that make more of it than stands there: decoded, in lower case, with one kind of slash,
/// without empty segments, parameters and whatever follows a NUL or a question mark; once with `..` resolved, once
/// without it.
pub fn loose_readings(path: &str) -> [Vec<String>; 2] {
    let text = decoded_through(path).replace('\\', "/").to_ascii_lowercase();
    let text = text.split(['\0', '?', '#']).next().unwrap_or_default();
    let (mut resolved, mut flat) = (Vec::new(), Vec::new());
    for segment in text.split('/') {
        let name = segment.split(';').next().unwrap_or_default();
        match name.trim_matches(|c: char| c <= ' ').trim_end_matches(['.', ' ']) {
            "" if name == ".." => {
                resolved.pop();
            }
            "" => {}
            name => {
                resolved.push(name.to_owned());
                flat.push(name.to_owned());
            }
        }
    }
    [resolved, flat]
}

/// Decoded as often as it is encoded. Escapes never overlap, so the order of decoding makes no difference: each is
/// decoded with its last byte, also where that byte was decoded itself, and no byte is looked at again.
pub fn decoded_through(path: &str) -> String {
    let mut decoded = Vec::with_capacity(path.len());
    for byte in path.bytes() {
        decoded.push(byte);
        while let Some(&[b'%', high, low]) = decoded.last_chunk::<3>()
            && let Some(byte) = unhex([high, low])
        {
            decoded.truncate(decoded.len() - 3);
            decoded.push(byte);
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

fn escapes_are_plain(path: &str, non_ascii: bool) -> bool {
    let mut decoded = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            decoded.push(first);
            rest = after;
            continue;
        }
        let Some(byte) = after.first_chunk::<2>().and_then(|hex| unhex(*hex)) else { return false };
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if unreserved || byte.is_ascii_control() || b"/\\;?#%".contains(&byte) {
            return false;
        }
        decoded.push(byte);
        rest = &after[2..];
    }
    decoded.is_ascii() || (non_ascii && std::str::from_utf8(&decoded).is_ok_and(no_hidden))
}

/// C1 controls, direction marks and what else is not seen have no place in a name.
fn no_hidden(text: &str) -> bool {
    !text.contains(|c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
            // Fullwidth forms, which some systems turn into the ASCII they look like.
            || matches!(c, '\u{ff00}'..='\u{ff5e}' | '\u{2024}'..='\u{2026}' | '\u{2215}' | '\u{2044}')
    })
}

fn unhex([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Whether the query has this key, in any spelling that an app could take for it. What cannot be read has it.
pub fn query_has(query: &str, key: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        match decode(name) {
            None => true,
            // PHP ends a name at a NUL.
            Some(name) if name.contains(|c: char| c.is_ascii_control()) => true,
            Some(name) => name.split('[').next().unwrap_or("").trim().eq_ignore_ascii_case(key),
        }
    })
}

fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        decoded.push(match first {
            b'+' => b' ',
            b'%' => {
                rest = after.get(2..)?;
                unhex(*after.first_chunk::<2>()?)?
            }
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_literal_path_is_the_same_decoded_and_encoded() {
        for (path, literal) in [
            ("/", true),
            ("/api/v2/app/version", true),
            ("/a-b_c.d~e/(1)!$&'*+,=:@", true),
            ("/a%20b", false),
            ("/a%2Fb", false),
            ("/a//b", false),
            ("/a/./b", false),
            ("/a/..", false),
            ("/a;b", false),
            ("/a[1]", false),
            ("/a\"b", false),
            ("/a|b", false),
            ("a", false),
        ] {
            assert_eq!(is_literal(path), literal, "{path}");
        }
    }

    #[test]
    fn a_path_that_apps_read_differently_is_not_plain() {
        for path in [
            "/",
            "/a",
            "/a/",
            "/a/b.c/d-e_f~g",
            "/a%20b",
            "/%5b1%5D",
            "/a:b@c!$&'()*+,=",
            "/.well-known/x",
            "/a..b",
        ] {
            assert!(is_plain(path, false), "{path}");
        }
        for path in [
            "",
            "a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/a/./b",
            "/a/../b",
            "/a/..",
            "/a;b",
            "/a\\b",
            "/a b",
            "/%41",
            "/%2e%2e/a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a%3bx",
            "/a%3fx",
            "/a%23x",
            "/a%252e",
            "/a%00",
            "/a%0a",
            "/a%7f",
            "/a%",
            "/a%2",
            "/a%zz",
            "/a%+1",
            "/\u{e9}",
            "/%c3%a9",
            "/%2d",
            "/%7E",
        ] {
            assert!(!is_plain(path, false), "{path}");
        }
        assert!(is_plain("/%c3%a9", true));
        for path in ["/%c3", "/%ff", "/\u{e9}", "/%ef%bc%8f", "/%c2%80", "/%e2%80%ae", "/%41"] {
            assert!(!is_plain(path, true), "{path}");
        }
    }

    #[test]
    fn a_path_is_read_as_the_loosest_app_would() {
        for (path, resolved, flat) in [
            ("/%73erver/x", "server/x", "server/x"),
            ("//server//x/", "server/x", "server/x"),
            ("/./server/x", "server/x", "server/x"),
            ("/a/../server", "server", "a/server"),
            ("/server/../a", "a", "server/a"),
            ("/../server", "server", "server"),
            ("/%2573erver", "server", "server"),
            ("/a%2f..%2fserver", "server", "a/server"),
            ("/a\\SERVER;v=1/x", "a/server/x", "a/server/x"),
            ("/server%00.png", "server", "server"),
            ("/server%3fx", "server", "server"),
            ("/server.%20/x", "server/x", "server/x"),
            ("/%20server%09", "server", "server"),
            ("/%2525252525252573erver", "server", "server"),
            ("/a%25252525252f%2525252525252e%252e/%%37%33erver", "server", "a/server"),
            ("/%%%37%33%3", "%s%3", "%s%3"),
            ("/a%zz", "a%zz", "a%zz"),
            ("/", "", ""),
        ] {
            assert_eq!(loose_readings(path).map(|segments| segments.join("/")), [resolved, flat], "{path}");
        }
    }

    /// One round, as an app decodes.
    fn decoded_once(text: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        let mut rest = text;
        while let Some((&first, after)) = rest.split_first() {
            let byte = after.first_chunk::<2>().filter(|_| first == b'%').and_then(|hex| unhex(*hex));
            decoded.push(byte.unwrap_or(first));
            rest = if byte.is_some() { &after[2..] } else { after };
        }
        decoded
    }

    #[test]
    fn a_path_that_is_encoded_half_a_million_times_is_read_in_one_go() {
        let path = format!("/%{}73erver", "25".repeat(500_000));
        assert_eq!(loose_readings(&path), [["server"], ["server"]]);
    }

    #[test]
    fn a_query_key_is_found_in_any_spelling() {
        for query in [
            "cmd",
            "cmd=",
            "a=1&cmd=x",
            "CMD=x",
            "c%6dd=x",
            "a;cmd=x",
            "cmd[]=x",
            "+cmd=x",
            "%zz=1",
            "%",
            "cmd%00x=1",
            "a=1&cmd%00=1",
            "x%0a=1",
        ] {
            assert!(query_has(query, "cmd"), "{query}");
        }
        for query in ["", "xcmd=1", "a=cmd", "cmdx", "c=m&d"] {
            assert!(!query_has(query, "cmd"), "{query}");
        }
    }

    proptest! {
        #[test]
        fn a_path_is_decoded_as_by_rounds_until_nothing_is_left(path in "(%|25|[2-7a-fA-F]|[/.;]){0,24}") {
            let mut text = path.clone().into_bytes();
            loop {
                let next = decoded_once(&text);
                if next == text {
                    break;
                }
                text = next;
            }
            prop_assert_eq!(decoded_through(&path), String::from_utf8_lossy(&text));
        }

        #[test]
        fn a_path_is_read_the_same_however_often_any_of_it_is_encoded(
            path in "[/.;a-cA-C \u{e9}]{0,12}",
            often in proptest::collection::vec(0..12_usize, 48),
        ) {
            let encoded: Vec<_> = path.bytes().zip(&often).map(|(byte, &often)| match often {
                0 if byte.is_ascii() => char::from(byte).to_string(),
                often => format!("%{}{byte:02x}", "25".repeat(often.saturating_sub(1))),
            }).collect();
            prop_assert_eq!(loose_readings(&encoded.concat()), loose_readings(&path));
        }

        #[test]
        fn a_plain_path_has_no_segment_that_an_app_could_leave_out(path in "[/.a]{0,12}") {
            let segments: Vec<_> = path.split('/').collect();
            let (first, rest) = segments.split_first().unwrap();
            let (last, between) = rest.split_last().unwrap_or((&".", &[]));
            let plain = first.is_empty()
                && between.iter().all(|segment| !matches!(*segment, "" | "." | ".."))
                && !matches!(*last, "." | "..");
            prop_assert_eq!(is_plain(&path, false), plain);
        }
    }
}
