//! A try that is under way, and how it ends.

use std::{sync::Arc, time::Duration};

use super::{
    Class, Throttle, Wait,
    counts::{Count, Key, Millis, Of, millis},
};
use crate::clock;

/// A try that is under way. Dropped without a word it counts as failed once something is compared, else as not made.
pub struct Reserved {
    throttle: Arc<Throttle>,
    keys: Vec<Key>,
    class: Class,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Comparing,
    Settled,
}

impl Reserved {
    pub(super) fn new(throttle: &Arc<Throttle>, keys: Vec<Key>, class: Class) -> Self {
        Self { throttle: Arc::clone(throttle), keys, class, stage: Stage::Waiting }
    }

    /// What was sent is compared from now on, so that leaving takes nothing back.
    pub fn compare(&mut self) {
        self.stage = Stage::Comparing;
    }

    /// The try succeeded: these counts are cleared, and the network is known. A /48 may have others in it who failed.
    pub fn succeeded(self) {
        if let Some(key) = self.keys.first() {
            self.throttle.known.note(key.address, clock::now());
        }
        self.settle(|key, count| {
            if key.of != Of::Site {
                count.failures = 0;
            }
        });
    }

    /// Nothing was tried.
    pub fn cancelled(self) {
        self.settle(|_, _| {});
    }

    fn settle(mut self, change: impl Fn(&Key, &mut Count)) {
        self.stage = Stage::Settled;
        let mut state = self.throttle.lock();
        for key in &self.keys {
            if let Some(count) = state.counts.get_mut(key) {
                change(key, count);
                count.in_flight = count.in_flight.saturating_sub(1);
            }
        }
        state.changed = true;
    }

    /// The try failed; returns the wait before the next one.
    pub fn failed(mut self, now: Duration) -> Wait {
        self.stage = Stage::Settled;
        self.fail(millis(now))
    }

    fn fail(&self, now: Millis) -> Wait {
        let mut state = self.throttle.lock();
        for key in &self.keys {
            if let Some(count) = state.counts.get_mut(key) {
                count.failures = count.failures.saturating_add(1);
                count.last_failed = now;
                count.in_flight = count.in_flight.saturating_sub(1);
            }
        }
        if self.class == Class::Stranger {
            state.recent.push_back(now);
            while state.recent.len() > self.throttle.limits.global_limit as usize {
                state.recent.pop_front();
            }
        }
        state.changed = true;
        let waits = self.keys.iter().filter_map(|key| self.throttle.wait(&state, key, self.class, now));
        waits.max().unwrap_or(Wait(0))
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        match self.stage {
            Stage::Settled => {}
            Stage::Comparing => {
                self.fail(millis(clock::monotonic()));
            }
            Stage::Waiting => {
                let mut state = self.throttle.lock();
                for key in &self.keys {
                    if let Some(count) = state.counts.get_mut(key) {
                        count.in_flight = count.in_flight.saturating_sub(1);
                    }
                }
            }
        }
    }
}
