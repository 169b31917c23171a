//! Medians and percentiles.

use std::time::Duration;

/// The middle one; of an even number the mean of the middle two.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}

/// Latencies, in microseconds and in order.
pub struct Latencies(Vec<f64>);

impl Latencies {
    pub fn new(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut micros: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1e6).collect();
        micros.sort_by(f64::total_cmp);
        Self(micros)
    }

    /// So many of a thousand are shorter.
    pub fn per_mille(&self, share: usize) -> f64 {
        let at = (self.0.len() * share / 1_000).min(self.0.len().saturating_sub(1));
        self.0.get(at).copied().unwrap_or(f64::NAN)
    }

    pub fn median(&self) -> f64 {
        self.per_mille(500)
    }

    pub fn p99(&self) -> f64 {
        self.per_mille(990)
    }
}
