//! Packs, and what commands say of them: straight at the service.

mod bodies;
mod misused;

use std::fs;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

const APPS: &str = "
[[app]]
name = \"qbittorrent\"
[[app]]
name = \"flood\"
base_path = \"/flood\"
groups = [\"family\"]
users = [\"bob\"]
[[app]]
name = \"strict\"
hosts = [\"strict.test\"]
pack = \"qbittorrent\"
ownership = \"strict\"
[[app]]
name = \"transmission\"
headers = { X-Webauth-User = \"{user}/{permission}\" }
";

fn home() -> Home {
    Home::new()
        .with(APPS)
        .user("ada", &["--admin"])
        .user("bob", &["--capabilities", "view_all_downloads,add_downloads,pause_resume"])
        .user("eve", &["--preset", "read-only"])
}

/// Asks about a request to an app, with Basic.
fn ask(sluice: &Sluice, user: &str, app: &str, method: &str, target: &str) -> Answer {
    let request =
        Dialect::Traefik.about_at(&format!("/verify/traefik/{app}"), &[method, "http", "nas", target]);
    basic(request, user).send(sluice.address)
}

fn basic(request: Request, user: &str) -> Request {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let pair = BASE64_STANDARD.encode(format!("{user}:{PASSWORD}"));
    request.header("Authorization", format!("Basic {pair}"))
}

#[track_caller]
fn reason(answer: &Answer) -> String {
    answer.assert_status(403).header("x-auth-reason").unwrap_or_default().to_owned()
}

#[test]
fn a_set_for_one_app_holds_there_and_nowhere_else() {
    let sluice = home().start();
    let stop = "/api/v2/torrents/stop";
    ask(&sluice, "bob", "qbittorrent", "POST", stop).assert_status(200);
    let set = |options: &[&str]| {
        let arguments = [&["user", "set-capabilities", "bob"], options].concat();
        sluice.cli(&arguments, "").assert_code(0);
    };
    set(&["--app", "qbittorrent", "--permission", "ro"]);
    wait::until("the new set", || ask(&sluice, "bob", "qbittorrent", "POST", stop).status == 403);
    let info = ask(&sluice, "bob", "qbittorrent", "GET", "/api/v2/torrents/info");
    assert_eq!(info.assert_status(200).header("x-auth-permission"), Some("ro"));
    let other = ask(&sluice, "bob", "transmission", "GET", "/transmission/web/");
    assert_eq!(
        other.assert_status(200).header("x-auth-capabilities"),
        Some("add_downloads,pause_resume,view_all_downloads")
    );
    assert_eq!(other.header("x-webauth-user"), Some("bob/custom"));
    let listed = sluice.cli(&["user", "list", "--json"], "");
    let bob = listed.json().as_array().unwrap().iter().find(|user| user["name"] == "bob").unwrap().clone();
    assert_eq!(bob["apps"]["qbittorrent"].as_array().unwrap().len(), 7);
    set(&["--app", "qbittorrent", "--inherit"]);
    wait::until("the set of old", || ask(&sluice, "bob", "qbittorrent", "POST", stop).status == 200);
    let unknown = ["user", "set-capabilities", "bob", "--app", "nonsense", "--preset", "none"];
    sluice.cli(&unknown, "").assert_code(1);
}

#[test]
fn a_key_narrows_what_its_owner_may_in_every_app() {
    let home = home();
    let made = home
        .cli(&["key", "create", "ada", "--name", "adder", "--capabilities", "add_downloads", "--json"], "");
    let key = made.assert_code(0).json()["key"].as_str().unwrap().to_owned();
    let sluice = home.start();
    let by_key = |method: &str, target: &str| {
        let about = &[method, "http", "nas", target];
        let request = Dialect::Traefik.about_at("/verify/traefik/qbittorrent", about);
        request.header("X-API-Key", &key).send(sluice.address)
    };
    by_key("POST", "/api/v2/torrents/add").assert_status(200);
    assert_eq!(reason(&by_key("POST", "/api/v2/torrents/delete")), "missing remove_downloads");
    assert_eq!(reason(&by_key("POST", "/api/v2/app/shutdown")), "administrators only");
}

#[test]
fn only_whom_an_app_names_may_enter_it_and_only_below_its_path() {
    let sluice = home().start();
    ask(&sluice, "bob", "flood", "GET", "/flood/api/torrents").assert_status(200);
    ask(&sluice, "ada", "flood", "GET", "/flood/api/torrents").assert_status(200);
    let eve = ask(&sluice, "eve", "flood", "GET", "/flood/api/torrents");
    assert_eq!(reason(&eve), "this user may not enter here");
    for elsewhere in
        ["/api/torrents", "/floods/api/torrents", "/flood/../api/torrents", "/Flood/api/torrents"]
    {
        let answer = ask(&sluice, "bob", "flood", "GET", elsewhere);
        assert_eq!(reason(&answer), "administrators only", "{elsewhere}");
    }
}

#[test]
fn where_the_app_knows_no_owners_changing_takes_more_if_asked() {
    let sluice = home().start();
    ask(&sluice, "bob", "qbittorrent", "POST", "/api/v2/torrents/stop").assert_status(200);
    let stop = ask(&sluice, "bob", "strict", "POST", "/api/v2/torrents/stop");
    assert_eq!(reason(&stop), "missing edit_all_downloads");
    ask(&sluice, "bob", "strict", "POST", "/api/v2/torrents/add").assert_status(200);
    ask(&sluice, "ada", "strict", "POST", "/api/v2/torrents/stop").assert_status(200);
}

#[test]
fn a_refused_route_is_refused_to_administrators_too() {
    let sluice = home().start();
    let answer = ask(&sluice, "ada", "transmission", "GET", "/transmission/rpc?method=torrent-remove");
    assert_eq!(reason(&answer), "not through this gate");
}

#[test]
fn what_is_more_than_looking_needs_what_the_app_says() {
    let apps = "[[app]]\nname = \"notes\"\nunsafe_methods = \"add_downloads\"\n\
                [[app]]\nname = \"flood\"\nunsafe_methods = \"deny\"\n";
    let sluice = Home::new()
        .with(apps)
        .user("ada", &["--admin"])
        .user("bob", &["--capabilities", "add_downloads"])
        .user("eve", &["--preset", "read-only"])
        .start();
    for (user, app, method, path, refused) in [
        ("eve", "notes", "GET", "/x", None),
        ("eve", "notes", "HEAD", "/x", None),
        ("eve", "notes", "POST", "/x", Some("missing add_downloads")),
        ("eve", "notes", "PROPFIND", "/x", Some("administrators only")),
        ("eve", "notes", "POST", "/%2e", Some("missing add_downloads")),
        ("bob", "notes", "POST", "/x", None),
        ("ada", "notes", "DELETE", "/x", None),
        ("ada", "flood", "POST", "/api/torrents/add-urls", Some("not through this gate")),
        ("ada", "flood", "GET", "/api/torrents", None),
        ("eve", "flood", "GET", "/api/auth/verify", None),
    ] {
        let answer = ask(&sluice, user, app, method, path);
        match refused {
            Some(why) => assert_eq!(reason(&answer), why, "{user} {app} {method} {path}"),
            None => assert_eq!(answer.status, 200, "{user} {app} {method} {path}: {answer:?}"),
        }
    }
    let overridden = Dialect::Traefik.about_at("/verify/traefik/notes", &["GET", "http", "nas", "/x"]);
    let overridden = overridden.header("X-HTTP-Method-Override", "DELETE");
    assert_eq!(reason(&basic(overridden, "eve").send(sluice.address)), "missing add_downloads");
}

#[test]
fn the_body_decides_where_the_proxy_hands_it_over() {
    let sluice = home().start();
    let call = |user: &str, path: &str, body: &str| {
        let about = &["POST", "http", "nas", "/transmission/rpc"];
        basic(Dialect::Traefik.about_at(path, about), user).body(body).send(sluice.address)
    };
    let traefik = "/verify/traefik/transmission";
    for (body, status) in [
        (r#"{"method":"torrent-get","arguments":{}}"#, 200),
        (r#"{"jsonrpc":"2.0","method":"torrent_get","id":1}"#, 200),
        (r#"[{"method":"torrent_get"},{"method":"session_stats"}]"#, 200),
        (r#"{"method":"torrent-remove"}"#, 403),
        (r#"[{"method":"torrent_get"},{"method":"torrent_remove"}]"#, 403),
        (r#"{"method":"torrent-get","method":"torrent-remove"}"#, 403),
        (r#"{"method":"unheard-of"}"#, 403),
        ("not json", 403),
        ("", 403),
    ] {
        call("eve", traefik, body).assert_status(status);
        call("ada", traefik, body).assert_status(200);
    }
    let padded = format!(r#"{{"method":"torrent-get","x":"{}"}}"#, "x".repeat(1 << 20));
    call("eve", traefik, &padded).assert_status(200);
    let padded = format!(r#"{{"method":"torrent-get","x":"{}"}}"#, "x".repeat(8 << 20));
    call("eve", traefik, &padded).assert_status(403);
    for elsewhere in ["/verify/caddy/transmission", "/api/auth/traefik"] {
        let answer = call("eve", elsewhere, r#"{"method":"torrent-get"}"#);
        assert!(answer.status == 403 || answer.status == 400, "{elsewhere}: {answer:?}");
    }
}

#[test]
fn explain_says_the_verdict_and_the_rule_that_verify_follows() {
    let home = home();
    let explain = |arguments: &[&str]| {
        let all = [&["explain"], arguments, &["--json"]].concat();
        home.cli(&all, "").assert_code(0).json()
    };
    let refused =
        explain(&["POST", "http://nas/api/v2/torrents/delete", "--user", "bob", "--app", "qbittorrent"]);
    assert_eq!(refused["status"], 403);
    assert_eq!(refused["reason"], "missing remove_downloads");
    assert!(refused["cause"].as_str().unwrap().contains("POST /api/v2/torrents/delete remove_downloads"));
    assert_eq!(refused["rows"][0]["outcome"], "hit");
    let allowed =
        explain(&["GET", "http://nas/api/v2/torrents/info", "--user", "bob", "--app", "qbittorrent"]);
    assert_eq!(allowed["headers"]["remote-user"], "bob");
    assert_eq!(allowed["headers"]["x-auth-method"], "session");
    let odd =
        explain(&["GET", "http://nas/x/../api/v2/torrents/info", "--user", "bob", "--app", "qbittorrent"]);
    assert_eq!((&odd["needs"], &odd["status"]), (&"admin".into(), &403.into()));
    let call = ["--call", "torrent-get", "--app", "transmission"];
    let called = explain(&[&["POST", "http://nas/transmission/rpc", "--user", "eve"], &call[..]].concat());
    assert_eq!(called["status"], 200);
    let people = home.cli(&["explain", "GET", "http://nas/", "--user", "eve", "--app", "qbittorrent"], "");
    assert!(people.assert_code(0).out.contains("Verdict  200"), "{people:?}");
    home.cli(&["explain", "GET", "http://nas/", "--user", "eve"], "").assert_code(1);
    home.cli(&["explain", "GET", "http://nas/", "--user", "nobody", "--app", "strict"], "").assert_code(1);
}

#[test]
fn check_lists_routes_and_says_what_a_gate_cannot_tell() {
    let said = home().cli(&["check", "--routes"], "");
    said.assert_code(0);
    for needle in ["qbittorrent (pack qbittorrent", "  remove_downloads", "POST /api/v2/torrents/delete"] {
        assert!(said.out.contains(needle), "{needle}: {}", said.out);
    }
    let notes = |name: &str| {
        let start = format!("note: {name}: ");
        said.err.lines().filter_map(|line| line.strip_prefix(&start)).collect::<Vec<_>>().join("\n")
    };
    let by_body =
        "what a request to POST /transmission/rpc does stands in its body: only Traefik with forwardBody";
    assert!(notes("transmission").contains(by_body), "{}", said.err);
    let sonarr = Home::new().with("[[app]]\nname = \"sonarr\"").cli(&["check"], "");
    let endpoints = "a request to POST /api/v3/command and POST /api/v5/command does";
    assert!(sonarr.assert_code(0).err.contains(endpoints), "{}", sonarr.err);
    assert!(notes("qbittorrent").contains("knows no owners"), "{}", said.err);
    assert!(notes("qbittorrent").contains("ownership = \"strict\" asks"), "{}", said.err);
    let strict = notes("strict");
    assert!(strict.contains("knows no owners") && !strict.contains("ownership ="), "{strict}");
}

#[test]
fn the_documentation_holds_the_tables_of_the_packs() {
    let tables = Home::new().cli(&["pack", "document"], "");
    let document = fs::read_to_string("docs/packs.md").expect("docs/packs.md");
    assert!(
        document.contains(tables.assert_code(0).out.trim()),
        "docs/packs.md is behind: write the output of `sluice pack document` into it"
    );
}

#[test]
fn a_pack_of_the_users_replaces_one_and_a_bad_one_stops_the_start() {
    let home = home();
    let folder = home.file("packs");
    fs::create_dir(&folder).expect("a folder");
    let pack = "title = \"Mine\"\nroutes = [\"GET /only any\"]\n";
    fs::write(folder.join("qbittorrent.toml"), pack).expect("a pack");
    let home = home.with(&format!("[packs]\nfolder = \"{}\"\n", folder.display()));
    let sluice = home.start();
    ask(&sluice, "eve", "qbittorrent", "GET", "/only").assert_status(200);
    let api = ask(&sluice, "eve", "qbittorrent", "GET", "/api/v2/torrents/info");
    assert_eq!(reason(&api), "administrators only");
    fs::write(folder.join("qbittorrent.toml"), "title = \"Mine\"\nroutes = [\"GET /x nonsense\"]\n")
        .expect("a pack");
    let refused = sluice.cli(&["reload"], "");
    refused.assert_code(2);
    assert!(refused.err.contains("qbittorrent.toml") && refused.err.contains("nonsense"), "{refused:?}");
    ask(&sluice, "eve", "qbittorrent", "GET", "/only").assert_status(200);
    fs::write(folder.join("qbittorrent.toml"), "title = \"Mine\"\nroutes = [\"GET /other any\"]\n")
        .expect("a pack");
    sluice.cli(&["reload"], "").assert_code(0);
    wait::until("the other pack", || ask(&sluice, "eve", "qbittorrent", "GET", "/other").status == 200);
    assert_eq!(ask(&sluice, "eve", "qbittorrent", "GET", "/only").status, 403);
}

#[test]
fn reload_without_a_running_service_says_so() {
    let home = home();
    let said = home.cli(&["reload"], "");
    assert!(said.assert_code(1).err.contains("no running service"), "{said:?}");
}

/// Ends the load, also where the test fails.
struct End<'a>(&'a std::sync::atomic::AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn reloading_under_load_fails_no_request() {
    let home = home();
    let folder = home.file("packs");
    fs::create_dir(&folder).expect("a folder");
    let turn = |turn: u32| {
        let routes = format!("\"GET /api/v2/torrents/info any\", \"GET /turn/{turn} any\"");
        fs::write(folder.join("qbittorrent.toml"), format!("title = \"Mine\"\nroutes = [{routes}]\n"))
            .expect("a pack");
    };
    turn(0);
    let sluice = home.with(&format!("[packs]\nfolder = \"{}\"\n", folder.display())).start();
    let session = sluice.sign_in("bob", PASSWORD);
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut answered = 0;
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        let about = &["GET", "http", "nas", "/api/v2/torrents/info"];
                        let request = Dialect::Traefik.about_at("/verify/traefik/qbittorrent", about);
                        request.session(&session).send(sluice.address).assert_status(200);
                        answered += 1;
                    }
                    answered
                })
            })
            .collect();
        let end = End(&done);
        for next in 1..=10 {
            turn(next);
            sluice.cli(&["reload"], "").assert_code(0);
            let path = format!("/turn/{next}");
            wait::until("the new pack", || ask(&sluice, "eve", "qbittorrent", "GET", &path).status == 200);
        }
        drop(end);
        for client in clients {
            assert!(client.join().expect("no request failed") > 0);
        }
    });
}
