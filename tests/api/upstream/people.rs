//! What becomes of the people that the provider names.

use super::{ask, assert_let_in, gate, home, page};
use crate::support::product::{PRODUCTS, Product};
use crate::support::provider::{Mode, Provider};
use crate::support::raw::{Answer, Request};
use crate::support::sluice::Sluice;
use crate::support::verify::{ALL_CAPABILITIES, DIALECTS, Dialect, READ_ONLY};
use crate::support::wait;

const GROUPS: &str = "upstream.auto_provision = true\nupstream.permission = \"none\"\n\
                      upstream.group_map = { \"family\" = \"read-only\", \"wheel\" = \"admin\", \
                      \"adders\" = \"search,add_downloads\" }";

fn visit(product: Product, user: &str) -> Request {
    page(Dialect::Caddy).header("Cookie", product.cookie(user))
}

fn names(sluice: &Sluice) -> Vec<String> {
    let users = sluice.cli(&["user", "list", "--json"], "").assert_code(0).json();
    let users = users.as_array().expect("a list").clone();
    users.iter().map(|user| user["name"].as_str().expect("a name").to_owned()).collect()
}

#[track_caller]
fn assert_rights(answer: &Answer, role: &str, capabilities: &str) {
    assert_eq!(answer.assert_status(200).header("x-auth-role"), Some(role));
    assert_eq!(answer.header("x-auth-capabilities"), Some(capabilities));
}

#[test]
fn who_is_unknown_here_is_refused_and_not_made() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "");
        for dialect in DIALECTS {
            let request = page(dialect).header("Cookie", product.cookie("wes"));
            // The provider would only send them back: they are refused here, whoever they are.
            for request in [request.clone().navigating(), request] {
                let answer = ask(&sluice, &request);
                assert_eq!(answer.assert_status(403).location(), None);
                assert!(answer.header("x-auth-reason").is_some());
            }
        }
        assert_eq!(names(&sluice), ["ada", "vera"]);
    }
}

#[test]
fn who_is_unknown_can_be_made_with_the_name_and_address_that_the_provider_says() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, "upstream.auto_provision = true");
        let answer = ask(&sluice, &visit(product, "abe"));
        assert_let_in(&answer, "abe");
        assert_eq!(answer.header("remote-name"), Some("Abe"));
        assert_eq!(answer.header("remote-email"), Some("abe@example.com"));
        assert_eq!(answer.header("x-auth-role"), Some("user"));
        let id = answer.header("x-auth-user-id").map(ToOwned::to_owned);
        assert_eq!(ask(&sluice, &visit(product, "abe")).header("x-auth-user-id"), id.as_deref());
        // Nothing is known of this one but the name.
        assert_let_in(&ask(&sluice, &visit(product, "nobody")), "nobody");
        assert_eq!(names(&sluice), ["abe", "ada", "nobody", "vera"]);
        let listed = sluice.cli(&["user", "list", "--json"], "").json();
        let abe = listed.as_array().and_then(|all| all.iter().find(|one| one["name"] == "abe"));
        assert_eq!(abe.expect("abe")["password"], false, "nobody can sign in as them here");
    }
}

#[test]
fn who_is_made_gets_what_is_configured() {
    let default = "search,add_downloads,remove_downloads,pause_resume,assign_categories,move_files,rename_files,\
                   set_comment,view_history,clear_history,view_shared,view_uploads,view_statistics,\
                   view_all_downloads";
    for (settings, role, capabilities) in [
        ("", "user", default),
        ("upstream.permission = \"default\"", "user", default),
        ("upstream.permission = \"none\"", "user", "none"),
        ("upstream.permission = \"ro\"", "user", READ_ONLY),
        ("upstream.permission = \"rw\"", "user", ALL_CAPABILITIES),
        ("upstream.permission = \"full\"", "user", ALL_CAPABILITIES),
        ("upstream.capabilities = \"view_logs,search\"", "user", "search,view_logs"),
        ("upstream.role = \"admin\"", "admin", ALL_CAPABILITIES),
        ("upstream.role = \"admin\"\nupstream.permission = \"none\"", "admin", ALL_CAPABILITIES),
    ] {
        let provider = Provider::start(Product::Authelia);
        let sluice = gate(&provider, &format!("upstream.auto_provision = true\n{settings}"));
        assert_rights(&ask(&sluice, &visit(Product::Authelia, "max")), role, capabilities);
    }
}

#[test]
fn groups_of_the_provider_mean_what_the_map_says() {
    for product in PRODUCTS {
        let provider = Provider::start(product);
        let sluice = gate(&provider, GROUPS);
        let both = READ_ONLY.replace("search,", "search,add_downloads,");
        for (user, role, capabilities) in [
            ("wes", "admin", ALL_CAPABILITIES),
            ("ann", "user", "search,add_downloads"),
            ("abe", "user", both.as_str()),
            ("max", "user", "none"),
        ] {
            assert_rights(&ask(&sluice, &visit(product, user)), role, capabilities);
        }
        // She was there before, and nothing is kept in step.
        assert_rights(&ask(&sluice, &visit(product, "vera")), "user", READ_ONLY);
    }
}

