//! Who the app behind the proxy takes the client for: always and only whom Sluice named.

use super::echo::Seen;
use super::proxy::Kind;
use super::raw::{self, Request};
use super::verify::{ALL_CAPABILITIES, IDENTITY, READ_ONLY};
use super::world::World;

/// What the app must be told about `vera`, but for her id.
const VERA: [(&str, &str); 9] = [
    ("remote-user", "vera"),
    ("remote-name", "vera"),
    ("remote-email", "vera@example.com"),
    ("remote-groups", "users"),
    ("x-auth-role", "user"),
    ("x-auth-capabilities", READ_ONLY),
    ("x-auth-permission", "ro"),
    ("x-auth-method", "session"),
    ("x-auth-app", "qbittorrent"),
];

/// Checks that the app received the ten headers, once each, and nothing that looks like one.
#[track_caller]
pub fn assert_identity(world: &World, seen: &Seen, user: &str, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(seen.one(name), *value, "{name}");
    }
    assert_eq!(seen.one("x-auth-user-id"), id_of(world, user));
    let mut alike: Vec<&str> =
        seen.headers.iter().map(|(name, _)| name.as_str()).filter(|name| looks_like_identity(name)).collect();
    alike.sort_unstable();
    let mut ten = IDENTITY;
    ten.sort_unstable();
    assert_eq!(alike, ten, "{:#?}", seen.headers);
}

#[track_caller]
fn assert_vera(world: &World, seen: &Seen) {
    assert_identity(world, seen, "vera", &VERA);
}

/// As an app that reads `_` and `.` as `-` would see it.
fn looks_like_identity(name: &str) -> bool {
    let folded = name.to_ascii_lowercase().replace(['_', '.'], "-");
    ["remote-", "x-auth-", "x-sluice-"].iter().any(|start| folded.starts_with(start))
}

#[track_caller]
fn id_of(world: &World, user: &str) -> String {
    let said = world.sluice.cli(&["user", "list", "--json"], "");
    let users = said.assert_code(0).json();
    let found = users.as_array().and_then(|all| all.iter().find(|each| each["name"] == user));
    match &found.expect("the user is listed")["id"] {
        serde_json::Value::String(id) => id.clone(),
        id => id.to_string(),
    }
}

/// Adds all ten names with values that would help an attacker.
pub fn forged(request: Request) -> Request {
    IDENTITY.iter().fold(request, |request, name| {
        let value = match *name {
            "x-auth-role" => "admin",
            "x-auth-permission" => "full",
            "x-auth-capabilities" => ALL_CAPABILITIES,
            "remote-groups" => "admins",
            "x-auth-user-id" => "1",
            _ => "ada",
        };
        request.header(name, value)
    })
}

pub fn the_app_receives_exactly_the_ten_headers(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let seen = world.seen(&Request::get("/page").session(&session));
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/page"));
    assert_vera(&world, &seen);
}

pub fn an_administrator_is_named_with_every_capability(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("ada");
    let seen = world.seen(&Request::get("/").session(&session));
    let expected = [
        ("remote-user", "ada"),
        ("remote-name", "Ada Lovelace"),
        ("remote-email", "-"),
        ("remote-groups", "admins"),
        ("x-auth-role", "admin"),
        ("x-auth-capabilities", ALL_CAPABILITIES),
        ("x-auth-permission", "full"),
        ("x-auth-method", "session"),
        ("x-auth-app", "qbittorrent"),
    ];
    assert_identity(&world, &seen, "ada", &expected);
}

pub fn each_app_is_named_by_the_proxy_and_not_by_the_client(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let request = Request::get("/transmission/web/").session(&session).header("X-Auth-App", "qbittorrent");
    let seen = world.seen(&request);
    assert_eq!(seen.one("x-auth-app"), "transmission");
    assert_eq!(seen.target, "/transmission/web/");
    assert_eq!(world.other_app.seen().len(), 1);
    world.app.assert_never_reached();
}

pub fn forged_identity_headers_are_replaced(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let request = forged(Request::get("/").session(&session))
        .header("X-Sluice-Secret", "guess")
        .header("remote-user", "ada")
        .header("REMOTE-USER", "ada");
    assert_vera(&world, &world.seen(&request));
}

