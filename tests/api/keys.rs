//! API keys: made and revoked by commands, in every carrier, with every limit.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, Sluice};
use crate::support::verify::{ALL_CAPABILITIES, DIALECTS, Dialect, READ_ONLY};
use crate::support::wait;
use crate::support::ways_in::basic;

/// Asks about `GET http://app.test/` with what `with` adds.
#[track_caller]
fn ask(sluice: &Sluice, with: impl Fn(Request) -> Request) -> Answer {
    with(Dialect::Nginx.verify()).send(sluice.address)
}

/// A key with options, as programs read it.
#[track_caller]
fn made(home: &Home, user: &str, name: &str, options: &[&str]) -> serde_json::Value {
    let mut arguments = vec!["key", "create", user, "--name", name, "--json"];
    arguments.extend_from_slice(options);
    home.cli(&arguments, "").assert_code(0).json()
}

fn text(made: &serde_json::Value) -> String {
    made["key"].as_str().expect("a key").to_owned()
}

fn people() -> Home {
    Home::new().user("ada", &["--admin"]).user("vera", &["--preset", "read-only"])
}

#[test]
fn a_key_is_shown_once_and_rests_as_a_digest() {
    let home = people();
    let key = text(&made(&home, "vera", "phone", &[]));
    assert_eq!(key.len(), 50);
    assert!(key.starts_with("sluice_"), "{key}");
    let plain = home.cli(&["key", "create", "vera", "--name", "Sonarr at home"], "");
    let line = plain.assert_code(0).out.trim().to_owned();
    assert!(line.starts_with("sluice_") && line.len() == 50, "{plain:#?}");
    for listed in [home.cli(&["key", "list", "--json"], ""), home.cli(&["key", "list", "vera"], "")] {
        assert!(!listed.assert_code(0).out.contains("sluice_"), "{listed:#?}");
        assert!(listed.out.contains("phone") && listed.out.contains("Sonarr at home"), "{listed:#?}");
    }
    let mut sluice = home.start();
    ask(&sluice, |request| request.header("X-API-Key", &key)).assert_status(200);
    assert_eq!(sluice.stop(), Some(0));
    assert!(!sluice.process.log.contains(&key));
    for suffix in ["", "-wal"] {
        let Ok(bytes) = std::fs::read(sluice.home.file(&format!("data/sluice.db{suffix}"))) else { continue };
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "the key is stored");
    }
}

#[test]
fn every_carrier_proves_the_owner_in_every_dialect() {
    let home = people();
    let key = text(&made(&home, "vera", "phone", &[]));
    let sluice = home.start();
    for dialect in DIALECTS {
        let page = || dialect.verify();
        for request in [
            page().header("X-API-Key", &key),
            page().header("Authorization", format!("Bearer {key}")),
            page().header("Authorization", format!("bEaReR  {key}")),
            page().header("Authorization", basic("", &key)),
            page().header("Authorization", basic("Vera", &key)),
            dialect.about("GET", "http", "app.test", &format!("/x?apikey={key}")),
            dialect.about("GET", "http", "app.test", &format!("/x?t=search&api_key={key}&q=1")),
            dialect.about("GET", "http", "app.test", &format!("/x?APIKEY={key}")),
            page().header("X-API-Key", &key).header("Authorization", format!("Bearer {key}")),
        ] {
            let answer = request.send(sluice.address);
            answer.assert_status(200);
            assert_eq!(answer.header("remote-user"), Some("vera"));
            assert_eq!(answer.header("x-auth-method"), Some("api-key"));
            assert_eq!(answer.all("set-cookie"), [""; 0]);
        }
    }
    // Nothing of all that opened a session.
    assert_eq!(sluice.cli(&["session", "list", "--json"], "").json(), serde_json::json!([]));
}

