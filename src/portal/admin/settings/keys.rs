//! The keys that the settings pages show, in words.

mod sections;
mod tables;

pub(super) use sections::SECTIONS;
pub(super) use tables::{APP, COMMAND, WEBHOOK};

use crate::policy::app::AppName;

/// Before the name of a key whose default is wanted again.
pub(super) const DEFAULT: &str = "default.";

/// How a key is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Yes or no.
    Switch,
    /// One value.
    Line,
    /// One of these.
    Choice(&'static [&'static str]),
    /// One of these, or what the words say as long as nothing is set.
    Optional(&'static str, &'static [&'static str]),
    /// The kind of an app, one of the packs that there are.
    Pack,
    /// Several values, one a line.
    List,
    /// `name = value`, one a line.
    Table,
    /// A value that is never shown again.
    Secret,
}

/// A key below its section or app.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) kind: Kind,
}

impl Key {
    /// Whether a name below its section is this key, or an entry of it.
    pub(super) fn holds(&self, name: &str) -> bool {
        name.strip_prefix(self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// Keys that belong together.
pub(super) struct Section {
    /// The section's name in the configuration.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What it is for, in a sentence or two.
    pub(super) lead: &'static str,
    pub(super) keys: &'static [Key],
}

impl Section {
    /// The section that the form of this name is about.
    pub(super) fn of_form(name: &str) -> Option<&'static Self> {
        match name.split_once('.') {
            None if name == "new-app" => Some(&APP),
            None if name == "new-event" => Some(&WEBHOOK),
            None => SECTIONS.iter().find(|section| section.name == name),
            Some(("app", app)) => AppName::parse(app).map(|_| &APP),
            Some(("event", index)) => index.parse::<usize>().ok().map(|_| &WEBHOOK),
            Some(_) => None,
        }
    }

    /// Where a key of the configuration stands: the form, and what it is called there.
    pub(super) fn place_of(key: &str) -> Option<(String, String)> {
        let (first, below) = key.split_once('.')?;
        let (form, name) = match (first, below.split_once('.')) {
            ("app" | "event", Some((which, name))) => (format!("{first}.{which}"), name),
            _ => (first.to_owned(), below),
        };
        let section = Self::of_form(&form)?;
        let title = match form.strip_prefix("app.") {
            Some(app) => format!("{} {app}", section.title),
            None => section.title.to_owned(),
        };
        let label = section.keys.iter().find(|key| key.holds(name)).map(|key| key.label)?;
        Some((form, format!("{title}, {label}")))
    }

    /// Whether a field of its form is shown again as it was typed: each that is no secret.
    pub(super) fn shows_again(&self, field: &str) -> bool {
        let name = field.strip_prefix(DEFAULT).unwrap_or(field);
        let key = self.keys.iter().find(|key| key.name == name);
        match key {
            Some(key) => field != name || key.kind != Kind::Secret,
            None => ["version", "name"].contains(&field),
        }
    }
}

const fn key(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Key {
    Key { name, label, hint, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_form_is_shown_again_but_the_secrets() {
        let mut secrets = Vec::new();
        for section in SECTIONS.iter().chain([&APP, &WEBHOOK, &COMMAND]) {
            assert!(section.shows_again("version") && !section.shows_again("unknown"));
            for key in section.keys {
                assert!(section.shows_again(&format!("{DEFAULT}{}", key.name)), "{}", key.name);
                if !section.shows_again(key.name) {
                    secrets.push(format!("{}.{}", section.name, key.name));
                }
            }
        }
        let all = ["sso.secret", "app.inject.authorization", "app.inject.api_key", "app.inject.cookie"];
        assert_eq!(secrets, [&all[..], &["event.url", "event.secret"]].concat());
    }

    #[test]
    fn a_key_of_the_configuration_is_found_on_its_form() {
        for (key, form, words) in [
            ("bypass.hosts", "bypass", "No sign-in at home, Hosts"),
            ("auth.enabled", "auth", "Sign-in, Ask people who they are"),
            ("sso.group_map.family", "sso", "Single sign-on by header, What groups bring"),
            ("app.sonarr.users", "app.sonarr", "App sonarr, Who may enter, by name"),
            ("app.sonarr.inject.cookie", "app.sonarr", "App sonarr, The app's own cookie"),
            ("event.1.secret", "event.1", "Webhook, Secret that signs"),
        ] {
            assert_eq!(Section::place_of(key), Some((form.to_owned(), words.to_owned())), "{key}");
        }
        for key in ["", "app", "app.sonarr", "server.listen", "bypass.hostsx", "event.x.url", "app..users"] {
            assert_eq!(Section::place_of(key), None, "{key}");
        }
    }
}
