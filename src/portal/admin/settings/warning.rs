//! What holds but should be looked at, in the words of the pages.

use super::keys::Section;
use crate::{
    administration::settings::WrongKey,
    portal::{visit::Visit, wrongs},
};

/// One thing to look at.
pub struct Warning {
    /// What it is.
    pub text: String,
    /// The form on which it is seen to, where there is one.
    pub href: Option<String>,
}

/// Each of them.
pub fn in_words(visit: &Visit, warnings: &[WrongKey]) -> Vec<Warning> {
    let warning = |WrongKey { key, message }: &WrongKey| Warning {
        text: sentence(key, message),
        href: Section::place_of(key).map(|(form, _)| visit.page(&format!("/admin/settings/{form}"))),
    };
    warnings.iter().map(warning).collect()
}

/// A message with what its key is called on the pages.
pub(super) fn sentence(key: &str, message: &str) -> String {
    match Section::place_of(key) {
        Some((_, words)) => wrongs::sentence(&format!("{words}: {message}")),
        None if key.is_empty() || key == "app" => wrongs::sentence(message),
        None => wrongs::sentence(&format!("{key}: {message}")),
    }
}
