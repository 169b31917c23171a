//! Failed sign-ins and the waits that follow them, for every entrance.
//!
//! Failures count by client address (IPv6 by /64) and by account and address together, so that neither many
//! accounts from one place nor many tries at one account go unnoticed, and nobody can lock another out.

mod counts;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counts::{Count, Key, Millis, State, millis};

use crate::{authn::name::UserName, clock::Timestamp, config::ThrottleConfig, store::failures::Failure};

/// What counts as one client: an IPv6 client owns a /64 at least.
pub fn network(address: IpAddr) -> IpAddr {
    counts::prefix(address)
}

/// How long a client has to wait; whole seconds, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait(u64);

impl Wait {
    /// None.
    pub const NONE: Self = Self(0);

    /// The seconds.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// An address, or an account from there, that has to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The address; of IPv6 the first of a /64.
    pub address: IpAddr,
    /// The account, where it is not the address as a whole.
    pub account: Option<UserName>,
    /// Failures in a row.
    pub failures: u32,
    /// How long.
    pub wait: Wait,
}

/// The counts.
pub struct Throttle {
    limits: ThrottleConfig,
    state: Arc<Mutex<State>>,
}

/// A try that is under way. Dropped without a word it counts as failed.
pub struct Reserved {
    throttle: Arc<Throttle>,
    keys: Vec<Key>,
    settled: bool,
}

impl Throttle {
    /// Without failures.
    pub fn new(limits: ThrottleConfig) -> Self {
        Self { limits, state: Arc::default() }
    }

