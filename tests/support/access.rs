//! Who gets through the proxy to the app, and how everyone else is turned away.

use serde_json::json;
use url::Url;

use super::proxy::Kind;
use super::qbittorrent::QBittorrent;
use super::raw::{Answer, Request};
use super::sluice::{Home, PASSWORD, session_of};
use super::wait;
use super::websocket;
use super::world::{ONE_HOST, World, with_people};

/// The page that a sign-in address leads back to; checks that the address is the portal's.
#[track_caller]
pub fn way_back(portal: &str, answer: &Answer) -> String {
    let location = answer.location().expect("a Location");
    let url = Url::parse(location).unwrap_or_else(|error| panic!("{location}: {error}"));
    assert_eq!(
        format!("{}{}", url.origin().ascii_serialization(), url.path()),
        format!("{portal}/sluice/login")
    );
    let pairs: Vec<_> = url.query_pairs().collect();
    assert_eq!(pairs.len(), 1, "{location}");
    assert_eq!(pairs[0].0, "rd");
    pairs[0].1.to_string()
}

pub fn a_signed_out_navigation_is_led_to_the_sign_in_page(kind: Kind) {
    let world = World::behind(kind);
    let page = format!("{}/page?x=1", world.origin());
    for request in [
        Request::get("/page?x=1").navigating(),
        Request::get("/page?x=1").header("Accept", "text/html"),
        Request::get("/page?x=1").navigating().session(&"A".repeat(43)),
        Request::get("/page?x=1").navigating().header("Cookie", "sluice_session=short"),
    ] {
        let answer = world.send(&request);
        answer.assert_status(302);
        assert_eq!(way_back(&world.origin(), &answer), page);
        assert_eq!(answer.all("set-cookie"), [""; 0]);
    }
    world.app.assert_never_reached();
}

pub fn the_way_back_keeps_the_whole_query(kind: Kind) {
    let world = World::behind(kind);
    let target = "/a?b=1&rd=//evil.test&error=x&y=%26&z=%E2%82%AC";
    let answer = world.send(&Request::get(target).navigating());
    answer.assert_status(302);
    assert_eq!(way_back(&world.origin(), &answer), format!("{}{target}", world.origin()));
}

pub fn a_program_without_a_session_gets_401_and_no_redirect(kind: Kind) {
    let world = World::behind(kind);
    for headers in [
        &[][..],
        &[("Accept", "*/*")],
        &[("Accept", "application/json")],
        &[("Accept", "text/event-stream")],
        &[("Accept", "text/html"), ("X-Requested-With", "XMLHttpRequest")],
        &[("Accept", "text/html"), ("Sec-Fetch-Mode", "cors"), ("Sec-Fetch-Site", "same-origin")],
        &[("Cookie", "sluice_session=wrong")],
    ] {
        let request =
            headers.iter().fold(Request::get("/api"), |request, (name, value)| request.header(name, value));
        let answer = world.send(&request);
        answer.assert_status(401);
        assert_eq!(answer.location(), None, "{headers:?}");
        assert_eq!(answer.header("www-authenticate"), None, "a browser would ask for a password");
        assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        assert!(answer.json().is_object());
    }
    world.app.assert_never_reached();
}

pub fn signing_in_at_the_edge_leads_back_to_the_page_asked_for(kind: Kind) {
    let world = World::behind(kind);
    let refused = world.send(&Request::get("/page?x=1").navigating());
    let page = way_back(&world.origin(), &refused);
    let signed_in = Request::post("/sluice/login").header("Origin", world.origin()).form(&[
        ("username", "vera"),
        ("password", PASSWORD),
        ("rd", &page),
    ]);
    let signed_in = world.send(&signed_in);
    assert_eq!(signed_in.assert_status(303).location(), Some(page.as_str()));
    let seen = world.seen(&Request::get("/page?x=1").session(&session_of(&signed_in)));
    assert_eq!(seen.one("remote-user"), "vera");
}

pub fn a_wrong_password_shows_the_sign_in_page_again(kind: Kind) {
    let world = World::behind(kind);
    let request = Request::post("/sluice/login").header("Origin", world.origin()).form(&[
        ("username", "vera"),
        ("password", "wrong"),
        ("rd", "/page"),
    ]);
    let answer = world.send(&request);
    answer.assert_status(401);
    assert_eq!(answer.location(), None);
    assert_eq!(answer.set_cookie("sluice_session"), None);
    let page = answer.text();
    for part in ["name=\"username\"", "name=\"password\"", "value=\"/page\"", "role=\"alert\""] {
        assert!(page.contains(part), "{part} in {page}");
    }
}

