//! Every credential through the proxy: the app sees whom Sluice named, and nothing of what proved it.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::echo::Seen;
use super::identity::{assert_identity, forged};
use super::product::Product;
use super::provider::Provider;
use super::proxy::Kind;
use super::raw::Request;
use super::sluice::{Home, PASSWORD, session_of};
use super::verify::{Dialect, READ_ONLY};
use super::wait;
use super::world::World;

const SECRET: &str = "0123456789-canary-secret";
const SSO: &str = "[sso]\nenabled = true\nsecret = \"0123456789-canary-secret\"";

/// The value of a Basic header.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

#[track_caller]
fn make_key(world: &World, user: &str, options: &[&str]) -> String {
    let mut arguments = vec!["key", "create", user, "--name", "canary", "--json"];
    arguments.extend_from_slice(options);
    let made = world.sluice.cli(&arguments, "").assert_code(0).json();
    let key = made["key"].as_str().expect("a key").to_owned();
    // Commands take effect within a second.
    wait::until("the key to count", || {
        let original = ["GET", "http", "app.test", "/"];
        let ask = Dialect::Nginx.about_at("/verify/nginx/qbittorrent", &original);
        ask.header("X-API-Key", &key).send(world.sluice.address).status == 200
    });
    key
}

/// The session of a client that signed in as qBittorrent's do.
#[track_caller]
fn client_session(world: &World, password: &str) -> String {
    let form = Request::post("/api/v2/auth/login").form(&[("username", "vera"), ("password", password)]);
    let answer = world.send(&form);
    assert_eq!(answer.assert_status(200).text(), "Ok.");
    session_of(&answer)
}

#[track_caller]
fn assert_vera_by(world: &World, seen: &Seen, method: &str) {
    let expected = [
        ("remote-user", "vera"),
        ("remote-email", "vera@example.com"),
        ("remote-groups", "users"),
        ("x-auth-role", "user"),
        ("x-auth-capabilities", READ_ONLY),
        ("x-auth-permission", "ro"),
        ("x-auth-method", method),
        ("x-auth-app", "qbittorrent"),
    ];
    assert_identity(world, seen, "vera", &expected);
}

/// Nothing that the gate read is left in what the app got. Traefik has no way to change a query.
#[track_caller]
fn assert_no_credential(kind: Kind, seen: &Seen, secrets: &[&str]) {
    for secret in secrets {
        let headers = format!("{:?}", seen.headers);
        assert!(!headers.contains(secret), "{secret} in {headers}");
        assert!(kind == Kind::Traefik || !seen.target.contains(secret), "{secret} in {}", seen.target);
    }
    for name in ["authorization", "x-api-key", "x-sluice-secret", "proxy-authorization"] {
        assert_eq!(seen.all(name), [""; 0], "{name}");
    }
    assert!(seen.all("cookie").iter().all(|cookie| !cookie.contains("sluice_session")));
}

pub fn each_way_in_names_the_user_and_nothing_else_reaches_the_app(kind: Kind) {
    let world = World::behind(kind);
    let key = make_key(&world, "vera", &[]);
    let session = world.sign_in("vera");
    let (by_password, by_key) = (client_session(&world, PASSWORD), client_session(&world, &key));
    let page = Request::get("/page?x=%31&y=a/b");
    for (request, method) in [
        (page.clone().session(&session), "session"),
        (page.clone().session(&by_password), "session"),
        (page.clone().session(&by_key), "session"),
        (page.clone().header("X-API-Key", &key), "api-key"),
        (page.clone().header("Authorization", format!("Bearer {key}")), "api-key"),
        (page.clone().header("Authorization", basic("", &key)), "api-key"),
        (page.clone().header("Authorization", basic("vera", &key)), "api-key"),
        (page.clone().header("Authorization", basic("vera", PASSWORD)), "basic"),
        (page.clone().header("Authorization", basic("VERA", PASSWORD)), "basic"),
        (Request::get(&format!("/page?x=%31&apikey={key}&y=a/b")), "api-key"),
        (Request::get(&format!("/page?api_key={key}&x=%31&y=a/b")), "api-key"),
        (Request::get(&format!("/page?x=%31&y=a/b&ApiKey={key}")), "api-key"),
    ] {
        let request =
            forged(request).header("Proxy-Authorization", "canary-proxy").header("X-Sluice-Secret", "x");
        let seen = world.seen(&request);
        assert_vera_by(&world, &seen, method);
        let password = BASE64_STANDARD.encode(format!("vera:{PASSWORD}"));
        assert_no_credential(kind, &seen, &[&key, PASSWORD, &password, &session, &by_password, &by_key]);
        if kind != Kind::Traefik {
            assert_eq!(seen.target, "/page?x=%31&y=a/b", "the rest of the query is as it was sent");
        }
    }
}

