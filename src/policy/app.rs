//! The protected apps, and which of them a request is for.

mod entry;

use std::{collections::HashMap, fmt, sync::Arc};

use super::{
    cookies::CookieRules,
    extras::Extras,
    needs::Needs,
    origin::{Host, Origin},
    pack::{OwnKeys, Pack},
    routes::Routes,
};

pub use entry::{Entry, PerApp};

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

/// Whose the `Authorization` header of an app's clients is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// Sluice's: it proves the user, and the app never sees it.
    Gate,
    /// The app's: Sluice leaves it alone, and the keys in other forms than its own.
    App,
}

/// Whether changing a download takes more where the app does not know whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The app looks after owners by itself.
    App,
    /// It knows none; a route's own capability is enough.
    None,
    /// It knows none, so a route that changes downloads also needs `edit_all_downloads`.
    Strict,
}

/// Who decides what a live channel carries once it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// The gate, which sees the opening only: it takes every capability that the channel could use.
    Gate,
    /// The app, by the rights of its own users.
    App,
}

/// One protected app.
#[derive(Clone, Debug)]
pub struct App {
    /// Its place in the configuration, from 0.
    pub place: usize,
    /// Its name in the configuration.
    pub name: AppName,
    /// Where it answers; empty means every host that no other app lists.
    pub hosts: Vec<HostEntry>,
    /// Further origins whose pages may act on it.
    pub origins: Vec<Origin>,
    /// What kind of app it is.
    pub pack: Arc<Pack>,
    /// Whose its clients' `Authorization` header is.
    pub authorization: Authorization,
    /// The path that it lies under, without a slash at the end; empty at the root.
    pub base_path: String,
    /// Who may enter.
    pub entry: Entry,
    /// Further paths that nobody need sign in for, to read.
    pub public: Routes,
    /// Whether changing a download takes more.
    pub ownership: Ownership,
    /// Who decides what its live channels carry.
    pub live: Live,
    /// What becomes of the cookies that it sets itself, its pack's rules included.
    pub cookies: CookieRules,
    /// Whether a browser may bring it the marker of whose cookies these are.
    pub may_see_marker: bool,
    /// What a request needs, beside what its route does, that is not just `GET`, `HEAD` or `OPTIONS`; never public.
    pub unsafe_methods: Needs,
    /// What else it is sent.
    pub extras: Extras,
}

impl App {
    /// An app of no known kind that takes every host.
    pub fn plain(name: AppName, pack: Arc<Pack>) -> Self {
        Self {
            place: 0,
            name,
            hosts: Vec::new(),
            origins: Vec::new(),
            cookies: pack.cookies.clone(),
            may_see_marker: pack.cookies.bind_any(),
            live: Live::Gate,
            pack,
            authorization: Authorization::Gate,
            base_path: String::new(),
            entry: Entry::default(),
            public: Routes::default(),
            ownership: Ownership::None,
            unsafe_methods: Needs::Any,
            extras: Extras::default(),
        }
    }

    /// Whether keys in another form than Sluice's are the app's own.
    pub fn has_own_keys(&self) -> bool {
        self.authorization == Authorization::App || self.pack.own_keys == OwnKeys::Yes
    }
}

/// Two apps of one name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("two apps are named `{0}`; give each its own name")]
pub struct SameName(String);

/// Which app takes a host.
#[derive(Clone, Copy, Debug)]
pub enum Taken<'a> {
    /// This one.
    By(&'a App),
    /// Several, told apart by path: only the proxy's configuration can say which.
    BySeveral,
    /// None.
    ByNone,
}

/// A host that several apps list below the same path, so that only their names tell them apart.
#[derive(Debug)]
pub struct SharedHost<'a> {
    entry: &'a HostEntry,
    apps: Vec<&'a App>,
}

impl SharedHost<'_> {
    /// The apps, in the order of the configuration.
    pub fn apps(&self) -> &[&App] {
        &self.apps
    }
}

impl fmt::Display for SharedHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.apps.iter().map(|app| format!("`{}`", app.name.as_str())).collect();
        let (host, port) = self.entry;
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        write!(
            f,
            "the apps {} share the host `{}{port}`, so the proxy must tell them apart: end each verify address with its \
             app's name, as the proxy lines do that Sluice writes",
            names.join(" and "),
            host.as_str()
        )
    }
}

#[derive(Clone, Copy, Debug)]
enum Index {
    One(usize),
    Several,
}

/// Every app, found by name or by host.
#[derive(Debug)]
pub struct Apps {
    apps: Vec<App>,
    by_name: foldhash::HashMap<String, usize>,
    by_host: HashMap<HostEntry, Index>,
    without_hosts: Option<Index>,
}

