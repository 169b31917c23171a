//! What is wrong with a configuration: one clear line each, exit code 2, nothing half-started.

use std::net::TcpListener;
use std::process::Command;

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::ways_in::basic;

/// Each wrong setting, the key that the line must name and a word of the fix.
const WRONG: [(&str, &str, &str); 82] = [
    ("server.listne = \"x\"", "server.listne", "server.listen"),
    ("server.listen = \"nonsense\"", "server.listen", "127.0.0.1:9180"),
    ("server.listen = \"127.0.0.1\"", "server.listen", "127.0.0.1:9180"),
    ("server.listen = \"127.0.0.1:99999\"", "server.listen", "127.0.0.1:9180"),
    ("server.listen = \"unix:relative\"", "server.listen", "unix:/"),
    ("server.listen = 9180", "server.listen", "127.0.0.1:9180"),
    ("server.base_path = \"sluice\"", "server.base_path", "/sluice"),
    ("server.base_path = \"/a/../b\"", "server.base_path", "/sluice"),
    ("server.public_url = \"auth.test\"", "server.public_url", "https://"),
    ("server.public_url = \"https://auth.test/path\"", "server.public_url", "https://"),
    ("server.trusted_proxies = [\"10.0.0.0/33\"]", "server.trusted_proxies", "192.168.1.0/24"),
    ("server.trusted_proxies = [\" 10.0.0.0/8\"]", "server.trusted_proxies", "192.168.1.0/24"),
    ("server.trusted_proxies = [\"127.1\"]", "server.trusted_proxies", "192.168.1.0/24"),
    ("server.trusted_proxies = [\"010.0.0.1\"]", "server.trusted_proxies", "192.168.1.0/24"),
    ("server.trusted_proxies = [\"10.0.0.0/08\"]", "server.trusted_proxies", "192.168.1.0/24"),
    ("server.trusted_proxies = [\"\"]", "server.trusted_proxies", "192.168.1.0/24"),
    ("server.trusted_proxies = [\"nginx\"]", "server.trusted_proxies", "192.168.1.0/24"),
    ("server.trusted_proxies = [\"0.0.0.0/0\"]", "server.trusted_proxies", "every"),
    ("server.trusted_proxies = [\"::/0\"]", "server.trusted_proxies", "every"),
    ("server.workers = -1", "server.workers", "whole number"),
    ("store.path = \"\"", "store.path", "data/sluice.db"),
    ("auth.enabled = \"maybe\"", "auth.enabled", "true"),
    ("auth.admin_user = \"a b\"", "auth.admin_user", "a-z"),
    ("auth.admin_password = \"\"", "auth.admin_password", "empty"),
    ("auth.admin_password_file = \"/nowhere\"", "auth.admin_password_file", "/nowhere"),
    (
        "auth.admin_password = \"A-b-c-1-d\"\nauth.admin_password_file = \"x\"",
        "auth.admin_password",
        "one of the two",
    ),
    ("auth.bcrypt_cost = 3", "auth.bcrypt_cost", "4"),
    ("auth.bcrypt_cost = 99", "auth.bcrypt_cost", "4"),
    ("session.ttl = \"24\"", "session.ttl", "24h"),
    ("session.ttl = \"-1h\"", "session.ttl", "24h"),
    ("session.ttl = \"99999999999999999999d\"", "session.ttl", "24h"),
    ("session.remember_ttl = \"1h\"", "session.remember_ttl", "session.ttl"),
    ("session.cookie_name = \"a;b\"", "session.cookie_name", "letters"),
    ("session.cookie_name = \"__Host-sid\"", "session.cookie_name", "always"),
    (
        "session.cookie_name = \"__host-sid\"\nsession.cookie_secure = \"always\"\nsession.cookie_domain = \"a.test\"",
        "session.cookie_name",
        "cookie_domain",
    ),
    ("session.cookie_secure = \"sometimes\"", "session.cookie_secure", "auto"),
    ("origins.allowed = [\"app.test\"]", "origins.allowed", "https://"),
    ("throttle.max_failures = 0", "throttle.max_failures", "1"),
    ("log.level = \"loud\"", "log.level", "info"),
    ("log.format = \"xml\"", "log.format", "json"),
    ("[[app]]\nname = \"No Name\"", "name", "a-z"),
    ("[[app]]\nname = \"a\"\npublic = [\"/api/**\"]", "app.0.public", "exact paths"),
    ("[[app]]\nname = \"a\"\npublic = [\"/**\"]", "app.0.public", "exact paths"),
    ("[[app]]\nname = \"transmission\"\npublic = [\"/transmission/rpc\"]", "app.0.public", "other paths"),
    ("[[app]]\nname = \"a\"\npublic = [\"static\"]", "app.0.public", "start with /"),
    ("[[app]]\nname = \"a\"\npack = \"nonsense\"", "app.0.pack", "known are"),
    ("[[app]]\nname = \"a\"\nbase_path = \"a\"", "app.0.base_path", "/sluice"),
    ("[[app]]\nname = \"a\"\nusers = [\"a b\"]", "app.0.users", "a-z"),
    ("[[app]]\nname = \"a\"\ngroups = [\"a,b\"]", "app.0.groups", "printable"),
    ("[[app]]\nname = \"a\"\nownership = \"app\"", "app.0.ownership", "strict"),
    (
        "[[app]]\nname = \"a\"\ninject.authorization = \"nonsense\"",
        "app.0.inject.authorization",
        "Basic name:password",
    ),
    ("[[app]]\nname = \"a\"\ninject.cookie = \"x\"", "app.0.inject.cookie", "name=value"),
    (
        "[[app]]\nname = \"a\"\nauthorization = \"app\"\ninject.authorization = \"Bearer x\"",
        "app.0.inject.authorization",
        "one of the two",
    ),
    ("[[app]]\nname = \"a\"\nlive = \"app\"", "app.0.live", "no live channel"),
    ("[[app]]\nname = \"amutorrent\"\nlive = \"both\"", "app.0.live", "gate nor app"),
    ("[[app]]\nname = \"a\"\ncookies.bind = [\"a b\"]", "app.0.cookies.bind", "connect.sid"),
    ("[[app]]\nname = \"a\"\ncookies.withhold = [\"*\"]", "app.0.cookies.withhold", "connect.sid"),
    ("[[app]]\nname = \"a\"\ncookies.shared = [\"sluice_person\"]", "app.0.cookies.shared", "Sluice's own"),
    ("[[app]]\nname = \"a\"\ncookies.paths = [\"api\"]", "app.0.cookies.paths", "/api"),
    ("[session]\ncookie_name = \"sluice_person\"", "session.cookie_name", "choose another"),
    ("[[app]]\nname = \"a\"\nunsafe_methods = \"public\"", "app.0.unsafe_methods", "anybody"),
    ("[[app]]\nname = \"a\"\nunsafe_methods = \"fly\"", "app.0.unsafe_methods", "joined by +"),
    ("[[app]]\nname = \"a\"\nheaders = { X-User = \"{nobody}\" }", "app.0.headers.X-User", "{user}"),
    ("[[app]]\nname = \"a\"\nheaders = { Set-Cookie = \"a={user}\" }", "app.0.headers.Set-Cookie", "itself"),
    (
        "[[app]]\nname = \"a\"\nheaders = { Content-Type = \"{user}\" }",
        "app.0.headers.Content-Type",
        "itself",
    ),
    (
        "[[app]]\nname = \"a\"\nheaders = { X-Real-IP = \"{user}\" }",
        "app.0.headers.X-Real-IP",
        "another name",
    ),
    ("[[app]]\nname = \"a\"\nheaders = { \"X~User\" = \"{user}\" }", "app.0.headers.X~User", "hyphens"),
    ("[[app]]\nname = \"a\"\nheaders = { Cookie = \"{user}\" }", "app.0.headers.Cookie", "X-Forwarded-User"),
    (
        "[[app]]\nname = \"a\"\nheaders = { Remote-User = \"{email}\" }",
        "app.0.headers.Remote-User",
        "`Remote-User` is a header that Sluice sends itself",
    ),
    (
        "[[app]]\nname = \"a\"\nheaders = { \"X D\" = \"{user}\" }",
        "app.0.headers.X D",
        "`X D` is no name of a header",
    ),
    (
        "[[app]]\nname = \"a\"\nheaders = { X-A = \"{user}\", x-a = \"{email}\" }",
        "app.0.headers",
        "`x-a` is there twice",
    ),
    (
        "[[app]]\nname = \"a\"\nheaders = { Remote-User = \"{name}\" }",
        "app.0.headers.Remote-User",
        "another name",
    ),
    (
        "[[app]]\nname = \"a\"\nheaders = { remote-groups = \"x\" }",
        "app.0.headers.remote-groups",
        "another name",
    ),
    (
        "[[app]]\nname = \"a\"\nheaders = { X-Auth-Role = \"{role}\" }",
        "app.0.headers.X-Auth-Role",
        "another name",
    ),
    ("[[app]]\nname = \"a\"\nheaders = { X-User = [\"{user}\"] }", "app.0.headers.X-User", "takes a text"),
    ("sso.name_header = \"Cookie\"", "sso.name_header", "`Cookie`"),
    ("sso.email_header = \"a b\"", "sso.email_header", "`a b`"),
    ("sso.group_map = { adders = [\"add_downloads\", \"fly\"] }", "sso.group_map.adders", "`fly`"),
    ("sso.group_map = { adders = [] }", "sso.group_map.adders", "none"),
    ("sso.group_map = { a.b = \"admin\" }", "sso.group_map.a", "in quotes"),
    ("[[app]]\nname = \"rutorrent\"\npublic = [\"/conf/**\"]", "app.0.public", "keeps for administrators"),
    ("packs.folder = \"/nowhere\"", "packs.folder", "make it"),
];

