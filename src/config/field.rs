//! Keys as the portal shows them: with their value, where it came from, and what keeps the portal from changing it.

use super::{Outcome, Shown, Source, saved};

/// A key that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key; an app's holds its name, as in `app.sonarr.hosts`.
    pub key: String,
    /// The value that holds.
    pub value: Shown,
    /// Where it came from.
    pub source: Source,
    /// Why the portal cannot change it, in words; `None` where it can.
    pub lock: Option<String>,
}

impl Outcome {
    /// Every key that was read.
    pub fn fields(&self) -> Vec<Field> {
        let field = |resolved: &super::Resolved| {
            let key = self.placed.address(&resolved.key);
            let lock = self.lock(&key);
            Field { key, value: resolved.value.clone(), source: resolved.source.clone(), lock }
        };
        self.resolved.iter().map(field).collect()
    }

    /// Why the portal cannot change a key, in words. A layer above locks it, or an entry or the whole of it; an app of
    /// the file is locked with all its keys.
    pub fn lock(&self, key: &str) -> Option<String> {
        if let Err(why) = saved::may_be_saved(key) {
            return Some(why);
        }
        if self.placed.is_of_file(key) {
            let file = self.file.as_ref().map_or_else(String::new, |file| format!(" in {}", file.display()));
            return Some(format!("set{file}"));
        }
        let secret_file = format!("{key}_file");
        let touches = |other: &str| {
            let within = |inner: &str, outer: &str| {
                inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            within(other, key) || within(key, other) || other == secret_file
        };
        self.resolved
            .iter()
            .filter(|resolved| touches(&self.placed.address(&resolved.key)))
            .find_map(|resolved| resolved.source.lock())
    }
}
