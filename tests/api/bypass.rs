//! Bypass: a host and a client network that together need no sign-in.

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{ALL_CAPABILITIES, DIALECTS, Dialect, IDENTITY, READ_ONLY};
use crate::support::wait;

const HOSTS: &str = "bypass.hosts = [\"10.11.1.11:8090\", \"nas.local\"]";

fn home(settings: &str) -> Home {
    Home::new()
        .with(HOSTS)
        .with(settings)
        .user("admin", &["--admin"])
        .user("vera", &["--preset", "read-only"])
}

/// A request of a client at `client`, as the proxy describes it.
fn from(client: &str, dialect: Dialect, [method, host]: [&str; 2]) -> Request {
    let request = match dialect {
        Dialect::Nginx => Request::get(&dialect.path())
            .header("X-Original-URL", format!("http://{host}/"))
            .header("X-Original-Method", method),
        Dialect::Traefik | Dialect::Caddy => Request::get(&dialect.path())
            .header("X-Forwarded-Proto", "http")
            .header("X-Forwarded-Host", host)
            .header("X-Forwarded-Uri", "/")
            .header("X-Forwarded-Method", method),
    };
    if client == "nobody" { request } else { request.header("X-Forwarded-For", client) }
}

fn near(dialect: Dialect) -> Request {
    from("192.168.1.5", dialect, ["GET", "nas.local"])
}

#[track_caller]
fn ask(sluice: &Sluice, request: &Request) -> Answer {
    let answer = request.send(sluice.address);
    assert_eq!(answer.all("set-cookie"), [""; 0]);
    if answer.status != 200 {
        for name in IDENTITY {
            assert_eq!(answer.all(name), [""; 0], "{name} in {answer:#?}");
        }
    }
    answer
}

#[track_caller]
fn assert_let_in(answer: &Answer, user: &str, capabilities: &str) {
    assert_eq!(answer.assert_status(200).body, b"");
    for name in IDENTITY {
        assert!(answer.header(name).is_some_and(|value| !value.is_empty()), "{name}: {:#?}", answer.headers);
    }
    assert_eq!(answer.header("remote-user"), Some(user));
    assert_eq!(answer.header("x-auth-method"), Some("bypass"));
    assert_eq!(answer.header("x-auth-capabilities"), Some(capabilities));
}

#[test]
fn the_host_and_the_network_together_let_in_as_the_administrator() {
    let sluice = home("").start();
    for dialect in DIALECTS {
        for host in ["10.11.1.11:8090", "nas.local", "NAS.local", "nas.local."] {
            let answer = ask(&sluice, &from("192.168.1.5", dialect, ["GET", host]));
            assert_let_in(&answer, "admin", ALL_CAPABILITIES);
            assert_eq!(answer.header("x-auth-role"), Some("admin"));
        }
        for host in [
            "10.11.1.11:8091",
            "10.11.1.11",
            "10.11.1.12:8090",
            "evil.nas.local",
            "nas.local.evil.test",
            "xnas.local",
            "app.test",
        ] {
            ask(&sluice, &from("192.168.1.5", dialect, ["GET", host])).assert_status(401);
        }
    }
}

#[test]
fn a_host_without_a_port_is_meant_with_any() {
    let sluice = home("").start();
    for host in ["nas.local:80", "nas.local:8080"] {
        let answer = ask(&sluice, &from("192.168.1.5", Dialect::Caddy, ["GET", host]));
        assert_let_in(&answer, "admin", ALL_CAPABILITIES);
    }
}

