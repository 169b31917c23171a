//! Lists in pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::Number;

/// The most entries of a page.
const MOST: u16 = 200;

/// How many entries a page has, at most.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u16")]
pub struct Limit(u16);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u16> for Limit {
    type Error = String;

    fn try_from(limit: u16) -> Result<Self, String> {
        if (1..=MOST).contains(&limit) { Ok(Self(limit)) } else { Err(format!("limit is from 1 to {MOST}")) }
    }
}

impl Limit {
    /// As a number.
    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

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
    #[param(value_type = Option<i64>, minimum = 1)]
    pub after: Option<Number>,
    /// How many entries, at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    pub limit: Limit,
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
