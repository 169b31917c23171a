//! The first page: the last day, what needs attention, and how much there is.

mod attention;

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;
use attention::Matter;

use super::Admin;
use crate::{
    administration::settings,
    clock,
    metrics::traffic::Day,
    policy::role::Role,
    portal::{
        chart::{self, Chart},
        frame::{Frame, Place},
        page,
    },
    store::{users::Standing, view::View},
};

#[derive(Template)]
#[template(path = "admin/overview.html")]
struct OverviewPage<'a> {
    base: &'a str,
    frame: Frame,
    matters: Vec<Matter>,
    charts: Option<[Chart; 4]>,
    counts: Vec<Count>,
}

/// How much there is of something, and where.
struct Count {
    href: String,
    label: &'static str,
    number: String,
    more: Option<String>,
}

/// Shows it.
pub async fn show(admin: Admin) -> HttpResponse {
    let day = admin.blocking(|state| Day::until(&state.store, clock::now())).await;
    let settings = admin.blocking(settings::overview).await.ok();
    let page = OverviewPage {
        base: admin.visit.base(),
        frame: admin.frame(Place::Overview),
        matters: attention::all(&admin.visit, settings.as_ref()),
        charts: day.ok().map(|day| chart::of_day(&day)),
        counts: counts(admin.visit.state.store.view(), admin.visit.base()),
    };
    page::render(page::answer(StatusCode::OK, None), &page)
}

fn counts(view: &View, base: &str) -> Vec<Count> {
    let sizes = view.sizes();
    let users = view.users().search("");
    let admins = users.iter().filter(|user| user.role == Role::Admin).count();
    let disabled = users.iter().filter(|user| user.standing == Standing::Disabled).count();
    let asleep = (disabled > 0).then(|| format!(", {disabled} disabled"));
    let administrators = format!(
        "{admins} {}{}",
        if admins == 1 { "administrator" } else { "administrators" },
        asleep.unwrap_or_default()
    );
    let count = |path: &str, label, number: usize, more| Count {
        href: format!("{base}{path}"),
        label,
        number: number.to_string(),
        more,
    };
    vec![
        count("/admin/users", "Users", sizes.users, Some(administrators)),
        count("/admin/sessions", "Sessions", sizes.sessions, None),
        count("/admin/keys", "API keys", sizes.keys, None),
    ]
}
