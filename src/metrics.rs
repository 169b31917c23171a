//! What is counted while the service runs, for `/metrics` and for the charts of the first page. No name of a user, key
//! or address is ever a label.
//!
//! Verify counts with relaxed atomics only: a table for each app, found once per request by the app's place in the
//! configuration, and copies of it so that two workers never write to one cache line.

pub mod counter;
pub mod exposition;
pub mod latency;
pub mod reason;
pub mod scrape;
pub mod sign_ins;
pub mod traffic;
pub mod verdicts;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use latency::Latency;
use sign_ins::{Ending, SignIns};
use traffic::What;
use verdicts::Verdicts;

use crate::{
    clock::{self, Timestamp},
    policy::app::{App, AppName, Apps},
};

/// Everything that is counted, from the start of the process to its end.
pub struct Metrics {
    /// When counting began.
    pub started: Timestamp,
    started_monotonic: Duration,
    /// How long verify takes to answer.
    pub latency: Latency,
    /// How tries to sign in end.
    pub sign_ins: SignIns,
    no_app: Verdicts,
    /// A table for each app that was ever configured, so that a changed configuration lowers no counter.
    apps: Mutex<Vec<(AppName, Arc<Verdicts>)>>,
}

impl Metrics {
    /// Nothing counted.
    pub fn new() -> Self {
        Self {
            started: clock::now(),
            started_monotonic: clock::monotonic(),
            latency: Latency::default(),
            sign_ins: SignIns::default(),
            no_app: Verdicts::default(),
            apps: Mutex::default(),
        }
    }

    /// How long it has been counted.
    pub fn uptime(&self) -> Duration {
        clock::monotonic().saturating_sub(self.started_monotonic)
    }

    /// The verdicts of each app by its name, in the order in which they were first configured; those about no app
    /// have no name.
    pub fn each_app(&self, mut visit: impl FnMut(&str, &Verdicts)) {
        visit("", &self.no_app);
        for (name, verdicts) in &*self.apps.lock().unwrap_or_else(PoisonError::into_inner) {
            visit(name.as_str(), verdicts);
        }
    }

    /// How often everything of which hours are kept has happened so far, in all apps together.
    fn totals(&self) -> BTreeMap<What, u64> {
        let mut totals: BTreeMap<_, _> =
            Ending::ALL.map(|end| (What::SignIn(end), self.sign_ins.get(end))).into();
        self.each_app(|_, verdicts| {
            for (reason, _, count) in verdicts.counted() {
                *totals.entry(reason.map_or(What::Allowed, What::Refused)).or_default() += count;
            }
        });
        totals
    }

    fn of_app(&self, app: &AppName) -> Arc<Verdicts> {
        let mut apps = self.apps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, verdicts)) = apps.iter().find(|(name, _)| name == app) {
            return Arc::clone(verdicts);
        }
        let verdicts = Arc::<Verdicts>::default();
        apps.push((app.clone(), Arc::clone(&verdicts)));
        verdicts
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The counters with the tables of the apps that are configured now.
pub struct Meters {
    /// All of them.
    pub all: Arc<Metrics>,
    by_place: Box<[Arc<Verdicts>]>,
}

impl Meters {
    /// For these apps.
    pub fn new(all: Arc<Metrics>, apps: &Apps) -> Self {
        let by_place = apps.iter().map(|app| all.of_app(&app.name)).collect();
        Self { all, by_place }
    }

    /// Where verdicts are counted: about one of the apps, or about none.
    pub fn verdicts(&self, app: Option<&App>) -> &Verdicts {
        app.and_then(|app| self.by_place.get(app.place)).map_or(&self.all.no_app, |verdicts| verdicts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{authn::principal::Way, policy::pack::Pack};

    fn apps(names: &[&str]) -> Apps {
        let app = |name: &&str| App::plain(AppName::parse(name).unwrap(), Arc::default());
        Apps::new(names.iter().map(app).collect(), &Arc::<Pack>::default()).unwrap()
    }

    fn allowed(metrics: &Metrics) -> Vec<(String, u64)> {
        let mut all = Vec::new();
        metrics.each_app(|name, verdicts| {
            let counted = verdicts.counted().into_iter().map(|(_, _, count)| count).sum();
            all.push((name.to_owned(), counted));
        });
        all
    }

    #[test]
    fn an_app_keeps_its_counts_wherever_the_configuration_puts_it() {
        let metrics = Arc::new(Metrics::new());
        let before = apps(&["sonarr", "radarr"]);
        let meters = Meters::new(Arc::clone(&metrics), &before);
        meters.verdicts(before.named("radarr")).allow(Way::Session);
        meters.verdicts(None).allow(Way::Session);
        let after = apps(&["lidarr", "radarr"]);
        let meters = Meters::new(Arc::clone(&metrics), &after);
        meters.verdicts(after.named("radarr")).allow(Way::ApiKey);
        let named = |name: &str, count| (name.to_owned(), count);
        let expected = [named("", 1), named("sonarr", 0), named("radarr", 2), named("lidarr", 0)];
        assert_eq!(allowed(&metrics), expected);
    }
}