    /// The same counts under other limits.
    pub fn with_limits(&self, limits: ThrottleConfig) -> Self {
        Self { limits, state: Arc::clone(&self.state) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for one try, or says how long to wait.
    pub fn reserve(
        self: &Arc<Self>,
        address: IpAddr,
        account: Option<&UserName>,
        now: Duration,
    ) -> Result<Reserved, Wait> {
        let mut keys = vec![Key::new(address, None)];
        keys.extend(account.map(|name| Key::new(address, Some(name.clone()))));
        let mut state = self.lock();
        state.forget(millis(now) - millis(self.limits.block_for));
        if let Some(wait) = keys.iter().filter_map(|key| self.wait(&state, key, millis(now))).max() {
            return Err(wait);
        }
        for key in &keys {
            let fresh = Count { failures: 0, last_failed: millis(now), in_flight: 0 };
            state.counts.entry(key.clone()).or_insert(fresh).in_flight += 1;
        }
        drop(state);
        Ok(Reserved { throttle: Arc::clone(self), keys, settled: false })
    }

    /// Whoever has to wait, the longest first.
    pub fn blocked(&self, now: Duration) -> Vec<Blocked> {
        let state = self.lock();
        let mut blocked: Vec<_> = state
            .counts
            .iter()
            .filter_map(|(key, count)| {
                let wait = self.wait(&state, key, millis(now))?;
                let Key { address, account } = key.clone();
                Some(Blocked { address, account, failures: count.failures, wait })
            })
            .collect();
        blocked.sort_by_key(|blocked| (std::cmp::Reverse(blocked.wait), blocked.address));
        blocked
    }

    /// Forgets the failures of an address; `false` where there were none.
    pub fn forgive(&self, address: IpAddr) -> bool {
        let mut state = self.lock();
        let failed = state
            .counts
            .iter_mut()
            .filter(|(key, count)| key.address == network(address) && count.failures > 0);
        let forgiven = failed.map(|(_, count)| count.failures = 0).count();
        state.changed |= forgiven > 0;
        forgiven > 0
    }

    fn wait(&self, state: &State, key: &Key, now: Millis) -> Option<Wait> {
        let count = state.counts.get(key)?;
        let crowd = state.recent.len() >= self.limits.global_limit as usize && key.account.is_none();
        let pause =
            if crowd && count.failures > 0 { self.limits.block_for } else { self.pause(count.failures) };
        let left = count.last_failed.saturating_add(millis(pause)).saturating_sub(now);
        if left > 0 && count.failures > 0 {
            Some(Wait(u64::try_from(left).unwrap_or(0).div_ceil(1_000)))
        } else if count.in_flight > 0 && count.failures + count.in_flight >= self.limits.max_failures {
            // As many tries are under way as may fail: one more could pass the limit.
            Some(Wait(1))
        } else {
            None
        }
    }

    /// The wait after so many failures: ceil(n × 1.5^(n-1) × 0.5) seconds, from the limit on the full time.
    fn pause(&self, failures: u32) -> Duration {
        if failures == 0 {
            return Duration::ZERO;
        }
        if failures >= self.limits.max_failures {
            return self.limits.block_for;
        }
        let growth = 1.5_f64.powi(i32::try_from(failures - 1).unwrap_or(i32::MAX));
        let seconds = (f64::from(failures) * growth * 0.5).ceil();
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).min(self.limits.block_for)
    }

    /// Whether a wait is the full one, which many failures bring.
    pub fn blocks(&self, wait: Wait) -> bool {
        wait.seconds() >= self.limits.block_for.as_secs()
    }

    /// The failures, where they have changed since this was last asked.
    pub fn changed(&self, now: Duration, wall: Timestamp) -> Option<Vec<Failure>> {
        let mut state = self.lock();
        if !std::mem::take(&mut state.changed) {
            return None;
        }
        let failed = state.counts.iter().filter(|(_, count)| count.failures > 0);
        Some(
            failed
                .map(|(key, count)| Failure {
                    address: key.address.to_string(),
                    account: key.account.as_ref().map(ToString::to_string),
                    failures: count.failures,
                    last_failed: Timestamp::from_secs(
                        wall.secs() - (millis(now) - count.last_failed) / 1_000,
                    ),
                })
                .collect(),
        )
    }

    /// Says that the last changes could not be stored, so that they are asked for again.
    pub fn not_stored(&self) {
        self.lock().changed = true;
    }

    /// Takes up the failures of an earlier run.
    pub fn restore(&self, failures: Vec<Failure>, now: Duration, wall: Timestamp) {
        let mut state = self.lock();
        for failure in failures {
            let Ok(address) = failure.address.parse() else { continue };
            let account = failure.account.map(|name| UserName::parse(&name)).transpose();
            let Ok(account) = account else { continue };
            // A clock that was set back must not lengthen a wait.
            let age = wall.since(failure.last_failed).clamp(0, 86_400) * 1_000;
            let count = Count { failures: failure.failures, last_failed: millis(now) - age, in_flight: 0 };
            state.counts.insert(Key::new(address, account), count);
        }
    }
}

impl Reserved {
    /// The try succeeded: these counts are cleared.
    pub fn succeeded(self) {
        self.settle(|count| count.failures = 0);
    }

    /// Nothing was tried.
    pub fn cancelled(self) {
        self.settle(|_| {});
    }

    fn settle(mut self, change: impl Fn(&mut Count)) {
        self.settled = true;
        let mut state = self.throttle.lock();
        for key in &self.keys {
            if let Some(count) = state.counts.get_mut(key) {
                change(count);
                count.in_flight = count.in_flight.saturating_sub(1);
            }
        }
        state.changed = true;
    }

    /// The try failed; returns the wait before the next one.
    pub fn failed(mut self, now: Duration) -> Wait {
        self.settled = true;
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
        state.recent.push_back(now);
        while state.recent.len() > self.throttle.limits.global_limit as usize {
            state.recent.pop_front();
        }
        state.changed = true;
        let waits = self.keys.iter().filter_map(|key| self.throttle.wait(&state, key, now));
        waits.max().unwrap_or(Wait(0))
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.settled {
            self.fail(millis(crate::clock::monotonic()));
        }
    }
}

#[cfg(test)]
mod tests;
