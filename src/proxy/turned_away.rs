//! Why a verify request is turned away: what the log says about it, and which refusal it gets.

use std::borrow::Cow;

use actix_web::HttpResponse;

use super::{
    caller::{self, Caller},
    original::Original,
    refusal::{self, Asker, Challenge, Redirect, Refusal},
    target::{self, TargetRules},
    verify::Asked,
};
use crate::{
    authn::{
        authorization,
        chain::{Rejection, Settled},
        masked::masked,
        name::UserName,
        principal::{Principal, Way},
        sign_in::Refused as SignInRefused,
    },
    metrics::reason::Reason,
    policy::{
        app::{App, Authorization},
        capability::Capability,
        origin::OriginRefusal,
        pack::ApiRefusal,
        ruling::{Basis, Ruling},
        verdict::{Exchange, Forbidden},
    },
};

/// Bytes of a client's text in a log line.
const LOGGED: usize = 200;

/// A refusal, with what is known of the request by then.
pub(super) struct Refused<'a> {
    reason: Reason,
    pub(super) refusal: Refusal,
    /// What came as the credential.
    pub(super) way: Way,
    /// For the log: what happened and what to do; `None` where the log has it already.
    pub(super) cause: Option<String>,
    /// Who was proved.
    pub(super) user: Option<UserName>,
    pub(super) known: Option<Known<'a>>,
}

/// What the request is, and which app it is for.
pub(super) struct Known<'a> {
    pub(super) original: Original<'a>,
    pub(super) app: Option<&'a App>,
}

/// Cold, so that the code of those who pass lies close together.
impl<'a> Refused<'a> {
    #[cold]
    pub(super) fn new(reason: Reason, refusal: Refusal, cause: impl ToString) -> Self {
        Self { reason, refusal, way: Way::None, cause: Some(cause.to_string()), user: None, known: None }
    }

    /// The same of whoever came by this way.
    fn by(self, way: Way) -> Self {
        Self { way, ..self }
    }

    #[cold]
    pub(super) fn about(self, original: Original<'a>, app: Option<&'a App>) -> Self {
        Self { known: Some(Known { original, app }), ..self }
    }
}

