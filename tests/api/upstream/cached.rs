//! `upstream.cache_ttl`: a positive answer holds for a while, for exactly the credential that got it, and never
//! longer than the user may.

use super::{about, ask, assert_let_in, gate, page};
use crate::support::product::Product;
use crate::support::provider::{Mode, Provider};
use crate::support::raw::Request;
use crate::support::sluice::Sluice;
use crate::support::verify::{DIALECTS, Dialect};
use crate::support::wait;

const PRODUCT: Product = Product::Tinyauth;
const HALF_A_MINUTE: &str = "upstream.cache_ttl = \"30s\"";

fn vera(dialect: Dialect) -> Request {
    page(dialect).header("Cookie", PRODUCT.cookie("vera"))
}

#[test]
fn without_it_every_request_is_a_question() {
    let provider = Provider::start(PRODUCT);
    let sluice = gate(&provider, "");
    for n in 1..=6 {
        assert_let_in(&ask(&sluice, &vera(DIALECTS[n % 3])), "vera");
        assert_eq!(provider.questions(), n);
    }
}

#[test]
fn an_answer_holds_for_the_credential_that_got_it() {
    let provider = Provider::start(PRODUCT);
    let sluice = gate(&provider, HALF_A_MINUTE);
    let authorized = |value: &str| vera(Dialect::Nginx).header("Authorization", value);
    for _ in 0..3 {
        assert_let_in(&ask(&sluice, &vera(Dialect::Nginx)), "vera");
        let asset = about(Dialect::Nginx, "GET", "/asset.js").header("Cookie", PRODUCT.cookie("vera"));
        assert_let_in(&ask(&sluice, &asset), "vera");
    }
    assert_eq!(provider.questions(), 1);
    // A provider that is gone is not missed until then.
    provider.set(Mode::SayingOn(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n".to_vec()));
    assert_let_in(&ask(&sluice, &vera(Dialect::Nginx)), "vera");
    for (n, other) in [
        page(Dialect::Nginx).header("Cookie", PRODUCT.cookie("Vera")),
        page(Dialect::Nginx).header("Cookie", PRODUCT.cookie("vera2")),
        page(Dialect::Nginx).header("Cookie", format!("{}; a=1", PRODUCT.cookie("vera"))),
        page(Dialect::Nginx).header("Cookie", format!("a=1; {}", PRODUCT.cookie("vera"))),
        page(Dialect::Nginx).header("Authorization", "Bearer x"),
        authorized("Bearer x"),
        authorized("Bearer y"),
        page(Dialect::Nginx),
    ]
    .into_iter()
    .enumerate()
    {
        ask(&sluice, &other).assert_status(503);
        assert_eq!(provider.questions(), 2 + n, "{other:?}");
    }
}

#[test]
fn an_answer_about_one_host_says_nothing_about_another() {
    let provider = Provider::start(PRODUCT);
    let sluice = gate(&provider, HALF_A_MINUTE);
    let on =
        |host: &str| Dialect::Caddy.about("GET", "https", host, "/").header("Cookie", PRODUCT.cookie("vera"));
    assert_let_in(&ask(&sluice, &on("app.example.com")), "vera");
    provider.set(Mode::Forbidding);
    ask(&sluice, &on("other.example.com")).assert_status(403);
    assert_let_in(&ask(&sluice, &on("app.example.com")), "vera");
}

#[test]
fn a_no_is_never_kept() {
    let provider = Provider::start(PRODUCT);
    let sluice = gate(&provider, HALF_A_MINUTE);
    for (mode, status) in [
        (Mode::Forbidding, 403),
        (Mode::SayingOn(b"HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n".to_vec()), 401),
        (Mode::SayingOn(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n".to_vec()), 503),
    ] {
        let before = provider.questions();
        provider.set(mode);
        for n in 1..=3 {
            ask(&sluice, &vera(Dialect::Nginx)).assert_status(status);
            assert_eq!(provider.questions(), before + n);
        }
    }
    provider.set(Mode::Working);
    assert_let_in(&ask(&sluice, &vera(Dialect::Nginx)), "vera");
}

#[test]
fn after_its_time_the_provider_is_asked_again() {
    let provider = Provider::start(PRODUCT);
    let sluice = gate(&provider, "upstream.cache_ttl = \"1s\"");
    assert_let_in(&ask(&sluice, &vera(Dialect::Nginx)), "vera");
    provider.set(Mode::Forbidding);
    wait::until("the end of the kept answer", || ask(&sluice, &vera(Dialect::Nginx)).status == 403);
    assert_eq!(provider.questions(), 2);
}

/// A kept answer of `user`, who has just been changed by `command`.
fn changed(settings: &str, command: &[&str]) -> (Provider, Sluice) {
    let provider = Provider::start(PRODUCT);
    let sluice = gate(&provider, &format!("{HALF_A_MINUTE}\n{settings}"));
    assert_let_in(&ask(&sluice, &vera(Dialect::Nginx)), "vera");
    sluice.cli(command, "").assert_code(0);
    (provider, sluice)
}

#[test]
fn a_user_who_is_disabled_is_refused_all_the_same() {
    for settings in ["", "upstream.auto_provision = true\nupstream.sync = \"always\""] {
        let (provider, sluice) = changed(settings, &["user", "disable", "vera"]);
        wait::until("the end of vera's access", || ask(&sluice, &vera(Dialect::Nginx)).status == 403);
        for dialect in DIALECTS {
            let answer = ask(&sluice, &vera(dialect).navigating());
            assert_eq!(answer.assert_status(403).location(), None);
        }
        sluice.cli(&["user", "enable", "vera"], "").assert_code(0);
        wait::until("vera's access", || ask(&sluice, &vera(Dialect::Nginx)).status == 200);
        drop(provider);
    }
}

#[test]
fn a_user_who_loses_capabilities_loses_them_all_the_same() {
    let (provider, sluice) = changed("", &["user", "set-capabilities", "vera", "--preset", "none"]);
    wait::until("vera's smaller rights", || {
        ask(&sluice, &vera(Dialect::Nginx)).header("x-auth-permission") == Some("none")
    });
    sluice.cli(&["user", "set-capabilities", "vera", "--role", "admin"], "").assert_code(0);
    wait::until("vera's greater rights", || {
        ask(&sluice, &vera(Dialect::Nginx)).header("x-auth-role") == Some("admin")
    });
    sluice.cli(&["user", "set-capabilities", "vera", "--role", "user"], "").assert_code(0);
    wait::until("the end of them", || {
        ask(&sluice, &vera(Dialect::Nginx)).header("x-auth-role") == Some("user")
    });
    assert_eq!(provider.questions(), 1, "none of that was the provider's to say");
}

#[test]
fn a_user_who_is_deleted_is_refused_all_the_same() {
    let (_provider, sluice) = changed("", &["user", "delete", "vera"]);
    wait::until("the end of vera's access", || ask(&sluice, &vera(Dialect::Nginx)).status == 403);
}
