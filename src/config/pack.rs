//! Packs: those that are compiled in (`config/packs/*.toml`, a file for each kind of app) and those in a folder of
//! the user's, which come first.

use std::{fs, path::PathBuf, sync::Arc};

use super::{reader::Reader, values::existing_folder};
use crate::policy::pack::Pack;

#[cfg(test)]
mod cases;
mod error;
mod raw;

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

/// Where packs are looked for.
pub struct Packs {
    folder: Option<PathBuf>,
}

impl Packs {
    /// Only those that are compiled in.
    pub const COMPILED_IN: Self = Self { folder: None };

    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let folder = reader.optional("packs.folder", existing_folder)?;
        Some(Self { folder })
    }

    /// The pack of this name, or what is wrong with it.
    pub fn named(&self, name: &str) -> Result<Arc<Pack>, String> {
        let own = self.folder.as_ref().map(|folder| folder.join(format!("{name}.toml")));
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if let Some(path) = own.filter(|path| is_name && path.exists()) {
            let wrong = |cause: String| format!("is a pack in {}, of which {cause}", path.display());
            let text =
                fs::read_to_string(&path).map_err(|error| wrong(format!("nothing can be read: {error}")))?;
            return raw::parse(name, &text).map(Arc::new).map_err(|cause| wrong(cause.to_string()));
        }
        match PACKS.into_iter().find(|(known, _)| *known == name) {
            Some((name, text)) => {
                raw::parse(name, text).map(Arc::new).map_err(|cause| format!("is a pack of which {cause}"))
            }
            None => Err(format!("is no pack; known are {}", self.names().join(", "))),
        }
    }

    /// Whether there is one of this name.
    pub(super) fn know(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
    }

    /// The names of all of them, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = PACKS.map(|(name, _)| name.to_owned()).to_vec();
        let own = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok());
        for file in own.into_iter().flatten().flatten() {
            if let Some(name) = file.file_name().to_str().and_then(|name| name.strip_suffix(".toml")) {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{capability::Capability, pack::ApiRefusal};

    fn named(name: &str) -> Arc<Pack> {
        Packs::COMPILED_IN.named(name).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    #[test]
    fn every_pack_that_is_compiled_in_can_be_read() {
        for (name, _) in PACKS {
            let pack = named(name);
            assert!(!pack.api.is_empty() && !pack.listed.is_empty() && !pack.title.is_empty(), "{name}");
        }
        assert!(Packs::COMPILED_IN.named("nonsense").is_err());
    }

    #[test]
    fn every_capability_that_a_pack_asks_for_is_told_in_words() {
        for (name, _) in PACKS {
            let pack = named(name);
            let told: Vec<_> = pack.words.iter().map(|(capability, _)| *capability).collect();
            for capability in Capability::ALL {
                assert_eq!(told.contains(&capability), pack.asks_for(capability), "{name}: {capability:?}");
            }
            assert!(pack.words.iter().all(|(_, words)| !words.ends_with('.')), "{name}");
        }
    }

    #[test]
    fn a_pack_of_the_users_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let packs = Packs { folder: Some(folder.path().to_owned()) };
        fs::write(folder.path().join("mine.toml"), "title = \"Mine\"\nroutes = [\"GET / any\"]").unwrap();
        fs::write(folder.path().join("flood.toml"), "title = \"Mine\"\nroutes = [\"GET / nonsense\"]")
            .unwrap();
        assert_eq!(packs.named("mine").unwrap().title, "Mine");
        let error = packs.named("flood").unwrap_err();
        assert!(error.contains("flood.toml") && error.contains("nonsense"), "{error}");
        assert!(packs.names().contains(&"mine".to_owned()) && packs.named("sonarr").is_ok());
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
            assert_eq!(named(name).api_refusal(path), refusal, "{name} {path}");
        }
    }
}
