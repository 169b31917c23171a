//! Who is told what happens: a webhook or a command.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::kind::Kinds;
use crate::store::deliveries::TargetDigest;

/// One of them, and what it is told.
#[derive(Clone)]
pub struct Target {
    /// Of these kinds.
    pub kinds: Kinds,
    /// Where.
    pub to: To,
}

/// Where events go.
#[derive(Clone)]
pub enum To {
    /// An address that each is posted to.
    Webhook {
        /// The address; what follows the host is often a secret.
        url: Url,
        /// What signs them.
        secret: Option<SecretString>,
    },
    /// A program that is run for each.
    Command {
        /// The program and its arguments.
        words: Vec<String>,
    },
}

impl Target {
    /// Tells it from others, also after a restart.
    pub fn digest(&self) -> TargetDigest {
        let mut digest = Sha256::new();
        match &self.to {
            To::Webhook { url, .. } => digest.update(url.as_str()),
            To::Command { words } => words.iter().for_each(|word| {
                digest.update([0]);
                digest.update(word);
            }),
        }
        digest.finalize().into()
    }

    /// Whether all of it is the same.
    pub fn is(&self, other: &Self) -> bool {
        let secret = |target: &Self| match &target.to {
            To::Webhook { secret, .. } => secret.as_ref().map(|secret| secret.expose_secret().to_owned()),
            To::Command { .. } => None,
        };
        self.kinds == other.kinds && self.digest() == other.digest() && secret(self) == secret(other)
    }
}

/// What logs may say of it.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            To::Webhook { url, .. } => f.write_str(&url.origin().ascii_serialization()),
            To::Command { words } => f.write_str(words.first().map_or("", String::as_str)),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}: {}", self.kinds)
    }
}
