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

fn read(headers: &HeaderMap, dialect: Dialect) -> Result<Original<'_>, Undescribed> {
    Original::read(headers, dialect, Marks::of(headers))
}

fn dialect(path: &str) -> Dialect {
    Dialect::OWN.into_iter().chain(Dialect::OTHERS).find(|(known, _)| *known == path).unwrap().1
}

#[test]
fn nginx_describes_by_url_and_method() {
    for (url, origin, target) in [
        ("http://nas/", "http://nas", "/"),
        ("https://App.Test:8443/a/../b?c=%zz", "https://app.test:8443", "/a/../b?c=%zz"),
        ("http://nas", "http://nas", "/"),
        ("http://nas//x", "http://nas", "//x"),
    ] {
        let map = headers(&[("x-original-url", url), ("x-original-method", "GET")]);
        let read = read(&map, dialect("/verify/nginx")).unwrap();
        assert_eq!((read.origin.to_string().as_str(), read.target), (origin, target));
    }
}

#[test]
fn what_describes_no_request_is_refused() {
    for url in [
        "",
        "/",
        "http://",
        "http:///x",
        "http://[::1",
        "%",
        "/%zz",
        "http://nas/%zz",
        "http://nas/%00",
        "http://nas/a%2",
        "http://nas/#x",
        "http://nas/a b",
        "http://a@nas/",
        "http://nas:0/",
        "ftp://nas/",
        "http://nas?x",
        "javascript://nas/",
    ] {
        let map = headers(&[("x-original-url", url), ("x-original-method", "GET")]);
        assert!(read(&map, dialect("/verify/nginx")).is_err(), "{url}");
    }
    let twice = headers(&[
        ("x-original-url", "http://a/"),
        ("x-original-url", "http://a/"),
        ("x-original-method", "GET"),
    ]);
    assert!(read(&twice, dialect("/verify/nginx")).is_err());
}

#[test]
fn the_other_family_is_ignored() {
    let both = headers(&[
        ("x-original-url", "http://own/secret"),
        ("x-original-method", "POST"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "other"),
        ("x-forwarded-uri", "/public"),
        ("x-forwarded-method", "GET"),
    ]);
    let nginx = read(&both, dialect("/verify/nginx")).unwrap();
    assert_eq!(
        (nginx.origin.to_string().as_str(), nginx.target, nginx.method),
        ("http://own", "/secret", Method::Unsafe)
    );
    let traefik = read(&both, dialect("/verify/traefik")).unwrap();
    assert_eq!(
        (traefik.origin.to_string().as_str(), traefik.target, traefik.method),
        ("https://other", "/public", Method::Safe)
    );
    let only = headers(&[
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "o"),
        ("x-forwarded-uri", "/"),
        ("x-forwarded-method", "GET"),
    ]);
    assert!(matches!(
        read(&only, dialect("/verify/nginx")),
        Err(Undescribed::Missing { header: "X-Original-URL", .. })
    ));
}

#[test]
fn only_three_methods_are_safe_and_only_foreign_snippets_may_leave_it_out() {
    for (method, expected) in [
        ("GET", Method::Safe),
        ("HEAD", Method::Safe),
        ("OPTIONS", Method::Safe),
        ("get", Method::Unsafe),
        ("GET, POST", Method::Unsafe),
        ("G%45T", Method::Unsafe),
        ("QUERY", Method::Unsafe),
    ] {
        let map = headers(&[("x-original-url", "http://nas/"), ("x-original-method", method)]);
        assert_eq!(read(&map, dialect("/verify/nginx")).unwrap().method, expected, "{method}");
    }
    let overridden = headers(&[
        ("x-original-url", "http://nas/"),
        ("x-original-method", "GET"),
        ("x-http-method-override", "DELETE"),
    ]);
    assert_eq!(read(&overridden, dialect("/verify/nginx")).unwrap().method, Method::Unsafe);
    let none = headers(&[("x-original-url", "http://nas/")]);
    assert!(read(&none, dialect("/verify/nginx")).is_err());
    assert_eq!(read(&none, dialect("/outpost.goauthentik.io/auth/nginx")).unwrap().method, Method::Unknown);
}

#[test]
fn a_handshake_is_told_by_what_the_proxy_lets_through() {
    for (list, exchange) in [
        (&[][..], Ok(Exchange::Http)),
        (&[("sec-websocket-key", "x")], Ok(Exchange::WebSocket)),
        (&[("x-sluice-upgrade", "websocket")], Ok(Exchange::WebSocket)),
        (&[("upgrade", "WebSocket")], Ok(Exchange::WebSocket)),
        (&[("upgrade", "h2c")], Err(Undescribed::OtherProtocol)),
        (&[("upgrade", "h2c"), ("upgrade", "websocket")], Err(Undescribed::OtherProtocol)),
        (&[("upgrade", "websocket, h2c")], Err(Undescribed::OtherProtocol)),
        (&[("upgrade", "")], Err(Undescribed::OtherProtocol)),
    ] {
        let url = [("x-original-url", "http://nas/"), ("x-original-method", "GET")];
        let map = headers(&[&url[..], list].concat());
        let read = read(&map, dialect("/verify/nginx")).map(|original| original.exchange);
        assert_eq!(read, exchange, "{list:?}");
    }
}

proptest! {
    #[test]
    fn no_description_makes_the_reader_panic(
        url in "[ -~]{0,60}", host in "[ -~]{0,30}", uri in "[ -~]{0,30}", method in "[ -~]{0,8}",
    ) {
        let map = headers(&[
            ("x-original-url", &url),
            ("x-original-method", &method),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-host", &host),
            ("x-forwarded-uri", &uri),
            ("x-forwarded-method", &method),
        ]);
        for (_, dialect) in Dialect::OWN {
            if let Ok(read) = read(&map, dialect) {
                prop_assert!(read.target.starts_with('/'));
            }
        }
    }
}
