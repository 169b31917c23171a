//! `sluice explain`: what verify would answer, and by which rule; the same code decides.

use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use url::Url;

use super::{Failure, configuration, database, output};
use crate::{
    authn::{
        name::UserName,
        principal::{Carrier, Credential, Principal},
    },
    clock,
    config::{Config, Flags},
    policy::{
        app::{App, Taken},
        needs::Needs,
        origin::{Claim, Origin},
        route::Verb,
        routes::{Route, Sought, Trial},
        rpc::Calls,
        ruling::{Basis, Ruling},
        verdict::{self, Action, Exchange, Method, Verdict},
    },
    proxy::{
        answer::{self, Admitted},
        dialect::Names,
        handed_on::HandedOn,
        turned_away,
    },
    store::{
        keys,
        sessions::{Opened, SessionId},
        users::{self, Standing},
    },
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The method, such as GET or POST
    method: String,
    /// The address that the client asks for
    url: String,
    /// The user who asks
    #[arg(long, value_name = "NAME")]
    user: String,
    /// The API key of theirs that they use
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// The app, where the proxy's configuration names it
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// What the body calls, where the proxy hands it over (Traefik's forwardBody); may be repeated
    #[arg(long, value_name = "NAME")]
    call: Vec<String>,
    /// Ask for a WebSocket
    #[arg(long)]
    websocket: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A row that was looked at.
struct Tried {
    row: String,
    outcome: &'static str,
}

pub(super) fn run(flags: &Flags, arguments: &Arguments) -> Result<(), Failure> {
    let config = configuration(flags)?;
    let url = Url::parse(&arguments.url)
        .context("URL: write it like https://nas.example.com/api/v2/app/version")?;
    let origin = Origin::parse(&url.origin().ascii_serialization())
        .context("URL: it needs http or https and a host")?;
    let app = app(&config, arguments.app.as_deref(), &origin)?;
    let principal = principal(&config, arguments)?;
    // As it was written: reading an address resolves its dot segments.
    let target = target(&arguments.url);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let calls = if arguments.call.is_empty() { Calls::Unseen } else { Calls::Named(&arguments.call) };
    let verb = (!arguments.websocket).then(|| Verb::parse(&arguments.method));
    let mut tried = Vec::new();
    let request = Sought { verb, overridden: false, path, query, calls };
    let ruling = app.ruling(&request, |route, trial| tried.push(tried_row(route, trial)));
    let action = Action {
        app,
        method: if matches!(arguments.method.as_str(), "GET" | "HEAD" | "OPTIONS") {
            Method::Safe
        } else {
            Method::Unsafe
        },
        exchange: if arguments.websocket { Exchange::WebSocket } else { Exchange::Http },
        own: &origin,
        needs: ruling.needs,
    };
    // As from the app's own page.
    let claim = || Claim::From(origin.clone());
    let verdict = match ruling.needs {
        Needs::Public => None,
        _ => Some(verdict::decide(&principal.subject(&app.name), &action, claim, &config.origins)),
    };
    let said = Said::of(verdict, &principal, app, &ruling);
    if arguments.json {
        output::json(&said.as_json(&tried, app, &ruling));
    } else {
        said.print(&tried, app, &ruling, &principal);
    }
    Ok(())
}

fn app<'a>(config: &'a Config, named: Option<&str>, origin: &Origin) -> anyhow::Result<&'a App> {
    match (named, config.apps.on(origin)) {
        (Some(name), _) => config
            .apps
            .named(name)
            .with_context(|| format!("--app: there is no app `{name}`; `sluice check` shows all")),
        (None, Taken::By(app)) => Ok(app),
        (None, Taken::BySeveral) => bail!("several apps take this host; say which with --app"),
        (None, Taken::ByNone) => {
            bail!("no app takes this host; add it to one's hosts, or say which with --app")
        }
    }
}

