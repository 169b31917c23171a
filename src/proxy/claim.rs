//! Which page sent a request, as the browser says: what the Origin rule goes by.

use actix_web::http::header::{HeaderMap, HeaderName, ORIGIN, REFERER};

use super::headers::{Field, field};
use crate::policy::origin::{Claim, Origin};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What the request says about the page that sent it (`Origin`, else `Referer`, and `Sec-Fetch-Site`).
pub fn read(headers: &HeaderMap) -> Claim {
    let cross_site = matches!(field(headers, SEC_FETCH_SITE), Field::Once("cross-site") | Field::Bad);
    let claimed = match field(headers, ORIGIN) {
        Field::Once(origin) => Origin::parse(origin),
        Field::Bad => None,
        Field::Absent => match field(headers, REFERER) {
            Field::Absent if !cross_site => return Claim::Missing,
            Field::Absent | Field::Bad => None,
            Field::Once(url) => Origin::of_url(url),
        },
    };
    match claimed {
        None => Claim::Foreign,
        Some(origin) if cross_site => Claim::CrossSite(origin),
        Some(origin) => Claim::From(origin),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(list: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in list {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn the_page_that_sent_it_is_read() {
        let from = |text| Claim::From(Origin::parse(text).unwrap());
        for (list, expected) in [
            (&[][..], Claim::Missing),
            (&[("origin", "https://app.test")][..], from("https://app.test")),
            (&[("origin", "null")], Claim::Foreign),
            (&[("origin", "")], Claim::Foreign),
            (&[("referer", "https://app.test/x")], from("https://app.test")),
            (&[("origin", "https://app.test"), ("referer", "https://evil.test/")], from("https://app.test")),
            (&[("origin", "https://a.test"), ("origin", "https://a.test")], Claim::Foreign),
            (
                &[("origin", "https://app.test"), ("sec-fetch-site", "cross-site")],
                Claim::CrossSite(Origin::parse("https://app.test").unwrap()),
            ),
            (&[("sec-fetch-site", "cross-site")], Claim::Foreign),
            (&[("sec-fetch-site", "same-origin")], Claim::Missing),
        ] {
            assert_eq!(read(&headers(list)), expected, "{list:?}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(origin in "[ -~]{0,40}", referer in "[ -~]{0,60}") {
            read(&headers(&[("origin", &origin)]));
            read(&headers(&[("referer", &referer)]));
        }
    }
}
