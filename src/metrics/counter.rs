//! Counters that threads raise without waiting for each other.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// As many as there are workers by default; with more, some share a copy, which only costs them time.
const STRIPES: usize = 4;

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Two cache lines, as processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe<T>(T);

/// Copies of some counters, so that threads that count at the same time do not write to the same memory.
#[derive(Debug, Default)]
pub struct Striped<T>([Stripe<T>; STRIPES]);

impl<T> Striped<T> {
    /// The copy of the thread that asks.
    pub fn own(&self) -> &T {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed);
        }
        &self.0[OWN.with(|own| *own) % STRIPES].0
    }

    /// The sum over all copies.
    pub fn sum(&self, count: impl Fn(&T) -> u64) -> u64 {
        self.0.iter().map(|stripe| count(&stripe.0)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_count_adds_up() {
        let counts = Striped::<Counter>::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * STRIPES {
                scope.spawn(|| (0..1_000).for_each(|_| counts.own().count()));
            }
        });
        assert_eq!(counts.sum(Counter::get), 8_000);
    }
}