fn target(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or(rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

fn principal(config: &Config, arguments: &Arguments) -> anyhow::Result<Principal> {
    let name = UserName::parse(&arguments.user)?;
    let (users, keys) =
        database(config)?.read(|connection| Ok((users::all(connection)?, keys::list(connection)?)))?;
    let user = users.into_iter().find(|user| user.name == name);
    let user = user.with_context(|| format!("there is no user `{name}`; `sluice user list` shows all"))?;
    if user.standing == Standing::Disabled {
        bail!("{name} is disabled and refused everywhere; `sluice user enable {name}` lets them in again");
    }
    let Some(wanted) = &arguments.key else {
        // As a person who signed in on the page.
        return Ok(Principal::new(user, Credential::Session(SessionId::NONE, Opened::Page)));
    };
    let key = keys.into_iter().find(|key| key.user == user.id && key.name == *wanted);
    let key =
        key.with_context(|| format!("{name} has no key `{wanted}`; `sluice key list {name}` shows all"))?;
    if key.revoked || key.scope.expires.is_some_and(|expires| clock::now() >= expires) {
        bail!("the key `{wanted}` is revoked or has expired; make another with `sluice key create`");
    }
    Ok(Principal { user, credential: Credential::ApiKey(Carrier::Header), key: Some(Arc::new(key)) })
}

fn tried_row(route: &Route, trial: Trial) -> Tried {
    let outcome = match trial {
        Trial::Hit => "hit",
        Trial::Further => "hit, beside the other",
        Trial::OtherMethod => "miss: another method",
        Trial::NoKey => "miss: the query has not its key",
    };
    Tried { row: route.text.split_ascii_whitespace().collect::<Vec<_>>().join(" "), outcome }
}

/// What verify would answer.
struct Said {
    status: u16,
    reason: Option<String>,
    cause: Option<String>,
    headers: Vec<(String, String)>,
}

impl Said {
    fn of(verdict: Option<Verdict>, principal: &Principal, app: &App, ruling: &Ruling<'_>) -> Self {
        let admitted = match verdict {
            None => Admitted::Nobody,
            Some(Verdict::Allow(capabilities)) => Admitted::User(principal, capabilities),
            Some(Verdict::Forbid(why)) => {
                let (reason, cause) = turned_away::explained(why, principal, app, ruling);
                return Self { status: 403, reason: Some(reason), cause: Some(cause), headers: Vec::new() };
            }
        };
        let nobody = matches!(admitted, Admitted::Nobody);
        let handed_on = if nobody { HandedOn::default() } else { HandedOn::default().inject(app) };
        let response = answer::allow(&admitted, (app, &answer::app_value(app)), Names::Own, handed_on);
        let shown = |value: &actix_web::http::header::HeaderValue| match value.is_sensitive() {
            true => "********".to_owned(),
            false => value.to_str().unwrap_or_default().to_owned(),
        };
        let mut headers: Vec<_> =
            response.headers().iter().map(|(name, value)| (name.to_string(), shown(value))).collect();
        headers.sort();
        Self { status: 200, reason: None, cause: None, headers }
    }

    fn print(&self, tried: &[Tried], app: &App, ruling: &Ruling<'_>, principal: &Principal) {
        output::say(&format!("App      {} (pack {}: {})", app.name.as_str(), app.pack.name, app.pack.title));
        let held = principal.subject(&app.name).granted;
        output::say(&format!(
            "User     {}, {}, who holds {held} here",
            principal.user.name,
            principal.role().name()
        ));
        for Tried { row, outcome } in tried {
            output::say(&format!("Row      {row}  ({outcome})"));
        }
        output::say(&format!("Needs    {} ({})", ruling.needs, basis(ruling)));
        match (&self.reason, &self.cause) {
            (Some(reason), Some(cause)) => output::say(&format!("Verdict  403 {reason}\n         {cause}")),
            _ => output::say("Verdict  200"),
        }
        for (name, value) in &self.headers {
            output::say(&format!("         {name}: {value}"));
        }
    }

    fn as_json(&self, tried: &[Tried], app: &App, ruling: &Ruling<'_>) -> Value {
        json!({
            "app": app.name.as_str(),
            "pack": app.pack.name,
            "rows": tried.iter().map(|tried| json!({ "row": tried.row, "outcome": tried.outcome })).collect::<Vec<_>>(),
            "needs": ruling.needs.to_string(),
            "basis": basis(ruling),
            "status": self.status,
            "reason": self.reason,
            "cause": self.cause,
            "headers": self.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                .collect::<serde_json::Map<_, _>>(),
        })
    }
}

fn basis(ruling: &Ruling<'_>) -> &'static str {
    match ruling.basis {
        Basis::Public(_) => "the app's own list of public paths",
        Basis::Row(_) => "a row of its pack",
        Basis::Unlisted => "no row lists it",
        Basis::OddPath => "apps could read the path in more ways than one",
        Basis::UnsafeMethod => "unsafe_methods of its [[app]]",
        Basis::Elsewhere => "the path is not below the app's base_path",
    }
}