pub fn signing_out_holds_for_the_next_request(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    world.send(&Request::get("/").session(&session)).assert_status(200);
    let out = Request::post("/sluice/logout").header("Origin", world.origin()).session(&session);
    world.send(&out).assert_status(303);
    world.app.forget();
    world.send(&Request::get("/").session(&session)).assert_status(401);
    world.app.assert_never_reached();
}

pub fn a_websocket_opens_with_the_session_and_carries_messages(kind: Kind) {
    let world = World::behind(kind);
    let cookie = format!("sluice_session={}", world.sign_in("ada"));
    let headers = [("Cookie", cookie.as_str()), ("Origin", &world.origin())];
    assert_eq!(websocket::round_trip(world.address(), &headers, "hello"), "hello");
    let seen = world.app.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].one("remote-user"), "ada");
    assert_eq!(seen[0].one("x-auth-permission"), "full");
}

pub fn a_websocket_without_a_session_is_refused_with_401(kind: Kind) {
    let world = World::behind(kind);
    let handshake = websocket::handshake("/socket").header("Origin", world.origin());
    let answer = world.send(&handshake);
    assert_eq!(answer.assert_status(401).location(), None);
    world.app.assert_never_reached();
}

pub fn a_websocket_from_a_foreign_origin_is_refused_with_403(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    let handshake = websocket::handshake("/socket").session(&session);
    let other_port = format!("http://127.0.0.1:{}", world.app.address.port());
    for origin in ["http://evil.test", "null", &other_port] {
        world.send(&handshake.clone().header("Origin", origin)).assert_status(403);
    }
    world.send(&handshake).assert_status(403);
    let cross_site = handshake.header("Origin", world.origin()).header("Sec-Fetch-Site", "cross-site");
    world.send(&cross_site).assert_status(403);
    world.app.assert_never_reached();
}

pub fn a_post_of_20_megabytes_passes(kind: Kind) {
    const LENGTH: usize = 20_000_000;
    let world = World::behind(kind);
    let session = world.sign_in("ada");
    let request =
        Request::post("/upload").session(&session).header("Origin", world.origin()).body(vec![b'x'; LENGTH]);
    let seen = world.seen(&request);
    assert_eq!((seen.method.as_str(), seen.body_length), ("POST", LENGTH));
}

pub fn a_post_from_a_foreign_origin_is_refused_with_its_reason(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("ada");
    let post = |origin: &str| Request::post("/").session(&session).header("Origin", origin);
    for origin in ["http://evil.test", "null", "http://127.0.0.1:1", "https://127.0.0.1"] {
        let answer = world.send(&post(origin));
        answer.assert_status(403);
        assert_eq!(answer.header("x-auth-reason"), Some("foreign origin"), "{origin}");
    }
    world.app.assert_never_reached();
    world.send(&post(&world.origin())).assert_status(200);
    let referred = Request::post("/").session(&session).header("Referer", format!("{}/page", world.origin()));
    world.send(&referred).assert_status(200);
}

pub fn the_apps_own_statuses_reach_the_client(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("vera");
    for code in [201, 400, 401, 403, 404, 418, 500, 502, 503] {
        let answer = world.send(&Request::get(&format!("/status/{code}")).session(&session).navigating());
        answer.assert_status(code);
        assert!(answer.text().starts_with("the app's own"), "{code}: {}", answer.text());
        assert_eq!(answer.location(), None);
    }
}

pub fn a_portal_form_over_16_kilobytes_is_refused(kind: Kind) {
    let world = World::behind(kind);
    let request = Request::post("/sluice/login")
        .header("Origin", world.origin())
        .form(&[("username", "vera"), ("password", &"x".repeat(17_000))]);
    world.send(&request).assert_status(413);
}

pub fn an_app_may_ask_whose_ten_thousand_items_are_but_nothing_without_end(kind: Kind) {
    let world = World::behind(kind);
    let session = world.sign_in("ada");
    let ask = |items: &[String]| {
        let request = Request::post("/sluice/api/v1/apps/qbittorrent/owners/look-up")
            .header("Origin", world.origin())
            .header("Content-Type", "application/json")
            .session(&session);
        world.send(&request.body(json!({ "items": items }).to_string()))
    };
    let items: Vec<_> = (0..10_000).map(|number| format!("{number:064x}")).collect();
    assert_eq!(ask(&items).assert_status(200).json(), json!({ "owners": {} }));
    ask(&["x".repeat(3_000_000)]).assert_status(413);
}