#[test]
fn who_is_kept_in_step_follows_the_provider_from_request_to_request() {
    let product = Product::Generic;
    let provider = Provider::start(product);
    let sluice = gate(&provider, &format!("{GROUPS}\nupstream.sync = \"always\""));
    let say = |groups: &str| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRemote-User: vera\r\n";
        provider.set(Mode::SayingOn(format!("{head}Remote-Groups: {groups}\r\n\r\n").into_bytes()));
    };
    for (groups, role, capabilities) in [
        ("wheel", "admin", ALL_CAPABILITIES),
        ("adders", "user", "search,add_downloads"),
        ("wheels,adders2", "user", "none"),
        ("others, family", "user", READ_ONLY),
        ("", "user", "none"),
    ] {
        say(groups);
        assert_rights(&ask(&sluice, &visit(product, "vera")), role, capabilities);
    }
    // An account with a password is kept here and not there.
    let say_ada = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRemote-User: ada\r\n\r\n".to_vec();
    provider.set(Mode::SayingOn(say_ada));
    assert_rights(&ask(&sluice, &visit(product, "ada")), "admin", ALL_CAPABILITIES);
}

#[test]
fn a_disabled_user_is_refused_without_a_way_round() {
    for settings in
        ["", "upstream.auto_provision = true\nupstream.sync = \"always\"\nupstream.role = \"admin\""]
    {
        let provider = Provider::start(Product::Authelia);
        let home = home(&provider.settings()).with(settings);
        home.cli(&["user", "disable", "vera"], "").assert_code(0);
        let sluice = home.start();
        for name in ["vera", "VERA", "Vera"] {
            for dialect in DIALECTS {
                let request = page(dialect).header("Cookie", Product::Authelia.cookie(name));
                for request in [request.clone().navigating(), request] {
                    assert_eq!(ask(&sluice, &request).assert_status(403).location(), None);
                }
            }
        }
        let listed = sluice.cli(&["user", "list", "--json"], "").json();
        let vera = listed.as_array().and_then(|all| all.iter().find(|one| one["name"] == "vera"));
        assert_eq!(vera.expect("vera")["enabled"], false);
        assert_eq!(vera.expect("vera")["role"], "user");
    }
}

#[test]
fn who_was_deleted_comes_back_as_somebody_new() {
    let provider = Provider::start(Product::Authentik);
    let sluice = gate(&provider, "upstream.auto_provision = true\nupstream.permission = \"none\"");
    let id = || {
        let answer = ask(&sluice, &visit(Product::Authentik, "vera"));
        answer.header("x-auth-user-id").map(ToOwned::to_owned)
    };
    let first = id();
    assert!(first.is_some());
    sluice.cli(&["user", "delete", "vera"], "").assert_code(0);
    wait::until("another vera", || id().is_some_and(|id| Some(id) != first));
    assert_rights(&ask(&sluice, &visit(Product::Authentik, "vera")), "user", "none");
}

#[test]
fn a_name_in_capitals_is_the_same_user() {
    let provider = Provider::start(Product::Tinyauth);
    let sluice = gate(&provider, "upstream.auto_provision = true");
    for name in ["Vera", "VERA", "vera"] {
        assert_let_in(&ask(&sluice, &visit(Product::Tinyauth, name)), "vera");
    }
    assert_eq!(names(&sluice), ["ada", "vera"]);
}

#[test]
fn made_by_many_requests_at_once_it_is_one_user() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "upstream.auto_provision = true");
    let ids: Vec<_> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..16)
            .map(|n| {
                let sluice = &sluice;
                // Each by a browser of its own.
                let cookies = format!("n={n}; {}", Product::Generic.cookie("max"));
                scope.spawn(move || {
                    let answer = ask(sluice, &page(DIALECTS[n % 3]).header("Cookie", cookies));
                    assert_let_in(&answer, "max");
                    answer.header("x-auth-user-id").map(ToOwned::to_owned)
                })
            })
            .collect();
        tries.into_iter().map(|each| each.join().expect("an id")).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(names(&sluice), ["ada", "max", "vera"]);
}

#[test]
fn a_name_or_address_that_is_none_costs_nobody_their_access() {
    let provider = Provider::start(Product::Generic);
    let sluice = gate(&provider, "upstream.auto_provision = true");
    for (n, headers) in [
        "Remote-Name: \r\nRemote-Email: \r\n",
        "Remote-Email: no address\r\n",
        "Remote-Email: a@b@c\r\n",
        "Remote-Name: a\tb\r\n",
        "Remote-Name: Zo\u{eb}\r\n",
        "Remote-Name: \u{202e}ada\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nRemote-User: user{n}\r\n{headers}\r\n");
        provider.set(Mode::SayingOn(head.into_bytes()));
        let answer = ask(&sluice, &page(Dialect::Nginx));
        assert_let_in(&answer, &format!("user{n}"));
        assert_eq!(answer.header("remote-email"), Some("-"));
        let name = answer.header("remote-name").unwrap_or_default();
        assert!(name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{name}");
    }
}
