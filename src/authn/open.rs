//! Authentication switched off: everybody is the administrator.

use std::sync::Arc;

use super::{
    chain::Attempt,
    group::Groups,
    name::UserName,
    principal::{Credential, Principal},
};
use crate::{
    policy::{app::PerApp, capability::Capabilities, role::Role},
    store::{
        last_use::LastUse,
        users::{Standing, User, UserId},
    },
};

/// The open administrator, where authentication is off.
pub struct OpenDoor(Option<Arc<User>>);

impl OpenDoor {
    /// Nobody comes in without a credential.
    pub const fn closed() -> Self {
        Self(None)
    }

    /// Everybody comes in as the administrator `name`.
    pub fn for_everybody(name: UserName) -> Self {
        Self(Some(Arc::new(User {
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
        })))
    }

    /// Whether authentication is off.
    pub const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn attempt(&self) -> Attempt {
        match &self.0 {
            Some(user) => Attempt::Accepted(Principal::new(Arc::clone(user), Credential::Open)),
            None => Attempt::NotPresented,
        }
    }
}