pub fn without_sluice_nothing_reaches_the_app(kind: Kind) {
    let mut world = World::behind(kind);
    let session = world.sign_in("vera");
    assert_eq!(world.sluice.stop(), Some(0));
    let status = match kind {
        Kind::Nginx | Kind::Traefik => 500,
        Kind::Caddy => 502,
    };
    let request = Request::get("/").session(&session);
    world.send(&request).assert_status(status);
    world.app.assert_never_reached();
    world.sluice.restart();
    assert_eq!(world.seen(&request).one("remote-user"), "vera");
}

pub fn one_sign_in_serves_every_subdomain(kind: Kind) {
    const PAGE: &str = "http://qbittorrent.example.com/page";
    let world = World::with_subdomains(kind);
    let signed_out = world.send(&Request::get("/page").host("qbittorrent.example.com").navigating());
    assert_eq!(way_back("http://auth.example.com", signed_out.assert_status(302)), PAGE);

    let sign_in = |rd: &str| {
        let form = [("username", "vera"), ("password", PASSWORD), ("rd", rd)];
        let request = Request::post("/sluice/login").host("auth.example.com");
        world.send(&request.header("Origin", "http://auth.example.com").form(&form))
    };
    let signed_in = sign_in(PAGE);
    assert_eq!(signed_in.assert_status(303).location(), Some(PAGE));
    let cookie = signed_in.set_cookie("sluice_session").expect("a session");
    assert!(cookie.to_ascii_lowercase().contains("; domain=example.com"), "{cookie}");
    assert_eq!(sign_in("http://evil.test/").location(), sign_in("").location());

    let session = session_of(&signed_in);
    let ask = |app: &str| Request::get("/").host(&format!("{app}.example.com")).session(&session);
    assert_eq!(world.seen(&ask("qbittorrent")).one("x-auth-app"), "qbittorrent");
    assert_eq!(world.seen(&ask("transmission")).one("x-auth-app"), "transmission");
    assert_eq!((world.app.seen().len(), world.other_app.seen().len()), (1, 1));

    let from_the_sibling = Request::post("/")
        .host("qbittorrent.example.com")
        .session(&session)
        .header("Origin", "http://transmission.example.com");
    world.send(&from_the_sibling).assert_status(403);
}

pub fn the_portal_of_its_own_host_is_used_from_no_apps_host(kind: Kind) {
    const APP: &str = "qbittorrent.example.com";
    const PORTAL: &str = "http://auth.example.com";
    let world = World::with_subdomains(kind);
    let key = world.sluice.home.key("ada", "automation");
    let sign_in = Request::post("/sluice/login").host("auth.example.com").header("Origin", PORTAL);
    let sign_in = sign_in.form(&[("username", "ada"), ("password", PASSWORD)]);
    let session = session_of(world.send(&sign_in).assert_status(303));
    let on = |host: &str, request: Request| world.send(&request.host(host).session(&session));
    if kind != Kind::Nginx {
        // These lines have no place for the pages on an app's host: what is asked there is the app's own.
        for page in ["/sluice/admin", "/sluice/api/v1/users", "/sluice/login", "/sluice/proof"] {
            let asked = Request::get(page).host(APP).session(&session);
            assert_eq!(world.seen(&asked).target, page);
            on("auth.example.com", Request::get(page).navigating()).assert_status(200);
        }
        return;
    }
    for page in
        ["/sluice/admin", "/sluice/admin/users/new", "/sluice/account", "/sluice/login", "/sluice/proof"]
    {
        let led = on(APP, Request::get(page).navigating());
        assert_eq!(led.assert_status(303).location(), Some(format!("{PORTAL}{page}").as_str()), "{page}");
        assert!(!led.text().contains("ada"), "{}", led.text());
        on("auth.example.com", Request::get(page).navigating()).assert_status(200);
    }
    for path in ["/sluice/api/v1/users", "/sluice/api/v1/me", "/sluice/api/v1/settings"] {
        on(APP, Request::get(path)).assert_status(421);
        on("auth.example.com", Request::get(path)).assert_status(200);
    }
    for (path, origin) in [
        ("/sluice/admin/users/new", "http://qbittorrent.example.com"),
        ("/sluice/admin/users/new", PORTAL),
        ("/sluice/api/v1/users", PORTAL),
        ("/sluice/login", "http://qbittorrent.example.com"),
        ("/sluice/login", PORTAL),
        ("/sluice/logout", PORTAL),
    ] {
        let form = Request::post(path).header("Origin", origin).form(&[("name", "eve")]);
        let refused = on(APP, form);
        assert_eq!(refused.status, 421, "{path} from {origin}: {}", refused.text());
    }
    let by_key = Request::get("/sluice/api/v1/users").host(APP).header("X-API-Key", &key);
    wait::until("the key is known", || world.send(&by_key).status == 200);
    world.send(&Request::get("/sluice/assets/sluice.css").host(APP)).assert_status(200);
    world.send(&Request::get("/sluice/forbidden").host(APP).navigating()).assert_status(403);
    world.app.assert_never_reached();
}

