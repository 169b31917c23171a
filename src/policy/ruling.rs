//! What a request to an app needs, and why: the app's own list of public paths, its pack, or that neither lists it.

use super::{
    app::{App, Live, Ownership},
    capability::{Capabilities, Capability},
    needs::Needs,
    path,
    route::Verb,
    routes::{Route, Sought, Trial},
    rpc::Rpc,
};

/// Why a request needs what it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis<'a> {
    /// The app's own list of public paths.
    Public(&'a Route),
    /// This row of the pack.
    Row(&'a Route),
    /// No row takes such a request.
    Unlisted,
    /// Apps could read the path in more ways than one.
    OddPath,
    /// The app's configuration, whose `unsafe_methods` asks for more than the row does.
    UnsafeMethod,
    /// The path does not lie under the app's base path.
    Elsewhere,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ruling<'a> {
    /// This.
    pub needs: Needs,
    /// Because of this.
    pub basis: Basis<'a>,
}

/// What changes somebody's downloads, so that whose they are matters.
const CHANGES: [Capability; 7] = [
    Capability::RemoveDownloads,
    Capability::PauseResume,
    Capability::AssignCategories,
    Capability::MoveFiles,
    Capability::RenameFiles,
    Capability::SetComment,
    // A category's folder is where its downloads are moved.
    Capability::ManageCategories,
];

impl App {
    /// What a request needs; `tried` is told of each row whose path is right.
    pub fn ruling(&self, request: &Sought<'_>, mut tried: impl FnMut(&Route, Trial)) -> Ruling<'_> {
        let pack = &*self.pack;
        if !path::is_plain(request.path, pack.non_ascii) {
            let needs = self.without_row(request, &self.base_path, pack.odd_paths);
            let needs = if only_looks(request) { needs } else { needs.and(self.unsafe_methods) };
            return Ruling { needs, basis: Basis::OddPath };
        }
        let Some(path) = self.below_base(request.path) else {
            let needs = self.without_row(request, &self.base_path, Needs::Admin);
            return Ruling { needs, basis: Basis::Elsewhere };
        };
        let sought = Sought { path, ..*request };
        if request.verb == Some(Verb::Get)
            && !request.overridden
            && let Some((needs, route)) = self.public.find(&sought, &mut tried)
        {
            return Ruling { needs, basis: Basis::Public(route) };
        }
        if self.live == Live::App
            && !matches!(request.verb, Some(Verb::Unknown))
            && !request.overridden
            && let Some((needs, route)) = pack.live.find(&sought, &mut tried)
        {
            return self.of_method(request, needs, route);
        }
        match pack.routes.find(&sought, tried) {
            Some((needs, route)) => self.of_method(request, self.of_owners(needs), route),
            None => Ruling { needs: self.without_row(&sought, "", Needs::Admin), basis: Basis::Unlisted },
        }
    }

    /// What a request needs that no row takes: this, unless the app could read it as one that a row denies.
    fn without_row(&self, request: &Sought<'_>, base_path: &str, needs: Needs) -> Needs {
        if self.pack.may_deny(request, base_path) { Needs::Deny } else { needs }
    }

    /// A row's ruling, with what the app's configuration asks for beside it. A sign-in stays open to all.
    fn of_method<'a>(&self, request: &Sought<'_>, needs: Needs, route: &'a Route) -> Ruling<'a> {
        let both = needs.and(self.unsafe_methods);
        if only_looks(request) || needs == Needs::Public || both == needs {
            return Ruling { needs, basis: Basis::Row(route) };
        }
        Ruling { needs: both, basis: Basis::UnsafeMethod }
    }

    /// The part of a path that its pack knows.
    fn below_base<'a>(&self, path: &'a str) -> Option<&'a str> {
        match path.strip_prefix(self.base_path.as_str())? {
            "" => Some("/"),
            below => below.starts_with('/').then_some(below),
        }
    }

    /// The endpoint on this path that is decided by its body.
    pub fn rpc_at(&self, path: &str) -> Option<&Rpc> {
        if self.pack.rpc.is_empty() || !path::is_plain(path, self.pack.non_ascii) {
            return None;
        }
        self.pack.routes.rpc(self.below_base(path)?)
    }

    fn of_owners(&self, needs: Needs) -> Needs {
        let edit = Needs::Capabilities(Capabilities::with(Capability::EditAllDownloads));
        match needs {
            Needs::Capabilities(set)
                if self.ownership == Ownership::Strict && CHANGES.iter().any(|&one| set.holds(one)) =>
            {
                needs.and(edit)
            }
            needs => needs,
        }
    }
}

