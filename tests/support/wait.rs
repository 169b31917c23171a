//! Waiting for something to become true. The only place in the tests that looks at the clock and
//! the environment.
#![expect(clippy::disallowed_methods, reason = "a deadline needs the clock; the ban is for the service")]

use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: generous, since two cores run browsers too.
pub const PATIENCE: Duration = Duration::from_secs(30);

const PAUSE: Duration = Duration::from_millis(10);

/// Asks again and again until the answer is `Some`.
#[track_caller]
pub fn for_some<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    for_some_or(ask, || format!("waited {PATIENCE:?} for {what}"))
}

/// The same, with words for giving up that are found only then.
#[track_caller]
pub fn for_some_or<T>(mut ask: impl FnMut() -> Option<T>, words: impl FnOnce() -> String) -> T {
    let deadline = Deadline::after(PATIENCE);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(!deadline.is_over(), "{}", words());
        thread::sleep(PAUSE);
    }
}

/// Asks again and again until the answer is yes.
#[track_caller]
pub fn until(what: &str, mut ask: impl FnMut() -> bool) {
    for_some(what, || ask().then_some(()));
}

/// A moment in the future.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Instant);

impl Deadline {
    pub fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    pub fn is_over(self) -> bool {
        self.left().is_zero()
    }

    /// What is left, zero when it is over.
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// How long load tests press: half a minute, or `SLUICE_TEST_SECONDS`.
pub fn load_time() -> Duration {
    let seconds = std::env::var("SLUICE_TEST_SECONDS")
        .ok()
        .map(|text| text.parse().expect("SLUICE_TEST_SECONDS is a number"));
    Duration::from_secs(seconds.unwrap_or(30))
}
