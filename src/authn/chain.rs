//! The order in which credentials are tried: the first that was presented decides, and a wrong one is refused,
//! never skipped.

use std::{net::IpAddr, sync::Arc};

use actix_web::http::header::HeaderMap;
use thiserror::Error;

use super::{
    api_key::{self, KeyHolders, Use},
    authorization::Authorization,
    basic::{Basic, Guess},
    bypass::Bypass,
    cookie::Cookies,
    external::Provision,
    lane::Lane,
    open,
    principal::{Principal, Way},
    session,
    sign_in::{Refused, SignIn},
    sso::Sso,
    upstream::{Upstream, question::Question as UpstreamQuestion},
};
use crate::{clock::Timestamp, policy::origin::Origin, proxy::client::Client, store::view::View};

/// What the client sent, and where.
pub struct Presented<'a> {
    /// The headers of the verify request.
    pub headers: &'a HeaderMap,
    /// The cookies among them.
    pub cookies: &'a Cookies<'a>,
    /// When.
    pub now: Timestamp,
    /// The peer's address; `None` on the Unix socket.
    pub peer: Option<IpAddr>,
    /// The client's address; read where a credential hangs on it.
    pub client: &'a dyn Fn() -> Client,
    /// Where the original request was sent.
    pub origin: &'a Origin,
    /// Its path and query.
    pub target: &'a str,
    /// The query that keys are read from.
    pub query_of_keys: &'a str,
    /// Its method, as far as the proxy said it.
    pub method: &'a str,
    /// Whether a person navigates, whom another provider may send elsewhere.
    pub navigating: bool,
    /// Whether a browser asks before a request, without credentials of its own.
    pub preflight: bool,
    /// Whether the `Authorization` header is the app's.
    pub authorization_is_the_apps: bool,
    /// Whether keys in another form than ours are the app's.
    pub app_has_own_keys: bool,
    /// Whether another provider is asked about an `Authorization` that means nothing here.
    pub foreign_authorization_is_asked: bool,
}

impl<'a> Presented<'a> {
    /// When and from where.
    pub(super) const fn used(&self) -> Use<'a> {
        Use { now: self.now, client: self.client }
    }
}

/// What credentials are compared with.
pub struct Authenticator {
    /// Who may have API keys.
    pub keys: KeyHolders,
    /// Names and passwords.
    pub basic: Basic,
    /// Users that another proxy names, where that is on.
    pub sso: Option<Sso>,
    /// Sessions and their cookie.
    pub sessions: session::SessionRules,
    /// The provider that is asked, where there is one.
    pub upstream: Option<Upstream>,
    /// Who needs no credential, by their place in the network.
    pub bypass: Option<Bypass>,
    /// Where users of other systems are made.
    pub provisioning: Arc<Lane>,
    /// Who everybody is while authentication is switched off.
    pub open: open::OpenDoor,
}

/// How one kind of credential fared.
pub enum Attempt {
    /// The client sent none of this kind.
    NotPresented,
    /// It proved a user.
    Accepted(Principal),
    /// It is wrong.
    Rejected(Rejection),
    /// It takes time to tell.
    Unsettled(Question),
}

/// What must be found out first.
pub enum Question {
    /// Whether a password is right.
    Password(Box<Guess>),
    /// Who another system's user is here, which the store must be brought up to.
    Provision(Box<Provision>),
    /// Whom another provider knows the client for.
    Upstream(Box<UpstreamQuestion>),
}

impl Question {
    /// The kind of credential that it is about.
    pub const fn way(&self) -> Way {
        match self {
            Self::Password(_) => Way::Basic,
            Self::Provision(provision) => provision.way(),
            Self::Upstream(_) => Way::Upstream,
        }
    }
}

/// What all of them came to.
pub enum Identity {
    /// No credential was sent.
    Anonymous,
    /// One proved a user.
    Proven(Principal),
    /// One of this kind was wrong.
    Rejected(Way, Rejection),
    /// One takes time.
    Unsettled(Question),
}

/// The kind of credential that was tried last, and how it fared.
struct Tried(Way, Attempt);

/// What a question came to.
pub enum Settled {
    /// A user is proved.
    Proven(Principal),
    /// The credential is wrong, or opens nothing here.
    Rejected(Rejection),
    /// The password was not compared, or is wrong.
    Password(Refused),
    /// The other provider knows nobody; it sends people to this address, where it named one.
    SignInElsewhere(Option<String>),
    /// The other provider knows them, and refuses.
    ForbiddenElsewhere,
    /// Too much at once.
    Busy,
    /// The other provider cannot be asked, or the store not written; the log says so.
    Unavailable,
}

