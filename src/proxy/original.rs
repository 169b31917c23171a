//! The client's request, as the proxy describes it.

use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, ORIGIN, UPGRADE};
use memchr::{memchr, memchr_iter, memchr2};

use super::{
    dialect::{Dialect, Family, Says},
    edited,
    headers::{Field, Marks, field},
    undescribed::Undescribed,
};
use crate::{
    authn::query_key,
    policy::{
        origin::{Origin, Scheme, parse_authority},
        route::Verb,
        routes::Sought,
        rpc::Calls,
        verdict::{Exchange, Method},
    },
    scan,
};

static X_ORIGINAL_URL: HeaderName = HeaderName::from_static("x-original-url");
static X_ORIGINAL_METHOD: HeaderName = HeaderName::from_static("x-original-method");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
static X_FORWARDED_URI: HeaderName = HeaderName::from_static("x-forwarded-uri");
static X_FORWARDED_METHOD: HeaderName = HeaderName::from_static("x-forwarded-method");

/// The original request; borrowed from the verify request's headers.
#[derive(Debug)]
pub struct Original<'a> {
    /// Where it was sent.
    pub origin: Origin,
    /// Path and query, printable ASCII, starting with `/`.
    pub target: &'a str,
    /// The same apart.
    parts: (&'a str, &'a str),
    /// The query that keys are read from: the client's own, also where the app gets another.
    pub query_of_keys: &'a str,
    /// Its method, as far as rules need it.
    pub method: Method,
    /// Its method, as routes tell them apart.
    pub verb: Verb,
    /// Whether an override header came.
    pub overridden: bool,
    /// The method's name for the log.
    pub method_name: &'a str,
    /// HTTP or WebSocket.
    pub exchange: Exchange,
}

impl<'a> Original<'a> {
    /// Reads the family of headers that the proxy on this path sends, and no other.
    pub fn read(headers: &'a HeaderMap, dialect: Dialect, marks: Marks<'_>) -> Result<Self, Undescribed> {
        let (origin, target) = match dialect.family {
            Family::Original => original_url(headers)?,
            Family::Forwarded => forwarded(headers)?,
        };
        let parts = plain_parts(target)?;
        let query_of_keys = edited::query_of_keys(headers, marks, target)?;
        let overridden = marks.overridden;
        let (method, verb, method_name) = method(headers, dialect, overridden)?;
        let exchange = if marks.websocket { websocket(headers, marks)? } else { Exchange::Http };
        Ok(Self { origin, target, parts, query_of_keys, method, verb, overridden, method_name, exchange })
    }

    /// The path without the query.
    pub fn path(&self) -> &'a str {
        self.parts.0
    }

    /// The query; empty where there is none.
    pub fn query(&self) -> &'a str {
        self.parts.1
    }

    /// The request as routes tell requests apart.
    pub fn request(&self, calls: Calls<'a>) -> Sought<'a> {
        let verb = match self.exchange {
            Exchange::Http => Some(self.verb),
            Exchange::WebSocket => None,
        };
        Sought { verb, overridden: self.overridden, path: self.path(), query: self.query(), calls }
    }

    /// Whether a browser asks before a request of a page (a CORS preflight, Fetch standard 3.2.2). It never sends a
    /// credential with that.
    pub fn is_preflight(&self, headers: &HeaderMap) -> bool {
        // Safe as well: an app could take another method from an override header.
        self.method_name == "OPTIONS"
            && self.method == Method::Safe
            && self.exchange == Exchange::Http
            && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
            && headers.contains_key(ORIGIN)
    }
}

fn original_url(headers: &HeaderMap) -> Result<(Origin, &str), Undescribed> {
    let url = match field(headers, &X_ORIGINAL_URL) {
        Field::Once(url) => url,
        Field::Bad => return Err(Undescribed::Malformed("X-Original-URL")),
        Field::Absent => {
            return Err(Undescribed::Missing {
                header: "X-Original-URL",
                fix: "proxy_set_header X-Original-URL $scheme://$host$request_uri;",
            });
        }
    };
    let malformed = || Undescribed::Malformed("X-Original-URL");
    // Byte by byte, which is faster than a search where so few stand before each mark.
    let scheme = url.bytes().position(|b| b == b':').ok_or_else(malformed)?;
    let (scheme, rest) = url.split_at(scheme);
    let rest = rest.strip_prefix("://").ok_or_else(malformed)?;
    let (authority, target) = rest.split_at(rest.bytes().position(|b| b == b'/').unwrap_or(rest.len()));
    let scheme = Scheme::parse(scheme).ok_or_else(malformed)?;
    let authority = parse_authority(authority).ok_or_else(malformed)?;
    Ok((Origin::new(scheme, authority), if target.is_empty() { "/" } else { target }))
}

