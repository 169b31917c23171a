//! The counts behind the throttle: bounded, and forgotten in time.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use crate::authn::name::UserName;

/// Addresses and accounts that are remembered; past that the one whose last failure is oldest goes.
pub(super) const CAPACITY: usize = 10_000;

/// Milliseconds on the monotonic clock; negative for what failed before the start.
pub(super) type Millis = i64;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) address: IpAddr,
    pub(super) of: Of,
}

/// What of an address is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Of {
    /// All that comes from there.
    Address,
    /// An account that is tried from there.
    Account(UserName),
    /// All of the /48 around it: who has one can come from 65,536 addresses.
    Site,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    pub(super) failures: u32,
    pub(super) last_failed: Millis,
    pub(super) in_flight: u32,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) counts: HashMap<Key, Count>,
    /// When the latest failures of strangers from everywhere were, oldest first.
    pub(super) recent: VecDeque<Millis>,
    pub(super) changed: bool,
}

impl Key {
    pub(super) fn address(address: IpAddr) -> Self {
        Self { address: prefix(address), of: Of::Address }
    }

    pub(super) fn account(address: IpAddr, account: UserName) -> Self {
        Self { address: prefix(address), of: Of::Account(account) }
    }

    /// `None` for IPv4, where an address is no part of anything bigger that one client has.
    pub(super) fn site(address: IpAddr) -> Option<Self> {
        let address = site(address);
        address.is_ipv6().then_some(Self { address, of: Of::Site })
    }
}

pub(super) fn millis(time: Duration) -> Millis {
    Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX)
}

/// An IPv6 client owns a /64 at least, so that is what counts as one address.
pub(super) fn prefix(address: IpAddr) -> IpAddr {
    cut(address, 64)
}

/// The most that one client usually owns: of IPv6 a /48.
pub(super) fn site(address: IpAddr) -> IpAddr {
    cut(address, 48)
}

fn cut(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << (128 - bits)))),
        address => address,
    }
}

impl State {
    /// Drops what last failed before `oldest`, and what is over capacity.
    pub(super) fn forget(&mut self, oldest: Millis) {
        while self.recent.front().is_some_and(|&at| at <= oldest) {
            self.recent.pop_front();
        }
        self.counts
            .retain(|_, count| count.in_flight > 0 || (count.failures > 0 && count.last_failed > oldest));
        while self.counts.len() >= CAPACITY {
            let idle = self.counts.iter().filter(|(_, count)| count.in_flight == 0);
            let Some(key) = idle.min_by_key(|(_, count)| count.last_failed).map(|(key, _)| key.clone())
            else {
                break;
            };
            self.counts.remove(&key);
        }
    }
}
