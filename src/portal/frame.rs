//! What stands around a page of somebody signed in: who they are, and where else they can go.

use crate::{policy::role::Role, store::users::User};

/// A page of the menu. Pages below one of these belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The last day at a glance.
    Overview,
    /// The users.
    Users,
    /// Everybody's sessions.
    Sessions,
    /// Everybody's API keys.
    Keys,
    /// Addresses that have to wait.
    Blocked,
    /// What happened.
    Audit,
    /// The settings.
    Settings,
    /// Whoever is signed in themselves.
    Account,
    /// Signing out.
    SignOut,
}

impl Place {
    const ADMINISTRATION: [Self; 7] =
        [Self::Overview, Self::Users, Self::Sessions, Self::Keys, Self::Blocked, Self::Audit, Self::Settings];
    const OWN: [Self; 2] = [Self::Account, Self::SignOut];

    /// Its path under the portal's, and its name.
    const fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("/admin", "Overview"),
            Self::Users => ("/admin/users", "Users"),
            Self::Sessions => ("/admin/sessions", "Sessions"),
            Self::Keys => ("/admin/keys", "API keys"),
            Self::Blocked => ("/admin/blocked", "Blocked"),
            Self::Audit => ("/admin/audit", "Audit log"),
            Self::Settings => ("/admin/settings", "Settings"),
            Self::Account => ("/account", "Your account"),
            Self::SignOut => ("/logout", "Sign out"),
        }
    }
}

/// One line of the menu.
pub(super) struct Link {
    pub(super) path: &'static str,
    pub(super) label: &'static str,
    pub(super) here: bool,
}

/// The frame of one page.
pub struct Frame {
    user: String,
    role: Role,
    here: Place,
}

impl Frame {
    /// Around the page `here` of somebody.
    pub fn new(user: &User, here: Place) -> Self {
        Self { user: user.name.to_string(), role: user.role, here }
    }

    /// Whether there is anywhere to go but their own page.
    pub(super) fn has_menu(&self) -> bool {
        self.role == Role::Admin
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn administration(&self) -> impl Iterator<Item = Link> {
        self.links(&Place::ADMINISTRATION)
    }

    pub(super) fn own(&self) -> impl Iterator<Item = Link> {
        self.links(&Place::OWN)
    }

    fn links(&self, places: &'static [Place]) -> impl Iterator<Item = Link> {
        let here = self.here;
        places.iter().map(move |&place| {
            let (path, label) = place.texts();
            Link { path, label, here: place == here }
        })
    }
}
