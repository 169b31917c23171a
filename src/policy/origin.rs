//! Origins (scheme, host and port, RFC 6454) and the rule that keeps other sites' pages out.

use std::fmt;

use memchr::memchr;
use smol_str::{SmolStr, StrExt};

use crate::scan::{self, Kinds};

/// How the client reached the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// Reads a scheme; a WebSocket's counts as that of the page that opened it.
    pub fn parse(text: &str) -> Option<Self> {
        [("https", Self::Https), ("http", Self::Http), ("wss", Self::Https), ("ws", Self::Http)]
            .into_iter()
            .find_map(|(name, scheme)| text.eq_ignore_ascii_case(name).then_some(scheme))
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that an address without one means.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host name or address literal: lower case, without a trailing dot, IPv6 in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host(SmolStr);

impl Host {
    /// Reads a host; `None` for anything but letters, digits, `.`, `-`, `_` or a bracketed IPv6 address.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_lower = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(literal) => literal.parse::<std::net::Ipv6Addr>().is_ok().then_some(false)?,
            None => is_lower_name(name)?,
        };
        Some(Self(if is_lower { SmolStr::new(name) } else { name.to_ascii_lowercase_smolstr() }))
    }

    /// The host as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a name that somebody on the internet may own, and may let stand for any address: no address itself,
    /// and no name of a home network.
    pub fn is_public_name(&self) -> bool {
        let text = self.as_str();
        let is_address = text.starts_with('[') || text.parse::<std::net::Ipv4Addr>().is_ok();
        let home = ["local", "lan", "home", "internal", "localdomain", "localhost", "home.arpa"];
        let is_home =
            |end: &&str| text.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        !is_address && text.contains('.') && !home.iter().any(is_home)
    }

    /// Whether this host is `domain` or lies under it.
    pub fn lies_under(&self, domain: &Self) -> bool {
        self.0.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// Whether a name is in lower case; `None` where it is none: letters, digits, `-`, `_`, and dots that stand one at a
/// time between them.
fn is_lower_name(name: &str) -> Option<bool> {
    let (all, after_dot) = scan::occurring(name.as_bytes(), &KINDS, DOT);
    let empty_label = name.starts_with('.') || after_dot & DOT != 0;
    let is_name = all & OTHER == 0 && !empty_label && (1..=253).contains(&name.len());
    is_name.then_some(all & UPPER == 0)
}

const DOT: u8 = 1;
const UPPER: u8 = 2;
const LOWER: u8 = 4;
const OTHER: u8 = 8;
const KINDS: Kinds = scan::kinds(
    [(b".", DOT), (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", UPPER), (b"abcdefghijklmnopqrstuvwxyz0123456789-_", LOWER)],
    OTHER,
);

/// Splits `host[:port]`; the port is 1 to 65535, decimal, without a sign.
pub fn parse_authority(text: &str) -> Option<(Host, Option<u16>)> {
    let split = match text.starts_with('[') {
        true => text.find(']')? + 1,
        false => memchr(b':', text.as_bytes()).unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at_checked(split)?;
    let port = match rest {
        "" => None,
        _ => {
            let digits = rest.strip_prefix(':')?;
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            Some(digits.parse().ok().filter(|&port| port != 0)?)
        }
    };
    Some((Host::parse(host)?, port))
}

/// Scheme, host and port; equal only when all three are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// How.
    pub scheme: Scheme,
    /// Where.
    pub host: Host,
    /// The port, the scheme's own when none was written.
    pub port: u16,
}

impl Origin {
    /// From its parts.
    pub fn new(scheme: Scheme, (host, port): (Host, Option<u16>)) -> Self {
        Self { scheme, host, port: port.unwrap_or(scheme.default_port()) }
    }

    /// Reads `scheme://host[:port]` and nothing more.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once(':')?;
        let authority = authority.strip_prefix("//")?;
        Some(Self::new(Scheme::parse(scheme)?, parse_authority(authority)?))
    }

    /// Reads the origin at the start of a URL, for a `Referer`.
    pub fn of_url(url: &str) -> Option<Self> {
        let start = url.find("://")? + 3;
        let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
        Self::parse(&url[..end])
    }
}

impl Origin {
    /// Host and port as they stand in an address: the scheme's own port is left out.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.as_str().to_owned()
        } else {
            format!("{}:{}", self.host.as_str(), self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.host.as_str())?;
        if self.port == self.scheme.default_port() { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// What a request says about the page that sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: neither `Origin` nor `Referer`.
    Missing,
    /// A page of this origin.
    From(Origin),
    /// A page of this origin, which the browser calls another site's: only a listed one may act.
    CrossSite(Origin),
    /// A page of no origin that could be listed: `null`, undecodable, or unnamed and called cross-site.
    Foreign,
}

/// Whether a request may be acted on although it names no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingOrigin {
    /// It may not: a browser always says.
    Refused,
    /// It may: the credential was not sent by a browser of itself.
    Allowed,
}

/// What the configuration says about origins.
#[derive(Debug)]
pub struct OriginRule {
    /// Origins whose pages may act on every app.
    pub allowed: Vec<Origin>,
    /// What becomes of a request that names no page.
    pub missing: MissingOrigin,
}

/// Why the Origin rule refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginRefusal {
    /// The page is of another site.
    Foreign,
    /// No page was named.
    Missing,
}

/// The Origin rule: the page must be the app's own or one that was listed.
pub fn check<'a>(
    claim: &Claim,
    own: &Origin,
    allowed: impl IntoIterator<Item = &'a Origin>,
    missing: MissingOrigin,
) -> Result<(), OriginRefusal> {
    let mut allowed = allowed.into_iter();
    match claim {
        Claim::Missing if missing == MissingOrigin::Allowed => Ok(()),
        Claim::Missing => Err(OriginRefusal::Missing),
        Claim::From(origin) if origin == own => Ok(()),
        Claim::From(origin) | Claim::CrossSite(origin) if allowed.any(|listed| listed == origin) => Ok(()),
        Claim::From(_) | Claim::CrossSite(_) | Claim::Foreign => Err(OriginRefusal::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_origin_is_read_as_a_tuple() {
        for (text, shown) in [
            ("http://nas:8080", "http://nas:8080"),
            ("HTTPS://App.Test", "https://app.test"),
            ("https://app.test:443", "https://app.test"),
            ("http://app.test.", "http://app.test"),
            ("http://[::1]:81", "http://[::1]:81"),
            ("wss://app.test", "https://app.test"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "null",
            "",
            "app.test",
            "ftp://app.test",
            "chrome-extension://x",
            "http://",
            "http://app.test/",
            "http://a@app.test",
            "http://app.test:0",
            "http://app.test:99999",
            "http://app.test:+1",
            "http://app.test:",
            "http://[::1",
            "http://::1",
            "http://a b",
            "http://ａpp.test",
            "http://app..test",
            "http://.",
        ] {
            assert_eq!(Origin::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_referer_gives_its_origin_only() {
        for (url, shown) in [
            ("https://app.test/x?y", Some("https://app.test")),
            ("https://app.test", Some("https://app.test")),
            ("https://evil.com/?https://app.test", Some("https://evil.com")),
            ("https://evil/app.test", Some("https://evil")),
            ("https://app.test@evil.com/", None),
            ("about:blank", None),
        ] {
            assert_eq!(Origin::of_url(url).map(|origin| origin.to_string()).as_deref(), shown, "{url}");
        }
    }

    #[test]
    fn only_the_own_or_a_listed_origin_passes() {
        let own = Origin::parse("https://app.test").unwrap();
        let listed = [Origin::parse("https://other.test").unwrap()];
        let rule = |claim, missing| check(&claim, &own, &listed, missing);
        let from = |text| Claim::From(Origin::parse(text).unwrap());
        for (text, verdict) in [
            ("https://app.test", Ok(())),
            ("https://app.test:443", Ok(())),
            ("https://other.test", Ok(())),
            ("http://app.test", Err(OriginRefusal::Foreign)),
            ("https://app.test:8443", Err(OriginRefusal::Foreign)),
            ("https://app.test.evil.com", Err(OriginRefusal::Foreign)),
        ] {
            assert_eq!(rule(from(text), MissingOrigin::Allowed), verdict, "{text}");
        }
        assert_eq!(rule(Claim::Missing, MissingOrigin::Refused), Err(OriginRefusal::Missing));
        assert_eq!(rule(Claim::Missing, MissingOrigin::Allowed), Ok(()));
        assert_eq!(rule(Claim::Foreign, MissingOrigin::Allowed), Err(OriginRefusal::Foreign));
    }

    #[test]
    fn a_host_lies_under_its_domain_only() {
        let domain = Host::parse("example.com").unwrap();
        for (host, under) in [
            ("example.com", true),
            ("a.example.com", true),
            ("badexample.com", false),
            ("example.org", false),
        ] {
            assert_eq!(Host::parse(host).unwrap().lies_under(&domain), under, "{host}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_is_read_reads_again(text in "\\PC{0,60}") {
            let _ = Origin::of_url(&text);
            if let Some(origin) = Origin::parse(&text) {
                prop_assert_eq!(Origin::parse(&origin.to_string()), Some(origin));
            }
        }
    }
}
