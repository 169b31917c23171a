//! `[session]`: how long a sign-in lasts, and its cookie.

use std::time::Duration;

use super::{reader::Reader, values::duration};
use crate::{authn::marker::is_marker, policy::origin::Host};

/// When the cookie is marked as for HTTPS only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieSecure {
    /// Where the portal is reached over HTTPS.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The section.
#[derive(Debug)]
pub struct SessionConfig {
    /// Life of an unused session.
    pub ttl: Duration,
    /// Life of an unused session that was to be remembered.
    pub remember_ttl: Duration,
    /// Life of any session, used or not.
    pub max_lifetime: Option<Duration>,
    /// The cookie's name.
    pub cookie_name: String,
    /// The domain that the cookie is sent to, where that is more than one host.
    pub cookie_domain: Option<Host>,
    /// Whether the cookie is for HTTPS only.
    pub cookie_secure: CookieSecure,
}

const YEAR: u64 = 365 * 86_400;

impl SessionConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let ttl = reader.value("session.ttl", "24h", duration(60..=YEAR));
        let remember_ttl = reader.value("session.remember_ttl", "30d", duration(60..=YEAR));
        let max_lifetime = reader.optional("session.max_lifetime", duration(60..=10 * YEAR));
        let cookie_name = reader.value("session.cookie_name", "sluice_session", cookie_name);
        let cookie_domain = reader.optional("session.cookie_domain", cookie_domain);
        let cookie_secure = reader.value("session.cookie_secure", "auto", |text| match text {
            "auto" => Ok(CookieSecure::Auto),
            "always" | "true" => Ok(CookieSecure::Always),
            "never" | "false" => Ok(CookieSecure::Never),
            _ => Err("is none of auto, always, never".to_owned()),
        });
        if let (Some(ttl), Some(remember_ttl)) = (ttl, remember_ttl)
            && remember_ttl < ttl
        {
            reader.problem("session.remember_ttl", "it is shorter than session.ttl; make it the longer one");
        }
        if let (Some(name), Some(domain), Some(secure)) = (&cookie_name, &cookie_domain, cookie_secure)
            && let Some(problem) = prefix_problem(name, domain.is_some(), secure)
        {
            reader.problem("session.cookie_name", problem);
        }
        Some(Self {
            ttl: ttl?,
            remember_ttl: remember_ttl?,
            max_lifetime: max_lifetime?,
            cookie_name: cookie_name?,
            cookie_domain: cookie_domain?,
            cookie_secure: cookie_secure?,
        })
    }
}

/// The bytes of a token (RFC 6265), less what some proxies and apps stumble over.
fn cookie_name(text: &str) -> Result<String, String> {
    let plain = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if is_marker(text.as_bytes()) {
        Err("is the name of another cookie of Sluice's; choose another".to_owned())
    } else if plain {
        Ok(text.to_owned())
    } else {
        Err("is no cookie name; use letters, digits, _ and -".to_owned())
    }
}

/// What browsers ask of a cookie whose name begins so (RFC 6265bis, 4.1.3); any other they drop without a word.
fn prefix_problem(name: &str, has_domain: bool, secure: CookieSecure) -> Option<&'static str> {
    let begins =
        |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let host = begins("__Host-");
    if (host || begins("__Secure-")) && secure != CookieSecure::Always {
        return Some(
            "browsers drop a cookie of such a name without HTTPS; set session.cookie_secure = \"always\" or choose another name",
        );
    }
    (host && has_domain).then_some(
        "browsers drop a cookie of such a name that has a domain; leave out session.cookie_domain or choose another name",
    )
}

fn cookie_domain(text: &str) -> Result<Host, String> {
    Host::parse(text.strip_prefix('.').unwrap_or(text))
        .filter(|host| host.as_str().contains('.') && host.as_str().parse::<std::net::IpAddr>().is_err())
        .filter(|host| !host.as_str().starts_with('['))
        .ok_or_else(|| {
            "is no domain; write it like example.com (browsers refuse a single word or an address)".to_owned()
        })
}
