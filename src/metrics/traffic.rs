//! What was counted hour by hour, kept over restarts for the charts of the first page.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tracing::warn;

use super::{Metrics, reason::Reason, sign_ins::Ending};
use crate::{
    clock::{self, Timestamp},
    store::{Store, background::Turn, database::StoreError, traffic},
};

/// How often what was counted is stored; a process that is killed loses no more than this.
const STORE_EVERY: Duration = Duration::from_secs(60);

/// How many hours are kept: a week, and the day that it is compared with.
pub const KEPT: i64 = 8 * 24;

/// The hours that the charts show.
pub const SHOWN: usize = 24;

/// What is counted by the hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Requests that passed.
    Allowed,
    /// Requests that were turned away.
    Refused(Reason),
    /// Tries to sign in.
    SignIn(Ending),
}

impl What {
    /// All of it.
    pub fn all() -> impl Iterator<Item = Self> {
        let refused = Reason::ALL.into_iter().map(Self::Refused);
        std::iter::once(Self::Allowed).chain(refused).chain(Ending::ALL.into_iter().map(Self::SignIn))
    }

    /// The name in the store.
    pub fn name(self) -> String {
        match self {
            Self::Allowed => "allowed".to_owned(),
            Self::Refused(reason) => format!("refused.{}", reason.name()),
            Self::SignIn(ending) => format!("sign_in.{}", ending.name()),
        }
    }

    /// Reads a name; `None` for one of another version.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|what| what.name() == name)
    }
}

/// An hour, in hours since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hour(i64);

impl Hour {
    /// The one in which a moment lies.
    pub const fn of(at: Timestamp) -> Self {
        Self(at.secs().div_euclid(3_600))
    }

    /// The one so many hours after this one, or before it.
    pub const fn plus(self, hours: i64) -> Self {
        Self(self.0.saturating_add(hours))
    }

    /// Its number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// From its number.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// When it begins.
    pub const fn start(self) -> Timestamp {
        Timestamp::from_secs(self.0.saturating_mul(3_600))
    }
}

/// Stores now and then what was counted since it last did.
pub struct Recorder {
    metrics: Arc<Metrics>,
    stored: BTreeMap<What, u64>,
    due: Duration,
}

impl Recorder {
    /// Of counters that have just begun.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, stored: BTreeMap::new(), due: clock::monotonic() + STORE_EVERY }
    }

    /// Stores what is new where it is time, and always in the last turn.
    pub fn turn(&mut self, store: &Store, turn: Turn) {
        let now = clock::monotonic();
        if turn == Turn::Last || now >= self.due {
            self.due = now + STORE_EVERY;
            self.store(store, Hour::of(clock::now()));
        }
    }

    fn store(&mut self, store: &Store, hour: Hour) {
        let totals = self.metrics.totals();
        let before = |what| self.stored.get(&what).copied().unwrap_or_default();
        let more: Vec<_> = totals.iter().map(|(&what, &total)| (what, total - before(what))).collect();
        match store.write(|tx| traffic::add(tx, hour, &more)) {
            Ok(()) => self.stored = totals,
            Err(cause) => warn!(%cause, "what was counted could not be stored; will try again"),
        }
    }
}

/// The last hours, the one that runs at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    first: Hour,
    counts: BTreeMap<What, [u64; SHOWN]>,
}

impl Day {
    /// The one that ends now. What was counted in the last minute may be missing.
    pub fn until(store: &Store, now: Timestamp) -> Result<Self, StoreError> {
        let first = Hour::of(now).plus(1 - SHOWN as i64);
        let rows = store.read(|connection| traffic::since(connection, first))?;
        Ok(Self::of_rows(first, rows))
    }

    fn of_rows(first: Hour, rows: Vec<(Hour, What, u64)>) -> Self {
        let mut counts = BTreeMap::<_, [u64; SHOWN]>::new();
        for (hour, what, count) in rows {
            let place = usize::try_from(hour.get() - first.get()).ok();
            let hours = counts.entry(what).or_default();
            if let Some(hour) = place.and_then(|place| hours.get_mut(place)) {
                *hour += count;
            }
        }
        Self { first, counts }
    }

