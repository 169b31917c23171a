//! Headers that an app's entry adds: the app gets Sluice's, and never a client's.

use sluice::proxy::lines::own::OwnHeaders;

use super::echo::{Echo, Seen};
use super::proxy::Kind;
use super::raw::Request;
use super::sluice::{Home, PASSWORD, session_of};
use super::world::{World, with_people};
use super::written::{self, QBITTORRENT, Wanted};

const APPS: &str = "
[[app]]
name = \"qbittorrent\"
public = [\"/feed\"]
headers = { X-Remote-User = \"{user}\", X-Remote-Role = \"{role}\" }
[[app]]
name = \"transmission\"
";

/// As an attacker would: in every spelling that some app takes for the name.
fn forged(request: Request) -> Vec<Request> {
    ["X-Remote-User", "x-remote-user", "X_Remote_User", "X.Remote.User", "X-Remote_User", "X~Remote-User"]
        .into_iter()
        .map(|name| request.clone().header(name, "ada"))
        .collect()
}

/// The names that an app would take for the header.
fn alike(seen: &Seen) -> Vec<(&str, &str)> {
    let folded = |name: &str| name.to_ascii_lowercase().replace(['_', '.', '~'], "-");
    let headers = seen.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    headers.filter(|(name, _)| folded(name).starts_with("x-remote-")).collect()
}

pub fn headers_of_an_apps_own_are_sluices_with_written_lines(kind: Kind) {
    let sluice = with_people(Home::new().with(APPS)).start();
    let app = Echo::start();
    let names = || ["X-Remote-User", "X-Remote-Role"].map(str::to_owned).to_vec();
    let own = OwnHeaders { told: names(), forgeable: names() };
    let wanted = Wanted { name: "qbittorrent", address: app.address, path: "", traits: QBITTORRENT, own };
    let lines = written::written(kind, sluice.address, &wanted);
    let proxy = written::start(kind, &lines, None, str::to_owned);
    let form = [("username", "vera"), ("password", PASSWORD)];
    let session = session_of(&Request::post("/api/v2/auth/login").form(&form).send(proxy.address));
    let told =
        Seen::parse(&Request::get("/").session(&session).send(proxy.address).assert_status(200).json());
    assert_eq!((told.one("x-remote-user"), told.one("x-remote-role")), ("vera", "user"));
    assert_eq!(alike(&told).len(), 2, "{told:#?}");
    app.forget();
    for request in forged(Request::get("/")) {
        let answer = request.clone().session(&session).send(proxy.address);
        // Traefik takes the likeliest spellings away, and Sluice refuses the others.
        assert!(answer.status == 200 || (kind == Kind::Traefik && answer.status == 403), "{answer:?}");
        request.clone().host("evil.test").send(proxy.address);
        assert_ne!(request.send(proxy.address).status, 200);
    }
    for seen in app.seen() {
        let alike = alike(&seen);
        assert_eq!(alike.len(), 2, "{alike:?}");
        assert_eq!((seen.one("x-remote-user"), seen.one("x-remote-role")), ("vera", "user"));
    }
    assert!(app.seen().len() >= 4, "{:#?}", app.seen());
    // Nobody is named to the app on a public path, by whomever.
    for request in forged(Request::get("/feed")) {
        let answer = request.send(proxy.address);
        if answer.status == 200 {
            assert_eq!(alike(&Seen::parse(&answer.json())), []);
        }
    }
}

pub fn a_clients_copy_of_an_apps_own_header_is_refused_with_shipped_lines(kind: Kind) {
    let world = World::with_apps(kind, with_people(Home::new().with(APPS)), [None, None]);
    let session = world.sign_in("vera");
    for (path, session) in [("/", Some(&session)), ("/feed", None)] {
        let request = Request::get(path);
        let request = session.map_or(request.clone(), |session| request.session(session));
        assert_eq!(alike(&world.seen(&request)), []);
        world.app.forget();
        let refused = world.send(&request.clone().header("X-Remote-User", "ada"));
        let refused = refused.assert_status(403);
        let reason = Some("a header that only Sluice may send to this app");
        assert_eq!(refused.header("x-auth-reason"), reason);
        for request in forged(request) {
            world.send(&request);
        }
        for seen in world.app.seen() {
            assert_eq!(alike(&seen), []);
        }
        world.app.forget();
    }
    world
        .sluice
        .process
        .log
        .wait_for("the lines to add", |line| line.contains("`sluice check`").then_some(()));
    let other =
        world.send(&Request::get("/transmission/web/").session(&session).header("X-Remote-User", "ada"));
    assert_eq!(Seen::parse(&other.assert_status(200).json()).one("x-remote-user"), "ada");
}
