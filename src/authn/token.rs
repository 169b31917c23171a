//! Random 256-bit tokens: plain only at birth and in the client's hands, a digest everywhere else.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::scan;

/// Characters of a token: 256 bits in URL-safe base64 without padding.
const LENGTH: usize = 43;

/// A token in plain; its `Debug` shows nothing of it.
pub struct Token(String);

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes from the operating system: {0}")]
pub struct RandomError(getrandom::Error);

impl Token {
    /// A fresh token from the operating system's generator.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self(BASE64_URL_SAFE_NO_PAD.encode(random()?)))
    }

    /// The plain text, for the client.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored and compared.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// 256 bits from the operating system's generator.
pub(super) fn random() -> Result<[u8; 32], RandomError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(RandomError)?;
    Ok(bytes)
}

/// SHA-256 of a token. The token has 256 random bits, so no salt and no slow hash is needed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Of a presented token; `None` unless it has exactly the length and alphabet of one.
    pub fn of(presented: &[u8]) -> Option<Self> {
        is_token(presented).then(|| Self(Sha256::digest(presented).into()))
    }

    /// Of an API key in the form that [`super::api_key`] issues; the caller has checked it.
    pub(super) fn of_key(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    /// Of something else that is looked up by its SHA-256.
    pub(super) const fn from_array(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// From the bytes in the store; `None` unless there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes for the store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether both are the same, in time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// Whether this has exactly the length and alphabet of a token.
pub(super) fn is_token(presented: &[u8]) -> bool {
    presented.len() == LENGTH
        && scan::all(presented, |b| b.is_ascii_alphanumeric() | (b == b'_') | (b == b'-'))
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_random_and_reads_again() {
        let (first, second) = (Token::generate().unwrap(), Token::generate().unwrap());
        assert_ne!(first.expose(), second.expose());
        assert!(TokenDigest::of(first.expose().as_bytes()).unwrap().matches(&first.digest()));
        assert!(!first.digest().matches(&second.digest()));
    }

    #[test]
    fn only_the_exact_form_is_a_token() {
        let good = [b'A'; LENGTH];
        assert!(TokenDigest::of(&good).is_some());
        for bad in
            [&good[1..], &[&good[..], b"A"].concat(), b"", &[b"=", &good[1..]].concat(), &[0xff; LENGTH]]
        {
            assert!(TokenDigest::of(bad).is_none());
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let token = Token::generate().unwrap();
        assert_eq!(format!("{token:?} {:?}", token.digest()), "Token(..) TokenDigest(..)");
    }
}
