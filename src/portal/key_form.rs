//! The form for a new API key: what it offers, and what was typed.

use super::form::Form;
use crate::{
    authn::api_key::KeyName,
    clock::Timestamp,
    policy::{
        app::{AppName, Apps},
        capability::Capabilities,
    },
    store::keys::Scope,
};

const DAY: i64 = 86_400;

/// What the key may do within what its owner may: the value, the words, the most.
const RIGHTS: [(&str, &str, Option<Capabilities>); 2] =
    [("all", "Everything I may do", None), ("look", "Only look (read-only)", Some(Capabilities::READ_ONLY))];

/// The value for every app; no app can have this name.
const EVERY_APP: &str = "*";

/// How long the key lives: the value, the words, seconds.
const LIFETIMES: [(&str, &str, Option<i64>); 4] = [
    ("none", "No end", None),
    ("30d", "30 days", Some(30 * DAY)),
    ("90d", "90 days", Some(90 * DAY)),
    ("1y", "1 year", Some(365 * DAY)),
];

/// What was typed and chosen.
pub(super) struct Typed {
    pub(super) name: String,
    rights: String,
    app: String,
    lifetime: String,
}

/// One of the form's choices.
pub(super) struct Select {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) options: Vec<Choice>,
}

pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Default for Typed {
    fn default() -> Self {
        let first = |value: &str| value.to_owned();
        Self {
            name: String::new(),
            rights: first(RIGHTS[0].0),
            app: first(EVERY_APP),
            lifetime: first(LIFETIMES[0].0),
        }
    }
}

impl Typed {
    /// As it came. Keyboards of phones leave a space behind a word that they complete.
    pub(super) fn of(form: &Form) -> Self {
        Self {
            name: form.text("name").trim().to_owned(),
            rights: form.text("rights"),
            app: form.text("app"),
            lifetime: form.text("lifetime"),
        }
    }

    /// The choices, with what was chosen.
    pub(super) fn selects(&self, apps: &Apps) -> Vec<Select> {
        let choice = |chosen: &str, value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: chosen == value,
        };
        let app = |name: &AppName| choice(&self.app, name.as_str(), &format!("Only {}", name.as_str()));
        let every_app = choice(&self.app, EVERY_APP, "All apps");
        vec![
            Select {
                name: "rights",
                label: "What it may do",
                options: RIGHTS.map(|(value, label, _)| choice(&self.rights, value, label)).into(),
            },
            Select {
                name: "app",
                label: "In which apps",
                options: std::iter::once(every_app).chain(apps.iter().map(|each| app(&each.name))).collect(),
            },
            Select {
                name: "lifetime",
                label: "How long it lasts",
                options: LIFETIMES.map(|(value, label, _)| choice(&self.lifetime, value, label)).into(),
            },
        ]
    }

    /// The key that is wanted. What is missing or unknown never stands for *no limit*.
    pub(super) fn read(&self, apps: &Apps, now: Timestamp) -> Result<(KeyName, Scope), String> {
        let name = KeyName::parse(&self.name).map_err(|problem| problem.to_string())?;
        let capabilities = chosen(&RIGHTS, &self.rights).ok_or("choose what the key may do from the list")?;
        let apps = match self.app.as_str() {
            EVERY_APP => None,
            name => Some(vec![apps.named(name).ok_or("choose the app from the list")?.name.clone()]),
        };
        let lifetime = chosen(&LIFETIMES, &self.lifetime).ok_or("choose the time from the list")?;
        let expires = lifetime.map(|seconds| Timestamp::from_secs(now.secs() + seconds));
        Ok((name, Scope { capabilities, apps, networks: None, expires }))
    }
}

#[expect(clippy::option_option, reason = "no limit and no choice are different things")]
fn chosen<T: Copy>(choices: &[(&str, &str, Option<T>)], value: &str) -> Option<Option<T>> {
    choices.iter().find(|(known, ..)| *known == value).map(|(.., limit)| *limit)
}
