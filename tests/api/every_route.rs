//! Every address of the portal, as the source registers it, and who reaches it. No route is left out: what is checked is
//! read from where they are registered.

use std::collections::BTreeSet;

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};

/// A method and a path, as they are registered; [`ANY`] where a path takes every method.
pub type Route = (&'static str, &'static str);

const ANY: &str = "any";
pub const PORTAL: &str = include_str!("../../src/routes.rs");
pub const ADMIN: &str = include_str!("../../src/portal/admin.rs");
pub const API: &str = include_str!("../../src/portal/api.rs");

/// The routes of a source, whose paths stand behind one of `openers`.
pub fn routes(source: &'static str, openers: &[&str]) -> BTreeSet<Route> {
    let mut starts: Vec<_> = openers
        .iter()
        .flat_map(|opener| source.match_indices(opener).map(|(at, found)| at + found.len()))
        .collect();
    starts.sort_unstable();
    let ends = starts.iter().skip(1).copied().chain([source.len()]);
    let mut found = BTreeSet::new();
    for (start, end) in starts.iter().zip(ends) {
        let (path, rest) = source[*start..end].split_once('"').expect("the end of a path");
        for (word, method) in [
            ("web::get()", "GET"),
            ("read()", "GET"),
            ("web::post()", "POST"),
            ("web::put()", "PUT"),
            ("web::patch()", "PATCH"),
            ("web::delete()", "DELETE"),
            ("web::to(", ANY),
        ] {
            // What is no address any more stands behind the last route.
            let rest = rest.split("default_service").next().unwrap_or_default();
            if rest.split("\nfn ").next().unwrap_or_default().contains(word) {
                found.insert((method, path));
            }
        }
    }
    found
}

fn gate() -> (Sluice, String, String) {
    let sluice = Home::new()
        .with("[[app]]\nname = \"qbittorrent\"")
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "read-only"])
        .start();
    let (ada, vera) = (sluice.sign_in("ada", PASSWORD), sluice.sign_in("vera", PASSWORD));
    (sluice, ada, vera)
}

const FOREIGN: [Option<&str>; 3] = [Some("http://evil.test"), Some("null"), None];

/// A form of somebody's, from a page of this origin.
fn form(sluice: &Sluice, (path, session): (&str, &str), origin: Option<&str>) -> u16 {
    let request = Request::post(path).session(session).form(&[("id", "2")]);
    let request = match origin {
        Some(origin) => request.header("Origin", origin),
        None => request,
    };
    request.send(sluice.address).status
}

#[test]
fn every_page_of_administration_is_for_administrators_and_its_forms_for_our_own_pages() {
    let (sluice, ada, vera) = gate();
    let all = routes(ADMIN, &["at(\""]);
    let words = ["page::read()", "web::get()", "web::post()", "web::put()", "web::patch()", "web::delete()"];
    let registered = words.map(|word| ADMIN.matches(word).count());
    assert_eq!(all.len(), registered.iter().sum::<usize>(), "{all:?}");
    for (method, path) in all {
        let filled = path.replace("{id}", "2").replace("{app}", "qbittorrent").replace("{name}", "session");
        assert!(!filled.contains('{'), "{path} names something new");
        let filled = format!("/sluice/admin{filled}");
        let get = |session: &str| Request::get(&filled).session(session).send(sluice.address);
        match method {
            "GET" => {
                let anonymous = Request::get(&filled).send(sluice.address);
                let target = anonymous.assert_status(303).location().unwrap_or_default().to_owned();
                assert!(target.starts_with("/sluice/login?rd=%2Fsluice%2Fadmin"), "{path}: {target}");
                get(&vera).assert_status(403);
                // Which key is to be revoked was not said.
                get(&ada).assert_status(if path == "/keys/revoke" { 404 } else { 200 });
            }
            "POST" => {
                assert_eq!(form(&sluice, (&filled, &vera), Some(&sluice.origin())), 403, "{path}");
                for origin in FOREIGN {
                    assert_eq!(form(&sluice, (&filled, &ada), origin), 403, "{path} from {origin:?}");
                }
            }
            other => panic!("{path} takes {other}, which no form sends"),
        }
    }
    assert_eq!(get_status(&sluice, "/sluice/account", &vera), 200, "nothing has ended her session");
}

fn get_status(sluice: &Sluice, path: &str, session: &str) -> u16 {
    Request::get(path).session(session).send(sluice.address).status
}

/// What somebody without a session, and a user, get at each address outside of administration; [`None`] where nothing
/// is to be read. Once there are users there is nothing to set up.
const OUTSIDE: [(&str, Option<(u16, u16)>); 17] = [
    ("", Some((303, 303))),
    ("/", Some((303, 303))),
    ("/login", Some((200, 200))),
    ("/logout", Some((200, 200))),
    ("/account", Some((303, 200))),
    ("/account/password", None),
    ("/account/keys", None),
    ("/account/keys/revoke", None),
    ("/account/sessions/end", None),
    ("/account/sessions/end-others", None),
    ("/setup", Some((404, 404))),
    ("/proof", Some((303, 200))),
    ("/probe", Some((404, 404))),
    ("/forbidden", Some((403, 403))),
    ("/assets/{name}", Some((404, 404))),
    ("/api/v2/auth/login", None),
    ("/api/v2/auth/logout", None),
];
/// Beside the portal; other tests say what they are.
const BESIDE: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

#[test]
fn every_other_address_is_known_with_who_reads_it_and_no_form_comes_from_elsewhere() {
    let (sluice, _, vera) = gate();
    let all = routes(PORTAL, &["resource(\"", ".route(\"", "resource(\n"]);
    let named: BTreeSet<_> = OUTSIDE.iter().map(|(path, _)| *path).chain(BESIDE).collect();
    assert_eq!(all.iter().map(|(_, path)| *path).collect::<BTreeSet<_>>(), named);
    for (path, read) in OUTSIDE {
        let filled = match path.starts_with("/api/v2/") {
            true => path.to_owned(),
            false => format!("/sluice{}", path.replace("{name}", "nothing.css")),
        };
        assert!(!filled.contains('{'), "{path} names something new");
        assert_eq!(all.contains(&("GET", path)) || all.contains(&(ANY, path)), read.is_some(), "{path}");
        if let Some((anonymous, user)) = read {
            let seen = Request::get(&filled).send(sluice.address).status;
            assert_eq!((seen, get_status(&sluice, &filled, &vera)), (anonymous, user), "{path}");
        }
        if all.contains(&("POST", path)) && filled.starts_with("/sluice") {
            for origin in &FOREIGN[..2] {
                let status = form(&sluice, (&filled, &vera), *origin);
                assert_eq!(status, 403, "{path} from {origin:?}");
            }
        }
    }
    assert_eq!(get_status(&sluice, "/sluice/account", &vera), 200, "nothing has ended her session");
}

#[test]
fn the_description_of_the_api_names_every_address_and_method_of_it() {
    let (sluice, ada, _) = gate();
    let description = Request::get("/sluice/api/v1/openapi.json").session(&ada).send(sluice.address);
    let description = description.assert_status(200).json();
    let mut described = BTreeSet::from([("GET".to_owned(), "/openapi.json".to_owned())]);
    for (path, item) in description["paths"].as_object().expect("paths") {
        let methods = item.as_object().expect("methods").keys().map(|method| method.to_uppercase());
        described.extend(methods.map(|method| (method, path.clone())));
    }
    let registered = routes(API, &["at(\""]).into_iter();
    let registered: BTreeSet<_> =
        registered.map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(registered, described);
}
