//! Sets of capabilities in a word: presets for people, permissions for apps.

use super::capability::Capabilities;

/// A named set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// All eighteen.
    Full,
    /// Looking without touching.
    ReadOnly,
    /// What users from an SSO header get.
    SsoDefault,
    /// Nothing.
    None,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Full, Self::ReadOnly, Self::SsoDefault, Self::None];

    /// The name in commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "read-only",
            Self::SsoDefault => "sso-default",
            Self::None => "none",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Full => "Full access",
            Self::ReadOnly => "Read only",
            Self::SsoDefault => "SSO default",
            Self::None => "Nothing",
        }
    }

    /// The set it names.
    pub const fn capabilities(self) -> Capabilities {
        match self {
            Self::Full => Capabilities::ALL,
            Self::ReadOnly => Capabilities::READ_ONLY,
            Self::SsoDefault => Capabilities::SSO_DEFAULT,
            Self::None => Capabilities::NONE,
        }
    }
}

/// A set in one word, for apps that know no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// All eighteen.
    Full,
    /// Only capabilities of the read-only preset.
    ReadOnly,
    /// None at all.
    None,
    /// Anything else.
    Custom,
}

impl Permission {
    /// The word in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::ReadOnly => "ro",
            Self::None => "none",
            Self::Custom => "custom",
        }
    }
}
