//! Lines of the log about what anybody can bring about as fast as they like.

use std::{fmt, hash::Hash, sync::Arc};

use tracing::info;

use super::tally::{Limits, Tallied, Who};

/// Different lines of a topic and a minute that are written for users, and as many for everybody else.
const DIFFERENT: usize = 100;

/// What lines are about; each topic has its own share of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A request to an app was refused.
    Request,
    /// The proxy described a request wrongly, or the service fails.
    Fault,
    /// A sign-in was refused.
    SignIn,
    /// A form or a page of the portal was refused.
    Portal,
}

/// Writes the line; with the number of times that it happened again since the last one.
pub type Words = Arc<dyn Fn(Option<u64>) + Send + Sync>;

/// A line that is written once, then counted.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) topic: Topic,
    pub(super) who: Who,
    /// Of all that makes it the same as another.
    pub(super) sameness: u64,
    pub(super) words: Words,
    pub(super) more: Option<u64>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("topic", &self.topic).field("more", &self.more).finish_non_exhaustive()
    }
}

impl Topic {
    const fn name(self) -> &'static str {
        match self {
            Self::Request => "requests",
            Self::Fault => "requests that could not be judged",
            Self::SignIn => "sign-ins",
            Self::Portal => "pages and forms",
        }
    }
}

impl Line {
    pub(super) fn write(&self) {
        (self.words)(self.more);
    }
}

impl Tallied for Line {
    type Kind = Topic;

    fn kind(&self) -> Topic {
        self.topic
    }

    fn limits(&self) -> Option<Limits> {
        Some(Limits { same: 1, known: DIFFERENT, unknown: DIFFERENT })
    }

    fn who(&self) -> Who {
        self.who
    }

    fn sameness(&self) -> impl Hash {
        self.sameness
    }

    fn again(self, count: u64) -> Self {
        Self { more: Some(count), ..self }
    }

    fn others(topic: Topic, count: u64) -> Self {
        let words = move |more| {
            info!(what = topic.name(), more, "others were refused within a minute, too many to tell apart")
        };
        Self { topic, who: Who::Unknown, sameness: 0, words: Arc::new(words), more: Some(count) }
    }
}
