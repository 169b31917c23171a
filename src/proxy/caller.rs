//! What kind of client asks, and so how a refusal reaches it.

use actix_web::http::header::{ACCEPT, HeaderMap, HeaderName, ORIGIN, REFERER};

use super::headers::{Field, field};
use crate::policy::verdict::Exchange;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
const UPGRADE_INSECURE_REQUESTS: HeaderName = HeaderName::from_static("upgrade-insecure-requests");
const SEC_FETCH: [HeaderName; 3] = [
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-user"),
];

/// The kind of client. Never told by the user agent, which lies both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A person whose browser opens a page: a redirect helps.
    Navigating,
    /// A script, an API client, a WebSocket: only a status helps.
    Program,
}

impl Caller {
    /// Tells by `Sec-Fetch-Mode`; where the browser sends none, by an `Accept` that names `text/html`.
    pub fn of(headers: &HeaderMap, exchange: Exchange) -> Self {
        if exchange == Exchange::WebSocket {
            return Self::Program;
        }
        let navigating = match field(headers, SEC_FETCH_MODE) {
            Field::Once(mode) => mode == "navigate",
            Field::Bad => false,
            Field::Absent => {
                let no_metadata = SEC_FETCH.into_iter().all(|name| !headers.contains_key(name));
                no_metadata && !headers.contains_key(X_REQUESTED_WITH) && accepts_html(headers)
            }
        };
        if navigating { Self::Navigating } else { Self::Program }
    }
}

/// Whether it opens a page with what only browsers send then, over plain HTTP too.
pub fn navigates_as_browsers_do(headers: &HeaderMap) -> bool {
    matches!(field(headers, SEC_FETCH_MODE), Field::Once("navigate"))
        || matches!(field(headers, UPGRADE_INSECURE_REQUESTS), Field::Once("1"))
}

/// Whether it has a mark of a browser, which programs for an app's API do not have. Over plain HTTP browsers send no
/// `Sec-Fetch-*`.
pub fn looks_like_browser(headers: &HeaderMap) -> bool {
    [ORIGIN, REFERER, X_REQUESTED_WITH].into_iter().any(|name| headers.contains_key(name))
        || sends_fetch_metadata(headers)
}

/// Whether it sends what only browsers send, and no page can take out.
pub fn sends_fetch_metadata(headers: &HeaderMap) -> bool {
    SEC_FETCH.into_iter().chain([SEC_FETCH_MODE]).any(|name| headers.contains_key(name))
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok()).any(|accept| {
        accept
            .split(',')
            .any(|range| range.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/html"))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_navigation_is_told_by_what_the_browser_says() {
        use Caller::{Navigating, Program};
        for (list, expected) in [
            (&[("sec-fetch-mode", "navigate")][..], Navigating),
            (&[("sec-fetch-mode", "cors"), ("accept", "text/html")], Program),
            (&[("sec-fetch-dest", "image"), ("accept", "text/html")], Program),
            (&[("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")], Navigating),
            (&[("accept", "application/json, Text/HTML;q=0.5")], Navigating),
            (&[("accept", "text/html"), ("x-requested-with", "XMLHttpRequest")], Program),
            (&[("accept", "*/*")], Program),
            (&[("accept", "text/html-x")], Program),
            (&[("user-agent", "Mozilla/5.0")], Program),
            (&[], Program),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in list {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(Caller::of(&headers, Exchange::Http), expected, "{list:?}");
            assert_eq!(Caller::of(&headers, Exchange::WebSocket), Program);
        }
    }
}