#[test]
fn only_loopback_and_private_networks_are_near() {
    let sluice = home("").start();
    for dialect in DIALECTS {
        for client in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.254",
            "192.168.0.1",
            "::1",
            "fd00::5",
            "::ffff:10.1.2.3",
            "203.0.113.9, 192.168.1.5",
            "192.168.1.5, 127.0.0.1",
        ] {
            let answer = ask(&sluice, &from(client, dialect, ["GET", "nas.local"]));
            assert_let_in(&answer, "admin", ALL_CAPABILITIES);
        }
        for client in [
            "203.0.113.9",
            "172.32.0.1",
            "11.0.0.1",
            "192.169.0.1",
            "100.64.0.1",
            "2001:db8::5",
            "::ffff:203.0.113.9",
            // What stands left of the address that our proxy saw is the client's own invention.
            "192.168.1.5, 203.0.113.9",
            "127.0.0.1, 203.0.113.9, 127.0.0.1",
        ] {
            let answer = ask(&sluice, &from(client, dialect, ["GET", "nas.local"]));
            assert_eq!(answer.status, 401, "{client}: {answer:?}");
        }
    }
}

#[test]
fn a_client_whose_address_nobody_said_is_not_near() {
    let sluice = home("").start();
    for dialect in DIALECTS {
        for client in ["nobody", "", "unknown", "192.168.1.5, unknown", "_hidden"] {
            let answer = ask(&sluice, &from(client, dialect, ["GET", "nas.local"]));
            assert_eq!(answer.status, 401, "{client:?}: {answer:?}");
        }
        let other_headers = from("nobody", dialect, ["GET", "nas.local"])
            .header("X-Real-IP", "192.168.1.5")
            .header("Forwarded", "for=192.168.1.5");
        ask(&sluice, &other_headers).assert_status(401);
    }
}

#[test]
fn configured_networks_replace_the_usual_ones() {
    let sluice = home("bypass.networks = [\"192.168.7.0/24\", \"2001:db8::/32\"]").start();
    for (client, status) in [
        ("192.168.7.9", 200),
        ("2001:db8::9", 200),
        ("192.168.1.5", 401),
        ("10.0.0.1", 401),
        ("127.0.0.1", 401),
    ] {
        let answer = ask(&sluice, &from(client, Dialect::Nginx, ["GET", "nas.local"]));
        assert_eq!(answer.status, status, "{client}");
    }
}

#[test]
fn what_the_client_says_of_its_host_does_not_count() {
    let sluice = home("").start();
    for dialect in DIALECTS {
        let request = from("192.168.1.5", dialect, ["GET", "app.test"])
            .host("nas.local")
            .header("Forwarded", "host=nas.local")
            .header("X-Original-Host", "nas.local")
            .header("Referer", "http://nas.local/");
        let request = match dialect {
            Dialect::Nginx => request.header("X-Forwarded-Host", "nas.local"),
            Dialect::Traefik | Dialect::Caddy => request.header("X-Original-URL", "http://nas.local/"),
        };
        ask(&sluice, &request).assert_status(401);
    }
}

#[test]
fn another_user_can_be_named() {
    let sluice = home("bypass.user = \"Vera\"").start();
    for dialect in DIALECTS {
        let answer = ask(&sluice, &near(dialect));
        assert_let_in(&answer, "vera", READ_ONLY);
        assert_eq!(answer.header("x-auth-role"), Some("user"));
    }
}

#[test]
fn a_user_who_is_missing_or_disabled_lets_nobody_in() {
    let missing = Home::new().with(HOSTS).user("ada", &["--admin"]).start();
    let disabled = home("bypass.user = \"vera\"").start();
    for dialect in DIALECTS {
        let answer = ask(&missing, &near(dialect));
        assert!(matches!(answer.status, 401 | 403), "{answer:?}");
        assert_let_in(&ask(&disabled, &near(dialect)), "vera", READ_ONLY);
    }
    disabled.cli(&["user", "disable", "vera"], "").assert_code(0);
    wait::until("the end of vera's access", || ask(&disabled, &near(Dialect::Nginx)).status != 200);
    for dialect in DIALECTS {
        for request in [near(dialect), near(dialect).navigating()] {
            let answer = ask(&disabled, &request);
            assert_ne!(answer.status, 200);
        }
    }
    disabled.cli(&["user", "enable", "vera"], "").assert_code(0);
    wait::until("vera's access", || ask(&disabled, &near(Dialect::Nginx)).status == 200);
}

