//! What each user may do in an app behind the proxy.

use super::proxy::Kind;
use super::raw::Request;
use super::sluice::Home;
use super::world::{World, with_people};

/// qBittorrent at the root, with `bob`, who may look and add.
fn qbittorrent(kind: Kind, settings: &str) -> World {
    let apps = format!("[[app]]\nname = \"qbittorrent\"\n{settings}\n[[app]]\nname = \"transmission\"\n");
    let home = with_people(Home::new().with(&apps));
    let bob = home.user("bob", &["--capabilities", "view_all_downloads,add_downloads"]);
    World::with_apps(kind, bob, [None; 2])
}

fn act(world: &World, session: &str, method: &str, path: &str) -> Request {
    Request::new(method, path).session(session).header("Origin", world.origin())
}

pub fn a_route_needs_its_capability(kind: Kind) {
    let world = qbittorrent(kind, "");
    let [bob, vera] = ["bob", "vera"].map(|user| world.sign_in(user));
    let seen = world.seen(&act(&world, &bob, "GET", "/api/v2/torrents/info?filter=all"));
    assert_eq!(seen.one("x-auth-capabilities"), "add_downloads,view_all_downloads");
    assert_eq!(world.seen(&act(&world, &bob, "POST", "/api/v2/torrents/add")).one("remote-user"), "bob");
    let before = world.app.seen().len();
    for (session, path, missing) in [
        (&bob, "/api/v2/torrents/delete", "missing remove_downloads"),
        (&bob, "/api/v2/torrents/stop", "missing pause_resume"),
        (&vera, "/api/v2/torrents/add", "missing add_downloads"),
        (&bob, "/api/v2/app/setPreferences", "administrators only"),
        (&bob, "/api/v2/torrents/nonsense", "administrators only"),
    ] {
        let answer = world.send(&act(&world, session, "POST", path));
        assert_eq!(answer.assert_status(403).header("x-auth-reason"), Some(missing), "{path}");
    }
    assert_eq!(world.app.seen().len(), before);
}

pub fn another_spelling_of_a_route_opens_nothing(kind: Kind) {
    let world = qbittorrent(kind, "");
    let bob = world.sign_in("bob");
    for path in [
        "/api/v2/torrents/./delete",
        "/api/v2/x/../torrents/delete",
        "/api/v2//torrents/delete",
        "//api/v2/torrents/delete",
        "/api/v2/torrents/delete/",
        "/api/v2/torrents/delete;x",
        "/api/v2/torrents/%64elete",
        "/api/v2/torrents%2fdelete",
        "/api/v2/torrents/%2e/delete",
        "/API/v2/torrents/delete",
        "/static/..%2fapi/v2/torrents/delete",
    ] {
        for request in [
            act(&world, &bob, "POST", path),
            act(&world, &bob, "GET", path).header("X-HTTP-Method-Override", "POST"),
        ] {
            let answer = world.send(&request);
            assert!(matches!(answer.status, 400 | 403), "{path}: {answer:?}");
        }
    }
    for method in ["post", "PUT", "DELETE", "PROPFIND"] {
        let answer = world.send(&act(&world, &bob, method, "/api/v2/torrents/add"));
        assert!(matches!(answer.status, 400 | 403), "{method}: {answer:?}");
    }
    world.app.assert_never_reached();
}

pub fn a_refusal_names_what_is_missing_to_people_and_programs(kind: Kind) {
    let world = qbittorrent(kind, "");
    let bob = world.sign_in("bob");
    let page = world.send(&Request::get("/api/v2/log/main").session(&bob).navigating());
    assert_eq!(page.assert_status(403).header("x-auth-reason"), Some("missing view_logs"));
    let text = page.text();
    assert!(
        text.contains("View logs") && text.contains("See the app") && text.contains("administrator"),
        "{text}"
    );
    assert_eq!(page.location(), None, "a refusal never leads to the sign-in page");
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let json = world.send(&Request::get("/api/v2/log/main").session(&bob));
    assert_eq!(json.assert_status(403).json()["error"], "missing view_logs");
    let forged = world.send(
        &Request::get("/api/v2/log/main").session(&bob).navigating().header("X-Auth-Reason", "call 0800"),
    );
    assert!(!forged.assert_status(403).text().contains("0800"));
    world.app.assert_never_reached();
}

pub fn a_public_path_reaches_the_app_as_nobody(kind: Kind) {
    let world = qbittorrent(kind, "public = [\"/manifest.json\"]\ninject.api_key = \"secret\"");
    let forged = Request::get("/manifest.json").header("Remote-User", "ada").header("X-Auth-Role", "admin");
    let seen = world.seen(&forged);
    for (name, value) in
        [("x-auth-role", "anonymous"), ("x-auth-capabilities", "none"), ("x-auth-method", "public")]
    {
        assert_eq!(seen.one(name), value);
    }
    for name in ["remote-user", "remote-name", "remote-groups", "x-auth-user-id", "x-api-key"] {
        assert!(seen.headers.iter().all(|(known, value)| known != name || value.is_empty()), "{name}");
    }
    let before = world.app.seen().len();
    let websocket = super::websocket::handshake("/manifest.json");
    world.send(&websocket).assert_status(401);
    for path in
        ["/manifest.json/", "/x/../manifest.json", "/manifest%2ejson", "/MANIFEST.json", "//manifest.json"]
    {
        let answer = world.send(&Request::get(path));
        // Traefik tidies dots and slashes before anybody sees them, the app included.
        let tidied = answer.status == 200
            && kind == Kind::Traefik
            && world.app.seen().last().is_some_and(|seen| seen.target == "/manifest.json");
        assert!(tidied || matches!(answer.status, 301 | 400 | 401), "{path}: {answer:?}");
    }
    let before = if kind == Kind::Traefik { world.app.seen().len() } else { before };
    world.send(&Request::post("/manifest.json")).assert_status(401);
    assert_eq!(world.app.seen().len(), before);
}

pub fn the_apps_own_credential_takes_the_place_of_the_clients(kind: Kind) {
    let world = qbittorrent(
        kind,
        "inject = { authorization = \"Basic app:s:cret\", api_key = \"app-key\", cookie = \"SID=app\" }",
    );
    let vera = world.sign_in("vera");
    let request = Request::get("/api/v2/torrents/info")
        .header("Cookie", format!("theme=dark; SID=mine; sluice_session={vera}"));
    let seen = world.seen(&request);
    assert_eq!(seen.one("authorization"), "Basic YXBwOnM6Y3JldA==");
    assert_eq!(seen.one("x-api-key"), "app-key");
    assert_eq!(seen.one("cookie"), "theme=dark; SID=app");
    let before = world.app.seen().len();
    world.send(&Request::get("/api/v2/torrents/info")).assert_status(403);
    assert_eq!(world.app.seen().len(), before);
}
