//! The user that a credential proved, and how.

use std::sync::Arc;

use crate::{
    policy::{
        app::AppName,
        capability::Capabilities,
        role::Role,
        verdict::{OriginBinding, Subject},
    },
    store::{
        keys::ApiKey,
        sessions::{Opened, SessionId},
        users::User,
    },
};

/// A user, proved for this one request.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Who.
    pub user: Arc<User>,
    /// By what.
    pub credential: Credential,
    /// The key that proved them, now or when their session started: it may open less than they may.
    pub key: Option<Arc<ApiKey>>,
}

/// What proved the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The cookie of a session.
    Session(SessionId, Opened),
    /// An API key.
    ApiKey(Carrier),
    /// A name and a password with the request itself.
    Basic,
    /// A header from another proxy that had proved them.
    Sso,
    /// The answer of another provider to what the client sent.
    Upstream(UpstreamBy),
    /// The client's place in the network.
    Bypass,
    /// Nothing: authentication is switched off.
    Open,
}

/// Where a key stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// In a header of its own or as a bearer token, which no page can send by itself.
    Header,
    /// As a password, which browsers remember and send by themselves.
    Basic,
    /// In the query, which any page can link to.
    Query,
}

/// What the other provider knew them by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamBy {
    /// Cookies, or the client's place in the network.
    Browser,
    /// An `Authorization` header, which is what programs send.
    Program,
}

/// A way in, whether it opens or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Without a credential.
    None,
    /// A route that asks for none.
    Public,
    /// [`Credential::Session`].
    Session,
    /// [`Credential::ApiKey`].
    ApiKey,
    /// [`Credential::Basic`].
    Basic,
    /// [`Credential::Sso`].
    Sso,
    /// [`Credential::Upstream`].
    Upstream,
    /// [`Credential::Bypass`].
    Bypass,
    /// [`Credential::Open`].
    Open,
}

impl Way {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Public,
        Self::Session,
        Self::ApiKey,
        Self::Basic,
        Self::Sso,
        Self::Upstream,
        Self::Bypass,
        Self::Open,
    ];

    /// The word in `X-Auth-Method`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Public => "public",
            Self::Session => "session",
            Self::ApiKey => "api-key",
            Self::Basic => "basic",
            Self::Sso => "sso",
            Self::Upstream => "upstream",
            Self::Bypass => "bypass",
            Self::Open => "open",
        }
    }
}

impl Credential {
    /// The way in that it opens.
    pub const fn way(self) -> Way {
        match self {
            Self::Session(..) => Way::Session,
            Self::ApiKey(_) => Way::ApiKey,
            Self::Basic => Way::Basic,
            Self::Sso => Way::Sso,
            Self::Upstream(_) => Way::Upstream,
            Self::Bypass => Way::Bypass,
            Self::Open => Way::Open,
        }
    }

    /// How it binds a request to the page that sent it.
    const fn binding(self) -> OriginBinding {
        match self {
            Self::Session(_, Opened::Page) | Self::Sso | Self::Upstream(UpstreamBy::Browser) => {
                OriginBinding::Browser
            }
            Self::Session(_, Opened::Client(_))
            | Self::ApiKey(Carrier::Basic | Carrier::Query)
            | Self::Basic
            | Self::Upstream(UpstreamBy::Program)
            | Self::Bypass
            | Self::Open => OriginBinding::Network,
            Self::ApiKey(Carrier::Header) => OriginBinding::None,
        }
    }
}

impl Principal {
    /// A user without a key.
    pub const fn new(user: Arc<User>, credential: Credential) -> Self {
        Self { user, credential, key: None }
    }

    /// The role as the app may know it: a key for some capabilities makes nobody an administrator.
    pub fn role(&self) -> Role {
        if self.narrowed().is_some() { Role::User } else { self.user.role }
    }

    fn narrowed(&self) -> Option<Capabilities> {
        self.key.as_ref().and_then(|key| key.scope.capabilities)
    }

    /// Whether a key leaves less than the user may do: what else is known of them then says too much.
    pub fn is_narrowed(&self) -> bool {
        self.narrowed().is_some()
    }

    /// Who asks, as policy sees them in an app.
    pub fn subject(&self, app: &AppName) -> Subject<'_> {
        let held = self.user.held_in(app);
        Subject {
            name: self.user.name.as_str(),
            groups: self.user.groups.as_slice(),
            standing: self.user.role,
            role: self.role(),
            granted: self.narrowed().map_or(held, |subset| held.both(subset)),
            apps: self.key.as_ref().and_then(|key| key.scope.apps.as_deref()),
            binding: self.credential.binding(),
        }
    }
}