#[test]
fn what_is_not_exactly_one_key_is_refused_even_beside_a_session() {
    let home = people();
    let key = text(&made(&home, "vera", "phone", &[]));
    let other = text(&made(&home, "ada", "other", &[]));
    let sluice = home.start();
    let session = sluice.sign_in("ada", crate::support::sluice::PASSWORD);
    let query = |query: &str| Dialect::Nginx.about("GET", "http", "app.test", &format!("/x?{query}"));
    let page = || Dialect::Nginx.verify();
    for request in [
        page().header("X-API-Key", "guess"),
        page().header("X-API-Key", &key[..49]),
        page().header("X-API-Key", format!("{key}A")),
        page().header("X-API-Key", key.to_uppercase()),
        page().header("X-API-Key", format!("{key},{key}")),
        page().header("X-API-Key", &key).header("X-API-Key", &key),
        page().header("X-API-Key", &key).header("Authorization", format!("Bearer {other}")),
        page().header("X-API-Key", b"sluice_\xff"),
        page().header("Authorization", format!("Bearer {key},{key}")),
        page().header("Authorization", format!("Bearer {key} x")),
        page().header("Authorization", "Bearer guess"),
        page().header("Authorization", "Bearer"),
        page().header("Authorization", "Negotiate x"),
        page().header("Authorization", "Basic !!!"),
        page().header("Authorization", basic("ada", &key)),
        page().header("Authorization", basic("x y", &key)),
        query("apikey=guess"),
        query(&format!("apikey={key}&apikey={other}")),
        query(&format!("apikey={key}x")),
    ] {
        request.clone().send(sluice.address).assert_status(401);
        request.session(&session).send(sluice.address).assert_status(401);
    }
    for absent in
        [page().header("X-API-Key", ""), query("apikey="), page().header("Authorization", "Basic Og==")]
    {
        absent.clone().send(sluice.address).assert_status(401);
        absent.session(&session).send(sluice.address).assert_status(200);
    }
}

#[test]
fn a_key_opens_what_it_is_for_and_never_more_than_its_owner() {
    let home =
        people().with("[[app]]\nname = \"sonarr\"\nhosts = [\"app.test\"]\n[[app]]\nname = \"radarr\"");
    let wide = text(&made(&home, "vera", "wide", &["--capabilities", "search,add_downloads"]));
    let boss = text(&made(&home, "ada", "boss", &["--capabilities", "search"]));
    let whole = text(&made(&home, "ada", "whole", &[]));
    let app = text(&made(&home, "ada", "app", &["--app", "radarr"]));
    let far = text(&made(&home, "ada", "far", &["--cidr", "198.51.100.0/24", "--cidr", "fd00::/8"]));
    let near = text(&made(&home, "ada", "near", &["--cidr", "192.0.2.0/24"]));
    let sluice = home.start();
    for (key, role, capabilities) in
        [(&wide, "user", "search"), (&boss, "user", "search"), (&whole, "admin", ALL_CAPABILITIES)]
    {
        let answer = ask(&sluice, |request| request.header("X-API-Key", key));
        assert_eq!(answer.assert_status(200).header("x-auth-role"), Some(role));
        assert_eq!(answer.header("x-auth-capabilities"), Some(capabilities));
        assert_eq!(answer.header("remote-groups"), Some(if role == "admin" { "admins" } else { "users" }));
    }
    let elsewhere = ask(&sluice, |request| request.header("X-API-Key", &app));
    assert_eq!(elsewhere.assert_status(403).header("x-auth-reason"), Some("the key is not for this app"));
    let there = Dialect::Nginx.about_at("/verify/nginx/radarr", &["GET", "http", "x.test", "/"]);
    there.header("X-API-Key", &app).send(sluice.address).assert_status(200);
    ask(&sluice, |request| request.header("X-API-Key", &far)).assert_status(401);
    ask(&sluice, |request| request.header("X-API-Key", &near)).assert_status(200);
}

