//! The protected apps, and which of them a request is for.

use std::collections::HashMap;

use super::origin::{Host, Origin};

/// The name of an app: `[a-z0-9_-]{1,64}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppName(String);

impl AppName {
    /// Reads a name; `None` for anything outside the alphabet.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
        plain.then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A host that an app answers on: any port, unless one is named.
pub type HostEntry = (Host, Option<u16>);

/// One protected app.
#[derive(Clone, Debug)]
pub struct App {
    /// Its name in the configuration.
    pub name: AppName,
    /// Where it answers; empty means every host that no other app lists.
    pub hosts: Vec<HostEntry>,
    /// Further origins whose pages may act on it.
    pub origins: Vec<Origin>,
}

/// Why a list of apps is contradictory.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AppsError {
    /// Two apps of one name.
    #[error("two apps are named `{0}`; give each its own name")]
    SameName(String),
    /// Two apps on one host.
    #[error("apps `{0}` and `{1}` both list the host {2}; list it once, or name a port for each")]
    SameHost(String, String, String),
    /// Two apps that take the rest.
    #[error(
        "apps `{0}` and `{1}` both have no hosts, so both would take every host; give one of them `hosts`"
    )]
    TwoWithoutHosts(String, String),
}

/// Every app, found by name or by host.
#[derive(Debug)]
pub struct Apps {
    apps: Vec<App>,
    by_host: HashMap<HostEntry, usize>,
    without_hosts: Option<usize>,
}

impl Apps {
    /// Indexes the configured apps; without any there is one, named `default`, for every host.
    pub fn new(mut apps: Vec<App>) -> Result<Self, AppsError> {
        if apps.is_empty() {
            apps.push(App { name: AppName("default".to_owned()), hosts: Vec::new(), origins: Vec::new() });
        }
        let mut by_host: HashMap<HostEntry, usize> = HashMap::new();
        let mut without_hosts = None;
        for (index, app) in apps.iter().enumerate() {
            let name = |other: usize| apps[other].name.as_str().to_owned();
            if apps[..index].iter().any(|other| other.name == app.name) {
                return Err(AppsError::SameName(name(index)));
            }
            for entry in &app.hosts {
                if let Some(other) = by_host.insert(entry.clone(), index) {
                    return Err(AppsError::SameHost(name(other), name(index), entry.0.as_str().to_owned()));
                }
            }
            if app.hosts.is_empty()
                && let Some(other) = without_hosts.replace(index)
            {
                return Err(AppsError::TwoWithoutHosts(name(other), name(index)));
            }
        }
        Ok(Self { apps, by_host, without_hosts })
    }

    /// All of them, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &App> {
        self.apps.iter()
    }

    /// The app that the proxy's configuration fixed.
    pub fn named(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.name.as_str() == name)
    }

    /// The app that takes the origin's host: its host and port, else its host, else every host.
    pub fn on(&self, origin: &Origin) -> Option<&App> {
        let listed = || {
            let mut entry = (origin.host.clone(), Some(origin.port));
            self.by_host.get(&entry).or_else(|| {
                entry.1 = None;
                self.by_host.get(&entry)
            })
        };
        let listed = if self.by_host.is_empty() { None } else { listed().copied() };
        listed.or(self.without_hosts).map(|index| &self.apps[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::origin::parse_authority;

    fn app(name: &str, hosts: &[&str]) -> App {
        App {
            name: AppName::parse(name).unwrap(),
            hosts: hosts.iter().map(|host| parse_authority(host).unwrap()).collect(),
            origins: Vec::new(),
        }
    }

    #[test]
    fn the_host_chooses_the_app() {
        let apps = Apps::new(vec![
            app("sonarr", &["sonarr.test", "nas:8989"]),
            app("radarr", &["nas"]),
            app("rest", &[]),
        ])
        .unwrap();
        for (origin, name) in [
            ("https://sonarr.test", "sonarr"),
            ("http://SONARR.test.:81", "sonarr"),
            ("http://nas:8989", "sonarr"),
            ("http://nas:7878", "radarr"),
            ("http://nas", "radarr"),
            ("http://elsewhere", "rest"),
        ] {
            let origin = Origin::parse(origin).unwrap();
            assert_eq!(apps.on(&origin).unwrap().name.as_str(), name, "{origin}");
        }
    }

    #[test]
    fn a_host_that_no_app_takes_has_none() {
        let apps = Apps::new(vec![app("sonarr", &["sonarr.test"])]).unwrap();
        assert!(apps.on(&Origin::parse("http://other.test").unwrap()).is_none());
        let apps = Apps::new(Vec::new()).unwrap();
        assert_eq!(apps.on(&Origin::parse("http://other.test").unwrap()).unwrap().name.as_str(), "default");
    }

    #[test]
    fn contradictions_are_named() {
        let error = |apps| Apps::new(apps).unwrap_err();
        assert_eq!(error(vec![app("a", &["x"]), app("a", &["y"])]), AppsError::SameName("a".into()));
        assert_eq!(
            error(vec![app("a", &["x"]), app("b", &["X"])]),
            AppsError::SameHost("a".into(), "b".into(), "x".into())
        );
        assert_eq!(
            error(vec![app("a", &[]), app("b", &[])]),
            AppsError::TwoWithoutHosts("a".into(), "b".into())
        );
    }
}