pub fn whoever_needs_no_credential_is_named_all_the_same(kind: Kind) {
    for (settings, user, method) in [
        ("[bypass]\nhosts = [\"127.0.0.1\"]\nuser = \"vera\"", "vera", "bypass"),
        ("auth.enabled = false\nauth.admin_user = \"nobody\"", "nobody", "open"),
    ] {
        let world = World::with_settings(kind, Home::new().with(settings));
        let seen = world.seen(&forged(Request::get("/page")));
        assert_eq!((seen.one("remote-user"), seen.one("x-auth-method")), (user, method));
        if user == "vera" {
            assert_vera_by(&world, &seen, method);
        }
    }
}

pub fn a_user_of_another_provider_is_named_and_their_cookie_goes_on(kind: Kind) {
    let provider = Provider::start(Product::Tinyauth);
    let world = World::with_settings(kind, Home::new().with(&provider.settings()));
    let signed_out = world.send(&Request::get("/page?x=1").navigating());
    let wanted = format!("{}/page?x=1", world.origin());
    let sign_in = Product::Tinyauth.sign_in_address("", &wanted, "GET");
    assert_eq!(signed_out.assert_status(302).location(), Some(sign_in.as_str()));
    world.send(&forged(Request::get("/page"))).assert_status(401);
    world.app.assert_never_reached();
    let cookie = Product::Tinyauth.cookie("vera");
    let seen = world.seen(&forged(Request::get("/page")).header("Cookie", &cookie));
    assert_eq!((seen.one("remote-user"), seen.one("x-auth-method")), ("vera", "upstream"));
    assert_vera_by(&world, &seen, "upstream");
    assert_eq!(seen.one("cookie"), cookie);
}

pub fn a_forged_sso_header_opens_nothing_with_the_shipped_lines(kind: Kind) {
    for settings in ["", SSO] {
        let world = World::with_settings(kind, Home::new().with(settings));
        let session = client_session(&world, PASSWORD);
        for secret in ["", "guess", SECRET] {
            let request = forged(Request::get("/page")).header("X-Sluice-Secret", secret);
            world.send(&request).assert_status(401);
            let seen = world.seen(&request.session(&session));
            assert_eq!((seen.one("remote-user"), seen.one("x-auth-method")), ("vera", "session"));
            world.app.forget();
        }
    }
}

pub fn a_forged_sso_header_opens_nothing_on_a_host_of_its_own(kind: Kind) {
    for settings in ["", SSO] {
        let world = World::with_subdomains_and(kind, settings);
        for host in ["qbittorrent.example.com", "transmission.example.com"] {
            let request = forged(Request::get("/page").host(host)).header("X-Sluice-Secret", SECRET);
            world.send(&request).assert_status(401);
        }
        let portal = forged(Request::get("/sluice/account").host("auth.example.com"))
            .header("X-Sluice-Secret", SECRET);
        assert_eq!(world.send(&portal.navigating()).all("set-cookie"), [""; 0]);
        world.app.assert_never_reached();
        world.other_app.assert_never_reached();
    }
}

