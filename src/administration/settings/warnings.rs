//! What holds but should be looked at: what the configuration says of itself, and names in it that no user has.

use super::WrongKey;
use crate::{
    authn::name::UserName,
    config::{Config, Outcome, Problem},
    policy::app::App,
    store::{
        users::Standing,
        view::{Users, View},
    },
};

/// All of it, each at its key.
pub(super) fn of(outcome: &Outcome, view: &View) -> Vec<WrongKey> {
    those(outcome, view, |_| true)
}

/// The same without what was chosen.
pub(super) fn to_mend(outcome: &Outcome, view: &View) -> Vec<WrongKey> {
    those(outcome, view, |warning| !warning.is_chosen())
}

fn those(outcome: &Outcome, view: &View, is_one: impl Fn(&Problem) -> bool) -> Vec<WrongKey> {
    let of_config = outcome.warnings.iter().filter(|warning| is_one(warning));
    let mut all: Vec<_> = of_config.map(|warning| WrongKey::of(warning, outcome)).collect();
    if let Ok(config) = &outcome.config {
        let users = view.users();
        all.extend(bypass(config, &users));
        all.extend(entries(config, &users));
    }
    all
}

fn bypass(config: &Config, users: &Users) -> Option<WrongKey> {
    let user = &config.bypass.as_ref()?.user;
    let why = match users.by_name(user) {
        Some(known) if known.standing == Standing::Enabled => return None,
        Some(_) => "is disabled",
        None => "is no user",
    };
    let text = format!("`{user}` {why}, so nobody comes in this way; name another, or see to that one");
    Some(WrongKey::new("bypass.user", text))
}

fn entries(config: &Config, users: &Users) -> Vec<WrongKey> {
    let is_known = |name: &str| UserName::parse(name).is_ok_and(|name| users.by_name(&name).is_some());
    let of_app = |app: &App| {
        let unknown = app.entry.users.iter().filter(|name| !is_known(name));
        let unknown: Vec<_> = unknown.map(|name| format!("`{name}`")).collect();
        let text = format!("nobody is called {}; correct the name, or add the user", unknown.join(" or "));
        let key = format!("app.{}.users", app.name.as_str());
        (!unknown.is_empty()).then(|| WrongKey::new(&key, text))
    };
    config.apps.iter().filter_map(of_app).collect()
}
