//! Which protocols a client can switch to through the proxy, and what Sluice is told of it.

use super::proxy::Kind;
use super::raw::Request;
use super::sluice::Home;
use super::world::{World, with_people};

/// After a switch to HTTP/2 the client could send the app requests that nobody is asked about.
pub fn no_protocol_but_websocket_is_switched_to(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    for protocols in
        [&["h2c"][..], &["websocket, h2c"], &["TLS/1.0"], &["h2c", "websocket"], &["websocket"; 2]]
    {
        let request = Request::get("/")
            .session(&session)
            .connection("Upgrade, HTTP2-Settings")
            .header("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA");
        let request = protocols.iter().fold(request, |request, protocol| request.header("Upgrade", protocol));
        world.send(&request);
        for seen in world.app.seen() {
            let switched = seen.all("upgrade");
            assert!(switched.is_empty() || switched == ["websocket"], "{protocols:?}: {:#?}", seen.headers);
        }
    }
}

/// Hixie-75 and Hixie-76, which some servers still speak, have no `Sec-WebSocket-Key`.
pub fn a_handshake_without_a_key_is_a_websocket_all_the_same(kind: Kind) {
    let app = "[[app]]\nname = \"qbittorrent\"\npublic = [\"/feed\"]\n[[app]]\nname = \"transmission\"\n";
    let world = World::with_apps(kind, with_people(Home::new().with(app)), [None, None]);
    let session = world.sign_in("vera");
    let old = |path: &str| Request::get(path).connection("Upgrade").header("Upgrade", "WebSocket");
    world.send(&old("/feed")).assert_status(401);
    let foreign = old("/feed").session(&session).header("Origin", "http://evil.test");
    world.send(&foreign).assert_status(403);
    world.send(&old("/feed").session(&session)).assert_status(403);
    world.app.assert_never_reached();
    assert_eq!(world.seen(&Request::get("/feed")).one("x-auth-method"), "public");
}