#[test]
fn a_key_ends_at_its_end_and_when_it_is_revoked() {
    let home = people();
    let short = made(&home, "vera", "short", &["--expires", "60s"]);
    let phone = text(&made(&home, "vera", "phone", &[]));
    let ends = short["expires"].as_i64().expect("an end");
    let sluice = home.start();
    ask(&sluice, |request| request.header("X-API-Key", text(&short))).assert_status(200);
    sluice.cli(&["key", "revoke", "vera", "phone"], "").assert_code(0);
    wait::until("the revocation", || {
        ask(&sluice, |request| request.header("X-API-Key", &phone)).status == 401
    });
    wait::until("the cause in the log", || sluice.process.log.contains("the API key is revoked"));
    assert_eq!(sluice.cli(&["key", "revoke", "vera", "phone"], "").code, 1);
    // A new one of that name is another key.
    let again = text(&made(&sluice.home, "vera", "phone", &[]));
    wait::until("the new key", || ask(&sluice, |request| request.header("X-API-Key", &again)).status == 200);
    ask(&sluice, |request| request.header("X-API-Key", &phone)).assert_status(401);
    // Time is not for a test to wait for: the end is moved to now.
    let database = rusqlite::Connection::open(sluice.home.store()).expect("the store");
    database
        .execute("UPDATE api_keys SET expires = ?1 WHERE name = 'short'", [ends - 60])
        .expect("an update");
    wait::until("the end", || {
        ask(&sluice, |request| request.header("X-API-Key", text(&short))).status == 401
    });
    wait::until("the cause in the log", || sluice.process.log.contains("the API key has expired"));
}

#[test]
fn only_administrators_keys_count_where_that_is_wanted() {
    let home = people().with("api_keys.admin_only = true");
    let key = text(&made(&home, "ada", "mine", &[]));
    let refused = home.cli(&["key", "create", "vera", "--name", "phone"], "");
    assert!(refused.assert_code(1).err.contains("api_keys.admin_only"), "{refused:#?}");
    let sluice = home.user("bob", &["--admin"]).start();
    let bobs = text(&made(&sluice.home, "bob", "his", &[]));
    wait::until("the key", || ask(&sluice, |request| request.header("X-API-Key", &bobs)).status == 200);
    sluice.cli(&["user", "set-capabilities", "bob", "--role", "user"], "").assert_code(0);
    wait::until("the demotion", || ask(&sluice, |request| request.header("X-API-Key", &bobs)).status == 401);
    ask(&sluice, |request| request.header("X-API-Key", &key)).assert_status(200);
}

#[test]
fn bad_input_of_a_command_names_the_option_and_the_fix() {
    let home = people();
    made(&home, "vera", "phone", &[]);
    for (arguments, word) in [
        (&["key", "create", "nobody", "--name", "x"][..], "there is no user `nobody`"),
        (&["key", "create", "vera", "--name", "phone"], "revoke it first"),
        (&["key", "create", "vera", "--name", "a\nb"], "the name of a key has"),
        (&["key", "create", "vera", "--name", ""], "the name of a key has"),
        (&["key", "create", "vera", "--name", "x", "--capabilities", "fly"], "`fly` is no capability"),
        (&["key", "create", "vera", "--name", "x", "--app", "nope"], "there is no app `nope`"),
        (&["key", "create", "vera", "--name", "x", "--cidr", "10.0.0.0/33"], "`10.0.0.0/33` is no network"),
        (&["key", "create", "vera", "--name", "x", "--expires", "soon"], "`soon` is no time"),
        (&["key", "create", "vera", "--name", "x", "--expires", "0s"], "`0s` is no time"),
        (&["key", "list", "nobody"], "there is no user `nobody`"),
        (&["key", "revoke", "vera", "nope"], "there is no key `nope`"),
    ] {
        let said = home.cli(arguments, "");
        assert!(said.assert_code(1).err.contains(word), "{word} in {said:#?}");
    }
    assert_eq!(home.cli(&["key", "list", "--json"], "").json().as_array().map(Vec::len), Some(1));
}

#[test]
fn the_last_use_of_a_key_is_stored_behind() {
    let home = people();
    let key = text(&made(&home, "vera", "phone", &[]));
    let mut sluice = home.start();
    let seen = |sluice: &Sluice| sluice.cli(&["key", "list", "--json"], "").json()[0]["seen"].clone();
    assert!(seen(&sluice).is_null());
    ask(&sluice, |request| request.header("X-API-Key", &key)).assert_status(200);
    assert_eq!(sluice.stop(), Some(0));
    assert!(seen(&sluice).is_i64(), "{}", seen(&sluice));
}

