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

    /// The role of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Admin, Self::User].into_iter().find(|role| role.name() == name)
    }

    /// The group that goes with it.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Admin => "admins",
            Self::User => "users",
        }
    }
}
