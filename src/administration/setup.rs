//! Setting Sluice up, step by step. Which steps are done is read off what is configured, so that it can be left at any
//! time and gone on with from there.

use std::sync::{Mutex, PoisonError};

use super::{
    connection::{Finding, Question, Verdict},
    settings::Overview,
};
use crate::{
    config::Source,
    policy::app::{AppName, Apps},
    state::State,
    store::looks::{Look, Outcome},
};

/// A step, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first administrator.
    Administrator,
    /// How people come in: own passwords, SSO, another provider, or everybody.
    Entrance,
    /// The first app.
    App,
    /// The lines in the proxy, and the look at what they do.
    Proxy,
}

impl Step {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Administrator, Self::Entrance, Self::App, Self::Proxy];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Entrance => "entrance",
            Self::App => "app",
            Self::Proxy => "proxy",
        }
    }

    /// Whether it is done. `overview` are the settings as they are.
    pub fn is_done(self, state: &State, overview: &Overview) -> bool {
        let chosen = |keys: &[&str]| {
            let mut fields = overview.fields.iter();
            fields.any(|field| {
                field.source != Source::Default && keys.iter().any(|key| field.key.starts_with(key))
            })
        };
        match self {
            Self::Administrator => !state.store.view().users().is_empty(),
            // Passwords of their own need no setting: whoever goes on to an app has left it at them.
            Self::Entrance => {
                chosen(&["auth.enabled", "sso.enabled", "upstream.url", "bypass.hosts", "app."])
            }
            Self::App => chosen(&["app."]),
            Self::Proxy => state.checked.all_stand(&state.config.apps),
        }
    }

    /// The first step that is not done.
    pub fn next(state: &State, overview: &Overview) -> Option<Self> {
        Self::ALL.into_iter().find(|step| !step.is_done(state, overview))
    }
}

impl Outcome {
    /// Of what was found. A question that could not be answered is not answered well, except where nobody can from here.
    pub fn of(findings: &[Finding]) -> Self {
        let proved = |question| {
            findings.iter().any(|finding| finding.question == question && finding.verdict == Verdict::Proved)
        };
        let any = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
        if any(Verdict::Wrong) {
            Self::Wrong
        } else if any(Verdict::Unproved) || !proved(Question::Asked) || !proved(Question::ForgedBeside) {
            Self::Untold
        } else {
            Self::Stands
        }
    }
}

/// What the last look at the proxy came to, for each app; the store keeps it over restarts.
#[derive(Debug, Default)]
pub struct Checked(Mutex<Vec<(AppName, Look)>>);

impl Checked {
    /// As the store has it.
    pub fn stored(looks: Vec<(AppName, Look)>) -> Self {
        Self(Mutex::new(looks))
    }

    /// Notes a look in the place of the one before.
    pub fn note(&self, app: &AppName, look: Look) {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|(looked_at, _)| looked_at != app);
        looks.push((app.clone(), look));
    }

    /// The last look at the lines of an app.
    pub fn of(&self, app: &AppName) -> Option<Look> {
        let looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.iter().find(|(looked_at, _)| looked_at == app).map(|(_, look)| *look)
    }

    /// Whether the lines of an app were seen to stand, and those of none not to.
    fn all_stand(&self, apps: &Apps) -> bool {
        let mut looks = apps.iter().filter_map(|app| self.of(&app.name)).peekable();
        looks.peek().is_some() && looks.all(|look| look.outcome == Outcome::Stands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(question: Question, verdict: Verdict) -> Finding {
        Finding { question, verdict, text: String::new() }
    }

    #[test]
    fn what_could_not_be_told_is_not_done() {
        use Question::{Address, Asked, ForgedAlone, ForgedBeside, Reached, Secret};
        use Verdict::{NotHere, Proved, Unproved, Wrong};
        for (verdicts, outcome) in [
            ([Proved, Proved, Proved, Proved, Proved, NotHere], Outcome::Stands),
            ([Proved, Proved, NotHere, Proved, Proved, NotHere], Outcome::Stands),
            ([Proved, Proved, Proved, Unproved, Proved, NotHere], Outcome::Untold),
            ([Proved, Proved, Proved, NotHere, Proved, NotHere], Outcome::Untold),
            ([Proved, Unproved, Proved, Proved, Proved, NotHere], Outcome::Untold),
            ([Proved, Proved, Proved, Proved, Unproved, NotHere], Outcome::Untold),
            ([Proved, Proved, Wrong, Unproved, Proved, NotHere], Outcome::Wrong),
        ] {
            let questions = [Reached, Asked, ForgedAlone, ForgedBeside, Address, Secret];
            let findings: Vec<_> = questions
                .into_iter()
                .zip(verdicts)
                .map(|(question, verdict)| finding(question, verdict))
                .collect();
            assert_eq!(Outcome::of(&findings), outcome, "{verdicts:?}");
        }
        assert_eq!(Outcome::of(&[finding(Reached, Unproved)]), Outcome::Untold);
        assert_eq!(Outcome::of(&[]), Outcome::Untold);
    }
}