fn forwarded(headers: &HeaderMap) -> Result<(Origin, &str), Undescribed> {
    let read = |name, header, fix| match field(headers, name) {
        Field::Once(text) if !text.is_empty() => Ok(text),
        Field::Once(_) | Field::Absent => Err(Undescribed::Missing { header, fix }),
        Field::Bad => Err(Undescribed::Malformed(header)),
    };
    let proto = read(&X_FORWARDED_PROTO, "X-Forwarded-Proto", "X-Forwarded-Proto with the client's scheme")?;
    let host = read(&X_FORWARDED_HOST, "X-Forwarded-Host", "X-Forwarded-Host with the client's host")?;
    let target = read(&X_FORWARDED_URI, "X-Forwarded-Uri", "X-Forwarded-Uri with the client's path")?;
    let scheme = Scheme::parse(proto).ok_or(Undescribed::Malformed("X-Forwarded-Proto"))?;
    let authority = parse_authority(host).ok_or(Undescribed::Malformed("X-Forwarded-Host"))?;
    Ok((Origin::new(scheme, authority), target))
}

/// A path that starts with `/` and a query, which hold only printable ASCII; percent-signs in the path start a byte
/// other than NUL, and no fragment is there.
fn plain_parts(target: &str) -> Result<(&str, &str), Undescribed> {
    let malformed = Undescribed::Malformed("the address of the original request");
    let (path, query) = match memchr(b'?', target.as_bytes()) {
        Some(mark) => (&target[..mark], &target[mark + 1..]),
        None => (target, ""),
    };
    let is_escape = |at: usize| {
        let hex = path.as_bytes().get(at + 1..at + 3);
        hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit) && hex != b"00")
    };
    if !(path.starts_with('/') && scan::all(target.as_bytes(), |b| b.is_ascii_graphic() & (b != b'#'))) {
        return Err(malformed);
    }
    // Most paths hold neither.
    if memchr2(b'%', b'=', path.as_bytes()).is_some() {
        if !memchr_iter(b'%', path.as_bytes()).all(is_escape) {
            return Err(malformed);
        }
        if query_key::is_in_path(path) {
            return Err(Undescribed::KeyInPath);
        }
    }
    Ok((path, query))
}

/// A handshake, which asks for no other protocol where the proxy lets that be seen.
fn websocket(headers: &HeaderMap, marks: Marks<'_>) -> Result<Exchange, Undescribed> {
    let asks =
        |protocol: Field<'_>| matches!(protocol, Field::Once(name) if name.eq_ignore_ascii_case("websocket"));
    match marks.upgrade && !asks(field(headers, UPGRADE)) {
        true => Err(Undescribed::OtherProtocol),
        false => Ok(Exchange::WebSocket),
    }
}

fn method(
    headers: &HeaderMap,
    dialect: Dialect,
    overridden: bool,
) -> Result<(Method, Verb, &str), Undescribed> {
    if dialect.says == Says::AddressOnly {
        // A method that came all the same is the client's own.
        let by_page = headers.contains_key(ORIGIN);
        let method = if by_page { Method::UnknownOfPage } else { Method::Unknown };
        return Ok((method, Verb::Unknown, "unknown"));
    }
    let (name, header, fix) = match dialect.family {
        Family::Original => {
            (&X_ORIGINAL_METHOD, "X-Original-Method", "proxy_set_header X-Original-Method $request_method;")
        }
        Family::Forwarded => {
            (&X_FORWARDED_METHOD, "X-Forwarded-Method", "X-Forwarded-Method with the client's method")
        }
    };
    let text = match field(headers, name) {
        Field::Once(text) if !text.is_empty() => text,
        Field::Bad => return Err(Undescribed::Malformed(header)),
        Field::Once(_) | Field::Absent => return Err(Undescribed::Missing { header, fix }),
    };
    let safe = matches!(text, "GET" | "HEAD" | "OPTIONS") && !overridden;
    Ok((if safe { Method::Safe } else { Method::Unsafe }, Verb::parse(text), text))
}

#[cfg(test)]
mod tests;
