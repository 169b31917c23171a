//! What a route needs of who asks.

use thiserror::Error;

use super::capability::{Capabilities, Capability};

/// What a route needs, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nobody need sign in.
    Public,
    /// Any signed-in user.
    Any,
    /// Each of these capabilities.
    Capabilities(Capabilities),
    /// An administrator.
    Admin,
    /// Never through the gate.
    Deny,
}

/// Why a text names no need.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{text}` names no need by `{word}`; use public, any, admin, deny, an alias, or capabilities joined by +"
)]
pub struct NeedsError {
    text: String,
    word: String,
}

impl Needs {
    /// Reads `public`, `any`, `admin`, `deny`, or capabilities joined by `+`, in which `alias` may stand for others.
    pub fn parse<'a>(text: &'a str, alias: impl Fn(&'a str) -> Option<Self>) -> Result<Self, NeedsError> {
        let mut sum: Option<Self> = None;
        for word in text.split('+') {
            let one = match word {
                "public" => Self::Public,
                "any" => Self::Any,
                "admin" => Self::Admin,
                "deny" => Self::Deny,
                name => match alias(name) {
                    Some(needs) => needs,
                    None => match Capability::named(name) {
                        Some(capability) => Self::Capabilities(Capabilities::with(capability)),
                        None => {
                            return Err(NeedsError { text: text.to_owned(), word: name.to_owned() });
                        }
                    },
                },
            };
            sum = Some(sum.map_or(one, |sum| sum.and(one)));
        }
        Ok(sum.unwrap_or(Self::Admin))
    }

    /// Both together.
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Capabilities(one), Self::Capabilities(two)) => Self::Capabilities(one.either(two)),
            _ if self.rank() >= other.rank() => self,
            _ => other,
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Public => 0,
            Self::Any => 1,
            Self::Capabilities(_) => 2,
            Self::Admin => 3,
            Self::Deny => 4,
        }
    }
}

impl std::fmt::Display for Needs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::Any => f.write_str("any"),
            Self::Admin => f.write_str("admin"),
            Self::Deny => f.write_str("deny"),
            Self::Capabilities(set) => f.write_str(&set.to_string().replace(',', "+")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_add_up_to_the_most() {
        let parse = |text| Needs::parse(text, |name| (name == "EDIT").then_some(Needs::Admin));
        for (text, shown) in [
            ("public", "public"),
            ("any+public", "any"),
            ("any+search", "search"),
            ("add_downloads+search", "search+add_downloads"),
            ("edit_all_downloads", "view_all_downloads+edit_all_downloads"),
            ("search+EDIT", "admin"),
            ("deny+admin", "deny"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown, "{text}");
        }
        for text in ["", "nonsense", "search+", "Search", "search,add_downloads"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
