//! An API key in words.

use super::moment;
use crate::{
    clock::Timestamp,
    policy::{
        app::AppName,
        capability::{Capabilities, Capability},
    },
    store::keys::{ApiKey, Scope},
};

/// Whether it opens nothing any more.
pub fn has_ended(key: &ApiKey, now: Timestamp) -> bool {
    key.scope.expires.is_some_and(|expires| now >= expires)
}

/// When it was last used.
pub fn used(key: &ApiKey) -> String {
    key.used.get().map_or_else(|| "never used".to_owned(), |seen| format!("last used {}", moment::time(seen)))
}

/// When it ends.
pub fn end(key: &ApiKey, now: Timestamp) -> String {
    match key.scope.expires {
        None => "no end".to_owned(),
        Some(expires) if has_ended(key, now) => format!("ended {}", moment::date(expires)),
        Some(expires) => format!("ends {}", moment::date(expires)),
    }
}

/// What the key is for alone, in words.
pub fn limits(scope: &Scope) -> Vec<String> {
    let capabilities = scope.capabilities.map(|set| match set {
        Capabilities::READ_ONLY => "looking".to_owned(),
        Capabilities::NONE => "signing in".to_owned(),
        set => joined(set.iter().map(Capability::label)),
    });
    let apps = scope.apps.as_ref().map(|apps| joined(apps.iter().map(AppName::as_str)));
    let networks = scope.networks.as_ref().map(|networks| format!("from {}", joined(networks)));
    [capabilities, apps, networks].into_iter().flatten().collect()
}

fn joined<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}
