//! Values as the settings pages show them.

use super::keys::{Key, Kind};
use crate::{
    administration::settings::Overview,
    config::{Field, Shown, Source},
};

/// A key by its whole name.
pub(super) fn find<'o>(overview: &'o Overview, key: &str) -> Option<&'o Field> {
    overview.fields.iter().find(|field| field.key == key)
}

/// A key below `prefix`; of a table its first entry.
pub(super) fn field<'o>(prefix: &str, key: &Key, overview: &'o Overview) -> Option<&'o Field> {
    let inside = |field: &&Field| {
        let rest = field.key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
        rest.is_some_and(|rest| rest == key.name || (key.kind == Kind::Table && key.holds(rest)))
    };
    overview.fields.iter().find(inside)
}

/// The value that holds, a line for each entry; empty for a secret.
pub(super) fn held(prefix: &str, key: &Key, overview: &Overview) -> String {
    let full = format!("{prefix}.{}", key.name);
    match (key.kind, find(overview, &full).map(|field| &field.value)) {
        (Kind::Table, _) => {
            let inner = format!("{full}.");
            let entries = overview.fields.iter().filter_map(|field| {
                field.key.strip_prefix(&inner).map(|name| format!("{name} = {}", field.value))
            });
            entries.collect::<Vec<_>>().join("\n")
        }
        (_, Some(Shown::Text(text))) => text.clone(),
        (_, Some(Shown::List(list))) => list.join("\n"),
        (_, Some(Shown::Secret | Shown::NoSecret) | None) => String::new(),
    }
}

/// The value as it stands in its field: nothing where nothing is chosen.
pub(super) fn in_field(prefix: &str, key: &Key, overview: &Overview) -> String {
    let chosen = || field(prefix, key, overview).is_some_and(|field| field.source != Source::Default);
    let held = held(prefix, key, overview);
    match key.kind {
        Kind::Optional(..) | Kind::Pack if !chosen() => String::new(),
        Kind::Switch if ["true", "1", "yes", "on"].contains(&held.to_ascii_lowercase().as_str()) => {
            "true".to_owned()
        }
        Kind::Switch if !held.is_empty() => "false".to_owned(),
        _ => held,
    }
}
