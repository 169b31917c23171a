//! Torznab, whose clients send their key in the query.

use crate::support::proxy::Kind;
use crate::support::raw::{Answer, Request};
use crate::support::sluice::Home;
use crate::support::world::{World, with_people};

/// aMuTorrent's place in the shipped files is that of qBittorrent.
const AMUTORRENT: &str = "
[[app]]
name = \"qbittorrent\"
pack = \"amutorrent\"
[[app]]
name = \"transmission\"
";

#[track_caller]
fn edge(kind: Kind) -> (World, String) {
    let home = with_people(Home::new().with(AMUTORRENT));
    let key = home.key("ada", "sonarr");
    (World::with_apps(kind, home, [None, None]), key)
}

/// A search as Sonarr sends it.
#[track_caller]
fn search(world: &World, query: &str) -> Answer {
    let request = Request::get(&format!("/indexer/amule/api?{query}"))
        .header("Accept", "application/rss+xml, text/rss+xml, application/xml, text/xml")
        .header("User-Agent", "Sonarr/4.0.16.2944 (debian 12)");
    world.send(&request)
}

pub fn a_key_in_the_query_opens_the_indexer(kind: Kind) {
    let (world, key) = edge(kind);
    search(&world, &format!("t=search&cat=5030,5040&apikey={key}&offset=0&q=x%20y")).assert_status(200);
    let seen = world.app.seen();
    let [seen] = seen.as_slice() else { panic!("one request: {seen:#?}") };
    assert_eq!((seen.one("remote-user"), seen.one("x-auth-method")), ("ada", "api-key"));
    match kind {
        Kind::Nginx | Kind::Caddy => {
            assert_eq!(seen.target, "/indexer/amule/api?t=search&cat=5030,5040&offset=0&q=x%20y");
            assert!(!seen.headers.iter().any(|(_, value)| value.contains(&key)), "{seen:#?}");
        }
        // Traefik cannot change the address.
        Kind::Traefik => assert!(seen.target.contains("t=search&cat=5030,5040&"), "{}", seen.target),
    }
}

pub fn a_refusal_is_torznabs_error(kind: Kind) {
    let (world, key) = edge(kind);
    let wrong = format!("sluice_{}", "A".repeat(43));
    for query in [format!("t=caps&apikey={wrong}"), format!("t=caps&apikey={key}x"), "t=caps".to_owned()] {
        let answer = search(&world, &query);
        let content_type = answer.assert_status(401).header("content-type");
        assert_eq!(content_type, Some("application/xml; charset=utf-8"), "{query}");
        let text = answer.text();
        assert!(
            text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<error code=\"100\""),
            "{text}"
        );
        assert_eq!(answer.location(), None);
    }
    world.app.assert_never_reached();
}
