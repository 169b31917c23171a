//! The process's environment, read in this one place.

use std::ffi::OsString;

/// The variables whose names and values are text; others cannot be ours.
#[expect(clippy::disallowed_methods, reason = "the one reader of the environment")]
pub fn variables() -> Vec<(String, String)> {
    let text = |value: OsString| value.into_string().ok();
    std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}
