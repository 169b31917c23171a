//! The steps from the first administrator to an app that is protected. Which are done is seen from what is set up, so they
//! can be left and taken up again at any time.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Payload};
use askama::Template;

use super::Admin;
use crate::{
    administration::{
        connection::{self, Finding, Verdict},
        settings,
        setup::Step,
    },
    clock,
    config::Config,
    policy::app::App,
    portal::{
        form::Form,
        frame::{Frame, Place},
        moment::Moment,
        page, prove,
        wrongs::sentence,
    },
    store::looks::{Look, Outcome},
};

#[derive(Template)]
#[template(path = "admin/start.html")]
struct StartPage<'a> {
    base: &'a str,
    frame: Frame,
    steps: Vec<StepRow>,
    entrance: Entrance,
    apps: Vec<AppRow>,
    findings: Vec<FindingRow>,
    wrong: Option<String>,
}

/// How people come in now.
enum Entrance {
    /// Everybody who reaches the proxy.
    Open,
    /// By what a provider says.
    Asked(String),
    /// By what a proxy in front says.
    Named,
    /// With a password.
    Password,
}

impl Entrance {
    fn of(config: &Config) -> Self {
        match (&config.upstream, &config.sso) {
            _ if !config.auth.enabled => Self::Open,
            (Some(upstream), _) => Self::Asked(upstream.url.to_string()),
            (None, Some(_)) => Self::Named,
            (None, None) => Self::Password,
        }
    }
}

struct StepRow {
    step: Step,
    done: bool,
    next: bool,
}

struct AppRow {
    name: String,
    addresses: Vec<String>,
    look: Option<LookRow>,
}

/// What the last look at an app's lines came to.
struct LookRow {
    moment: Moment,
    text: &'static str,
}

struct FindingRow {
    title: &'static str,
    verdict: &'static str,
    wrong: bool,
    text: String,
}

impl StepRow {
    const fn title(&self) -> &'static str {
        match self.step {
            Step::Administrator => "An administrator",
            Step::Entrance => "How people come in",
            Step::App => "The first app",
            Step::Proxy => "The proxy's lines",
        }
    }

    fn is(&self, name: &str) -> bool {
        self.step.name() == name
    }
}

impl From<Look> for LookRow {
    fn from(look: Look) -> Self {
        let text = match look.outcome {
            Outcome::Stands => "everything is right.",
            Outcome::Wrong => "something is wrong. Check again to see what, and what to do.",
            Outcome::Untold => {
                "not everything could be told, so this is not done. Check again to see what is missing, and what to do."
            }
        };
        Self { moment: Moment::ago(look.at, clock::now()), text }
    }
}

impl From<Finding> for FindingRow {
    fn from(finding: Finding) -> Self {
        let verdict = match finding.verdict {
            Verdict::Proved => "Right",
            Verdict::Wrong => "Wrong",
            Verdict::Unproved => "Could not be told",
            Verdict::NotHere => "Cannot be told from here",
        };
        let wrong = finding.verdict == Verdict::Wrong;
        Self { title: finding.question.title(), verdict, wrong, text: finding.text }
    }
}

/// Shows the steps.
pub async fn show(admin: Admin) -> HttpResponse {
    render(&admin, StatusCode::OK, Vec::new(), None).await
}

async fn render(
    admin: &Admin,
    status: StatusCode,
    findings: Vec<Finding>,
    wrong: Option<String>,
) -> HttpResponse {
    let overview = match admin.blocking(settings::overview).await {
        Ok(overview) => overview,
        Err(fault) => return admin.failed(&fault),
    };
    let state = &admin.visit.state;
    let next = Step::next(state, &overview);
    let step = |step: Step| StepRow { step, done: step.is_done(state, &overview), next: next == Some(step) };
    let app = |app: &App| AppRow {
        name: app.name.as_str().to_owned(),
        addresses: connection::addresses(&admin.visit, app).iter().map(ToString::to_string).collect(),
        look: state.checked.of(&app.name).map(LookRow::from),
    };
    let start = StartPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Overview),
        steps: Step::ALL.into_iter().map(step).collect(),
        entrance: Entrance::of(&state.config),
        apps: state.config.apps.iter().map(app).collect(),
        findings: findings.into_iter().map(FindingRow::from).collect(),
        wrong,
    };
    page::render(page::answer(status, None), &start)
}

/// Looks at what the proxy does, by requests of Sluice's own through it.
pub async fn check(admin: Admin, request: HttpRequest, payload: Payload) -> HttpResponse {
    let form = match Form::read(&request, payload, admin.visit.base()).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let proof = match prove::fresh(&admin, &form).await {
        Ok(proof) => proof,
        Err(response) => return response,
    };
    let app = admin.visit.state.config.apps.named(&form.text("app"));
    let chosen = app.and_then(|app| {
        let addresses = connection::addresses(&admin.visit, app);
        let address = addresses.into_iter().find(|address| address.to_string() == form.text("address"))?;
        Some((app, address))
    });
    let Some((app, address)) = chosen else {
        let nowhere = app.is_some_and(|app| connection::addresses(&admin.visit, app).is_empty());
        let wrong = if nowhere { connection::NO_ADDRESS } else { "choose an app and one of its addresses" };
        let wrong = Some(sentence(wrong));
        return render(&admin, StatusCode::UNPROCESSABLE_ENTITY, Vec::new(), wrong).await;
    };
    match connection::check(&admin.visit, (&admin.user, &proof), (&app.name, &address)).await {
        Ok(findings) => render(&admin, StatusCode::OK, findings, None).await,
        Err(fault) => {
            let wrong = Some(sentence(&fault.to_string()));
            render(&admin, StatusCode::CONFLICT, Vec::new(), wrong).await
        }
    }
}
