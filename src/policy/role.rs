//! Administrators and ordinary users.

/// What kind of user: an administrator holds every capability, whatever is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Holds everything and administers Sluice.
    Admin,
    /// Holds what was granted.
    User,
}

impl Role {
    /// The word in headers, commands and the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
        }
    }

    /// The group that goes with it.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Admin => "admins",
            Self::User => "users",
        }
    }
}
