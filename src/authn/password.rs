//! Passwords: what a new one must be, and bcrypt.

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// bcrypt reads 72 bytes and would ignore the rest.
const MAX_BYTES: usize = 72;
/// Above this a hash takes seconds; one that is stored with more opens nothing.
pub const MAX_COST: u32 = 15;
/// The least that bcrypt knows.
const MIN_COST: u32 = 4;
/// The length of a bcrypt hash.
const HASH_BYTES: usize = 60;

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

/// What every comparison costs: as much as the dearest of these hashes, or as a new one. Whoever has an older, cheaper
/// hash, or none, is then not told from the others by the time that a wrong password takes.
pub fn work<'a>(stored: impl Iterator<Item = &'a SecretString>, cost: u32) -> u32 {
    stored.filter_map(|hash| usable(hash.expose_secret())).fold(cost, u32::max)
}

/// Compares a password with a stored hash. Does exactly the same `work` where there is no hash, a cheaper one, or where
/// the password cannot be right.
pub fn verify(password: &SecretString, stored: Option<&SecretString>, work: u32) -> bool {
    compare(password, stored, work, |text, hash| bcrypt::verify(text, hash).unwrap_or(false))
}

fn compare(
    password: &SecretString,
    stored: Option<&SecretString>,
    work: u32,
    mut bcrypt: impl FnMut(&str, &str) -> bool,
) -> bool {
    let presented = Some(password.expose_secret()).filter(|text| fits(text).is_ok());
    let text = presented.unwrap_or_default();
    let Some((hash, cost)) =
        stored.map(ExposeSecret::expose_secret).and_then(|hash| Some((hash, usable(hash)?)))
    else {
        bcrypt(text, &nobodys_hash(work));
        return false;
    };
    let matches = bcrypt(text, hash);
    // One more doubles the work, so 2^c and 2^c + 2^(c+1) + ... make up a power of two.
    for padding in cost..work {
        bcrypt(text, &nobodys_hash(padding));
    }
    matches && presented.is_some()
}

/// Whether a stored hash has another cost than new ones get.
pub fn outdated(stored: &SecretString, cost: u32) -> bool {
    cost_of(stored.expose_secret()) != Some(cost)
}

/// The cost of a hash that can open something.
fn usable(hash: &str) -> Option<u32> {
    cost_of(hash).filter(|cost| (MIN_COST..=MAX_COST).contains(cost) && hash.len() == HASH_BYTES)
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

    /// A hash as bcrypt writes it, of that cost.
    fn of_cost(cost: u32) -> SecretString {
        secret(&nobodys_hash(cost))
    }

    #[test]
    fn a_wrong_password_is_as_much_work_for_every_name() {
        let stored = [6, 9, 9, 12].map(of_cost);
        for configured in [4, 10, 12, 14] {
            let work = work(stored.iter(), configured);
            assert_eq!(work, configured.max(12));
            let unsound = ["", "plain", "$2b$31$x", "$2b$10$x", "$2b$02$x"].map(secret);
            let known = stored.iter().chain(&unsound).map(Some);
            for (whose, text) in known.chain([None]).flat_map(|hash| [(hash, "x"), (hash, "x\0")]) {
                let mut spent = 0_u64;
                let right = compare(&secret(text), whose, work, |_, hash| {
                    spent += 1 << cost_of(hash).unwrap();
                    false
                });
                assert!(!right);
                assert_eq!(spent, 1 << work, "{whose:?} {text:?} of {configured}");
            }
        }
    }

    #[test]
    fn padding_opens_nothing_and_hides_nothing() {
        let stored = secret(&hash(&secret("abc123!x"), 4).unwrap());
        assert!(verify(&secret("abc123!x"), Some(&stored), 6));
        assert!(!verify(&secret("abc123!y"), Some(&stored), 6));
        assert!(!compare(&secret("x"), Some(&of_cost(4)), 6, |_, hash| hash == nobodys_hash(5)));
    }

    #[test]
    fn no_hash_and_no_sound_hash_open_to_nobody() {
        for stored in ["", "plain", "$2b$", "$2b$31$abcdefghijklmnopqrstuu", "$2b$04$é", "$1$x$y"] {
            assert!(!verify(&secret("plain"), Some(&secret(stored)), 4), "{stored}");
        }
        assert!(!verify(&secret(""), None, 4));
        assert_eq!(nobodys_hash(4).len(), HASH_BYTES);
        assert!(bcrypt::verify("x", &nobodys_hash(4)).is_ok());
    }
}
