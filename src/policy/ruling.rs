//! What a request to an app needs, and why: the app's own list of public paths, its pack, or that neither lists it.

use super::{
    app::{App, Ownership},
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
            let needs = if pack.may_deny(request) { Needs::Deny } else { pack.odd_paths };
            let needs = if only_looks(request) { needs } else { needs.and(self.unsafe_methods) };
            return Ruling { needs, basis: Basis::OddPath };
        }
        let Some(path) = self.below_base(request.path) else {
            return Ruling { needs: Needs::Admin, basis: Basis::Elsewhere };
        };
        let sought = Sought { path, ..*request };
        if request.verb == Some(Verb::Get)
            && !request.overridden
            && let Some((needs, route)) = self.public.find(&sought, &mut tried)
        {
            return Ruling { needs, basis: Basis::Public(route) };
        }
        match pack.routes.find(&sought, tried) {
            Some((needs, route)) => self.of_method(request, self.of_owners(needs), route),
            None => Ruling { needs: Needs::Admin, basis: Basis::Unlisted },
        }
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
