//! Which targets cannot be told of an event now, and how long it has waited for them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::target::Target;
use crate::{clock::Timestamp, store::deliveries::TargetDigest};

/// A target that the oldest event not yet delivered waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The target, as logs call it.
    pub target: String,
    /// When the event happened.
    pub since: Timestamp,
}

/// All of them. Clones share one list.
#[derive(Clone, Default)]
pub struct Failing(Arc<Mutex<HashMap<TargetDigest, Waiting>>>);

impl Failing {
    /// The longest wait first.
    pub fn all(&self) -> Vec<Waiting> {
        let mut all: Vec<_> = self.list().values().cloned().collect();
        all.sort_by(|one, other| (one.since, &one.target).cmp(&(other.since, &other.target)));
        all
    }

    /// A target could not be told of an event of this time.
    pub(super) fn note(&self, target: &Target, since: Timestamp) {
        self.list().insert(target.digest(), Waiting { target: target.to_string(), since });
    }

    /// Nothing waits for a target any more.
    pub(super) fn forget(&self, target: &Target) {
        self.list().remove(&target.digest());
    }

    fn list(&self) -> MutexGuard<'_, HashMap<TargetDigest, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
