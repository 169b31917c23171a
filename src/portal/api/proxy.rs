//! `apps/{app}/proxy-lines` and `proxy-check`: what the proxy before an app needs, and a look at what it does.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Json, Query},
    caller::{Administrator, Caller},
    owners::InApp,
    problem::Problem,
};
use crate::{
    administration::{
        FieldError,
        connection::{self, Finding},
        lines::{self, ADDRESS_FORM, SLUICE_FORM},
    },
    policy::app::{App, AppName},
    proxy::lines::{Address, File, Proxy},
    store::looks::Outcome,
};

fn find<'a>(caller: &'a Caller, app: &AppName) -> Result<&'a App, Problem> {
    caller.visit.state.config.apps.named(app.as_str()).ok_or_else(|| Problem::not_found("app"))
}

/// Which proxy, and where it reaches what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// `nginx`, `traefik` or `caddy`.
    proxy: String,
    /// Where the proxy reaches the app, such as `127.0.0.1:8080` or `http://qbittorrent:8080`.
    address: String,
    /// Where it reaches Sluice, such as `sluice:9180`; where Sluice listens, if this is left out.
    sluice: Option<String>,
}

/// What to copy into the proxy.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProxyLines {
    /// Whole files.
    files: Vec<ProxyFile>,
    /// The lines that matter of the app's file, for a site that the proxy has already; `null` where it needs the file.
    within: Option<String>,
}

/// A file of the proxy's.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProxyFile {
    /// Where it usually lies.
    path: String,
    /// All of it.
    text: String,
}

impl From<File> for ProxyFile {
    fn from(file: File) -> Self {
        Self { path: file.path, text: file.text }
    }
}

/// The finished lines of a proxy for an app.
#[utoipa::path(get, path = "/apps/{app}/proxy-lines", tag = "apps", params(("app" = String, Path), Which),
    responses((status = 200, body = ProxyLines)))]
pub async fn show_lines(
    Administrator(caller): Administrator,
    InApp(app): InApp,
    Query(which): Query<Which>,
) -> Result<HttpResponse, Problem> {
    let app = find(&caller, &app)?;
    let config = &caller.visit.state.config;
    let sluice = which.sluice.or_else(|| lines::usual_address(&config.server.listen)).unwrap_or_default();
    let mut wrong = Vec::new();
    let proxy = Proxy::ALL.into_iter().find(|known| known.title().eq_ignore_ascii_case(&which.proxy));
    if proxy.is_none() {
        wrong.push(FieldError::new("proxy", "choose nginx, traefik or caddy"));
    }
    let mut read = |field, text: &str, form: &str| {
        let address = Address::parse(text);
        if address.is_none() {
            wrong.push(FieldError::new(field, form));
        }
        address
    };
    let addresses = (read("address", &which.address, ADDRESS_FORM), read("sluice", &sluice, SLUICE_FORM));
    let (Some(proxy), (Some(address), Some(sluice))) = (proxy, addresses) else {
        return Err(Problem::fields(wrong));
    };
    let finished = lines::of(config, app, proxy, (&address, &sluice));
    let files = finished.once.into_iter().chain([finished.app]).map(ProxyFile::from);
    Ok(super::ok(&ProxyLines { files: files.collect(), within: finished.within }))
}

/// Where to look.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckOf {
    /// One of the addresses of the app's hosts, such as `https://qbittorrent.example.com`; the first where it is left out. An app
    /// without hosts is checked on `server.public_url`.
    address: Option<String>,
}

/// What the proxy does.
#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    /// Where it was looked.
    address: String,
    /// `stands` where all that matters was seen to be right, `wrong` where something is not, `untold` where something
    /// could not be told.
    outcome: &'static str,
    /// Each question with what came out.
    findings: Vec<FindingView>,
}

/// A question with what came out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingView {
    /// The question.
    question: &'static str,
    /// `proved`, `wrong`, `unproved` where it could not be told, or `not_here` where that takes more than a look.
    verdict: &'static str,
    /// What was seen, and what to do.
    text: String,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        Self { question: finding.question.name(), verdict: finding.verdict.name(), text: finding.text }
    }
}

/// Looks at what the proxy does before an app, by requests of Sluice's own through it, as the page does that sets Sluice
/// up.
#[utoipa::path(post, path = "/apps/{app}/proxy-check", tag = "apps", params(("app" = String, Path)),
    request_body = CheckOf, responses((status = 200, body = Checked)))]
pub async fn check(
    Administrator(caller): Administrator,
    InApp(app): InApp,
    Json(body): Json<CheckOf>,
) -> Result<HttpResponse, Problem> {
    let proof = caller.fresh_proof().await?;
    let app = find(&caller, &app)?;
    let all = connection::addresses(&caller.visit, app);
    let names: Vec<_> = all.iter().map(ToString::to_string).collect();
    let at = match &body.address {
        None => Some(0),
        Some(address) => names.iter().position(|name| name == address),
    };
    let Some(address) = at.and_then(|at| all.get(at)) else {
        let message = match names.is_empty() {
            true => connection::NO_ADDRESS.to_owned(),
            false => format!("choose one of the app's addresses: {}", names.join(", ")),
        };
        return Err(Problem::fields(vec![FieldError::new("address", message)]));
    };
    let findings = connection::check(&caller.visit, (&caller.user, &proof), (&app.name, address)).await?;
    Ok(super::ok(&Checked {
        address: address.to_string(),
        outcome: Outcome::of(&findings).name(),
        findings: findings.into_iter().map(FindingView::from).collect(),
    }))
}
