//! Setting Sluice up, step by step. Which steps are done is read off what is configured, so that it can be left at any
//! time and gone on with from there.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    connection::{Finding, Question, Verdict},
    settings::Overview,
};
use crate::{config::Source, state::State};

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
            Self::Entrance => chosen(&["auth.enabled", "sso.enabled", "upstream.url", "app."]),
            Self::App => chosen(&["app."]),
            Self::Proxy => state.checked.lines_are_proved(),
        }
    }

    /// The first step that is not done.
    pub fn next(state: &State, overview: &Overview) -> Option<Self> {
        Self::ALL.into_iter().find(|step| !step.is_done(state, overview))
    }
}

/// What the last look at the proxy came to, since the service runs.
#[derive(Debug, Default)]
pub struct Checked(AtomicBool);

impl Checked {
    /// Notes what a look found. The proxy stands once nothing is wrong and Sluice is seen to be asked.
    pub fn note(&self, findings: &[Finding]) {
        let proved = |question| {
            findings.iter().any(|finding| finding.question == question && finding.verdict == Verdict::Proved)
        };
        let stands =
            proved(Question::Asked) && findings.iter().all(|finding| finding.verdict != Verdict::Wrong);
        self.0.store(stands, Ordering::Relaxed);
    }

    fn lines_are_proved(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