#[test]
fn each_wrong_value_gives_one_line_with_the_key_and_the_fix() {
    for (setting, key, fix) in WRONG {
        let home = Home::new().with(setting);
        let said = home.fail();
        assert_eq!(said.code, 2, "{setting}: {said:#?}");
        assert_eq!(said.err.lines().count(), 1, "{setting}: {}", said.err);
        for part in [key, fix, "sluice.toml"] {
            assert!(said.err.contains(part), "{setting}: no {part} in {}", said.err);
        }
        assert!(!home.store().exists(), "{setting}: half-started");
        let checked = home.cli(&["check"], "");
        let all = format!("{}{}", checked.out, checked.err);
        assert!(checked.assert_code(2).err.contains(key) || all.contains(fix), "{setting}: {checked:#?}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let home = Home::new()
        .with("session.ttl = \"soon\"\nserver.trusted_proxies = [\"10.0.0.0/33\", \"nginx\"]\nlog.level = \"loud\"\nx.y = 1")
        .variable("SLUICE_THROTTLE__MAX_FAILURES", "many")
        .variable("WEB_AUTH_ENABLED", "perhaps");
    for said in [home.fail(), home.cli(&["check"], "")] {
        said.assert_code(2);
        let lines: Vec<_> = said.err.lines().collect();
        for part in [
            "session.ttl",
            "10.0.0.0/33",
            "`nginx`",
            "log.level",
            "x.y",
            "SLUICE_THROTTLE__MAX_FAILURES",
            "WEB_AUTH_ENABLED",
        ] {
            assert_eq!(lines.iter().filter(|line| line.contains(part)).count(), 1, "{part} in {lines:#?}");
        }
    }
}

#[test]
fn a_problem_names_where_its_value_came_from() {
    for (name, value, key) in [
        ("SLUICE_SESSION__TTL", "soon", "session.ttl"),
        ("SLUICE_SESION__TTL", "1h", "sesion.ttl"),
        ("WEB_AUTH_ENABLED", "perhaps", "auth.enabled"),
    ] {
        let said = Home::new().variable(name, value).fail();
        said.assert_code(2);
        assert!(said.err.contains(name) && said.err.contains(key), "{}", said.err);
    }
}

#[test]
fn contradictions_between_apps_are_told() {
    let app = |name: &str, hosts: &str| format!("[[app]]\nname = \"{name}\"\nhosts = [{hosts}]\n");
    for (apps, parts) in [
        (app("a", "\"x.test\"") + &app("a", "\"y.test\""), ["`a`", "two"]),
        (app("a", "\"x y\""), ["hosts", "x y"]),
        ("[[app]]\nhosts = [\"x.test\"]\n".to_owned(), ["name", "app"]),
        ("app = 1\n".to_owned(), ["app", "[[app]]"]),
        (app("a", "") + "packk = \"qbittorrent\"\n", ["packk", "app"]),
    ] {
        let said = Home::new().with(&apps).fail();
        assert_eq!((said.code, said.err.lines().count()), (2, 1), "{apps}{said:#?}");
        assert!(parts.iter().all(|part| said.err.contains(part)), "{apps}: {}", said.err);
    }
}

#[test]
fn apps_that_share_a_host_start_and_a_warning_says_how_the_proxy_tells_them_apart() {
    let app = |name: &str, host: &str, more: &str| {
        format!("[[app]]\nname = \"{name}\"\nhosts = [\"other-{name}.test\", \"{host}\"]\n{more}\n")
    };
    let below = "base_path = \"/films\"";
    for (host, more) in [("nas.test", ""), ("nas.test:8080", below)] {
        let home = Home::new().with(&["one", "two", "three"].map(|name| app(name, host, more)).concat());
        let said = home.cli(&["check"], "");
        let warnings: Vec<_> =
            said.assert_code(0).err.lines().filter(|line| line.contains("share")).collect();
        let [warning] = warnings.as_slice() else { panic!("{said:#?}") };
        let parts = ["warning: ", "app.2.hosts", "`one` and `two` and `three`", "end each verify address"];
        assert!(parts.iter().all(|part| warning.contains(part)), "{warning}");
        assert!(warning.contains(&format!("`{host}`")), "{warning}");
        let sluice = home.user("ada", &["--admin"]).start();
        let verify = |end: &str| {
            let request = Request::get(&format!("/verify/nginx{end}"));
            let request = request.header("Authorization", basic("ada", PASSWORD));
            let request = request.header("X-Original-URL", format!("http://{host}/films/"));
            request.header("X-Original-Method", "GET").send(sluice.address)
        };
        for name in ["one", "two", "three"] {
            let answer = verify(&format!("/{name}"));
            assert_eq!(answer.assert_status(200).header("x-auth-app"), Some(name));
        }
        // Nothing says which of them it is.
        verify("").assert_status(403);
    }
    for [one, two] in [
        [app("one", "nas.test", ""), app("two", "nas.test", below)],
        [app("one", "nas.test", ""), app("two", "nas.test:8080", "")],
    ] {
        let said = Home::new().with(&(one + &two)).cli(&["check"], "");
        assert!(!said.assert_code(0).err.contains("share"), "{said:#?}");
    }
}

#[test]
fn a_cookie_that_cannot_reach_an_app_is_told() {
    let said = Home::new()
        .with(
            "server.public_url = \"https://auth.example.com\"\n\
             [[app]]\nname = \"nas\"\nhosts = [\"nas.example.com\"]\n",
        )
        .fail();
    assert!(said.assert_code(2).err.contains("session.cookie_domain"), "{said:#?}");
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_told() {
    let home = Home::new();
    let missing = home.file("missing.toml");
    let output = home.command(&missing).arg("serve").output().expect("an answer");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains("missing.toml") && text.lines().count() == 1, "{text}");

    let said = Home::new().with("this is = = no toml").fail();
    assert_eq!(said.code, 2);
    assert!(said.err.contains("sluice.toml") && !said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn a_port_in_use_stops_the_start_and_touches_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let home = Home::new().with(&format!("server.listen = \"{address}\""));
    let said = home.fail();
    assert_eq!((said.code, said.err.lines().count()), (2, 1), "{said:#?}");
    assert!(said.err.contains("server.listen") && said.err.contains(&address), "{}", said.err);
    assert!(!home.store().exists() && !home.file("data/sluice.db.setup-token").exists());
}

#[test]
fn a_second_start_leaves_the_first_alone() {
    let mut sluice = Sluice::start();
    let config = sluice.home.file("second.toml");
    let text = format!("server.listen = \"{}\"\nstore.path = \"data/sluice.db\"\n", sluice.address);
    std::fs::write(&config, text).expect("a file");
    let output = sluice.home.command(&config).arg("serve").output().expect("an answer");
    assert_eq!(output.status.code(), Some(2));
    sluice.sign_in("ada", crate::support::sluice::PASSWORD);
    sluice.assert_no_panic();
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        &[][..],
        &["serve"],
        &["check"],
        &["user"],
        &["user", "add"],
        &["user", "list"],
        &["user", "set-password"],
        &["user", "set-capabilities"],
        &["user", "enable"],
        &["user", "disable"],
        &["user", "delete"],
        &["session"],
        &["session", "list"],
        &["session", "revoke"],
        &["session", "revoke-all"],
        &["healthcheck"],
    ] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_sluice")).args(command).arg("--help").output().expect("help");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(text.contains("Example") && text.contains("sluice "), "{command:?}: {text}");
    }
}
