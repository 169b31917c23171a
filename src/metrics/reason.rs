//! The kinds of refusal that are told apart in counts. The words for the client are those of the refusal itself.

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// None was sent.
    NoCredential,
    /// One was sent, and is wrong or has ended.
    WrongCredential,
    /// Too many failures before it.
    Throttled,
    /// Another system named somebody who is no user here, or is disabled.
    UnknownUser,
    /// The sign-in provider refuses them.
    RefusedByProvider,
    /// The page that sent it is of another origin.
    ForeignOrigin,
    /// It names no page.
    MissingOrigin,
    /// The user lacks a capability.
    MissingCapability,
    /// It is for administrators.
    AdminOnly,
    /// The user or the key may not enter the app.
    NotForThisApp,
    /// The app's cookies in the browser are another person's, or not yet known to be theirs.
    AnotherPerson,
    /// Nobody may, through this gate.
    NotThroughThisGate,
    /// The proxy did not describe the request, or wrongly.
    Undescribed,
    /// The peer is no trusted proxy.
    UntrustedPeer,
    /// No app takes the host.
    UnknownHost,
    /// Too much at once.
    Busy,
    /// The store or the provider cannot be asked.
    Unavailable,
}

impl Reason {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 17] = [
        Self::NoCredential,
        Self::WrongCredential,
        Self::Throttled,
        Self::UnknownUser,
        Self::RefusedByProvider,
        Self::ForeignOrigin,
        Self::MissingOrigin,
        Self::MissingCapability,
        Self::AdminOnly,
        Self::NotForThisApp,
        Self::AnotherPerson,
        Self::NotThroughThisGate,
        Self::Undescribed,
        Self::UntrustedPeer,
        Self::UnknownHost,
        Self::Busy,
        Self::Unavailable,
    ];

    /// The name in `/metrics` and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoCredential => "no_credential",
            Self::WrongCredential => "wrong_credential",
            Self::Throttled => "throttled",
            Self::UnknownUser => "unknown_user",
            Self::RefusedByProvider => "refused_by_provider",
            Self::ForeignOrigin => "foreign_origin",
            Self::MissingOrigin => "missing_origin",
            Self::MissingCapability => "missing_capability",
            Self::AdminOnly => "admin_only",
            Self::NotForThisApp => "not_for_this_app",
            Self::AnotherPerson => "another_person",
            Self::NotThroughThisGate => "not_through_this_gate",
            Self::Undescribed => "undescribed",
            Self::UntrustedPeer => "untrusted_peer",
            Self::UnknownHost => "unknown_host",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }

    /// For people, in the charts.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NoCredential => "Not signed in",
            Self::WrongCredential => "Wrong password, key or session",
            Self::Throttled => "Too many failures before",
            Self::UnknownUser => "Known elsewhere, but no user here",
            Self::RefusedByProvider => "Refused by the sign-in provider",
            Self::ForeignOrigin => "Sent by a page of another site",
            Self::MissingOrigin => "Sent by a page that is not named",
            Self::MissingCapability => "Not allowed to do this",
            Self::AdminOnly => "Only for administrators",
            Self::NotForThisApp => "Not allowed into this app",
            Self::AnotherPerson => "With another person’s cookies of the app",
            Self::NotThroughThisGate => "Closed to everybody",
            Self::Undescribed => "Not described by the proxy",
            Self::UntrustedPeer => "Not from a trusted proxy",
            Self::UnknownHost => "Host of no app",
            Self::Busy => "Too much at once",
            Self::Unavailable => "Database or provider out of reach",
        }
    }
}
