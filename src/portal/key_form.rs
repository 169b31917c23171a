//! The form for a new API key: what it offers, and what was typed.

use super::{form::Form, wrongs::Wrongs};
use crate::{
    administration::{FieldError, keys::Typed},
    policy::{
        app::{AppName, Apps},
        capability::{Capabilities, Capability},
    },
};

/// What the key may do within what its owner may: the value and the words.
const RIGHTS: [(&str, &str); 3] = [
    ("all", "Everything its owner may do"),
    ("look", "Only look (read-only)"),
    ("some", "Only what is ticked below"),
];

/// The value for every app; no app can have this name.
const EVERY_APP: &str = "*";

/// How long the key lives: the value, the words, and the time as the configuration has it.
const LIFETIMES: [(&str, &str, Option<&str>); 4] = [
    ("none", "No end", None),
    ("30d", "30 days", Some("30d")),
    ("90d", "90 days", Some("90d")),
    ("1y", "1 year", Some("365d")),
];

/// One of a list to choose from.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Choice {
    pub(super) fn new(value: &str, label: &str, chosen: &str) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), chosen: value == chosen }
    }
}

/// What was typed and chosen, and what is wrong with it.
pub(super) struct KeyForm {
    pub(super) name: String,
    rights: String,
    ticked: Vec<String>,
    app: String,
    pub(super) networks: String,
    lifetime: String,
    pub(super) wrongs: Wrongs,
}

impl Default for KeyForm {
    fn default() -> Self {
        let first = |value: &str| value.to_owned();
        Self {
            name: String::new(),
            rights: first(RIGHTS[0].0),
            ticked: Vec::new(),
            app: first(EVERY_APP),
            networks: String::new(),
            lifetime: first(LIFETIMES[0].0),
            wrongs: Wrongs::default(),
        }
    }
}

impl KeyForm {
    /// Every field; none is a secret.
    pub(super) const FIELDS: [&str; 6] = ["name", "rights", "capability", "app", "networks", "lifetime"];

    /// As it came. Keyboards of phones leave a space behind a word that they complete.
    pub(super) fn of(form: &Form) -> Self {
        Self {
            name: form.text("name").trim().to_owned(),
            rights: form.text("rights"),
            ticked: form.all("capability").to_vec(),
            app: form.text("app"),
            networks: form.text("networks").trim().to_owned(),
            lifetime: form.text("lifetime"),
            wrongs: Wrongs::default(),
        }
    }

    pub(super) fn rights(&self) -> Vec<Choice> {
        RIGHTS.map(|(value, label)| Choice::new(value, label, &self.rights)).into()
    }

    pub(super) fn apps(&self, apps: &Apps) -> Vec<Choice> {
        let app = |name: &AppName| Choice::new(name.as_str(), &format!("Only {}", name.as_str()), &self.app);
        let every_app = Choice::new(EVERY_APP, "All apps", &self.app);
        std::iter::once(every_app).chain(apps.iter().map(|each| app(&each.name))).collect()
    }

    pub(super) fn lifetimes(&self) -> Vec<Choice> {
        LIFETIMES.map(|(value, label, _)| Choice::new(value, label, &self.lifetime)).into()
    }

    pub(super) fn boxes(&self) -> Vec<Choice> {
        let ticked = |capability: Capability| self.ticked.iter().any(|name| name == capability.name());
        let one = |capability: Capability| Choice {
            value: capability.name().to_owned(),
            label: capability.label().to_owned(),
            chosen: ticked(capability),
        };
        Capability::ALL.into_iter().map(one).collect()
    }

    /// The key that is wanted. What is missing or unknown never stands for *no limit*.
    pub(super) fn read(&self, form: &Form, apps: &Apps) -> Result<Typed, Wrongs> {
        let mut errors = Vec::new();
        let mut wrong = |field, message: &str| errors.push(FieldError::new(field, message));
        let capabilities =
            self.capabilities().map_err(|problem| wrong("capabilities", problem)).unwrap_or_default();
        let every_app = self.app == EVERY_APP;
        if !every_app && apps.named(&self.app).is_none() {
            wrong("apps", "choose the app from the list");
        }
        if form.once("networks").is_none() {
            wrong("networks", "name the networks, or leave the field empty");
        }
        let lifetime = LIFETIMES.iter().find(|(value, ..)| *value == self.lifetime);
        if lifetime.is_none() {
            wrong("lifetime", "choose the time from the list");
        }
        if !errors.is_empty() {
            return Err(Wrongs::new(errors));
        }
        let networks: Vec<_> = self
            .networks
            .split([',', ' '])
            .filter(|network| !network.is_empty())
            .map(str::to_owned)
            .collect();
        Ok(Typed {
            name: self.name.clone(),
            capabilities,
            apps: (!every_app).then(|| vec![self.app.clone()]),
            networks: (!networks.is_empty()).then_some(networks),
            lifetime: lifetime.and_then(|(.., time)| *time).map(str::to_owned),
        })
    }

    fn capabilities(&self) -> Result<Option<Vec<String>>, &'static str> {
        let names = |set: Capabilities| set.iter().map(|capability| capability.name().to_owned()).collect();
        match self.rights.as_str() {
            "some" if self.ticked.is_empty() => {
                Err("tick at least one of them, or choose another line of the list")
            }
            "some" => Ok(Some(self.ticked.clone())),
            "all" | "look" if !self.ticked.is_empty() => Err(
                "some are ticked, which counts only with the last line of the list; choose that, or untick them",
            ),
            "all" => Ok(None),
            "look" => Ok(Some(names(Capabilities::READ_ONLY))),
            _ => Err("choose what the key may do from the list"),
        }
    }
}