/// Whether the method asks for no change, as far as it is known.
fn only_looks(request: &Sought<'_>) -> bool {
    matches!(request.verb, Some(Verb::Get | Verb::Options)) && !request.overridden
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::policy::{
        app::AppName,
        pack::{Denied, Pack},
        route::Row,
        routes::{Matching, Routes},
        rpc::Calls,
    };

    fn app(base_path: &str, rows: &[String]) -> App {
        let mut pack =
            Pack { routes: Routes::new(Matching::default()), odd_paths: Needs::Any, ..Pack::default() };
        for text in rows {
            for row in Row::parse(text, |_| None).unwrap() {
                if row.needs == Needs::Deny {
                    let (takes, pattern, query) = (row.takes, row.pattern.clone(), row.query.clone());
                    pack.denied.push(Denied { takes, pattern, query });
                }
                pack.routes.add(text, row);
            }
        }
        let plain = App::plain(AppName::parse("app").unwrap(), Arc::new(pack));
        App { base_path: base_path.to_owned(), ..plain }
    }

    fn needs(app: &App, method: &str, address: &str) -> Needs {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let verb = (method != "WS").then(|| Verb::parse(method));
        app.ruling(&Sought { verb, overridden: false, path, query, calls: Calls::Unseen }, |_, _| {}).needs
    }

    #[test]
    fn what_nobody_may_do_stays_so_below_a_base_path() {
        let rows = ["any /RPC2/** deny", "GET /x?cmd deny", "GET /ui/ deny", "GET / any"].map(str::to_owned);
        let (at_root, below) = (app("", &rows), app("/rt", &rows));
        for (method, path, denied) in [
            ("GET", "/RPC2", true),
            ("GET", "/RPC2%2f", true),
            ("POST", "/RPC2;x", true),
            ("GET", "/%52PC2", true),
            ("GET", "/rpc2/y", true),
            ("GET", "/a/..%2fRPC2", true),
            ("PROPFIND", "/RPC2", true),
            ("WS", "/RPC2", true),
            ("GET", "/x?cmd=1", true),
            ("GET", "/%78?cmd=1", true),
            ("GET", "/%75i", true),
            ("POST", "/ui/;x", false),
            ("GET", "/", false),
            ("GET", "/RPC", false),
            ("GET", "/other/a;b", false),
        ] {
            assert_eq!(needs(&at_root, method, path) == Needs::Deny, denied, "{method} {path}");
            for base in ["/rt", "//rt", "/%72t", "/RT", "/x/../rt", "/rt/..%2frt"] {
                let path = format!("{base}{path}");
                assert_eq!(needs(&below, method, &path) == Needs::Deny, denied, "{method} {path}");
            }
        }
        // Where a path is not plain, the query may stand in it.
        assert_ne!(needs(&at_root, "GET", "/x"), Needs::Deny);
        assert_eq!(needs(&at_root, "GET", "/x%3fcmd"), Needs::Deny);
        // A proxy that takes the base path off may do so before dots are resolved.
        let deep = app("/a/b", &rows);
        for path in ["/RPC2", "/RPC2;x", "/a/b/..%2fRPC2", "/a/x/../b/..%2fRPC2", "/A/b/RPC2"] {
            assert_eq!(needs(&deep, "GET", path), Needs::Deny, "{path}");
        }
    }

    /// A segment as it could be written, by a number that says how.
    fn spelt(segment: &str, how: u8) -> String {
        let encoded =
            |digits: &str| -> String { segment.bytes().map(|byte| format!("%{digits}{byte:02x}")).collect() };
        match how {
            0 => segment.to_owned(),
            1 => encoded(""),
            2 => encoded("25"),
            3 => format!("{segment};v=1"),
            4 => format!("./{segment}"),
            5 => format!("/{segment}"),
            6 => format!("y/../{segment}"),
            7 => format!("y%2f..%2f{segment}"),
            8 => segment.to_ascii_uppercase(),
            9 => format!("{segment}%09"),
            _ => format!("\\{segment}"),
        }
    }

    proptest! {
        #[test]
        fn no_spelling_of_what_nobody_may_do_is_allowed(
            base in proptest::sample::select(&["", "/rt", "/a/b"][..]),
            denied in proptest::collection::vec("[a-cRx.]{0,2}[a-z]", 1..4),
            below in any::<bool>(),
            keeps_base in any::<bool>(),
            hows in proptest::collection::vec(0..11_u8, 8),
            end in proptest::sample::select(&["", "/", "//", "%00.png", "%3fx", ";x", "/."][..]),
        ) {
            let pattern = denied.join("/");
            let row = format!("any /{pattern}{} deny", if below { "/**" } else { "" });
            let app = app(base, &[row, "GET /** any".to_owned()]);
            let base = base.split('/').filter(|segment| keeps_base && !segment.is_empty());
            let segments = base.chain(denied.iter().map(String::as_str)).zip(&hows);
            let path: String = segments.map(|(segment, &how)| format!("/{}", spelt(segment, how))).collect();
            let path = path + end;
            prop_assert_eq!(needs(&app, "GET", &path), Needs::Deny, "{}", path);
        }
    }
}
