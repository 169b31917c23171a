//! A field of a settings form.

use super::{
    Subject,
    keys::{DEFAULT, Key, Kind},
    value::{self, field, find},
};
use crate::{
    administration::settings::Overview,
    config::{Field, Shown, Source},
    portal::form::Form,
};

/// A field with what it holds.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    /// What should be looked at in the value that holds.
    pub(super) note: Option<String>,
    kind: Kind,
    pub(super) value: String,
    pub(super) options: Vec<Choice>,
    /// Whether a secret is given.
    pub(super) given: bool,
    pub(super) lock: Option<String>,
    /// Whether the portal's layer says it, so that it can be left to those below.
    pub(super) saved: bool,
    /// Whether that is wanted.
    pub(super) to_default: bool,
}

/// What can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Row {
    pub(super) fn new(subject: &Subject, key: &Key, overview: &Overview, typed: Option<&Form>) -> Self {
        // An app without a name has no values yet; nothing begins with this.
        let prefix = subject.prefix().unwrap_or_else(|| "app.".to_owned());
        let known = field(&prefix, key, overview);
        let lock = lock(subject, key, overview);
        let typed_value = typed.and_then(|form| form.once(key.name)).filter(|_| key.kind != Kind::Secret);
        let value = match typed_value {
            _ if lock.is_some() => value::held(&prefix, key, overview),
            Some(typed) => typed.replace("\r\n", "\n"),
            None => value::in_field(&prefix, key, overview),
        };
        Self {
            name: key.name,
            label: key.label,
            hint: key.hint,
            note: None,
            kind: key.kind,
            options: options(key, known, &value, &overview.packs),
            value,
            given: known.is_some_and(|field| field.value == Shown::Secret),
            lock,
            saved: known.is_some_and(|field| field.source == Source::Settings),
            to_default: typed.is_some_and(|form| is_to_default(form, key)),
        }
    }

    pub(super) fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
    }

    pub(super) fn has_lines(&self) -> bool {
        matches!(self.kind, Kind::List | Kind::Table)
    }
}

/// Why a key cannot be changed here. All of an app or target of the file is locked, also what it says nothing of.
pub(super) fn lock(subject: &Subject, key: &Key, overview: &Overview) -> Option<String> {
    let prefix = subject.prefix()?;
    let whole = if subject.is_table() { subject.section().keys.first() } else { None };
    let own = field(&prefix, key, overview).and_then(|field| field.lock.clone());
    own.or_else(|| find(overview, &format!("{prefix}.{}", whole?.name))?.lock.clone())
}

/// Whether the default of a key is wanted again.
pub(super) fn is_to_default(typed: &Form, key: &Key) -> bool {
    typed.once(&format!("{DEFAULT}{}", key.name)).is_some()
}

fn options(key: &Key, known: Option<&Field>, value: &str, packs: &[String]) -> Vec<Choice> {
    let choice = |name: &str, label: String| Choice { value: name.to_owned(), label, chosen: name == value };
    let same = |name: &str| choice(name, name.to_owned());
    // What holds as long as nothing is chosen.
    let none = |words: &str| {
        let held = known.filter(|field| field.source == Source::Default).map(|field| field.value.to_string());
        let held = held.filter(|held| !held.is_empty()).map_or_else(String::new, |held| format!(": {held}"));
        choice("", format!("{words}{held}"))
    };
    match key.kind {
        Kind::Switch => vec![choice("false", "no".to_owned()), choice("true", "yes".to_owned())],
        Kind::Choice(choices) => choices.iter().map(|name| same(name)).collect(),
        Kind::Optional(words, choices) => {
            [none(words)].into_iter().chain(choices.iter().map(|name| same(name))).collect()
        }
        Kind::Pack => {
            // One that is there no more is shown all the same, or saving would put another in its place.
            let gone =
                Some(value).filter(|value| !value.is_empty() && !packs.iter().any(|pack| pack == value));
            let packs = packs.iter().map(String::as_str).chain(gone).map(same);
            [none("the kind that has its name, else generic")].into_iter().chain(packs).collect()
        }
        Kind::Line | Kind::List | Kind::Table | Kind::Secret => Vec::new(),
    }
}
