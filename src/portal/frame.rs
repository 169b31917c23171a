//! What stands around every page of whoever is signed in: where they are, and where else they can go.

use super::visit::Visit;
use crate::{policy::role::Role, store::users::User};

/// A page's place in the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One's own account.
    Account,
    /// The last day in charts.
    Overview,
    /// Users.
    Users,
    /// Everybody's sessions.
    Sessions,
    /// Everybody's keys.
    Keys,
    /// Who has to wait after failed sign-ins.
    Blocked,
    /// What happened.
    Audit,
    /// The configuration, as far as it is made here.
    Settings,
}

impl Place {
    const ALL: [Self; 8] = [
        Self::Account,
        Self::Overview,
        Self::Users,
        Self::Sessions,
        Self::Keys,
        Self::Blocked,
        Self::Audit,
        Self::Settings,
    ];

    /// The path below the portal's own, and the word for it.
    const fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Account => ("/account", "Account"),
            Self::Overview => ("/admin", "Overview"),
            Self::Users => ("/admin/users", "Users"),
            Self::Sessions => ("/admin/sessions", "Sessions"),
            Self::Keys => ("/admin/keys", "Keys"),
            Self::Blocked => ("/admin/blocked", "Blocked"),
            Self::Audit => ("/admin/audit", "Audit log"),
            Self::Settings => ("/admin/settings", "Settings"),
        }
    }
}

/// A way to another page.
pub struct Way {
    /// Its address.
    pub href: String,
    /// What stands on it.
    pub label: &'static str,
    /// Whether it leads to where one is.
    pub here: bool,
}

/// What every page of whoever is signed in shows.
pub struct Frame {
    /// The name of whoever is signed in.
    pub name: String,
    /// The other pages, of which ordinary users have but one.
    pub ways: Vec<Way>,
}

impl Frame {
    /// Around the page at this place.
    pub fn new(visit: &Visit, user: &User, at: Place) -> Self {
        let open = |place: &Place| user.role == Role::Admin || *place == Place::Account;
        let way = |place: Place| {
            let (path, label) = place.shown();
            Way { href: visit.page(path), label, here: place == at }
        };
        Self { name: user.name.to_string(), ways: Place::ALL.into_iter().filter(open).map(way).collect() }
    }
}