pub fn qbittorrent_answers_those_who_are_signed_in(kind: Kind) {
    let app = QBittorrent::start();
    let world = World::with_app(kind, app.address);
    // As qBittorrent itself answers: at a 401 its clients give up instead of signing in.
    world.send(&Request::get("/api/v2/app/version")).assert_status(403);
    let session = world.sign_in("ada");
    let version = world.send(&Request::get("/api/v2/app/version").session(&session));
    assert!(version.assert_status(200).text().starts_with('v'));
    let category = Request::post("/api/v2/torrents/createCategory")
        .session(&session)
        .header("Origin", world.origin())
        .form(&[("category", "linux"), ("savePath", "")]);
    world.send(&category).assert_status(200);
    let categories = world.send(&Request::get("/api/v2/torrents/categories").session(&session));
    assert_eq!(categories.assert_status(200).json()["linux"]["name"], "linux");
}

pub fn who_may_add_and_look_adds_a_torrent_and_cannot_delete_it(kind: Kind) {
    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";
    let app = QBittorrent::start();
    let home = with_people(Home::new().with(ONE_HOST));
    let home = home.user("bob", &["--capabilities", "add_downloads,view_all_downloads"]);
    let world = World::with_apps(kind, home, [Some(app.address), None]);
    // What qBittorrent itself holds, with nobody between.
    let held = || {
        let list = Request::get("/api/v2/torrents/info").send(app.address).assert_status(200).json();
        let hashes = list.as_array().expect("a list").iter().map(|torrent| torrent["hash"].clone());
        hashes.collect::<Vec<_>>()
    };
    let post = |user: &str, what: &str, form: &[(&str, &str)]| {
        let request = Request::post(&format!("/api/v2/torrents/{what}")).session(&world.sign_in(user));
        world.send(&request.header("Origin", world.origin()).form(form))
    };
    let added = post("bob", "add", &[("urls", &format!("magnet:?xt=urn:btih:{HASH}"))]);
    assert_eq!(added.assert_status(200).text(), "Ok.");
    wait::until("the torrent", || held() == [HASH]);
    let seen = world.send(&Request::get("/api/v2/torrents/info").session(&world.sign_in("bob")));
    assert_eq!(seen.assert_status(200).json()[0]["hash"], HASH);
    let delete = [("hashes", HASH), ("deleteFiles", "true")];
    let refused = post("bob", "delete", &delete);
    assert_eq!(refused.assert_status(403).header("x-auth-reason"), Some("missing remove_downloads"));
    let by_vera =
        post("vera", "add", &[("urls", &format!("magnet:?xt=urn:btih:{}", HASH.replace('0', "a")))]);
    assert_eq!(by_vera.assert_status(403).header("x-auth-reason"), Some("missing add_downloads"));
    assert_eq!(held(), [HASH]);
    post("ada", "delete", &delete).assert_status(200);
    wait::until("the end of the torrent", || held().is_empty());
}

pub fn the_portal_pages_are_served_through_the_proxy(kind: Kind) {
    let world = World::behind(kind);
    let page = world.send(&Request::get("/sluice/login").navigating());
    let policy = page.assert_status(200).header("content-security-policy").unwrap_or_default().to_owned();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    for asset in ["sluice.css", "sluice.js", "icon.svg"] {
        world.send(&Request::get(&format!("/sluice/assets/{asset}"))).assert_status(200);
    }
    world.app.assert_never_reached();
}

pub fn a_wait_after_failures_reaches_the_client(kind: Kind) {
    let world = World::with_settings(kind, Home::new().with("throttle.max_failures = 1"));
    let attempt = |password: &str| {
        let form = [("username", "vera"), ("password", password)];
        world.send(&Request::post("/sluice/login").header("Origin", world.origin()).form(&form))
    };
    attempt("wrong").assert_status(401);
    let waiting = attempt(PASSWORD);
    let seconds: u32 = waiting
        .assert_status(429)
        .header("retry-after")
        .and_then(|text| text.parse().ok())
        .expect("a number of seconds in Retry-After");
    assert!((800..=900).contains(&seconds), "{seconds}");
}
