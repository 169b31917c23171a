//! Every route of qBittorrent's pack before a real qBittorrent: refused without what it needs, served with it.

use std::collections::HashMap;
use std::fs;

use crate::support::proxy::Kind;
use crate::support::qbittorrent::QBittorrent;
use crate::support::raw::{Answer, Request};
use crate::support::sluice::Home;
use crate::support::verify::ALL_CAPABILITIES;
use crate::support::world::{ONE_HOST, World, with_people};

/// Sluice's own, and the one after which nothing would answer.
const LEFT_OUT: [&str; 3] = ["/api/v2/auth/login", "/api/v2/auth/logout", "/api/v2/app/shutdown"];

struct Route {
    method: String,
    path: String,
    needs: String,
}

fn routes() -> Vec<Route> {
    let text = fs::read_to_string("tests/packs/qbittorrent.cases").expect("the cases");
    let lines = text.lines().filter(|line| line.contains(" /api/v2/"));
    let route = |line: &str| {
        let words: Vec<_> = line.split_ascii_whitespace().map(str::to_owned).collect();
        let [method, path, needs] = words.try_into().expect("a case of three words");
        Route { method, path, needs }
    };
    let routes = lines.map(route).filter(|route| route.method != "WS" && route.method != "HEAD");
    routes.filter(|route| !LEFT_OUT.contains(&route.path.as_str())).collect()
}

/// Keys of the administrator: with everything, with one capability, and with all but one.
struct Keys {
    full: String,
    with: HashMap<String, String>,
    without: HashMap<String, String>,
}

impl Keys {
    fn make(home: &Home, needed: &[&str]) -> Self {
        let key = |name: &str, capabilities: &str| {
            let arguments =
                ["key", "create", "ada", "--name", name, "--capabilities", capabilities, "--json"];
            home.cli(&arguments, "").assert_code(0).json()["key"].as_str().expect("a key").to_owned()
        };
        let rest = |name: &str| {
            let both = name == "view_all_downloads";
            let kept = ALL_CAPABILITIES
                .split(',')
                .filter(|one| *one != name && !(both && *one == "edit_all_downloads"));
            kept.collect::<Vec<_>>().join(",")
        };
        let named = |prefix: &str, list: &dyn Fn(&str) -> String| {
            needed
                .iter()
                .map(|&name| (name.to_owned(), key(&format!("{prefix} {name}"), &list(name))))
                .collect()
        };
        Self {
            full: home.key("ada", "full"),
            with: named("with", &str::to_owned),
            without: named("without", &rest),
        }
    }
}

fn ask(world: &World, key: Option<&str>, route: &Route) -> Answer {
    let mut request = Request::new(&route.method, &route.path);
    if let Some(key) = key {
        request = request.header("X-API-Key", key);
    }
    if route.method != "GET" {
        request = request.header("Content-Type", "application/x-www-form-urlencoded").body("");
    }
    world.send(&request)
}

pub fn each_route_needs_its_capability_and_reaches_the_app_with_it(kind: Kind) {
    let app = QBittorrent::start();
    let home = with_people(Home::new().with(ONE_HOST));
    let routes = routes();
    let mut needed: Vec<_> = routes.iter().map(|route| route.needs.as_str()).collect();
    needed.sort_unstable();
    needed.dedup();
    needed.retain(|name| !matches!(*name, "any" | "admin"));
    let keys = Keys::make(&home, &needed);
    let world = World::with_apps(kind, home, [Some(app.address), None]);
    let mut reached = 0;
    for route in &routes {
        let what = format!("{} {}", route.method, route.path);
        let (without, with, reason) = match route.needs.as_str() {
            "any" => (None, keys.with.values().next(), "sign in first".to_owned()),
            "admin" => (keys.without.values().next(), Some(&keys.full), "administrators only".to_owned()),
            name => (keys.without.get(name), keys.with.get(name), format!("missing {name}")),
        };
        let refused = ask(&world, without.map(String::as_str), route);
        assert_eq!(refused.assert_status(403).header("x-auth-reason"), Some(reason.as_str()), "{what}");
        let answer = ask(&world, with.map(String::as_str), route);
        assert_eq!(answer.header("x-auth-reason"), None, "{what}: {answer:?}");
        assert!(!matches!(answer.status, 401 | 403 | 502 | 503), "{what}: {answer:?}");
        // As only qBittorrent says it on what it serves.
        reached += usize::from(answer.status == 200);
    }
    assert!(routes.len() > 120 && reached > 40, "{reached} of {}", routes.len());
}
