//! The choice of what somebody may do: a preset, or box by box.

use std::collections::BTreeSet;

use crate::{
    administration::draft::Granted,
    policy::{
        app::App,
        capability::{Capabilities, Capability},
        preset::Preset,
        words,
    },
    portal::form::Form,
};

/// The choice that lets the boxes count.
const CUSTOM: &str = "custom";
/// The choice of an app that has no set of its own.
const AS_EVERYWHERE: &str = "as-everywhere";

/// What is chosen and ticked.
#[derive(Clone)]
pub struct SetForm {
    choice: String,
    ticked: Vec<String>,
}

/// A choice of the list.
pub struct Choice {
    /// What is sent.
    pub value: &'static str,
    /// What is read.
    pub label: String,
    /// The boxes that it stands for, by name.
    pub boxes: Option<String>,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// A box.
pub struct Tick {
    /// What is sent.
    pub value: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it allows.
    pub sentence: String,
    /// Whether it is ticked.
    pub ticked: bool,
}

impl SetForm {
    /// A set as it is.
    pub fn of(set: Capabilities) -> Self {
        let choice = set.preset().map_or(CUSTOM, Preset::name).to_owned();
        Self { choice, ticked: set.iter().map(|capability| capability.name().to_owned()).collect() }
    }

    /// A set of one app, else what holds everywhere.
    pub fn of_app(set: Option<Capabilities>, everywhere: Capabilities) -> Self {
        match set {
            Some(set) => Self::of(set),
            None => Self { choice: AS_EVERYWHERE.to_owned(), ..Self::of(everywhere) },
        }
    }

    /// As it was sent.
    pub fn sent(form: &Form) -> Self {
        Self { choice: form.text("set"), ticked: form.all("may").to_vec() }
    }

    /// The set that is named: the preset, unless the boxes are to count.
    pub fn granted(&self) -> Granted {
        match self.choice.as_str() {
            CUSTOM => Granted::Each(self.ticked.clone()),
            preset => Granted::Preset(preset.to_owned()),
        }
    }

    /// The same for one app; `None` lets what holds everywhere hold there.
    pub fn granted_in_app(&self) -> Option<Granted> {
        (self.choice != AS_EVERYWHERE).then(|| self.granted())
    }

    /// What is wrong where boxes differ that do not count, because the choice is still the one from `before`. Without
    /// JavaScript the choice does not follow the boxes.
    pub fn passed_over(&self, before: &Self) -> Option<&'static str> {
        let boxes = |ticked: &[String]| ticked.iter().cloned().collect::<BTreeSet<_>>();
        let stays = before.choice == self.choice && self.choice != CUSTOM;
        let differ = !self.ticked.is_empty() && boxes(&self.ticked) != boxes(&before.ticked);
        (stays && differ).then_some(
            "boxes were changed, which count only with \u{201c}custom\u{201d}; choose that, or tick them as before",
        )
    }

    /// Whether an app has a set of its own.
    pub fn is_own(&self) -> bool {
        self.choice != AS_EVERYWHERE
    }

    /// The choice in a word.
    pub fn word(&self) -> &str {
        if self.is_own() { &self.choice } else { "as in every app" }
    }

    /// The list for every app.
    pub fn choices(&self) -> Vec<Choice> {
        let names = |set: Capabilities| set.iter().map(Capability::name).collect::<Vec<_>>().join(" ");
        let preset =
            |preset: Preset| self.choice(preset.name(), preset.name(), Some(names(preset.capabilities())));
        let custom = self.choice(CUSTOM, "custom: as ticked below", None);
        Preset::ALL.into_iter().map(preset).chain([custom]).collect()
    }

    /// The list for one app.
    pub fn choices_in_app(&self) -> Vec<Choice> {
        let usual = self.choice(AS_EVERYWHERE, "as in every app", None);
        std::iter::once(usual).chain(self.choices()).collect()
    }

    fn choice(&self, value: &'static str, label: &str, boxes: Option<String>) -> Choice {
        Choice { value, label: label.to_owned(), boxes, chosen: self.choice == value }
    }

    /// The boxes, with what each allows in these apps.
    pub fn ticks<'a>(&self, apps: impl Iterator<Item = &'a App> + Clone) -> Vec<Tick> {
        let tick = |capability: Capability| Tick {
            value: capability.name(),
            label: capability.label(),
            sentence: words::in_apps(capability, apps.clone()),
            ticked: self.ticked.iter().any(|name| name == capability.name()),
        };
        Capability::ALL.into_iter().map(tick).collect()
    }
}
