//! What a change of a user ends, in words, said before it is made.

use crate::{
    administration::{
        draft::{Draft, Typed},
        users::{Ends, Hashed},
    },
    policy::{app::Apps, capability::Capabilities, role::Role},
    portal::moment,
    store::{
        users::{Standing, User},
        view::View,
    },
};

/// What a user has open at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// Sessions.
    pub sessions: usize,
    /// Keys that are not revoked.
    pub keys: usize,
}

/// What each kind of change would end.
pub struct Endings {
    /// Disabling the user; `None` where they are disabled.
    pub disabling: Option<String>,
    /// Another password, or none.
    pub password: String,
    /// Other rights.
    pub rights: String,
}

/// Whether keys come back.
#[derive(Clone, Copy)]
enum Keys {
    Rest,
    End,
}

impl Open {
    /// Of a user.
    pub fn of(view: &View, user: &User) -> Self {
        Self { sessions: view.sessions_of(user.id).count(), keys: view.keys_of(user.id).len() }
    }

    /// What deleting the user ends.
    pub fn by_deletion(self) -> String {
        self.said("Deleting this user", Ends::BY_DELETION, Keys::End)
    }

    fn said(self, what: &str, ends: Ends, keys: Keys) -> String {
        let sessions = format!("ends {}", moment::count(self.sessions, "session"));
        let keys = match keys {
            Keys::Rest => format!("stops {} for as long as it lasts", moment::count(self.keys, "key")),
            Keys::End => format!("revokes {} for good", moment::count(self.keys, "key")),
        };
        let parts = [
            (ends.sessions && self.sessions > 0, sessions.as_str()),
            (ends.keys && self.keys > 0, keys.as_str()),
            (ends.connections, "closes live connections"),
        ];
        let parts: Vec<_> = parts.into_iter().filter_map(|(holds, part)| holds.then_some(part)).collect();
        let parts = match parts.as_slice() {
            [] => "ends nothing".to_owned(),
            [one] => (*one).to_owned(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        };
        format!("{what} {parts}.")
    }
}

impl Endings {
    /// Of a user as they are.
    pub fn of(user: &User, apps: &Apps, open: Open) -> Self {
        let draft = Typed::of(user).read(apps, Some(user)).ok();
        // Where the stored user cannot be read as a form, the most is said.
        let by = |change: fn(Draft, &User) -> Draft, password: &Hashed| {
            let changed = draft.clone().map(|draft| Ends::by_change(user, &change(draft, user), password));
            changed.unwrap_or(Ends::BY_DELETION)
        };
        let disabled = by(|draft, _| Draft { standing: Standing::Disabled, ..draft }, &Hashed::Keep);
        let password = by(|draft, _| draft, &Hashed::Remove);
        let rights = by(with_other_rights, &Hashed::Keep);
        let enabled = user.standing == Standing::Enabled;
        Self {
            disabling: enabled.then(|| open.said("Disabling", disabled, Keys::Rest)),
            password: open.said("A new password, or none,", password, Keys::Rest),
            rights: open.said("Changing what they may do", rights, Keys::Rest),
        }
    }
}

fn with_other_rights(draft: Draft, before: &User) -> Draft {
    let held = before.held();
    let granted = if held == Capabilities::NONE { Capabilities::ALL } else { Capabilities::NONE };
    Draft { role: Role::User, granted, ..draft }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_is_counted() {
        let said = |sessions, keys| Open { sessions, keys }.by_deletion();
        assert_eq!(said(0, 0), "Deleting this user closes live connections.");
        assert_eq!(said(1, 0), "Deleting this user ends 1 session and closes live connections.");
        assert_eq!(
            said(2, 3),
            "Deleting this user ends 2 sessions, revokes 3 keys for good and closes live connections."
        );
    }
}