    /// When its hours begin, the oldest first.
    pub fn hours(&self) -> [Timestamp; SHOWN] {
        std::array::from_fn(|hour| self.first.plus(hour as i64).start())
    }

    /// How often it happened in each of its hours, all of it that is wanted together.
    pub fn by_hour(&self, wanted: impl Fn(What) -> bool) -> [u64; SHOWN] {
        let mut sum = [0; SHOWN];
        for (_, hours) in self.counts.iter().filter(|(what, _)| wanted(**what)) {
            sum.iter_mut().zip(hours).for_each(|(sum, count)| *sum += count);
        }
        sum
    }

    /// How many requests were turned away for each reason that there was, the most frequent first.
    pub fn refusals(&self) -> Vec<(Reason, u64)> {
        let count = |reason| self.by_hour(|what| what == What::Refused(reason)).iter().sum();
        let mut all: Vec<_> = Reason::ALL.map(|reason| (reason, count(reason))).into();
        all.retain(|(_, count)| *count > 0);
        all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{authn::principal::Way, policy::app::Apps};

    #[test]
    fn every_name_reads_as_what_it_names() {
        for what in What::all() {
            assert_eq!(What::parse(&what.name()), Some(what));
        }
        assert_eq!(What::parse("refused.by_magic"), None);
    }

    #[test]
    fn a_day_has_every_hour_and_no_other() {
        let now = Timestamp::from_secs(100 * 3_600 + 1_800);
        let first = Hour::of(now).plus(-23);
        let refused = What::Refused(Reason::Throttled);
        let rows = vec![
            (Hour::from_number(76), What::Allowed, 9),
            (Hour::from_number(77), What::Allowed, 1),
            (Hour::from_number(100), What::Allowed, 2),
            (Hour::from_number(100), refused, 3),
            (Hour::from_number(101), What::Allowed, 9),
        ];
        let day = Day::of_rows(first, rows);
        let hours = day.hours().map(Timestamp::secs);
        assert_eq!((hours.len(), hours[0], hours[23]), (24, 77 * 3_600, 100 * 3_600));
        let mut expected = [0; 24];
        (expected[0], expected[23]) = (1, 2);
        assert_eq!(day.by_hour(|what| what == What::Allowed), expected);
        expected[23] = 5;
        assert_eq!(day.by_hour(|_| true), expected);
        assert_eq!(day.refusals(), [(Reason::Throttled, 3)]);
    }

    #[test]
    fn what_was_stored_is_not_stored_again_and_what_failed_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sluice.db");
        let store = Store::open(&path).unwrap();
        let metrics = Arc::new(Metrics::new());
        let apps = Apps::new(Vec::new(), &Arc::default()).unwrap();
        let meters = super::super::Meters::new(Arc::clone(&metrics), &apps);
        let mut recorder = Recorder::new(Arc::clone(&metrics));
        let now = clock::now();
        let sums = || {
            let day = Day::until(&store, now).unwrap();
            [
                day.by_hour(|what| what == What::Allowed)[23],
                day.by_hour(|what| what == What::SignIn(Ending::Failed))[23],
            ]
        };
        meters.verdicts(apps.iter().next()).allow(Way::Session);
        meters.verdicts(None).allow(Way::Public);
        recorder.turn(&store, Turn::Again);
        assert_eq!(sums(), [0, 0], "it is not time yet");
        recorder.store(&store, Hour::of(now));
        metrics.sign_ins.count(Ending::Failed);
        recorder.store(&store, Hour::of(now));
        assert_eq!(sums(), [2, 1]);

        let away = folder.path().join("away.db");
        std::fs::rename(&path, &away).unwrap();
        metrics.sign_ins.count(Ending::Failed);
        recorder.store(&store, Hour::of(now));
        std::fs::rename(&away, &path).unwrap();
        assert_eq!(sums(), [2, 1]);
        recorder.store(&store, Hour::of(now));
        assert_eq!(sums(), [2, 2]);
    }
}
