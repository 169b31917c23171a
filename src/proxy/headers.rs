//! Reading headers that count: exactly one, exactly named, decodable.

use actix_web::http::header::{AsHeaderName, HeaderMap, HeaderName, HeaderValue};

/// The names that Sluice answers with or reads from the proxy. A client's header that an app would fold into
/// one of them (`Remote_User`, `Remote.User`, as CGI, WSGI and PHP do) is an attack.
pub const OWNED: [&str; 14] = [
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-auth-user-id",
    "x-auth-role",
    "x-auth-capabilities",
    "x-auth-permission",
    "x-auth-method",
    "x-auth-app",
    "x-auth-reason",
    "x-sluice-secret",
    "x-sluice-uri",
    "x-sluice-upgrade",
];

/// Headers by which some apps let a request be another method than it says.
const METHOD_OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// How often a header came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// Not at all.
    Absent,
    /// Once, in printable ASCII.
    Once(&'a str),
    /// More than once, or not decodable.
    Bad,
}

/// Reads a header that may come once.
pub fn field(headers: &HeaderMap, name: impl AsHeaderName) -> Field<'_> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Field::Absent,
        (Some(value), None) => text(value).map_or(Field::Bad, Field::Once),
        (Some(_), Some(_)) => Field::Bad,
    }
}

/// A value in printable ASCII. No header holds control bytes, so that is all of ASCII that it can hold.
pub fn text(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok().filter(|text| text.is_ascii())
}

/// What the mere presence of some headers says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks<'a> {
    /// A header that an app could take for one of ours.
    pub alias: Option<&'a str>,
    /// Whether one came by which some apps let a request be another method than it says.
    pub overridden: bool,
    /// Whether it is a WebSocket handshake. Old ones have no key, and most proxies keep `Upgrade` to themselves, so
    /// the lines say it under a name of ours.
    pub websocket: bool,
    /// Whether `Upgrade` itself came, as from a proxy that hands it to the app as well.
    pub upgrade: bool,
    /// Whether the lines took a key out of the query.
    pub keyed: bool,
}

impl<'a> Marks<'a> {
    /// Looks at every name once. Few are looked at closely: all that count begin with one of these letters.
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut marks = Self::default();
        for name in headers.keys().map(HeaderName::as_str) {
            match name.as_bytes() {
                [b'r', b'e', b'm', ..] | [b'x', _, b'a' | b's', ..] if is_alias(name) => {
                    marks.alias = Some(name)
                }
                [b'x', _, b'h' | b'm', ..] if METHOD_OVERRIDES.iter().any(|one| folds_into(name, one)) => {
                    marks.overridden = true;
                }
                b"sec-websocket-key" | b"x-sluice-upgrade" => marks.websocket = true,
                b"x-sluice-uri" => marks.keyed = true,
                b"upgrade" => (marks.websocket, marks.upgrade) = (true, true),
                _ => {}
            }
        }
        marks
    }
}

/// A header that an app could take for one of these names, which the configuration makes ours as well.
pub fn alias_of<'h, 'n>(
    headers: &'h HeaderMap,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Option<&'h str> {
    // What is spelt exactly so, the proxy overwrites.
    forged_of(headers, names, |_| true)
}

/// A header that an app would take for one that only Sluice may send it, in whatever spelling; `comes_from_proxy` says
/// of which names the proxy in front sends its own.
pub fn forged_of<'h, 'n>(
    headers: &'h HeaderMap,
    names: impl Iterator<Item = &'n str> + Clone,
    comes_from_proxy: impl Fn(&str) -> bool,
) -> Option<&'h str> {
    let is_forged = |name: &str, owned: &str| {
        folds_into(name, owned) && !(name.eq_ignore_ascii_case(owned) && comes_from_proxy(owned))
    };
    headers.keys().map(HeaderName::as_str).find(|name| names.clone().any(|owned| is_forged(name, owned)))
}

/// A header's name as people write it.
pub fn titled(name: &str) -> String {
    let title = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(title).collect::<Vec<_>>().join("-")
}

fn is_alias(name: &str) -> bool {
    name.bytes().any(|b| is_mark(b) && b != b'-') && OWNED.iter().any(|owned| folds_into(name, owned))
}

/// Whether `name`, as it came, reads as `owned` where all but letters and digits reads alike.
fn folds_into(name: &str, owned: &str) -> bool {
    let alike = |(b, o): (u8, u8)| b == o.to_ascii_lowercase() || (is_mark(o) && is_mark(b));
    name.len() == owned.len() && name.bytes().zip(owned.bytes()).all(alike)
}

const fn is_mark(b: u8) -> bool {
    !b.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_alias_of_an_owned_header_is_found() {
        for (name, found) in [
            ("remote_user", true),
            ("remote.user", true),
            ("x_auth-capabilities", true),
            ("remote~user", true),
            ("remote-user", false),
            ("remote_users", false),
            ("x_custom", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("x"));
            assert_eq!(Marks::of(&headers).alias.is_some(), found, "{name}");
        }
    }

    #[test]
    fn an_alias_of_a_configured_header_is_found() {
        for (name, found) in [
            ("x_webauth_user", true),
            ("x.webauth-user", true),
            ("x-webauth-user", false),
            ("x_webauth_users", false),
            ("x_ext", false),
            ("x-ext", true),
            ("x_other", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("x"));
            let names = ["X-WEBAUTH-USER", "X_Ext"].into_iter();
            assert_eq!(alias_of(&headers, names).is_some(), found, "{name}");
        }
    }

    #[test]
    fn a_clients_own_copy_of_what_an_app_is_told_is_found() {
        for (name, forged) in [
            ("x-remote-user", true),
            ("x_remote_user", true),
            ("x.remote-user", true),
            ("x-forwarded-user", false),
            ("x_forwarded_user", true),
            ("x-remote-users", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("x"));
            let names = ["X-Remote-User", "X-Forwarded-User"].into_iter();
            let found = forged_of(&headers, names, |name| name == "X-Forwarded-User");
            assert_eq!(found.is_some(), forged, "{name}");
        }
    }

    #[test]
    fn a_header_that_an_app_could_take_for_an_override_is_one() {
        for (name, overridden) in [
            ("x-http-method-override", true),
            ("x_http_method_override", true),
            ("x.method-override", true),
            ("x_http_method", true),
            ("x-http-methods", false),
            ("x-method", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("x"));
            assert_eq!(Marks::of(&headers).overridden, overridden, "{name}");
        }
    }

    #[test]
    fn only_one_decodable_value_counts() {
        let name = HeaderName::from_static("origin");
        let mut headers = HeaderMap::new();
        assert_eq!(field(&headers, &name), Field::Absent);
        headers.append(name.clone(), HeaderValue::from_static("a"));
        assert_eq!(field(&headers, &name), Field::Once("a"));
        headers.append(name.clone(), HeaderValue::from_static("a"));
        assert_eq!(field(&headers, &name), Field::Bad);
        headers.insert(name.clone(), HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(field(&headers, &name), Field::Bad);
    }

    proptest! {
        #[test]
        fn a_value_reads_as_text_where_all_of_it_is_printable(bytes in proptest::collection::vec(0..=255_u8, 0..40)) {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                prop_assert_eq!(text(&value), value.to_str().ok());
            }
        }
    }
}
