//! What else is known of a user and handed to apps: display name and address.

use std::fmt;

use thiserror::Error;

/// A name for people: 1 to 100 characters, none of them control or direction marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

/// A text that is no display name.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a display name has 1 to 100 characters, without control characters or direction marks")]
pub struct DisplayNameError;

impl DisplayName {
    /// Reads a name; anything outside the rule is refused, never cleaned.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        let hidden = |c: char| {
            c.is_control()
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        let plain =
            (1..=100).contains(&text.chars().count()) && !text.contains(hidden) && text.trim() == text;
        if plain { Ok(Self(text.to_owned())) } else { Err(DisplayNameError) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address: printable ASCII without commas, one `@` with something on both sides, at most 254 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

/// A text that is no e-mail address.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "an e-mail address looks like name@example.com: one @, and at most 254 plain ASCII characters, which umlauts, \
     accents, spaces and commas are not"
)]
pub struct EmailError;

impl Email {
    /// Reads an address; it goes into a header, so only what is safe there is taken.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let plain = text.len() <= 254
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b',')
            && text
                .split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
        if plain { Ok(Self(text.to_owned())) } else { Err(EmailError) }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_for_people() {
        for text in ["Zoë", "Дима", "Mr. O'Neil, Jr."] {
            assert!(DisplayName::parse(text).is_ok(), "{text}");
        }
        for text in ["", " a", "a\n", "a\u{202e}b", "\u{200b}admin", "\u{61c}a", "a\u{ad}b", "a\0"] {
            assert!(DisplayName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_safe_in_a_header() {
        assert!(Email::parse("bob@example.com").is_ok());
        for text in ["", "bob", "@x", "bob@", "a@b@c", "a b@c", "a@b\r\nX: y", "a@b,c@d", "zoë@x"] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        let told = Email::parse("ä@b.de").unwrap_err().to_string();
        assert!(told.contains("umlauts") && told.contains("254"), "{told}");
    }
}
