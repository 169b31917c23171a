//! Failed sign-ins and the waits that follow them, for every entrance.
//!
//! Failures count by client address (IPv6 by /64) and by account and address together, so that neither many
//! accounts from one place nor many tries at one account go unnoticed, and nobody can lock another out. Of networks
//! that nobody has signed in from lately, they count by /48 as well.

mod counts;
pub mod known;
mod reserved;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counts::{Count, Key, Millis, Of, State, millis};
use known::KnownNetworks;
pub use reserved::Reserved;

use crate::{
    authn::name::UserName,
    clock::{self, Timestamp},
    config::ThrottleConfig,
    store::failures::Failure,
};

/// So many times as many failures as of one address are borne of a /48, in which providers may have put many clients.
const SITE: u32 = 10;
/// How often a stranger's failure counts while there are too many of them everywhere.
const IN_A_CROWD: u32 = 2;
/// What follows the address of a /48 in the store.
const SITE_SUFFIX: &str = "/48";

/// What counts as one client: an IPv6 client owns a /64 at least.
pub fn network(address: IpAddr) -> IpAddr {
    counts::prefix(address)
}

/// The widest network that is likely one client's: IPv6 by /48.
pub fn site(address: IpAddr) -> IpAddr {
    counts::site(address)
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
    /// The address; of IPv6 the first of its network.
    pub address: IpAddr,
    /// The bits that tell the network of an IPv6 address from others.
    pub prefix: u8,
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
    known: Arc<KnownNetworks>,
}

/// Whether somebody has signed in from the network of a try lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Known,
    Stranger,
}

impl Throttle {
    /// Without failures.
    pub fn new(limits: ThrottleConfig) -> Self {
        Self { limits, state: Arc::default(), known: Arc::default() }
    }

    /// The same counts under other limits.
    pub fn with_limits(&self, limits: ThrottleConfig) -> Self {
        Self { limits, state: Arc::clone(&self.state), known: Arc::clone(&self.known) }
    }

    /// The networks from which somebody has signed in lately.
    pub fn known(&self) -> &KnownNetworks {
        &self.known
    }

    fn class_of(&self, address: IpAddr) -> Class {
        if self.known.knows(address, clock::now()) { Class::Known } else { Class::Stranger }
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
        let class = self.class_of(address);
        let mut keys = vec![Key::address(address)];
        keys.extend(account.map(|name| Key::account(address, name.clone())));
        // Neighbours in a /48 make nobody wait who has been here before.
        keys.extend(Key::site(address).filter(|_| class == Class::Stranger));
        let mut state = self.lock();
        state.forget(millis(now) - millis(self.limits.block_for));
        if let Some(wait) = keys.iter().filter_map(|key| self.wait(&state, key, class, millis(now))).max() {
            return Err(wait);
        }
        for key in &keys {
            let fresh = Count { failures: 0, last_failed: millis(now), in_flight: 0 };
            state.counts.entry(key.clone()).or_insert(fresh).in_flight += 1;
        }
        drop(state);
        Ok(Reserved::new(self, keys, class))
    }

    /// Whoever has to wait, the longest first.
    pub fn blocked(&self, now: Duration) -> Vec<Blocked> {
        let state = self.lock();
        let mut blocked: Vec<_> = state
            .counts
            .iter()
            .filter_map(|(key, count)| {
                let wait = self.wait(&state, key, self.class_of(key.address), millis(now))?;
                let (account, prefix) = match &key.of {
                    Of::Address => (None, 64),
                    Of::Account(name) => (Some(name.clone()), 64),
                    Of::Site => (None, 48),
                };
                Some(Blocked { address: key.address, prefix, account, failures: count.failures, wait })
            })
            .collect();
        blocked.sort_by_key(|blocked| (std::cmp::Reverse(blocked.wait), blocked.address));
        blocked
    }

    /// Forgets the failures of an address and of the /48 around it; `false` where there were none.
    pub fn forgive(&self, address: IpAddr) -> bool {
        let mut state = self.lock();
        let failed = state.counts.iter_mut().filter(|(key, count)| {
            let theirs = if key.of == Of::Site { site(address) } else { network(address) };
            key.address == theirs && count.failures > 0
        });
        let forgiven = failed.map(|(_, count)| count.failures = 0).count();
        state.changed |= forgiven > 0;
        forgiven > 0
    }

    fn wait(&self, state: &State, key: &Key, class: Class, now: Millis) -> Option<Wait> {
        let count = state.counts.get(key)?;
        let crowd = class == Class::Stranger && state.recent.len() >= self.limits.global_limit as usize;
        let weight = if crowd { IN_A_CROWD } else { 1 };
        let most = match key.of {
            Of::Address | Of::Account(_) => self.limits.max_failures,
            Of::Site => self.limits.max_failures.saturating_mul(SITE),
        };
        let failures = count.failures.saturating_mul(weight);
        let pause = match key.of {
            // Each address in it has its own waits; the whole of it waits only where all together fail too often.
            Of::Site if failures < most => Duration::ZERO,
            _ => self.pause(failures, most),
        };
        let left = count.last_failed.saturating_add(millis(pause)).saturating_sub(now);
        let under_way = count.in_flight.saturating_mul(weight);
        if left > 0 && count.failures > 0 {
            Some(Wait(u64::try_from(left).unwrap_or(0).div_ceil(1_000)))
        } else if count.in_flight > 0 && failures.saturating_add(under_way) >= most {
            // As many tries are under way as may fail: one more could pass the limit.
            Some(Wait(1))
        } else {
            None
        }
    }

    /// The wait after so many failures: ceil(n × 1.5^(n-1) × 0.5) seconds, from the limit on the full time.
    fn pause(&self, failures: u32, most: u32) -> Duration {
        if failures == 0 {
            return Duration::ZERO;
        }
        if failures >= most {
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
                    address: match key.of {
                        Of::Site => format!("{}{SITE_SUFFIX}", key.address),
                        Of::Address | Of::Account(_) => key.address.to_string(),
                    },
                    account: match &key.of {
                        Of::Account(name) => Some(name.to_string()),
                        Of::Address | Of::Site => None,
                    },
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
            let Some(key) = stored_key(&failure) else { continue };
            // A clock that was set back must not lengthen a wait.
            let age = wall.since(failure.last_failed).clamp(0, 86_400) * 1_000;
            let count = Count { failures: failure.failures, last_failed: millis(now) - age, in_flight: 0 };
            state.counts.insert(key, count);
        }
    }
}

/// What a stored failure counts; `None` for what cannot be read.
fn stored_key(failure: &Failure) -> Option<Key> {
    match (failure.address.strip_suffix(SITE_SUFFIX), &failure.account) {
        (Some(site), None) => Key::site(site.parse().ok()?),
        (Some(_), Some(_)) => None,
        (None, None) => Some(Key::address(failure.address.parse().ok()?)),
        (None, Some(name)) => Some(Key::account(failure.address.parse().ok()?, UserName::parse(name).ok()?)),
    }
}

#[cfg(test)]
mod tests;
