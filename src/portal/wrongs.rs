//! What cannot be taken of a form, for the pages that show it again.

use crate::administration::{Fault, FieldError};

/// A message for each field that has one, to stand beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrongs(Vec<FieldError>);

impl Wrongs {
    /// With the field that comes first in the page at the beginning.
    pub fn new(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }

    /// One message.
    pub fn one(field: &'static str, message: impl ToString) -> Self {
        Self(vec![FieldError::new(field, message)])
    }

    /// As what kept something from being done.
    pub fn into_fault(self) -> Fault {
        Fault::Fields(self.0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field, as a sentence.
    pub(super) fn of(&self, field: &str) -> Option<String> {
        let error = self.0.iter().find(|error| error.field == field)?;
        Some(sentence(&error.message))
    }

    /// Whether the cursor belongs into this field.
    pub(super) fn is_first(&self, field: &str) -> bool {
        self.0.first().is_some_and(|error| error.field == field)
    }
}

/// A message with a capital letter and a full stop.
pub(super) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first: String = letters.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    let stop = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_its_sentence_and_the_first_one_the_cursor() {
        let wrongs =
            Wrongs::new(vec![FieldError::new("name", "type one"), FieldError::new("email", "is bad.")]);
        assert_eq!(wrongs.of("name").as_deref(), Some("Type one."));
        assert_eq!(wrongs.of("email").as_deref(), Some("Is bad."));
        assert_eq!(wrongs.of("role"), None);
        assert!(wrongs.is_first("name") && !wrongs.is_first("email"));
        assert_eq!(sentence("`x` is bad"), "`x` is bad.");
    }
}
