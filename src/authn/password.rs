//! Passwords: what a new one must be, and bcrypt.

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// bcrypt reads 72 bytes and would ignore the rest.
const MAX_BYTES: usize = 72;
/// Above this a hash takes seconds; one that is stored with more opens nothing.
pub const MAX_COST: u32 = 15;

/// What is wrong with a new password.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PasswordError {
    /// Fewer than eight characters.
    #[error("the password needs at least 8 characters")]
    TooShort,
    /// No digit.
    #[error("the password needs at least one digit")]
    NoDigit,
    /// No letter.
    #[error("the password needs at least one letter")]
    NoLetter,
    /// Letters and digits only.
    #[error("the password needs at least one special character, such as ! or -")]
    NoSpecial,
    /// More than bcrypt reads.
    #[error("the password is longer than 72 bytes; choose a shorter one")]
    TooLong,
    /// A byte that ends text early, or cannot be typed again.
    #[error("the password holds a control character; choose one without")]
    Control,
}

/// A password could not be hashed.
#[derive(Debug, Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(bcrypt::BcryptError);

/// Whether bcrypt can tell this password from every other.
pub fn fits(text: &str) -> Result<(), PasswordError> {
    if text.len() > MAX_BYTES {
        Err(PasswordError::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(PasswordError::Control)
    } else {
        Ok(())
    }
}

/// Whether people may choose this password: aMuTorrent's rules, and bcrypt's limits.
pub fn check_new(text: &str) -> Result<(), PasswordError> {
    let has = |kind: fn(char) -> bool| text.chars().any(kind);
    if text.chars().count() < 8 {
        Err(PasswordError::TooShort)
    } else if !has(|c| c.is_ascii_digit()) {
        Err(PasswordError::NoDigit)
    } else if !has(char::is_alphabetic) {
        Err(PasswordError::NoLetter)
    } else if !has(|c| !c.is_alphanumeric()) {
        Err(PasswordError::NoSpecial)
    } else {
        fits(text)
    }
}

/// Hashes a password that [`fits`]. Takes a quarter of a second at the default cost.
pub fn hash(password: &SecretString, cost: u32) -> Result<String, HashError> {
    bcrypt::hash(password.expose_secret(), cost).map_err(HashError)
}

/// Compares a password with a stored hash. Costs the same where there is no hash or the password cannot be
/// right, so that the time tells nothing.
pub fn verify(password: &SecretString, stored: Option<&SecretString>, cost: u32) -> bool {
    let stored = stored.map(ExposeSecret::expose_secret).filter(|hash| usable(hash));
    let presented = Some(password.expose_secret()).filter(|text| fits(text).is_ok());
    let (hash, possible) = match (stored, presented) {
        (Some(hash), Some(_)) => (hash.to_owned(), true),
        (hash, _) => (hash.map_or_else(|| nobodys_hash(cost), str::to_owned), false),
    };
    let matches = bcrypt::verify(presented.unwrap_or_default(), &hash).unwrap_or(false);
    matches && possible
}

/// Whether a stored hash has another cost than new ones get.
pub fn outdated(stored: &SecretString, cost: u32) -> bool {
    cost_of(stored.expose_secret()) != Some(cost)
}

fn usable(hash: &str) -> bool {
    cost_of(hash).is_some_and(|cost| cost <= MAX_COST)
}

fn cost_of(hash: &str) -> Option<u32> {
    let mut parts = hash.strip_prefix('$')?.split('$');
    parts.next().filter(|version| matches!(*version, "2a" | "2b" | "2y"))?;
    parts.next()?.parse().ok()
}

/// A well-formed hash that belongs to nobody.
fn nobodys_hash(cost: u32) -> String {
    format!("$2b${cost:02}$abcdefghijklmnopqrstuuWqfYVEqTRr/2vU7nDmFvC3nYpJMnVEy")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    #[test]
    fn a_new_password_follows_the_rules() {
        for (text, verdict) in [
            ("abc123!x", Ok(())),
            ("pässwört1 ", Ok(())),
            ("ab1!", Err(PasswordError::TooShort)),
            ("abcdefg!", Err(PasswordError::NoDigit)),
            ("1234567!", Err(PasswordError::NoLetter)),
            ("abcd1234", Err(PasswordError::NoSpecial)),
            ("abc123!\0", Err(PasswordError::Control)),
        ] {
            assert_eq!(check_new(text), verdict, "{text:?}");
        }
        assert_eq!(check_new(&format!("a1!{}", "x".repeat(69))), Ok(()));
        assert_eq!(check_new(&format!("a1!{}", "x".repeat(70))), Err(PasswordError::TooLong));
    }

    #[test]
    fn only_the_password_opens_its_hash() {
        let stored = secret(&hash(&secret("abc123!x"), 4).unwrap());
        assert!(verify(&secret("abc123!x"), Some(&stored), 4));
        for wrong in ["abc123!y", "", "abc123!x\0", "abc123!x\0abc123!x"] {
            assert!(!verify(&secret(wrong), Some(&stored), 4), "{wrong:?}");
        }
        let long = "x".repeat(72);
        let stored = secret(&hash(&secret(&long), 4).unwrap());
        assert!(verify(&secret(&long), Some(&stored), 4));
        assert!(!verify(&secret(&format!("{long}y")), Some(&stored), 4));
    }

    #[test]
    fn no_hash_and_no_sound_hash_open_to_nobody() {
        for stored in ["", "plain", "$2b$", "$2b$31$abcdefghijklmnopqrstuu", "$2b$04$é", "$1$x$y"] {
            assert!(!verify(&secret("plain"), Some(&secret(stored)), 4), "{stored}");
        }
        assert!(!verify(&secret(""), None, 4));
        assert_eq!(nobodys_hash(4).len(), 60);
        assert!(bcrypt::verify("x", &nobodys_hash(4)).is_ok());
    }
}
