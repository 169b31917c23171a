//! The packs that are compiled in: `config/packs/*.toml`, a file for each kind of app.

use std::sync::Arc;

use figment::{
    Figment,
    providers::{Format, Toml},
};
use serde::Deserialize;

use crate::policy::pack::{ApiArea, ApiRefusal, OwnKeys, Pack};

macro_rules! packs {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../config/packs/", $name, ".toml")))),*]
    };
}

const PACKS: [(&str, &str); 13] = packs![
    "amutorrent",
    "deluge",
    "flood",
    "generic",
    "jackett",
    "prowlarr",
    "pytorrent",
    "qbittorrent",
    "radarr",
    "rqbit",
    "rutorrent",
    "sonarr",
    "transmission",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPack {
    #[serde(default)]
    own_keys: bool,
    #[serde(default)]
    api: Vec<RawArea>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawArea {
    path: String,
    #[serde(default)]
    refusal: RawRefusal,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawRefusal {
    #[default]
    Json,
    Qbittorrent,
    Torznab,
}

/// The pack of this name.
pub(super) fn named(name: &str) -> Option<Arc<Pack>> {
    let (name, text) = PACKS.into_iter().find(|(known, _)| *known == name)?;
    parse(name, text).map(Arc::new)
}

/// The pack of an app of no known kind.
pub(super) fn generic() -> Arc<Pack> {
    named("generic").unwrap_or_default()
}

/// The names of all of them.
pub(super) fn names() -> String {
    PACKS.map(|(name, _)| name).join(", ")
}

fn parse(name: &str, text: &str) -> Option<Pack> {
    let raw: RawPack = Figment::from(Toml::string(text)).extract().ok()?;
    let area = |raw: RawArea| {
        let refusal = match raw.refusal {
            RawRefusal::Json => ApiRefusal::Json,
            RawRefusal::Qbittorrent => ApiRefusal::Qbittorrent,
            RawRefusal::Torznab => ApiRefusal::Torznab,
        };
        ApiArea::new(&raw.path, refusal)
    };
    Some(Pack {
        name: name.to_owned(),
        own_keys: if raw.own_keys { OwnKeys::Yes } else { OwnKeys::No },
        api: raw.api.into_iter().map(area).collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pack_that_is_compiled_in_can_be_read() {
        for (name, _) in PACKS {
            assert!(named(name).is_some_and(|pack| !pack.api.is_empty()), "{name}");
        }
        assert_eq!(named("nonsense"), None);
    }

    #[test]
    fn api_routes_are_refused_in_the_form_that_their_clients_know() {
        use ApiRefusal::{Json, Qbittorrent, Torznab};
        for (name, path, refusal) in [
            ("qbittorrent", "/api/v2/torrents/info", Some(Qbittorrent)),
            ("qbittorrent", "/qbt/api/v2/torrents/info", Some(Qbittorrent)),
            ("qbittorrent", "/", None),
            ("amutorrent", "/indexer/amule/api", Some(Torznab)),
            ("amutorrent", "/api/v2/app/version", Some(Qbittorrent)),
            ("amutorrent", "/api/config", Some(Json)),
            ("transmission", "/transmission/rpc", Some(Json)),
            ("transmission", "/transmission/web/", None),
            ("prowlarr", "/api/v1/indexer/3/newznab", Some(Torznab)),
            ("prowlarr", "/3/api", Some(Torznab)),
            ("prowlarr", "/api/v1/search", Some(Json)),
            ("jackett", "/api/v2.0/indexers/all/results/torznab/api", Some(Torznab)),
            ("jackett", "/api/v2.0/indexers", Some(Json)),
            ("sonarr", "/api/v3/series", Some(Json)),
            ("generic", "/api", Some(Json)),
            ("generic", "/apiary", None),
        ] {
            assert_eq!(named(name).unwrap().api_refusal(path), refusal, "{name} {path}");
        }
    }
}
