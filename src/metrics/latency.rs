//! How long verify takes to answer, as a histogram of fixed buckets.

use std::time::Duration;

use super::counter::{Counter, Striped};

/// The upper bounds in nanoseconds, and in seconds as Prometheus reads them: most answers need no more than the first
/// few, and what asks a provider or compares a password lies at the end.
pub const BOUNDS: [(u64, &str); 14] = [
    (5_000, "0.000005"),
    (10_000, "0.00001"),
    (25_000, "0.000025"),
    (50_000, "0.00005"),
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
];

/// The histogram.
#[derive(Debug, Default)]
pub struct Latency(Striped<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    within: [Counter; BOUNDS.len()],
    beyond: Counter,
    nanoseconds: Counter,
}

impl Latency {
    /// Counts an answer that took so long.
    pub fn observe(&self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let own = self.0.own();
        let bucket = BOUNDS.iter().zip(&own.within).find(|((bound, _), _)| took <= *bound);
        bucket.map_or(&own.beyond, |(_, bucket)| bucket).count();
        own.nanoseconds.add(took);
    }

    /// How many answers took no longer than each bound.
    pub fn within(&self) -> [u64; BOUNDS.len()] {
        let mut sum = 0;
        std::array::from_fn(|bucket| {
            sum += self.0.sum(|own| own.within[bucket].get());
            sum
        })
    }

    /// How many took longer than the last.
    pub fn beyond(&self) -> u64 {
        self.0.sum(|own| own.beyond.get())
    }

    /// How long all of them took together.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.0.sum(|own| own.nanoseconds.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_forms_of_a_bound_say_the_same_and_grow() {
        for (nanoseconds, seconds) in BOUNDS {
            let parsed = Duration::from_secs_f64(seconds.parse().unwrap());
            assert_eq!(parsed, Duration::from_nanos(nanoseconds), "{seconds}");
        }
        assert!(BOUNDS.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn an_answer_counts_in_every_bucket_that_it_fits() {
        let latency = Latency::default();
        for nanoseconds in [1, 5_000, 5_001, 99_000_000, 100_000_001] {
            latency.observe(Duration::from_nanos(nanoseconds));
        }
        let within = latency.within();
        assert_eq!((within[0], within[1], within[12], within[13], latency.beyond()), (2, 3, 3, 4, 1));
        assert_eq!(latency.total(), Duration::from_nanos(199_010_003));
    }
}