impl Apps {
    /// Indexes the configured apps; without any there is one, named `default`, of the kind `generic` for every host.
    pub fn new(mut apps: Vec<App>, generic: &Arc<Pack>) -> Result<Self, SameName> {
        if apps.is_empty() {
            apps.push(App::plain(AppName("default".to_owned()), Arc::clone(generic)));
        }
        let mut by_name = foldhash::HashMap::default();
        let mut by_host: HashMap<HostEntry, Index> = HashMap::new();
        let mut without_hosts = None;
        for (index, app) in apps.iter_mut().enumerate() {
            app.place = index;
            let name = app.name.as_str().to_owned();
            if by_name.insert(name, index).is_some() {
                return Err(SameName(app.name.as_str().to_owned()));
            }
            let taken = |before: Option<Index>| match before {
                None => Index::One(index),
                // A host that an app lists twice is its own all the same.
                Some(Index::One(known)) if known == index => Index::One(index),
                Some(_) => Index::Several,
            };
            for entry in &app.hosts {
                let before = by_host.get(entry).copied();
                by_host.insert(entry.clone(), taken(before));
            }
            if app.hosts.is_empty() {
                without_hosts = Some(taken(without_hosts));
            }
        }
        mark(&mut apps);
        Ok(Self { apps, by_name, by_host, without_hosts })
    }

    /// All of them, in the order of the configuration.
    pub fn iter(&self) -> impl Iterator<Item = &App> + Clone {
        self.apps.iter()
    }

    /// The hosts that several apps list below the same path.
    pub fn shared_hosts(&self) -> impl Iterator<Item = SharedHost<'_>> {
        let entries = self.apps.iter().flat_map(|app| app.hosts.iter().map(move |entry| (app, entry)));
        entries.filter_map(|(app, entry)| {
            let shares = |other: &&App| other.base_path == app.base_path && other.hosts.contains(entry);
            let apps: Vec<_> = self.apps.iter().filter(shares).collect();
            // Each of them comes to this; it counts once.
            let is_first = apps.first().is_some_and(|first| first.name == app.name);
            (is_first && apps.len() > 1).then_some(SharedHost { entry, apps })
        })
    }

    /// The app that the proxy's configuration fixed.
    pub fn named(&self, name: &str) -> Option<&App> {
        self.by_name.get(name).and_then(|&place| self.apps.get(place))
    }

    /// The app that takes the origin's host: its host and port, else its host, else every host.
    pub fn on(&self, origin: &Origin) -> Taken<'_> {
        let listed = || {
            let mut entry = (origin.host.clone(), Some(origin.port));
            self.by_host.get(&entry).or_else(|| {
                entry.1 = None;
                self.by_host.get(&entry)
            })
        };
        let listed = if self.by_host.is_empty() { None } else { listed().copied() };
        match listed.or(self.without_hosts) {
            Some(Index::One(index)) => Taken::By(&self.apps[index]),
            Some(Index::Several) => Taken::BySeveral,
            None => Taken::ByNone,
        }
    }
}

/// Notes which apps a browser may bring markers to: they belong to a host, on which others may have cookies of persons.
fn mark(apps: &mut [App]) {
    let binding: Vec<_> =
        apps.iter().filter(|app| app.cookies.bind_any()).map(|app| app.hosts.clone()).collect();
    for app in apps {
        let shares = |hosts: &Vec<HostEntry>| {
            let same = |(host, _): &HostEntry| app.hosts.iter().any(|(own, _)| own == host);
            hosts.is_empty() || app.hosts.is_empty() || hosts.iter().any(same)
        };
        app.may_see_marker = binding.iter().any(shares);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::origin::parse_authority;

    fn app(name: &str, hosts: &[&str]) -> App {
        App {
            hosts: hosts.iter().map(|host| parse_authority(host).unwrap()).collect(),
            ..App::plain(AppName::parse(name).unwrap(), Arc::default())
        }
    }

    fn apps(apps: Vec<App>) -> Apps {
        Apps::new(apps, &Arc::default()).unwrap()
    }

    #[test]
    fn the_host_chooses_the_app() {
        let apps = apps(vec![
            app("sonarr", &["sonarr.test", "nas:8989"]),
            app("radarr", &["nas", "nas."]),
            app("rest", &[]),
        ]);
        for (origin, name) in [
            ("https://sonarr.test", "sonarr"),
            ("http://SONARR.test.:81", "sonarr"),
            ("http://nas:8989", "sonarr"),
            ("http://nas:7878", "radarr"),
            ("http://nas", "radarr"),
            ("http://elsewhere", "rest"),
        ] {
            let origin = Origin::parse(origin).unwrap();
            assert!(matches!(apps.on(&origin), Taken::By(app) if app.name.as_str() == name), "{origin}");
        }
    }

    #[test]
    fn a_host_that_no_app_takes_has_none() {
        let origin = Origin::parse("http://other.test").unwrap();
        let one = apps(vec![app("sonarr", &["sonarr.test"])]);
        assert!(matches!(one.on(&origin), Taken::ByNone));
        let none = apps(Vec::new());
        assert!(matches!(none.on(&origin), Taken::By(app) if app.name.as_str() == "default"));
    }

    #[test]
    fn apps_on_one_host_are_told_apart_by_name_only() {
        let origin = Origin::parse("http://nas").unwrap();
        for hosts in [&[][..], &["nas"]] {
            let three = apps(vec![app("a", hosts), app("b", hosts), app("c", hosts)]);
            assert!(matches!(three.on(&origin), Taken::BySeveral));
            assert!(three.named("b").is_some() && three.named("d").is_none());
        }
    }

    #[test]
    fn two_apps_of_one_name_are_refused() {
        assert!(Apps::new(vec![app("a", &["x"]), app("a", &["y"])], &Arc::default()).is_err());
    }
}
