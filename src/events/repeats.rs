//! What each worker remembers of refusals: one that repeats is counted where it happens, and costs no event.

use std::{
    array,
    cell::RefCell,
    hash::BuildHasher,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use foldhash::fast::RandomState;

use super::line::Topic;
use crate::clock::Timestamp;

/// Refusals that a worker remembers; another in the same place displaces one.
const REMEMBERED: usize = 64;

/// How often a refusal happened again since its event was queued; the thread that tells of it reads it.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    count: AtomicU64,
    /// Seconds since the epoch.
    last: AtomicI64,
}

/// Set once nobody reads the count any more; far more than anybody counts.
const CLOSED: u64 = 1 << 63;

impl Repeats {
    /// Counts one more; `false` where nobody would read of it.
    pub(super) fn again(&self, now: Timestamp) -> bool {
        self.last.store(now.secs(), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Release) & CLOSED == 0
    }

    /// How often, and when last; from now on nobody counts here.
    pub(super) fn close(&self) -> (u64, Timestamp) {
        let count = self.count.swap(CLOSED, Ordering::Acquire);
        (if count & CLOSED == 0 { count } else { 0 }, Timestamp::from_secs(self.last.load(Ordering::Relaxed)))
    }
}

/// All that makes two refusals the same. Neither method nor path: whoever tries many of them does one thing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Alike<'a> {
    /// What was refused.
    pub topic: Topic,
    /// From which network.
    pub network: IpAddr,
    /// Whom, where somebody was proved.
    pub user: &'a str,
    /// In which app.
    pub app: &'a str,
    /// Why.
    pub cause: &'a str,
}

struct Remembered {
    /// Whose events they are.
    log: Arc<AtomicU64>,
    topic: Topic,
    network: IpAddr,
    texts: [String; 3],
    repeats: Arc<Repeats>,
}

impl Alike<'_> {
    const fn texts(&self) -> [&str; 3] {
        [self.user, self.app, self.cause]
    }
}

thread_local! {
    static MEMORY: RefCell<([Option<Remembered>; REMEMBERED], RandomState)> =
        RefCell::new((array::from_fn(|_| None), RandomState::default()));
}

fn with_place<T>(alike: &Alike<'_>, act: impl FnOnce(&mut Option<Remembered>) -> T) -> T {
    MEMORY.with_borrow_mut(|(memory, hasher)| {
        let [place, ..] = hasher.hash_one(alike).to_le_bytes();
        act(&mut memory[usize::from(place) % REMEMBERED])
    })
}

/// Counts a refusal that this worker remembers; `false` where it must be told of.
pub(super) fn again(log: &Arc<AtomicU64>, alike: &Alike<'_>, now: Timestamp) -> bool {
    with_place(alike, |place| {
        place.as_ref().is_some_and(|known| {
            known.network == alike.network
                && known.topic == alike.topic
                && known.texts.iter().zip(alike.texts()).all(|(known, text)| known == text)
                && Arc::ptr_eq(&known.log, log)
                && known.repeats.again(now)
        })
    })
}

/// Remembers a refusal that was told of.
pub(super) fn remember(log: &Arc<AtomicU64>, alike: &Alike<'_>, repeats: Arc<Repeats>) {
    let texts = alike.texts().map(str::to_owned);
    let known =
        Remembered { log: Arc::clone(log), topic: alike.topic, network: alike.network, texts, repeats };
    with_place(alike, |place| *place = Some(known));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    #[test]
    fn only_the_same_is_counted_and_only_until_it_is_read() {
        let (log, other) = (Arc::default(), Arc::default());
        let alike = Alike {
            topic: Topic::Request,
            network: IpAddr::from([192, 0, 2, 1]),
            user: "bob",
            app: "flood",
            cause: "c",
        };
        assert!(!again(&log, &alike, at(0)), "it was not told of yet");
        let repeats = Arc::<Repeats>::default();
        remember(&log, &alike, Arc::clone(&repeats));
        assert!(again(&log, &alike, at(1)) && again(&log, &alike, at(2)));
        for different in [
            Alike { topic: Topic::Fault, ..alike },
            Alike { network: IpAddr::from([192, 0, 2, 2]), ..alike },
            Alike { user: "", ..alike },
            Alike { app: "x", ..alike },
            Alike { cause: "d", ..alike },
        ] {
            assert!(!again(&log, &different, at(3)));
        }
        assert!(!again(&other, &alike, at(3)), "another service in the same process");
        assert_eq!(repeats.close(), (2, at(2)));
        assert!(!again(&log, &alike, at(4)), "nobody reads it any more");
    }

    #[test]
    fn many_threads_lose_no_count() {
        let repeats = Repeats::default();
        std::thread::scope(|scope| {
            let count = || (0_u64..).take_while(|_| repeats.again(at(0))).count();
            let threads = [(); 4].map(|()| scope.spawn(count));
            while repeats.count.load(Ordering::Relaxed) < 1_000 {
                std::thread::yield_now();
            }
            let (read, _) = repeats.close();
            let told: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
            assert_eq!(u64::try_from(told), Ok(read));
        });
    }
}