impl<'a> Asked<'a> {
    /// What a question came to.
    pub(super) fn settled(
        &self,
        settled: Settled,
        way: Way,
        original: &Original<'a>,
        app: &App,
    ) -> Result<Principal, Refused<'a>> {
        let (reason, refusal, cause) = match settled {
            Settled::Proven(principal) => return Ok(principal),
            Settled::Rejected(rejection) => return Err(self.rejected(rejection, way, original, app)),
            Settled::Password(SignInRefused::Wrong(_)) => {
                (Reason::WrongCredential, Refusal::Unauthenticated, "the name or password of Basic is wrong")
            }
            Settled::Password(SignInRefused::Throttled(wait)) => {
                (Reason::Throttled, Refusal::Throttled(wait), "there were too many failures before it")
            }
            Settled::SignInElsewhere(Some(address)) if self.caller(original) == Caller::Navigating => {
                let cause = "the provider knows nobody; the client signs in there";
                (Reason::NoCredential, Refusal::SignIn(address), cause)
            }
            Settled::SignInElsewhere(_) => {
                (Reason::NoCredential, Refusal::Unauthenticated, "the provider knows nobody")
            }
            Settled::ForbiddenElsewhere => (
                Reason::RefusedByProvider,
                Refusal::Forbidden("refused by the sign-in provider"),
                "the provider refuses this user here; its own rules say so",
            ),
            Settled::Busy | Settled::Password(SignInRefused::Busy) => {
                (Reason::Busy, Refusal::Unavailable, "too much at once; the client may try again")
            }
            Settled::Unavailable | Settled::Password(SignInRefused::Failed) => {
                let (reason, refusal) = (Reason::Unavailable, Refusal::Unavailable);
                return Err(Refused { reason, refusal, way, cause: None, user: None, known: None });
            }
        };
        Err(Refused::new(reason, refusal, cause).by(way))
    }

    /// A credential was sent, and is wrong.
    pub(super) fn rejected(
        &self,
        rejection: Rejection,
        way: Way,
        original: &Original<'a>,
        app: &App,
    ) -> Refused<'a> {
        if rejection == Rejection::KeyUnknown {
            self.state.sign_in.count_wrong_key(self.client().address());
        }
        let refused = if rejection == Rejection::OpenElsewhere {
            let refusal = Refusal::Forbidden("this host is not configured");
            Refused::new(Reason::UnknownHost, refusal, rejection)
        } else if rejection.is_final() {
            let refusal = Refusal::Forbidden("this user may not enter here");
            Refused::new(Reason::UnknownUser, refusal, rejection)
        } else if self.tries_basic(app) {
            // A browser sends what it was once told again and again; only a challenge makes it ask anew.
            Refused::new(Reason::WrongCredential, Refusal::Unauthenticated, rejection)
        } else {
            let mut refused = self.sign_in(Reason::WrongCredential, original, app, &rejection.to_string());
            if let (Rejection::CookieRepeated, Refusal::SignIn(address)) = (rejection, &mut refused.refusal) {
                // The page itself may see only one of them, by their paths.
                refusal::say_repeated(address);
            }
            refused
        };
        refused.by(way)
    }

    /// Whether the client sends Basic to us, right or wrong.
    fn tries_basic(&self, app: &App) -> bool {
        app.authorization == Authorization::Gate && authorization::tries_basic(&self.request.headers)
    }

    /// Nobody is proved: a person is led to the sign-in page, and a client of qBittorrent to its own sign-in.
    pub(super) fn sign_in(
        &self,
        reason: Reason,
        original: &Original<'a>,
        app: &App,
        cause: &str,
    ) -> Refused<'a> {
        let refusal = match (self.caller(original), app.pack.api_refusal(original.path())) {
            (Caller::Navigating, _) => Refusal::SignIn(self.sign_in_address(original)),
            (Caller::Program, Some(ApiRefusal::Qbittorrent)) => Refusal::SignInAgain,
            (Caller::Program, _) => Refusal::Unauthenticated,
        };
        Refused::new(reason, refusal, cause)
    }

    pub(super) fn sign_in_address(&self, original: &Original<'_>) -> String {
        let server = &self.state.config.server;
        let portal = server.public_url.as_ref().unwrap_or(&original.origin);
        let wanted = target::without_keys(&format!("{}{}", original.origin, original.target));
        let checked = TargetRules::new(&self.state.config, portal.clone()).check(&wanted);
        let portal = format!("{portal}{}", server.base_path);
        refusal::sign_in_address(&portal, checked.as_ref().map(target::Target::as_str))
    }

    pub(super) fn caller(&self, original: &Original<'_>) -> Caller {
        Caller::of(&self.request.headers, original.exchange)
    }

    /// Counts it, notes it, and answers.
    pub(super) fn refuse(&self, refused: &Refused<'_>) -> HttpResponse {
        let client = self.client().address();
        self.note_refusal(refused, client);
        let known = refused.known.as_ref();
        self.verdicts(known.and_then(|known| known.app)).refuse(refused.reason, refused.way);
        let original = known.map(|known| &known.original);
        let method = original.map_or("-", |original| original.method_name);
        let headers = &self.request.headers;
        let caller = Caller::of(headers, original.map_or(Exchange::Http, |original| original.exchange));
        let api = known.and_then(|known| known.app?.pack.api_refusal(known.original.path()));
        let program = caller == Caller::Program && !caller::looks_like_browser(headers);
        let tries_basic = match known.and_then(|known| known.app) {
            Some(app) => self.tries_basic(app),
            None => authorization::tries_basic(headers),
        };
        let server = &self.state.config.server;
        let offered = tries_basic || (api.is_some() && program);
        refusal::refuse(
            &refused.refusal,
            Asker {
                portal: (server.public_url.as_ref(), &server.base_path),
                proxy: self.dialect.proxy,
                caller,
                redirect: redirect(method),
                api,
                challenge: if offered { Challenge::Basic } else { Challenge::None },
            },
        )
    }
}

/// What a client wrote, cut to a length that a log line can bear and without keys; it is ASCII by then.
pub(super) fn bounded(text: &str) -> Cow<'_, str> {
    masked(text.get(..LOGGED).unwrap_or(text))
}

fn redirect(method: &str) -> Redirect {
    match method {
        "GET" | "HEAD" => Redirect::Found,
        _ => Redirect::SeeOther,
    }
}

