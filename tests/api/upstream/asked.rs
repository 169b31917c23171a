//! What the provider is asked: what the proxy described and the client's credentials, and nothing that the client
//! made up.

use super::{APP, about, ask, assert_let_in, gate, home, page};
use crate::support::echo::Seen;
use crate::support::product::{PRODUCTS, Product};
use crate::support::provider::{Mode, Provider};
use crate::support::raw::Request;
use crate::support::verify::{DIALECTS, Dialect};

/// The headers in which each product is told of `POST https://app.example.com/page?x=1`.
fn described(product: Product) -> Vec<(&'static str, &'static str)> {
    let forwarded = [
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "app.example.com"),
        ("x-forwarded-uri", "/page?x=1"),
        ("x-forwarded-method", "POST"),
    ];
    let url = ("x-original-url", "https://app.example.com/page?x=1");
    let method = ("x-original-method", "POST");
    match product {
        Product::Tinyauth => forwarded.to_vec(),
        Product::Authelia => vec![url, method],
        Product::Authentik => vec![url],
        Product::Generic => forwarded.into_iter().chain([url, method]).collect(),
    }
}

#[test]
fn each_product_is_asked_at_its_address_and_in_its_headers() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            let request = about(dialect, "POST", "/page?x=1")
                .header("Origin", APP)
                .header("Cookie", format!("theme=dark; {}", product.cookie("vera")))
                .header("Authorization", "Bearer of-another-kind")
                .header("Content-Type", "application/json");
            assert_let_in(&ask(&sluice, &request), "vera");
            let question = provider.the_question();
            assert_eq!((question.method.as_str(), question.target.as_str()), ("GET", product.target()));
            for (name, value) in described(product) {
                assert_eq!(question.one(name), value, "{product:?}");
            }
            assert_eq!(question.one("x-forwarded-for"), "192.0.2.7");
            assert_eq!(question.one("host"), provider.address.to_string());
            assert_eq!(question.one("cookie"), format!("theme=dark; {}", product.cookie("vera")));
            assert_eq!(question.one("authorization"), "Bearer of-another-kind");
            for name in ["transfer-encoding", "content-type", "upgrade", "expect"] {
                assert_eq!(question.all(name), [""; 0], "{name}");
            }
            assert!(matches!(question.all("content-length")[..], [] | ["0"]));
            provider.forget();
        }
    }
}

#[test]
fn credentials_that_the_client_did_not_send_are_not_made_up() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "");
    for dialect in DIALECTS {
        ask(&sluice, &page(dialect)).assert_status(401);
        let question = provider.the_question();
        assert_eq!(question.all("cookie"), [""; 0]);
        assert_eq!(question.all("authorization"), [""; 0]);
        provider.forget();
    }
}

#[test]
fn the_address_asked_about_arrives_byte_for_byte() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "");
    for target in ["/", "/a%20b/%2e%2e/c", "/a//b?x=%26&y=a+b&z=%E2%82%AC", "/?", "/a?url=https://evil.test/"]
    {
        let request = about(Dialect::Nginx, "GET", target).header("Cookie", Product::Generic.cookie("vera"));
        assert_let_in(&ask(&sluice, &request), "vera");
        let question = provider.the_question();
        assert_eq!(question.one("x-original-url"), format!("{APP}{target}"));
        assert_eq!(question.one("x-forwarded-uri"), target);
        provider.forget();
    }
    let with_port = Dialect::Caddy.about("GET", "http", "nas.test:8080", "/x");
    ask(&sluice, &with_port).assert_status(401);
    let question = provider.the_question();
    assert_eq!(question.one("x-original-url"), "http://nas.test:8080/x");
    assert_eq!(question.one("x-forwarded-host"), "nas.test:8080");
    assert_eq!(question.one("x-forwarded-proto"), "http");
}

/// Every header by which a client could tell the provider, or Sluice, a lie; none of them is the proxy's word.
const FORGED: [&str; 26] = [
    "Remote-User",
    "Remote-Name",
    "Remote-Email",
    "Remote-Groups",
    "X-authentik-username",
    "X-authentik-groups",
    "X-Auth-User-Id",
    "X-Auth-Role",
    "X-Auth-Capabilities",
    "X-Auth-Method",
    "X-Forwarded-User",
    "X-Forwarded-Groups",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
    "X-Forwarded-Scheme",
    "X-Original-URI",
    "X-Original-Host",
    "X-Authelia-URL",
    "X-Real-IP",
    "X-Client-IP",
    "CF-Connecting-IP",
    "Forwarded",
    "X-Sluice-Secret",
    "Session-Username",
    "X-Http-Method-Override",
];

/// What the client can forge in the family that this proxy does not use.
fn other_family(dialect: Dialect) -> &'static [&'static str] {
    match dialect {
        Dialect::Nginx => &["X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method"],
        Dialect::Traefik | Dialect::Caddy => &["X-Original-URL", "X-Original-Method"],
    }
}

#[test]
fn what_the_client_forged_never_reaches_the_provider() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            let forged = |request: Request| {
                FORGED
                    .iter()
                    .chain(other_family(dialect))
                    .fold(request, |request, name| request.header(name, "forged"))
            };
            let request = forged(page(dialect).header("Cookie", product.cookie("vera")));
            assert_let_in(&ask(&sluice, &request.header("Origin", APP)), "vera");
            ask(&sluice, &forged(page(dialect)).header("Origin", APP)).assert_status(401);
            for question in provider.asked() {
                assert_nothing_forged(&question);
            }
            assert_eq!(provider.questions(), 2);
            provider.forget();
        }
    }
}