#[test]
fn wrong_keys_count_against_the_address_and_right_ones_pass_all_the_same() {
    let home = people().with("throttle.max_failures = 1");
    let key = text(&made(&home, "vera", "phone", &[]));
    let sluice = home.start();
    ask(&sluice, |request| request.header("X-API-Key", "guess")).assert_status(401);
    let sign_in = |address: &str| {
        let form = sluice.sign_in_form("vera", crate::support::sluice::PASSWORD);
        form.header("X-Forwarded-For", address).send(sluice.address).status
    };
    wait::until("the count", || sign_in("192.0.2.7") == 429);
    assert_eq!(sign_in("192.0.2.8"), 303);
    ask(&sluice, |request| request.header("X-API-Key", &key)).assert_status(200);
}

#[test]
fn a_client_with_a_revoked_key_keeps_nobody_from_signing_in() {
    let home = people().with("throttle.max_failures = 1");
    let key = text(&made(&home, "vera", "phone", &[]));
    home.cli(&["key", "revoke", "vera", "phone"], "").assert_code(0);
    let sluice = home.start();
    for _ in 0..5 {
        ask(&sluice, |request| request.header("X-API-Key", &key)).assert_status(401);
    }
    let form = sluice.sign_in_form("vera", crate::support::sluice::PASSWORD);
    form.header("X-Forwarded-For", "192.0.2.7").send(sluice.address).assert_status(303);
}

#[test]
fn a_key_in_a_header_needs_no_page_and_anywhere_else_a_page_must_prove_itself() {
    let home = people();
    let key = text(&made(&home, "vera", "phone", &[]));
    let sluice = home.start();
    let post = |target: &str| Dialect::Nginx.about("POST", "https", "app.test", target);
    let in_query = post(&format!("/x?apikey={key}"));
    for (request, foreign) in [
        (post("/").header("X-API-Key", &key), 200),
        (post("/").header("Authorization", format!("Bearer {key}")), 200),
        (post("/").header("Authorization", basic("", &key)), 403),
        (in_query, 403),
    ] {
        request.clone().send(sluice.address).assert_status(200);
        request.clone().header("Origin", "https://app.test").send(sluice.address).assert_status(200);
        for origin in ["https://evil.test", "null"] {
            request.clone().header("Origin", origin).send(sluice.address).assert_status(foreign);
        }
        let socket = request.header("Sec-WebSocket-Key", "eA==").header("Origin", "https://evil.test");
        socket.send(sluice.address).assert_status(foreign);
    }
}

#[test]
fn the_read_only_set_narrows_as_any_other() {
    let home = people();
    let key = text(&made(&home, "ada", "look", &["--capabilities", READ_ONLY]));
    let sluice = home.start();
    let answer = ask(&sluice, |request| request.header("X-API-Key", &key));
    assert_eq!(answer.assert_status(200).header("x-auth-permission"), Some("ro"));
    assert_eq!(answer.header("x-auth-capabilities"), Some(READ_ONLY));
}

#[test]
fn a_wrong_key_in_the_query_counts_against_nobody() {
    // A page of another site can make a browser send one, and the household behind it would wait.
    let sluice = people().with("throttle.max_failures = 1").start();
    for key in ["guess", "sluice_guess", &format!("sluice_{}", "A".repeat(43))] {
        let image = Dialect::Nginx.about("GET", "http", "app.test", &format!("/?apikey={key}"));
        image.header("Sec-Fetch-Site", "cross-site").send(sluice.address).assert_status(401);
    }
    let form = sluice.sign_in_form("vera", crate::support::sluice::PASSWORD);
    form.header("X-Forwarded-For", "192.0.2.7").send(sluice.address).assert_status(303);
}

#[test]
fn a_key_for_a_network_opens_nothing_where_the_proxy_names_no_client() {
    let home = people();
    let key = text(&made(&home, "vera", "here", &["--cidr", "127.0.0.0/8"]));
    let sluice = home.start();
    let ask = |forwarded: Option<&str>| {
        let request = Request::get("/verify/nginx")
            .header("X-Original-URL", "http://app.test/")
            .header("X-Original-Method", "GET")
            .header("X-API-Key", &key);
        forwarded
            .into_iter()
            .fold(request, |request, hops| request.header("X-Forwarded-For", hops))
            .send(sluice.address)
    };
    ask(Some("127.0.0.1")).assert_status(200);
    for unnamed in
        [None, Some(""), Some("nonsense"), Some("192.0.2.7, nonsense, 127.0.0.1"), Some("192.0.2.7")]
    {
        ask(unnamed).assert_status(401);
    }
}
