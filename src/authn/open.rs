//! Authentication switched off: everybody is the administrator, on hosts that no stranger can give a name of their own.

use std::{collections::HashSet, sync::Arc};

use super::{
    chain::{Attempt, Rejection},
    group::Groups,
    name::UserName,
    principal::{Credential, Principal},
};
use crate::{
    policy::{
        app::PerApp,
        capability::Capabilities,
        origin::{Host, Origin},
        role::Role,
    },
    store::{
        last_use::LastUse,
        users::{Standing, User, UserId},
    },
};

/// The open administrator, where authentication is off.
pub struct OpenDoor(Option<Open>);

struct Open {
    user: Arc<User>,
    /// The hosts that the configuration names.
    hosts: HashSet<Host>,
}

impl OpenDoor {
    /// Nobody comes in without a credential.
    pub const fn closed() -> Self {
        Self(None)
    }

    /// Everybody comes in as the administrator `name`, on these hosts and on those that are no public names.
    pub fn for_everybody(name: UserName, hosts: HashSet<Host>) -> Self {
        let user = Arc::new(User {
            id: UserId::OPEN,
            name,
            display_name: None,
            email: None,
            role: Role::Admin,
            standing: Standing::Enabled,
            granted: Capabilities::ALL,
            per_app: PerApp::default(),
            groups: Groups::default(),
            password_hash: None,
            used: LastUse::default(),
            answer: std::sync::OnceLock::new(),
        });
        Self(Some(Open { user, hosts }))
    }

    /// Whether authentication is off.
    pub const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// A page of any site can let its own name stand for the proxy's address, and a browser then takes the app for a part of
    /// that site. Such a name is not one that the configuration knows.
    pub(super) fn attempt(&self, origin: &Origin) -> Attempt {
        match &self.0 {
            None => Attempt::NotPresented,
            Some(open) if origin.host.is_public_name() && !open.hosts.contains(&origin.host) => {
                Attempt::Rejected(Rejection::OpenElsewhere)
            }
            Some(open) => Attempt::Accepted(Principal::new(Arc::clone(&open.user), Credential::Open)),
        }
    }
}
