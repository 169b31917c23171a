//! What somebody may do in each app, in words.

use crate::{
    policy::{
        app::{App, Apps},
        capability::Capability,
        words,
    },
    store::users::User,
};

/// In how many of the apps a capability is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::portal) enum Held {
    Everywhere,
    Somewhere,
    Nowhere,
}

/// One capability.
pub(in crate::portal) struct Right {
    pub(super) label: &'static str,
    pub(super) held: Held,
    /// What it allows, where it is held; where it is not, what it would.
    pub(super) words: String,
}

impl Right {
    pub(super) fn is_held(&self) -> bool {
        self.held != Held::Nowhere
    }

    pub(super) fn is_partial(&self) -> bool {
        self.held == Held::Somewhere
    }
}

/// All of them, in the apps that the user may enter.
pub(super) fn of(user: &User, apps: &Apps) -> Vec<Right> {
    let enters = |app: &&App| app.entry.admits(user.role, user.name.as_str(), user.groups.as_slice());
    let apps: Vec<_> = apps.iter().filter(enters).collect();
    let right = |capability: Capability| {
        let (with, without): (Vec<&App>, Vec<&App>) =
            apps.iter().copied().partition(|app| user.held_in(&app.name).holds(capability));
        let held = match (with.is_empty(), without.is_empty()) {
            (false, true) => Held::Everywhere,
            (false, false) => Held::Somewhere,
            (true, _) => Held::Nowhere,
        };
        let told = if held == Held::Nowhere { without } else { with };
        Right { label: capability.label(), held, words: words::in_apps(capability, told.into_iter()) }
    };
    Capability::ALL.into_iter().map(right).collect()
}