pub fn an_sso_header_counts_only_beside_the_secret_of_the_proxy_in_front(kind: Kind) {
    let world = World::behind_sign_in(kind, Home::new().with(SSO));
    for secret in [None, Some(""), Some("guess"), Some("0123456789-canary-secre"), Some("none")] {
        let request = forged(Request::get("/page"));
        let request =
            secret.into_iter().fold(request, |request, secret| request.header("X-Sluice-Secret", secret));
        world.send(&request).assert_status(401);
        world.send(&request.navigating()).assert_status(302);
    }
    world.app.assert_never_reached();
    let signed_in = |request: Request| {
        request
            .header("Remote-User", "vera")
            .header("Remote-Groups", "admins")
            .header("X-Sluice-Secret", SECRET)
    };
    let seen = world.seen(&signed_in(Request::get("/page")).header("X-Auth-Role", "admin"));
    assert_vera_by(&world, &seen, "sso");
    assert_no_credential(kind, &seen, &[SECRET]);
    for path in ["/sluice/login", "/sluice/account", "/sluice/api/v1/me", "/sluice/", "/sluice/setup"] {
        let answer = world.send(&signed_in(Request::get(path)));
        assert_eq!(answer.all("set-cookie"), [""; 0], "{path} made a session");
        assert!(!answer.text().contains("vera"), "{path}: {}", answer.text());
    }
}

/// A front proxy that sets the user's name only hands on what a client writes beside it.
pub fn what_a_client_writes_beside_a_proven_name_has_no_effect(kind: Kind) {
    let settings = "auto_provision = true\nsync = \"always\"\nuser_header = \"X-Forwarded-User\"\n\
                    group_map = { wheel = \"admin\" }";
    let world = World::behind_sign_in(kind, Home::new().with(&format!("{SSO}\n{settings}")));
    let written = [("Name", "Forged"), ("Email", "forged@example.com"), ("Groups", "wheel")];
    let forged = written.iter().fold(Request::get("/page"), |request, (what, value)| {
        request.header(format!("X-Forwarded-{what}"), *value).header(format!("Remote-{what}"), *value)
    });
    let seen = world.seen(&forged.header("X-Forwarded-User", "newcomer").header("X-Sluice-Secret", SECRET));
    for (name, value) in [
        ("remote-user", "newcomer"),
        ("remote-name", "newcomer"),
        ("remote-email", "-"),
        ("remote-groups", "users"),
        ("x-auth-role", "user"),
        ("x-auth-method", "sso"),
    ] {
        assert_eq!(seen.one(name), value, "{name}");
    }
}

pub fn a_key_opens_no_more_than_it_is_for(kind: Kind) {
    let world = World::behind(kind);
    let key = make_key(&world, "ada", &["--app", "qbittorrent", "--capabilities", "search"]);
    let seen = world.seen(&Request::get("/page").header("X-API-Key", &key));
    for (name, value) in [
        ("remote-user", "ada"),
        ("remote-groups", "users"),
        ("x-auth-role", "user"),
        ("x-auth-capabilities", "search"),
    ] {
        assert_eq!(seen.one(name), value, "{name}");
    }
    let other = world.send(&Request::get("/transmission/web/").header("X-API-Key", &key));
    assert_eq!(other.assert_status(403).header("x-auth-reason"), Some("the key is not for this app"));
    let session = {
        let form = [("username", "ada"), ("password", key.as_str())];
        session_of(&world.send(&Request::post("/api/v2/auth/login").form(&form)))
    };
    world.send(&Request::get("/transmission/web/").session(&session)).assert_status(403);
    assert_eq!(world.seen(&Request::get("/").session(&session)).one("x-auth-capabilities"), "search");
    let account = world.send(&Request::get("/sluice/account").navigating().session(&session));
    assert_eq!(account.assert_status(303).all("set-cookie"), [""; 0], "a key opened the portal");
    world.other_app.assert_never_reached();
}