#[track_caller]
fn assert_nothing_forged(question: &Seen) {
    let forged: Vec<_> = question.headers.iter().filter(|(_, value)| value.contains("forged")).collect();
    assert!(forged.is_empty(), "{forged:?}");
    for name in ["remote-user", "remote-groups", "x-authentik-username", "x-sluice-secret"] {
        assert_eq!(question.all(name), [""; 0], "{name}");
    }
}

#[test]
fn the_provider_is_told_the_clients_address_and_none_that_it_made_up() {
    // Authelia believes the first address that it is told.
    let provider = Provider::start(Product::Authelia);
    let sluice = gate(&provider, "");
    for (forwarded, client) in [
        ("6.6.6.6, 192.0.2.9", "192.0.2.9"),
        ("10.0.0.1,192.0.2.9, 127.0.0.1", "192.0.2.9"),
        ("garbage, 192.0.2.9", "192.0.2.9"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("2001:db8::9", "2001:db8::9"),
    ] {
        let request = Request::get("/verify/nginx")
            .header("X-Original-URL", format!("{APP}/"))
            .header("X-Original-Method", "GET")
            .header("X-Forwarded-For", forwarded)
            .header("Cookie", Product::Authelia.cookie("vera"));
        assert_let_in(&ask(&sluice, &request), "vera");
        assert_eq!(provider.the_question().one("x-forwarded-for"), client, "{forwarded}");
        provider.forget();
    }
}

#[test]
fn sluices_own_cookie_stays_with_sluice() {
    for (settings, own) in [("", "sluice_session"), ("session.cookie_name = \"gate\"", "gate")] {
        let provider = Provider::start(Product::Generic);
        let sluice = gate(&provider, settings);
        let theirs = Product::Generic.cookie("vera");
        for cookies in [
            format!("{own}={}; {theirs}", "A".repeat(43)),
            format!("{theirs}; {own}={}", "A".repeat(43)),
            format!("{theirs};{own}=short;theme=dark"),
            format!("{own}=; {theirs}"),
            format!("{own}=\"{}\"; {theirs}", "A".repeat(43)),
            format!("{theirs}; {own}=one; {own}=two"),
        ] {
            for dialect in DIALECTS {
                ask(&sluice, &page(dialect).header("Cookie", &cookies));
                let two_lines = page(dialect).header("Cookie", &theirs).header("Cookie", &cookies);
                ask(&sluice, &two_lines);
            }
        }
        for question in provider.asked() {
            let cookies = question.all("cookie").join("; ");
            assert!(cookies.split(';').all(|pair| !pair.trim().starts_with(&format!("{own}="))), "{cookies}");
            assert!(!cookies.contains("AAAA"), "{cookies}");
        }
        // Another cookie whose name only looks like ours is the client's own business.
        provider.forget();
        let alike = format!("x{own}=1; {own}x=2; {theirs}");
        assert_let_in(&ask(&sluice, &page(Dialect::Nginx).header("Cookie", &alike)), "vera");
        assert_eq!(provider.the_question().one("cookie"), alike);
    }
}

#[test]
fn the_configured_address_is_kept_as_it_is() {
    for (product, path, asked) in [
        (Product::Tinyauth, "/", "/api/auth/nginx"),
        (Product::Authelia, "/auth", "/auth/api/authz/auth-request"),
        (Product::Authentik, "/ak/", "/ak/outpost.goauthentik.io/auth/nginx"),
        (Product::Generic, "/", "/"),
        (Product::Generic, "", "/"),
        (Product::Generic, "/oauth2/auth?allowed_groups=a,b", "/oauth2/auth?allowed_groups=a,b"),
    ] {
        let answer =
            format!("HTTP/1.1 200 OK\r\n{}: vera\r\nContent-Length: 0\r\n\r\n", product.user_header());
        let provider = Provider::with(product, Mode::Saying(answer.into_bytes()));
        let url = format!("upstream.url = \"http://{}{path}\"", provider.address);
        let sluice = home(&format!("upstream.kind = \"{}\"\n{url}", product.name())).start();
        assert_let_in(&ask(&sluice, &page(Dialect::Traefik)), "vera");
        assert_eq!(provider.the_question().target, asked, "{product:?} at {path}");
    }
}

#[test]
fn a_generic_provider_may_name_the_user_in_a_header_of_its_own() {
    let say = |headers: &str| format!("HTTP/1.1 202 OK\r\n{headers}Content-Length: 0\r\n\r\n").into_bytes();
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "upstream.user_header = \"X-Auth-Request-User\"");
    provider.set(Mode::SayingOn(say("X-Auth-Request-User: vera\r\nRemote-User: ada\r\n")));
    assert_let_in(&ask(&sluice, &page(Dialect::Nginx)), "vera");
    provider.set(Mode::SayingOn(say("Remote-User: ada\r\n")));
    ask(&sluice, &page(Dialect::Nginx)).assert_status(503);
}

#[test]
fn a_request_that_the_proxy_did_not_describe_is_no_question() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "");
    let cookie = Product::Generic.cookie("vera");
    for (path, status) in [("/verify/nginx", 403), ("/verify/traefik", 400), ("/verify/caddy", 400)] {
        ask(&sluice, &Request::get(path).header("Cookie", &cookie)).assert_status(status);
    }
    let listed = gate(&provider, "[[app]]\nname = \"one\"\nhosts = [\"one.test\"]");
    ask(&listed, &page(Dialect::Nginx).header("Cookie", &cookie)).assert_status(403);
    let stranger = gate(&provider, "server.trusted_proxies = []");
    ask(&stranger, &page(Dialect::Nginx).header("Cookie", &cookie)).assert_status(403);
    assert_eq!(provider.questions(), 0);
}
