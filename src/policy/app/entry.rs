//! Who may enter an app, and what a user was granted for single apps.

use super::AppName;
use crate::policy::{capability::Capabilities, role::Role};

/// Who may enter at all; administrators always may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// These users.
    pub users: Vec<String>,
    /// And whoever is in one of these groups.
    pub groups: Vec<String>,
}

impl Entry {
    /// Whether a user may enter. Without any name everybody may.
    pub fn admits(&self, role: Role, name: &str, groups: &[String]) -> bool {
        let named = || self.users.iter().any(|user| user == name);
        // Another system's group of the same name as a role's says nothing about the role.
        let of_role = |group: &str| [Role::Admin, Role::User].iter().any(|role| role.group() == group);
        let member = |group: &String| {
            if of_role(group) { group == role.group() } else { groups.contains(group) }
        };
        let grouped = || self.groups.iter().any(member);
        let everybody = self.users.is_empty() && self.groups.is_empty();
        everybody || role == Role::Admin || named() || grouped()
    }
}

/// What a user was granted for single apps, instead of what holds for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerApp(Vec<(AppName, Capabilities)>);

impl PerApp {
    /// Sets what is granted for an app.
    pub fn set(&mut self, app: AppName, granted: Capabilities) {
        self.0.retain(|(known, _)| *known != app);
        self.0.push((app, granted));
    }

    /// What is granted for an app, where something is.
    pub fn get(&self, app: &AppName) -> Option<Capabilities> {
        self.0.iter().find(|(known, _)| known == app).map(|(_, granted)| *granted)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&AppName, Capabilities)> {
        self.0.iter().map(|(app, granted)| (app, *granted))
    }
}
