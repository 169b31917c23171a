//! How tries to sign in end.

use super::counter::Counter;

/// The end of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// A session was started.
    Succeeded,
    /// The name, the password or the key was wrong.
    Failed,
    /// Nothing was compared: there were too many failures before it.
    Blocked,
    /// Nothing was compared: there were too many tries at once.
    Busy,
}

impl Ending {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 4] = [Self::Succeeded, Self::Failed, Self::Blocked, Self::Busy];

    /// The name in `/metrics` and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::Busy => "busy",
        }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub struct SignIns([Counter; Ending::ALL.len()]);

impl SignIns {
    /// Counts a try that ended so.
    pub fn count(&self, ending: Ending) {
        self.0[ending as usize].count();
    }

    /// How many ended so.
    pub fn get(&self, ending: Ending) -> u64 {
        self.0[ending as usize].get()
    }
}
