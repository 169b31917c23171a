//! Lists in pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Entries of a page where the client does not say.
const USUAL: u16 = 50;
/// The most entries of a page.
const MOST: u16 = 200;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// What to send as `after` for the next page; `null` on the last one.
    pub next: Option<String>,
}

/// How many entries of a list, and which.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Span {
    /// `next` of the page before.
    pub after: Option<String>,
    /// How many entries, at most.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
}

impl Span {
    /// How many entries are wanted.
    pub fn limit(&self) -> usize {
        usize::from(self.limit.unwrap_or(USUAL).clamp(1, MOST))
    }

    /// The id that the page before ended with.
    pub fn after_id(&self) -> Option<i64> {
        self.after.as_deref().and_then(|after| after.parse().ok())
    }
}

impl<T> Page<T> {
    /// Of entries that were asked for one more than wanted, so that a further page shows; `cursor` is an entry's place.
    pub fn of(mut items: Vec<T>, wanted: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > wanted;
        items.truncate(wanted);
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}
