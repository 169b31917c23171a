//! The types of events, and sets of them.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A user was made.
    UserAdded,
    /// A user's name for people, address or groups changed.
    UserChanged,
    /// A user may come in again.
    UserEnabled,
    /// A user may not come in any more.
    UserDisabled,
    /// A user is gone.
    UserDeleted,
    /// A user's password was set or removed.
    UserPasswordChanged,
    /// A user's role or capabilities changed.
    UserCapabilitiesChanged,
    /// A session started.
    SessionStarted,
    /// One session or several of a user ended.
    SessionEnded,
    /// An API key was made.
    KeyMade,
    /// An API key was revoked.
    KeyRevoked,
    /// Somebody proved who they are.
    SigninSucceeded,
    /// A password or a key was wrong.
    SigninFailed,
    /// An address has to wait before it may try again.
    SigninBlocked,
    /// An address may try again.
    SigninUnblocked,
    /// Settings were saved.
    SettingsChanged,
    /// An earlier version of the settings was brought back.
    SettingsRestored,
    /// The owner of an item was recorded.
    OwnerRecorded,
    /// An item has another owner.
    OwnerHandedOver,
    /// An item has no owner any more.
    OwnerDropped,
    /// A request was refused.
    RequestRefused,
    /// A request that changes something was let through.
    Action,
}

/// Events that are kept side by side: however many there are of one class, they push out none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Changes to users, keys, settings and what is whose.
    Change,
    /// Sign-ins and sessions.
    SignIn,
    /// What apps are used for.
    Routine,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Change, Self::SignIn, Self::Routine];

    /// The kinds in it.
    pub fn kinds(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |kind| kind.class() == self)
    }
}

use Kind as K;

impl Kind {
    /// All of them.
    pub const ALL: [Self; 22] = [
        K::UserAdded,
        K::UserChanged,
        K::UserEnabled,
        K::UserDisabled,
        K::UserDeleted,
        K::UserPasswordChanged,
        K::UserCapabilitiesChanged,
        K::SessionStarted,
        K::SessionEnded,
        K::KeyMade,
        K::KeyRevoked,
        K::SigninSucceeded,
        K::SigninFailed,
        K::SigninBlocked,
        K::SigninUnblocked,
        K::SettingsChanged,
        K::SettingsRestored,
        K::OwnerRecorded,
        K::OwnerHandedOver,
        K::OwnerDropped,
        K::RequestRefused,
        K::Action,
    ];

    /// The name in the store, in filters and for those who are told.
    pub const fn name(self) -> &'static str {
        match self {
            K::UserAdded => "user.added",
            K::UserChanged => "user.changed",
            K::UserEnabled => "user.enabled",
            K::UserDisabled => "user.disabled",
            K::UserDeleted => "user.deleted",
            K::UserPasswordChanged => "user.password_changed",
            K::UserCapabilitiesChanged => "user.capabilities_changed",
            K::SessionStarted => "session.started",
            K::SessionEnded => "session.ended",
            K::KeyMade => "key.made",
            K::KeyRevoked => "key.revoked",
            K::SigninSucceeded => "signin.succeeded",
            K::SigninFailed => "signin.failed",
            K::SigninBlocked => "signin.blocked",
            K::SigninUnblocked => "signin.unblocked",
            K::SettingsChanged => "settings.changed",
            K::SettingsRestored => "settings.restored",
            K::OwnerRecorded => "owner.recorded",
            K::OwnerHandedOver => "owner.handed_over",
            K::OwnerDropped => "owner.dropped",
            K::RequestRefused => "request.refused",
            K::Action => "action",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The class whose room it takes.
    pub const fn class(self) -> Class {
        match self {
            K::UserAdded
            | K::UserChanged
            | K::UserEnabled
            | K::UserDisabled
            | K::UserDeleted
            | K::UserPasswordChanged
            | K::UserCapabilitiesChanged
            | K::KeyMade
            | K::KeyRevoked
            | K::SigninUnblocked
            | K::SettingsChanged
            | K::SettingsRestored
            | K::OwnerHandedOver
            | K::OwnerDropped => Class::Change,
            K::SessionStarted | K::SessionEnded | K::SigninSucceeded | K::SigninFailed | K::SigninBlocked => {
                Class::SignIn
            }
            K::OwnerRecorded | K::RequestRefused | K::Action => Class::Routine,
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u32);

/// A text that names no type of event.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "`{0}` is no type of event; use names such as user.deleted, a group such as user.*, session.*, key.*, signin.*, \
     settings.*, owner.*, request.* or action, or * for all"
)]
pub struct KindError(String);

impl Kinds {
    /// Every kind.
    pub const ALL: Self = Self((1 << Kind::ALL.len()) - 1);
    /// None.
    pub const NONE: Self = Self(0);

    /// Reads one name: a kind's, a group's such as `user.*`, or `*`.
    pub fn parse(text: &str) -> Result<Self, KindError> {
        let named = |kind: &Kind| match text.strip_suffix('*') {
            Some("") => true,
            Some(group) => group.ends_with('.') && kind.name().starts_with(group),
            None => kind.name() == text,
        };
        let found = Kind::ALL.iter().filter(|kind| named(kind)).map(|kind| kind.bit()).sum();
        if found == 0 { Err(KindError(text.to_owned())) } else { Ok(Self(found)) }
    }

    /// Whether it holds this kind.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Both together.
    pub const fn either(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The kinds in it.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |&kind| self.contains(kind))
    }
}

impl From<Kind> for Kinds {
    fn from(kind: Kind) -> Self {
        Self(kind.bit())
    }
}

impl FromStr for Kinds {
    type Err = KindError;

    /// A comma list of what [`Kinds::parse`] reads.
    fn from_str(text: &str) -> Result<Self, KindError> {
        text.split(',').map(str::trim).try_fold(Self::NONE, |sum, name| Ok(sum.either(Self::parse(name)?)))
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Kind::name).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
            assert!(Kinds::ALL.contains(kind) && !Kinds::NONE.contains(kind));
        }
    }

    #[test]
    fn groups_and_lists_are_read() {
        for (text, expected) in [
            ("action", "action"),
            ("session.*", "session.started,session.ended"),
            ("key.*, request.refused", "key.made,key.revoked,request.refused"),
            ("request.*,request.refused", "request.refused"),
        ] {
            assert_eq!(text.parse::<Kinds>().unwrap().to_string(), expected, "{text}");
        }
        assert_eq!("*".parse(), Ok(Kinds::ALL));
        for text in ["", "user", "user.", "us*", "user.*.added", "User.added", "action.*", ",", "user.added,"]
        {
            assert!(text.parse::<Kinds>().is_err(), "{text}");
        }
    }
}
