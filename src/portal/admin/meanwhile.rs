//! What somebody else changed of a user while a form was open: the form takes it over where nothing else was typed, and
//! says so.

use std::collections::BTreeSet;

use super::{complaint::Complaint, user_form::UserForm};
use crate::{
    administration::{FieldError, version::Version},
    portal::wrongs::Wrongs,
    store::users::User,
};

/// The fields and how a sentence names them, in the order of the page.
const NAMES: [(&str, &str); 7] = [
    ("name", "the user name"),
    ("display_name", "the name for people"),
    ("email", "the email"),
    ("groups", "the groups"),
    ("role", "the role"),
    ("enabled", "whether they are enabled"),
    ("capabilities", "what they may do"),
];

/// Brings a form up to the user as they are `now`. What only somebody else changed is shown as it is now; what was typed
/// stays, with a word beside it where somebody else changed that as well.
pub fn taken_over(mut form: UserForm, from: &Version, now: &User) -> (UserForm, Complaint) {
    let (sent, stored) = (Version::typed(&form.typed()), Version::of(now).besides_apps());
    let theirs = from.differs(&stored);
    let typed = from.differs(&sent);
    let current = UserForm::of(now);
    let mut wrongs = Vec::new();
    for (field, name) in NAMES.into_iter().filter(|(field, _)| theirs.contains(*field)) {
        if !typed.contains(field) {
            form.take_over(field, &current);
        } else if sent.differs(&stored).contains(field) {
            let message = format!(
                "somebody else changed {name} to “{}”; saving again puts this in its place",
                current.said(field)
            );
            wrongs.push(FieldError::new(field, message));
        }
    }
    form.made_from = Some(stored);
    (form, Complaint { note: Some(note(&theirs)), wrongs: Wrongs::new(wrongs) })
}

/// What has changed, in a sentence.
fn note(theirs: &BTreeSet<String>) -> String {
    let names = NAMES.into_iter().filter(|(field, _)| theirs.contains(*field)).map(|(_, name)| name);
    let all = names.collect::<Vec<_>>().join(", ");
    format!(
        "Nothing is saved yet: while this page was open, somebody else changed {all}. What they changed is shown below, \
         and what you typed is kept. Look at it, then save again."
    )
}

impl UserForm {
    /// Takes one field of another form.
    fn take_over(&mut self, field: &str, other: &Self) {
        match field {
            "name" => self.name.clone_from(&other.name),
            "display_name" => self.display_name.clone_from(&other.display_name),
            "email" => self.email.clone_from(&other.email),
            "groups" => self.groups.clone_from(&other.groups),
            "role" => self.role.clone_from(&other.role),
            "enabled" => self.enabled = other.enabled,
            _ => self.everywhere = other.everywhere.clone(),
        }
    }

    /// One field in words.
    fn said(&self, field: &str) -> &str {
        match field {
            "name" => &self.name,
            "display_name" => &self.display_name,
            "email" => &self.email,
            "groups" => &self.groups,
            "role" => &self.role,
            "enabled" if self.enabled => "enabled",
            "enabled" => "disabled",
            _ => self.everywhere.word(),
        }
    }
}
