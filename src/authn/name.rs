//! User names: one alphabet and one spelling, from every source.

use std::fmt;

use smol_str::{SmolStr, StrExt};
use thiserror::Error;

/// A user name: `[a-z0-9._@-]{1,64}`, first a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(SmolStr);

/// A text that is no user name; refused, never cleaned into one.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a user name has 1 to 64 of the characters a-z 0-9 . _ @ - and starts with a letter or digit")]
pub struct NameError;

impl UserName {
    /// Reads a name; capital letters are lowered, anything else outside the alphabet is refused.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let bytes = text.as_bytes();
        let plain = (1..=64).contains(&bytes.len())
            && bytes[0].is_ascii_alphanumeric()
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-'));
        if plain { Ok(Self(text.to_ascii_lowercase_smolstr())) } else { Err(NameError) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_has_one_spelling() {
        for (text, name) in [("admin", "admin"), ("Admin", "admin"), ("a.b_c@d-1", "a.b_c@d-1"), ("7", "7")] {
            assert_eq!(UserName::parse(text).unwrap().as_str(), name);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "a".repeat(65);
        for text in [
            "", " ", "admin ", " admin", "-a", ".a", "@a", "a,b", "a\r\nb", "a\0b", "аdmin", "Zoë", "ﬁ",
            "a/b", &long,
        ] {
            assert_eq!(UserName::parse(text), Err(NameError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_reads_again_as_itself(text in "\\PC{0,70}") {
            if let Ok(name) = UserName::parse(&text) {
                prop_assert_eq!(UserName::parse(name.as_str()), Ok(name));
            }
        }
    }
}