pub fn forged_identity_headers_open_nothing(kind: Kind) {
    let world = World::behind(kind);
    world.send(&forged(Request::get("/"))).assert_status(401);
    let account = world.send(&forged(Request::get("/sluice/account").navigating()));
    account.assert_status(303);
    assert_eq!(account.all("set-cookie"), [""; 0], "a forged name opened a session");
    world.app.assert_never_reached();
}

pub fn aliases_of_identity_headers_do_not_reach_the_app(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let mut aliases = Vec::new();
    for name in IDENTITY {
        aliases.push(name.replace('-', "_"));
        aliases.push(name.replace('-', "."));
        aliases.push(name.replace('-', "_").to_ascii_uppercase());
        aliases.push(name.replacen('-', "_", 1));
        aliases.push(name.replacen('-', ".", 1));
        let (rest, last) = name.rsplit_once('-').expect("names have a hyphen");
        aliases.push(format!("{rest}_{last}"));
        aliases.push(format!("{rest}.{last}"));
    }
    for alias in &aliases {
        let request = Request::get("/").session(&session).header(alias, "ada");
        assert_vera(&world, &world.seen(&request));
    }
    world.app.forget();
    let request = aliases.iter().fold(Request::get("/"), |request, alias| request.header(alias, "ada"));
    world.send(&request).assert_status(401);
    world.app.assert_never_reached();
}

pub fn a_connection_header_cannot_remove_the_identity(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let names = IDENTITY.join(", ");
    for connection in [
        "close, Remote-User".to_owned(),
        format!("close, {names}"),
        format!("keep-alive, {}", names.to_ascii_uppercase()),
        "close, X-Auth-Capabilities, x-auth-role".to_owned(),
    ] {
        let request = forged(Request::get("/").session(&session)).connection(&connection);
        assert_vera(&world, &world.seen(&request));
    }
}

/// The client's own words about where its request goes.
fn misdescribed(request: Request) -> Request {
    [
        ("X-Original-URL", "http://evil.test/other"),
        ("X-Original-URI", "/evil.test"),
        ("X-Original-Host", "evil.test"),
        ("X-Original-Method", "GET"),
        ("X-Forwarded-Host", "evil.test"),
        ("X-Forwarded-Uri", "/evil.test"),
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Port", "1"),
        ("X-Forwarded-Prefix", "/evil.test"),
        ("X-Forwarded-Server", "evil.test"),
        ("Forwarded", "for=127.0.0.1;host=evil.test;proto=https"),
    ]
    .iter()
    .fold(request, |request, (name, value)| request.header(name, value))
}

pub fn descriptions_of_the_request_by_the_client_are_ignored(kind: Kind) {
    let world = World::behind(kind);
    let honest = world.send(&Request::get("/real?a=1").navigating());
    let misled = world.send(&misdescribed(Request::get("/real?a=1").navigating()));
    misled.assert_status(302);
    assert_eq!(misled.location(), honest.location());
    let page = world.send(&misdescribed(Request::get("/sluice/login").navigating()));
    assert!(!page.assert_status(200).text().contains("evil.test"));

    let session = world.sign_in("vera");
    let seen = world.seen(&misdescribed(Request::get("/real").session(&session)));
    assert_vera(&world, &seen);
    assert_eq!(seen.target, "/real");
    let evil: Vec<_> = seen.headers.iter().filter(|(_, value)| value.contains("evil.test")).collect();
    assert!(evil.is_empty(), "{evil:?}");
}

pub fn an_original_method_from_the_client_does_not_pass_the_origin_rule(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let foreign = |request: Request| request.session(&session).header("Origin", "http://evil.test");
    world.send(&misdescribed(foreign(Request::post("/")))).assert_status(403);
    let overridden = foreign(Request::get("/")).header("X-HTTP-Method-Override", "DELETE");
    world.send(&overridden).assert_status(403);
    world.app.assert_never_reached();
}

