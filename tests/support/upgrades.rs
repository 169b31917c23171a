//! Which protocols a client can switch to through the proxy, and what Sluice is told of it.

use super::proxy::Kind;
use super::python_app::PythonApp;
use super::raw::{Connection, Request};
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

/// A request to stop the app, as HTTP/2 frames with a forged name, and nothing compressed in them.
fn forged_frames() -> Vec<u8> {
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/api/v2/app/shutdown"),
        (":authority", "app"),
        ("remote-user", "ada"),
    ];
    let text = |text: &str| [&[u8::try_from(text.len()).expect("a short text")], text.as_bytes()].concat();
    let block: Vec<u8> =
        fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect();
    let length = u8::try_from(block.len()).expect("a short block");
    // SETTINGS, and HEADERS of stream 3 that end both the headers and the stream.
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let headers = [0, 0, length, 1, 5, 0, 0, 0, 3];
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &settings, &headers, &block].concat()
}

/// Hypercorn switches to HTTP/2 where it is asked to.
pub fn an_app_that_speaks_http2_gets_no_request_that_sluice_was_not_asked_about(kind: Kind) {
    let app = PythonApp::start("h2c_app.py");
    let world = World::with_app(kind, app.address);
    let session = world.sign_in("vera");
    for protocols in
        [&["h2c"][..], &["h2c", "websocket"], &["websocket", "h2c"], &["h2c, websocket"], &["websocket"]]
    {
        let request = Request::get("/")
            .session(&session)
            .connection("Upgrade, HTTP2-Settings")
            .header("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA");
        let request = protocols.iter().fold(request, |request, protocol| request.header("Upgrade", protocol));
        let mut connection = Connection::open(world.address()).expect("a connection");
        connection.write(&request.bytes(world.address())).expect("the request leaves");
        let answer = connection.read_answer(false).expect("an answer");
        if answer.status == 101 {
            connection.write(&forged_frames()).expect("the frames leave");
            // The body of the answer to the second request.
            let _ = connection.read_through(b"app").and_then(|_| connection.read_through(b"app"));
        }
        let targets: Vec<_> = app.seen().into_iter().map(|seen| seen.target).collect();
        assert!(targets.iter().all(|target| target == "/"), "{protocols:?}: {targets:?}");
        assert_ne!(answer.status, 101, "{protocols:?}: {answer:?}");
    }
    assert!(!app.seen().is_empty(), "no request came through");
}

/// Eventlet answers Hixie-75, whose handshake is a GET with `Upgrade` and no key.
pub fn a_websocket_of_before_the_standard_is_held_to_the_rules_of_one(kind: Kind) {
    let app = PythonApp::start("old_websocket_app.py");
    let apps = "[[app]]\nname = \"qbittorrent\"\npack = \"generic\"\npublic = [\"/feed\"]\n\
                [[app]]\nname = \"transmission\"\n";
    let world = World::with_apps(kind, with_people(Home::new().with(apps)), [Some(app.address), None]);
    let session = world.sign_in("vera");
    let handshake = |origin: &str| {
        let request = Request::get("/feed").connection("Upgrade").header("Upgrade", "WebSocket");
        request.header("Origin", origin)
    };
    world.send(&handshake(&world.origin())).assert_status(401);
    world.send(&handshake("http://evil.test").session(&session)).assert_status(403);
    assert!(app.seen().is_empty(), "{:#?}", app.seen());
    let mut connection = Connection::open(world.address()).expect("a connection");
    let request = handshake(&world.origin()).session(&session);
    connection.write(&request.bytes(world.address())).expect("the handshake leaves");
    connection.read_answer(false).expect("an answer").assert_status(101);
    connection.write(b"\x00hello\xff").expect("the message leaves");
    assert_eq!(connection.read_through(b"\xff").expect("a message"), b"\x00you said hello\xff");
    assert_eq!(app.seen()[0].one("remote-user"), "vera");
}