pub fn clients_are_refused_in_the_form_that_they_know(kind: Kind) {
    let world = World::behind(kind);
    let challenge = Some("Basic realm=\"Sluice\", charset=\"UTF-8\"");
    let rpc = Request::get("/transmission/rpc");
    assert_eq!(world.send(&rpc).assert_status(401).header("www-authenticate"), challenge);
    let browser = rpc.header("Sec-Fetch-Mode", "cors").header("Sec-Fetch-Site", "same-origin");
    assert_eq!(world.send(&browser).assert_status(401).header("www-authenticate"), None);
    let api = Request::get("/api/v2/app/version");
    for request in [api.clone(), api.clone().session(&"A".repeat(43)), api.header("X-API-Key", "guess")] {
        let answer = world.send(&request);
        assert_eq!(answer.assert_status(403).header("x-auth-reason"), Some("sign in first"));
        assert_eq!(answer.header("www-authenticate"), None);
    }
    let wrong = Request::get("/page").navigating().header("Authorization", basic("vera", "wrong"));
    let wrong = world.send(&wrong);
    assert_eq!(wrong.assert_status(401).header("www-authenticate"), challenge);
    assert_eq!(wrong.location(), None, "a browser would send the wrong password again");
    world.app.assert_never_reached();
}

pub fn credentials_that_are_the_apps_own_reach_it(kind: Kind) {
    let apps = "[[app]]\nname = \"qbittorrent\"\nauthorization = \"app\"\n\
                [[app]]\nname = \"transmission\"\npack = \"sonarr\"\n";
    let home = super::world::with_people(Home::new().with(apps));
    let world = World::with_apps(kind, home, [None, None]);
    let session = world.sign_in("vera");
    let own = basic("app", "own");
    let seen = world.seen(&Request::get("/").session(&session).header("Authorization", &own));
    assert_eq!((seen.one("authorization"), seen.one("x-auth-method")), (own.as_str(), "session"));
    let request = Request::get("/transmission/api?apikey=own").session(&session);
    let seen =
        world.seen(&request.header("X-Api-Key", "0123abcd").header("Authorization", "Bearer 0123abcd"));
    assert_eq!((seen.one("x-api-key"), seen.one("authorization")), ("0123abcd", "Bearer 0123abcd"));
    assert_eq!(seen.target, "/transmission/api?apikey=own");
    // A key of ours that is sent in the place of the app's own goes no further.
    let key = make_key(&world, "vera", &[]);
    let ours = Request::get("/").session(&session).header("Authorization", format!("Bearer {key}"));
    assert_eq!(world.seen(&ours).all("authorization"), [""; 0]);
    let basic = Request::get("/transmission/api").session(&session).header("Authorization", &own);
    world.send(&basic).assert_status(401);
}

pub fn a_preflight_passes_for_listed_origins_only(kind: Kind) {
    let world =
        World::with_settings(kind, Home::new().with("origins.allowed = [\"https://dash.example.com\"]"));
    let ask = |origin: &str| {
        Request::new("OPTIONS", "/api/v2/app/version")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Sec-Fetch-Site", "cross-site")
    };
    let seen = world.seen(&forged(ask("https://dash.example.com")));
    assert_eq!((seen.one("x-auth-method"), seen.one("x-auth-role")), ("public", "anonymous"));
    assert_eq!(seen.all("remote-user"), [""; 0]);
    world.app.forget();
    // For the app's own pages no browser asks, so that only a program would come in by that.
    for origin in ["https://evil.test", "null", "https://dash.example.com.evil.test", &world.origin()] {
        world.send(&ask(origin)).assert_status(403);
    }
    let overridden = ask("https://dash.example.com").header("X-HTTP-Method-Override", "DELETE");
    assert_eq!(world.send(&overridden).assert_status(403).header("x-auth-reason"), Some("sign in first"));
    world.app.assert_never_reached();
}