/// They may not: what is missing, and for whoever administers this, which rule says so.
pub(super) fn forbidden<'a>(
    why: Forbidden,
    principal: &Principal,
    app: &App,
    ruling: &Ruling<'_>,
) -> Refused<'a> {
    let (reason, refusal, cause) = judged(why, principal, app, ruling);
    let user = Some(principal.user.name.clone());
    Refused { user, ..Refused::new(reason, refusal, cause) }.by(principal.credential.way())
}

/// The same as the reason that the client is told, and the cause for the log.
pub fn explained(why: Forbidden, principal: &Principal, app: &App, ruling: &Ruling<'_>) -> (String, String) {
    let (_, refusal, cause) = judged(why, principal, app, ruling);
    (refusal.reason(), cause)
}

/// What is counted, what the client is told, and what the log says.
type Judged = (Reason, Refusal, String);

fn judged(why: Forbidden, principal: &Principal, app: &App, ruling: &Ruling<'_>) -> Judged {
    let (user, app_name) = (&principal.user.name, app.name.as_str());
    let rule = || rule(app, ruling);
    match why {
        Forbidden::Missing(set) => {
            let missing: Vec<_> = set.beyond(principal.subject(&app.name).granted).collect();
            let cause = format!("{user} has not {} in {app_name}: {}", names(&missing), rule());
            (Reason::MissingCapability, Refusal::Missing(missing), cause)
        }
        Forbidden::AdminOnly => (
            Reason::AdminOnly,
            Refusal::Forbidden("administrators only"),
            format!("{user} is no administrator, or came with a key for less: {}", rule()),
        ),
        Forbidden::Never => never(app, ruling),
        Forbidden::Entry => (
            Reason::NotForThisApp,
            Refusal::Forbidden("this user may not enter here"),
            format!("users and groups of the [[app]] {app_name} do not name {user}"),
        ),
        Forbidden::App => (
            Reason::NotForThisApp,
            Refusal::Forbidden("the key is not for this app"),
            "the API key opens other apps only; make one with another --app".to_owned(),
        ),
        Forbidden::Origin(refusal) => origin(refusal),
    }
}

/// The rule behind a ruling, with what to do about it.
fn rule(app: &App, ruling: &Ruling<'_>) -> String {
    let pack = &app.pack.name;
    match ruling.basis {
        Basis::Row(route) | Basis::Public(route) => {
            let row: Vec<_> = route.text.split_ascii_whitespace().collect();
            format!("the row `{}` of the pack {pack}", row.join(" "))
        }
        Basis::Unlisted => format!(
            "no row of the pack {pack} lists it; if the app lies under a path set base_path, and if the route is \
             harmless add it to a pack of your own"
        ),
        Basis::OddPath => "its path can be read in more ways than one".to_owned(),
        Basis::UnsafeMethod => format!("unsafe_methods of the [[app]] {} asks for it", app.name.as_str()),
        Basis::Elsewhere => format!("it is not below the app's base_path {}", app.base_path),
    }
}

fn names(capabilities: &[Capability]) -> String {
    capabilities.iter().map(|capability| capability.name()).collect::<Vec<_>>().join(", ")
}

/// A browser's question before a request (a CORS preflight) is answered no.
pub(super) fn no_preflight<'a>(why: Forbidden, app: &App, ruling: &Ruling<'_>) -> Refused<'a> {
    let (reason, refusal, cause) = match why {
        Forbidden::Origin(refusal) => origin(refusal),
        _ => never(app, ruling),
    };
    Refused::new(reason, refusal, cause)
}

fn never(app: &App, ruling: &Ruling<'_>) -> Judged {
    (Reason::NotThroughThisGate, Refusal::Forbidden("not through this gate"), rule(app, ruling))
}

fn origin(refusal: OriginRefusal) -> Judged {
    let (reason, words, cause) = match refusal {
        OriginRefusal::Foreign => (
            Reason::ForeignOrigin,
            "foreign origin",
            "the page that sent it is of another origin; list that under origins.allowed if it is yours",
        ),
        OriginRefusal::Missing => (
            Reason::MissingOrigin,
            "missing origin",
            "it names no page (Origin or Referer); origins.allow_missing lets such requests pass",
        ),
    };
    (reason, Refusal::Forbidden(words), cause.to_owned())
}
