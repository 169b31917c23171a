//! What is wanted of a user, as it was typed, and read.

use super::FieldError;
use crate::{
    authn::{
        group::{Groups, MAX_GROUPS, is_group},
        name::UserName,
        profile::{DisplayName, Email},
    },
    policy::{
        app::{AppName, Apps},
        capability::{Capabilities, Capability},
        preset::Preset,
        role::Role,
    },
    store::users::{Standing, User},
};

/// As it was typed or sent; shown again as it is where it cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Name.
    pub name: String,
    /// Name for people; empty for none.
    pub display_name: String,
    /// Address; empty for none.
    pub email: String,
    /// `admin` or `user`.
    pub role: String,
    /// Whether they may come in.
    pub enabled: bool,
    /// What they may do in every app that has no set of its own.
    pub granted: Granted,
    /// What they may do in single apps; [`None`] lets what holds for every app hold there.
    pub apps: Vec<(String, Option<Granted>)>,
    /// Groups beside the role's.
    pub groups: Vec<String>,
}

/// A set of capabilities as it is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// By the preset.
    Preset(String),
    /// One by one.
    Each(Vec<String>),
}

/// What is wanted of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Name.
    pub name: UserName,
    /// Name for people.
    pub display_name: Option<DisplayName>,
    /// Address.
    pub email: Option<Email>,
    /// Administrator or not.
    pub role: Role,
    /// Whether they may come in.
    pub standing: Standing,
    /// What holds in every app without a set of its own.
    pub granted: Capabilities,
    /// What shall hold in these apps; an app that is not named keeps what it has.
    pub apps: Vec<(AppName, Option<Capabilities>)>,
    /// Groups beside the role's.
    pub groups: Groups,
}

impl Default for Typed {
    /// Of a user who is yet to be made.
    fn default() -> Self {
        Self {
            name: String::new(),
            display_name: String::new(),
            email: String::new(),
            role: Role::User.name().to_owned(),
            enabled: true,
            granted: Granted::Preset(Preset::ReadOnly.name().to_owned()),
            apps: Vec::new(),
            groups: Vec::new(),
        }
    }
}

impl Granted {
    /// A set by its preset, else one by one.
    pub fn of(set: Capabilities) -> Self {
        match set.preset() {
            Some(preset) => Self::Preset(preset.name().to_owned()),
            None => Self::Each(set.iter().map(|capability| capability.name().to_owned()).collect()),
        }
    }

    /// The set. `edit_all_downloads` takes `view_all_downloads` with it.
    pub fn read(&self) -> Result<Capabilities, String> {
        match self {
            Self::Preset(name) => {
                let known = || Preset::ALL.map(Preset::name).join(", ");
                let preset = Preset::ALL.into_iter().find(|preset| preset.name() == name);
                let unknown = || format!("`{}` is no preset; choose one of {}", shortened(name), known());
                preset.map(Preset::capabilities).ok_or_else(unknown)
            }
            Self::Each(names) => names.iter().try_fold(Capabilities::NONE, |set, name| {
                let unknown =
                    || format!("`{}` is no capability; known are {}", shortened(name), Capabilities::ALL);
                Capability::named(name)
                    .map(|capability| set.either(Capabilities::with(capability)))
                    .ok_or_else(unknown)
            }),
        }
    }
}

impl Typed {
    /// A user as they are.
    pub fn of(user: &User) -> Self {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self {
            name: user.name.to_string(),
            display_name: text(user.display_name.as_ref().map(DisplayName::as_str)),
            email: text(user.email.as_ref().map(Email::as_str)),
            role: user.role.name().to_owned(),
            enabled: user.standing == Standing::Enabled,
            granted: Granted::of(user.granted),
            apps: user
                .per_app
                .iter()
                .map(|(app, set)| (app.as_str().to_owned(), Some(Granted::of(set))))
                .collect(),
            groups: user.groups.as_slice().to_vec(),
        }
    }

    /// Reads all of it, and says everything that is wrong. `apps` are those that can have a set: the configured ones,
    /// and those for which the user has one already.
    pub fn read(&self, apps: &Apps, before: Option<&User>) -> Result<Draft, Vec<FieldError>> {
        let mut errors = Vec::new();
        let name = noted(&mut errors, "name", UserName::parse(&self.name));
        let display_name =
            noted(&mut errors, "display_name", optional(&self.display_name, DisplayName::parse));
        let email = noted(&mut errors, "email", optional(&self.email, Email::parse));
        let role = Role::named(&self.role).ok_or("choose admin or user");
        let role = noted(&mut errors, "role", role);
        let granted = noted(&mut errors, "capabilities", self.granted.read());
        let groups = noted(&mut errors, "groups", self.groups());
        let known = |name: &AppName| {
            apps.named(name.as_str()).is_some() || before.is_some_and(|user| user.per_app.get(name).is_some())
        };
        let sets: Result<Vec<_>, String> =
            self.apps.iter().map(|(name, set)| one_app(name, set.as_ref(), known)).collect();
        let sets = noted(&mut errors, "apps", sets);
        match (name, display_name, email, role, granted, groups, sets) {
            (
                Some(name),
                Some(display_name),
                Some(email),
                Some(role),
                Some(granted),
                Some(groups),
                Some(apps),
            ) => {
                let standing = if self.enabled { Standing::Enabled } else { Standing::Disabled };
                Ok(Draft { name, display_name, email, role, standing, granted, apps, groups })
            }
            _ => Err(errors),
        }
    }

    fn groups(&self) -> Result<Groups, String> {
        let strange = self.groups.iter().find(|group| !is_group(group));
        if let Some(group) = strange {
            return Err(format!(
                "`{}` is no group; a group has 1 to 64 plain characters, without comma and |",
                shortened(group)
            ));
        }
        if self.groups.len() > MAX_GROUPS {
            return Err(format!("a user is in {MAX_GROUPS} groups at most"));
        }
        Ok(Groups::parse(&self.groups.join(","), ','))
    }
}

fn one_app(
    name: &str,
    set: Option<&Granted>,
    known: impl Fn(&AppName) -> bool,
) -> Result<(AppName, Option<Capabilities>), String> {
    let unknown = || format!("`{}` is no app of the configuration", shortened(name));
    let app = AppName::parse(name).filter(known).ok_or_else(unknown)?;
    let set = set.map(Granted::read).transpose().map_err(|problem| format!("{name}: {problem}"))?;
    Ok((app, set))
}

/// The value, or `None` with the error on the list.
fn noted<T, E: ToString>(
    errors: &mut Vec<FieldError>,
    field: &'static str,
    value: Result<T, E>,
) -> Option<T> {
    value.map_err(|problem| errors.push(FieldError::new(field, problem))).ok()
}

fn optional<T, E>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<Option<T>, E> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// What is said again is short: a client may send anything.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}