pub fn an_absolute_request_line_decides_alone_which_host_is_meant(kind: Kind) {
    let world = World::behind(kind);
    let absolute = format!("{}/secret", world.origin());
    let signed_out = world.send(&Request::get(&absolute).host("evil.test").navigating());
    let location = signed_out.assert_status(302).location().unwrap_or_default().to_owned();
    assert!(!location.contains("evil.test"), "{location}");
    world.app.assert_never_reached();

    let session = world.sign_in("vera");
    let own_of_the_other_host =
        Request::post(&absolute).host("evil.test").session(&session).header("Origin", "http://evil.test");
    world.send(&own_of_the_other_host).assert_status(403);
    world.app.assert_never_reached();

    let seen = world.seen(&Request::get(&absolute).host("evil.test").session(&session));
    assert_vera(&world, &seen);
    let evil: Vec<_> = seen.headers.iter().filter(|(_, value)| value.contains("evil.test")).collect();
    assert!(evil.is_empty(), "{evil:?}");
}

pub fn keys_in_the_query_open_nothing(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    for query in [
        "apikey=guess",
        "api_key=guess&apikey=",
        "apikey=&user=ada&caps=all&mode=off&auth=basic",
        "rd=//evil.test&X-Original-Method=GET",
        &format!("sluice_session={session}"),
    ] {
        world.send(&Request::get(&format!("/x?{query}"))).assert_status(401);
    }
    for (name, value) in [
        ("X-API-Key", "guess"),
        ("X-API-Key", session.as_str()),
        ("Authorization", "Bearer guess"),
        ("Authorization", &format!("Bearer {session}")),
        ("Authorization", "Basic Og=="),
        ("Authorization", "Basic !!!"),
    ] {
        world.send(&Request::get("/x").header(name, value)).assert_status(401);
    }
    world.app.assert_never_reached();
}

pub fn the_query_reaches_the_app_as_it_was_sent(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let target = "/a%20b/c?q=a%20b&x=1&y=%26%3d&rd=//evil.test&caps=all&empty=";
    let seen = world.seen(&Request::get(target).session(&session));
    assert_eq!(seen.target, target);
}

pub fn the_session_cookie_is_kept_from_the_app(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    for (sent, received) in [
        (format!("a=1; sluice_session={session}; b=2"), vec!["a=1; b=2"]),
        (format!("sluice_session={session}; SID=abc"), vec!["SID=abc"]),
        (format!("SID=abc; sluice_session={session}"), vec!["SID=abc"]),
        (format!("sluice_session={session}"), vec![]),
    ] {
        let seen = world.seen(&Request::get("/").header("Cookie", &sent));
        assert_eq!(seen.all("cookie"), received, "of {sent}");
        assert!(!format!("{seen:?}").contains(&session), "{seen:#?}");
    }
}

pub fn odd_methods_without_a_session_never_reach_the_app(kind: Kind) {
    let world = World::behind(kind);
    for method in ["get", "TRACE", "PROPFIND", "QUERY", "G%45T", "DELETE", "OPTIONS", "HEAD", "PATCH", "X"] {
        let bytes = Request::new(method, "/").bytes(world.address());
        // Some proxies only close the connection on a method that they do not know.
        if let Ok(answer) = raw::try_send(world.address(), &bytes) {
            assert!(answer.status >= 400, "{method}: {answer:?}");
        }
    }
    world.app.assert_never_reached();
}

pub fn conditional_and_range_headers_open_nothing(kind: Kind) {
    let world = World::behind(kind);
    for (name, value) in [
        ("Range", "bytes=0-0"),
        ("If-None-Match", "*"),
        ("If-Modified-Since", "Sat, 01 Jan 2050 00:00:00 GMT"),
        ("Access-Control-Request-Method", "GET"),
        ("User-Agent", "GoogleHC/1.0"),
        ("User-Agent", "kube-probe/1.29"),
    ] {
        world.send(&Request::get("/").header(name, value)).assert_status(401);
    }
    world.app.assert_never_reached();
}

pub fn the_verify_address_is_no_way_in(kind: Kind) {
    let world = World::behind(kind);
    for path in [
        "/verify/nginx",
        "/verify/nginx/qbittorrent",
        "/verify/traefik/qbittorrent",
        "/api/auth/nginx",
        "/some/page/../../verify/nginx",
        "/healthz",
        "/metrics",
    ] {
        world.send(&Request::get(path)).assert_status(401);
    }
    for path in
        ["/sluice-verify", "/sluice/../verify/nginx", "/sluice/%2e%2e/verify/nginx", "/sluice//verify"]
    {
        let answer = world.send(&Request::get(path));
        assert!(answer.status >= 400, "{path}: {answer:?}");
        assert_eq!(answer.header("remote-user"), None);
    }
    world.app.assert_never_reached();
}