/// Why a credential is wrong; for the log, never for the client.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Rejection {
    /// Two cookies of our name.
    #[error(
        "two session cookies came; another site on the same domain may have planted one: delete the cookies of this host in \
         the browser, and see session.cookie_name for a name that nobody can plant"
    )]
    CookieRepeated,
    /// Not in the form that we issue.
    #[error("the session cookie is malformed")]
    CookieMalformed,
    /// No such session, or no longer.
    #[error("the session has ended; the client must sign in again")]
    SessionEnded,
    /// The user is disabled.
    #[error("the user is disabled; `sluice user enable` lets them in again")]
    UserDisabled,
    /// More than one `Authorization`, or one that cannot be read.
    #[error(
        "the Authorization header is neither Basic nor Bearer, or malformed; if it is meant for the app, set \
         authorization = \"app\" for that [[app]]"
    )]
    AuthorizationMalformed,
    /// More than one `X-API-Key`, or one that cannot be read.
    #[error("X-API-Key is repeated or malformed")]
    KeyMalformed,
    /// Two places carry two keys.
    #[error("the request carries two different API keys; send one")]
    KeysDiffer,
    /// No such key.
    #[error("there is no such API key; if it is the app's own, set authorization = \"app\" for that [[app]]")]
    KeyUnknown,
    /// No such key in the query, where any page can make a browser send it: it counts against nobody.
    #[error(
        "there is no such API key as in the query; if it is the app's own, set authorization = \"app\" for that [[app]]"
    )]
    QueryKeyUnknown,
    /// A key that was revoked.
    #[error("the API key is revoked; make another with `sluice key create`")]
    KeyRevoked,
    /// A key past its end.
    #[error("the API key has expired; make another with `sluice key create`")]
    KeyExpired,
    /// A key with another's user name.
    #[error("the user name beside the API key is not its owner's; leave it empty or correct it")]
    KeyOfAnother,
    /// A key from a network that it is not for.
    #[error("the API key is not for the client's network; make one with another --cidr")]
    KeyElsewhere,
    /// A key for other apps, at an app's own sign-in.
    #[error("the API key opens other apps only; make one with another --app")]
    KeyForOtherApps,
    /// Somebody whom no app of these lets in, at an app's own sign-in.
    #[error(
        "the app does not let this user in; name them, or a group of theirs, in users or groups of that [[app]]"
    )]
    NotAdmitted,
    /// A key of somebody who is no administrator, where only those may have keys.
    #[error("only administrators' keys count while api_keys.admin_only is true")]
    KeyNotForUsers,
    /// The SSO header holds no user name.
    #[error("the SSO header is repeated or holds no user name; names have a-z 0-9 . _ @ - only")]
    SsoName,
    /// The user whom another system names is disabled here.
    #[error("another system named a user who is disabled; `sluice user enable` lets them in again")]
    NamedUserDisabled,
    /// Nobody here has the name that another system says.
    #[error("another system named somebody who is no user here; add them, or set auto_provision = true")]
    NoSuchUser,
    /// No more users are made.
    #[error("another system named too many new users at once, or there are too many; see the log")]
    TooManyNew,
    /// The bypass acts as somebody who is not there.
    #[error("bypass.user is no user; add one of that name or correct it")]
    BypassUserMissing,
    /// Authentication is off, and the request was sent to a name that may be a stranger's.
    #[error(
        "auth.enabled is false, and the configuration does not name this host; list it in hosts of an [[app]], or set \
         server.public_url"
    )]
    OpenElsewhere,
}

impl Rejection {
    /// Whether the client proved themselves to another system, which would send them here again at once.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::NoSuchUser | Self::TooManyNew | Self::NamedUserDisabled)
    }
}

impl Authenticator {
    /// Who is there.
    pub fn identify(&self, presented: &Presented<'_>, view: &View) -> Identity {
        let authorization = match presented.authorization_is_the_apps {
            true => Authorization::Absent,
            false => Authorization::of(presented.headers),
        };
        let Tried(way, attempt) = self.attempt(presented, authorization, view);
        match attempt {
            Attempt::NotPresented => Identity::Anonymous,
            Attempt::Accepted(principal) => Identity::Proven(principal),
            Attempt::Rejected(rejection) => Identity::Rejected(way, rejection),
            Attempt::Unsettled(question) => Identity::Unsettled(question),
        }
    }

    /// The order.
    fn attempt(&self, presented: &Presented<'_>, authorization: Authorization<'_>, view: &View) -> Tried {
        Tried(Way::ApiKey, api_key::attempt(self.keys, presented, &authorization, view))
            .or_else(Way::Basic, || match authorization {
                Authorization::Basic { user, password } => {
                    self.basic.attempt((user, password), presented, view)
                }
                Authorization::Malformed => Attempt::Rejected(Rejection::AuthorizationMalformed),
                Authorization::Absent | Authorization::Bearer(_) => Attempt::NotPresented,
            })
            .or_else(Way::Sso, || match &self.sso {
                Some(sso) => sso.attempt(presented, view),
                None => Attempt::NotPresented,
            })
            .or_else(Way::Session, || self.sessions.attempt(presented, self.keys, view))
            .or_else(Way::Bypass, || match &self.bypass {
                Some(bypass) => bypass.attempt(presented, view),
                None => Attempt::NotPresented,
            })
            // The provider knows even those who send nothing: it says where they sign in.
            .or_else(Way::Upstream, || match &self.upstream {
                Some(upstream) if !presented.preflight => upstream.attempt(presented),
                _ => Attempt::NotPresented,
            })
            .or_else(Way::Open, || self.open.attempt(presented.origin))
    }

    /// Finds out what takes time.
    pub async fn settle(&self, question: Question, sign_in: &SignIn) -> Settled {
        match question {
            Question::Password(guess) => self.basic.settle(*guess, sign_in).await,
            Question::Provision(provision) => provision.settle(&sign_in.store).await,
            Question::Upstream(question) => match &self.upstream {
                Some(upstream) => upstream.settle(*question, &sign_in.store).await,
                None => Settled::Unavailable,
            },
        }
    }

    /// Whether people sign in at another system, and not on our page.
    pub const fn is_external(&self) -> bool {
        self.sso.is_some() || self.upstream.is_some()
    }
}

impl Tried {
    fn or_else(self, way: Way, next: impl FnOnce() -> Attempt) -> Self {
        match self {
            Self(_, Attempt::NotPresented) => Self(way, next()),
            decided => decided,
        }
    }
}
