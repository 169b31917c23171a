//! What is wrong with the database itself, counted by kind. A change that the rules refuse is no trouble.

use super::database::StoreError;
use crate::metrics::counter::Counter;

/// A kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Another process held the file for too long.
    Busy,
    /// The disk is full.
    Full,
    /// The file or its folder cannot be read or written.
    Unwritable,
    /// The file is damaged, or no longer the one that was opened.
    Lost,
    /// Anything else.
    Other,
}

impl Trouble {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Busy, Self::Full, Self::Unwritable, Self::Lost, Self::Other];

    /// The name in `/metrics`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Unwritable => "unwritable",
            Self::Lost => "lost",
            Self::Other => "other",
        }
    }

    const fn of(error: &StoreError) -> Option<Self> {
        Some(match error {
            StoreError::Busy => Self::Busy,
            StoreError::Full => Self::Full,
            StoreError::ReadOnly | StoreError::File { .. } => Self::Unwritable,
            StoreError::Corrupt(_) | StoreError::Replaced => Self::Lost,
            error if error.is_failure() => Self::Other,
            _ => return None,
        })
    }
}

/// The counts.
#[derive(Debug, Default)]
pub struct Troubles([Counter; Trouble::ALL.len()]);

impl Troubles {
    /// How many there were of a kind.
    pub fn get(&self, trouble: Trouble) -> u64 {
        self.0[trouble as usize].get()
    }

    /// Counts what went wrong, if anything did.
    pub(super) fn note<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        done.inspect_err(|error| {
            if let Some(trouble) = Trouble::of(error) {
                self.0[trouble as usize].count();
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_change_is_no_trouble() {
        let troubles = Troubles::default();
        for (error, trouble) in [
            (StoreError::Busy, Some(Trouble::Busy)),
            (StoreError::Full, Some(Trouble::Full)),
            (StoreError::Replaced, Some(Trouble::Lost)),
            (StoreError::LastAdmin, None),
            (StoreError::NameTaken("bob".to_owned()), None),
        ] {
            assert_eq!(Trouble::of(&error), trouble, "{error}");
            assert!(troubles.note::<()>(Err(error)).is_err());
        }
        assert_eq!(Trouble::ALL.map(|trouble| troubles.get(trouble)), [1, 1, 0, 1, 0]);
    }
}