#[test]
fn credentials_come_first_and_wrong_ones_are_not_forgiven() {
    let sluice = home("").start();
    let session = sluice.sign_in("vera", PASSWORD);
    for dialect in DIALECTS {
        let answer = ask(&sluice, &near(dialect).session(&session));
        assert_eq!(answer.assert_status(200).header("remote-user"), Some("vera"));
        assert_eq!(answer.header("x-auth-method"), Some("session"));
        ask(&sluice, &near(dialect).session(&"A".repeat(43))).assert_status(401);
        let key = format!("sluice_{}", "A".repeat(43));
        ask(&sluice, &near(dialect).header("X-API-Key", key)).assert_status(401);
    }
}

#[test]
fn a_page_of_another_site_cannot_act_from_within_the_network() {
    let sluice = home("").start();
    for dialect in DIALECTS {
        let post = || from("192.168.1.5", dialect, ["POST", "nas.local"]);
        let own = ask(&sluice, &post().header("Origin", "http://nas.local"));
        assert_let_in(&own, "admin", ALL_CAPABILITIES);
        for origin in ["http://evil.test", "null", "http://nas.local:81", "https://nas.local"] {
            let answer = ask(&sluice, &post().header("Origin", origin));
            assert_eq!(answer.assert_status(403).header("x-auth-reason"), Some("foreign origin"), "{origin}");
        }
        // A program on the network names no page.
        assert_let_in(&ask(&sluice, &post()), "admin", ALL_CAPABILITIES);
        // A name of the attacker's that leads to the network's own address is no host of the list.
        let rebound = from("192.168.1.5", dialect, ["POST", "rebound.evil.test"]);
        ask(&sluice, &rebound.header("Origin", "http://rebound.evil.test")).assert_status(401);
        let socket = near(dialect).header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        ask(&sluice, &socket.clone().header("Origin", "http://evil.test")).assert_status(403);
        let own = ask(&sluice, &socket.header("Origin", "http://nas.local"));
        assert_let_in(&own, "admin", ALL_CAPABILITIES);
    }
}

#[test]
fn without_hosts_there_is_none() {
    let sluice =
        Home::new().with("bypass.networks = [\"192.168.0.0/16\"]").user("admin", &["--admin"]).start();
    for dialect in DIALECTS {
        ask(&sluice, &near(dialect)).assert_status(401);
    }
}

#[test]
fn check_warns_of_a_public_name() {
    for (hosts, public) in [
        ("\"torrents.example.com\"", Some("torrents.example.com")),
        ("\"nas.local\", \"pytorrent.example.org:8090\"", Some("pytorrent.example.org")),
        ("\"10.11.1.11:8090\", \"10.11.1.11\"", None),
        ("\"192.168.1.2\", \"localhost:8080\", \"nas\", \"nas.local\", \"[fd00::1]:8090\"", None),
    ] {
        let said = Home::new().with(&format!("bypass.hosts = [{hosts}]")).cli(&["check"], "");
        let text = format!("{}{}", said.assert_code(0).out, said.err);
        let warned = text.lines().find(|line| {
            let line = line.to_ascii_lowercase();
            line.contains("bypass.hosts") && line.contains("public")
        });
        match public {
            Some(name) => assert!(warned.is_some_and(|line| line.contains(name)), "{text}"),
            None => assert_eq!(warned, None),
        }
    }
}

#[test]
fn hosts_networks_and_a_user_that_are_none_do_not_start() {
    for (setting, key) in [
        ("bypass.hosts = [\"http://nas.local\"]", "bypass.hosts"),
        ("bypass.hosts = [\"nas.local:99999\"]", "bypass.hosts"),
        ("bypass.hosts = [\"*\"]", "bypass.hosts"),
        ("bypass.hosts = [\"\"]", "bypass.hosts"),
        ("bypass.hosts = [\"nas.local\"]\nbypass.networks = [\"10.0.0.0/33\"]", "bypass.networks"),
        ("bypass.hosts = [\"nas.local\"]\nbypass.user = \"a b\"", "bypass.user"),
    ] {
        let said = Home::new().with(setting).fail();
        assert!(said.assert_code(2).err.contains(key), "{setting}: {said:#?}");
    }
}
