//! What is sent of a user to be made or changed.

use actix_web::http::StatusCode;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::{
    administration::{
        draft::{Granted, Typed},
        users::Password,
    },
    portal::api::{body::Unique, problem::Problem},
    store::users::User,
};

/// Sets for single apps; `null` lets what holds in every app hold there.
type AppSets = Unique<Option<Vec<String>>>;

/// A user to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Name: a-z 0-9 . _ @ -
    #[schema(example = "bob")]
    name: String,
    /// Name for people.
    display_name: Option<String>,
    /// Address.
    email: Option<String>,
    /// `admin` or `user`, which it is where this is left out.
    role: Option<String>,
    /// Whether they may come in; `true` where this is left out.
    enabled: Option<bool>,
    /// `full`, `read-only`, `sso-default` or `none`; instead of `capabilities`. `read-only` where both are left out.
    preset: Option<String>,
    /// What is granted in every app that has no set of its own.
    capabilities: Option<Vec<String>>,
    /// Sets for single apps; `null` lets what holds in every app hold there.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<Vec<String>>>>)]
    apps: Option<AppSets>,
    /// Groups beside the role's.
    groups: Option<Vec<String>>,
    /// The password; without one only another system lets the user in.
    password: Option<String>,
}

/// What shall change of a user; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Name: a-z 0-9 . _ @ -
    name: Option<String>,
    /// Name for people; `null` for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    display_name: Given<String>,
    /// Address; `null` for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Given<String>,
    /// `admin` or `user`.
    role: Option<String>,
    /// Whether they may come in.
    enabled: Option<bool>,
    /// `full`, `read-only`, `sso-default` or `none`; instead of `capabilities`.
    preset: Option<String>,
    /// What is granted in every app that has no set of its own.
    capabilities: Option<Vec<String>>,
    /// Sets for single apps; `null` lets what holds in every app hold there. Apps that are not named keep theirs.
    #[schema(value_type = Option<std::collections::BTreeMap<String, Option<Vec<String>>>>)]
    apps: Option<AppSets>,
    /// Groups beside the role's.
    groups: Option<Vec<String>>,
    /// A new password, which ends the user's sessions; `null` for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    password: Given<String>,
}

/// A field that may be left out, be `null`, or hold a value.
#[derive(Debug, Default)]
enum Given<T> {
    #[default]
    Not,
    Null,
    Value(T),
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Given<T>, D::Error> {
    Option::deserialize(from).map(|value| value.map_or(Given::Null, Given::Value))
}

impl Given<String> {
    fn text_into(&self, text: &mut String) {
        match self {
            Self::Not => {}
            Self::Null => text.clear(),
            Self::Value(value) => text.clone_from(value),
        }
    }
}

fn granted(
    preset: Option<String>,
    capabilities: Option<Vec<String>>,
    usual: Granted,
) -> Result<Granted, Problem> {
    match (preset, capabilities) {
        (None, None) => Ok(usual),
        (Some(preset), None) => Ok(Granted::Preset(preset)),
        (None, Some(names)) => Ok(Granted::Each(names)),
        (Some(_), Some(_)) => {
            let detail = "send either `preset` or `capabilities`, not both";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
        }
    }
}

fn sets(apps: Option<AppSets>) -> Vec<(String, Option<Granted>)> {
    apps.unwrap_or_default().0.into_iter().map(|(app, names)| (app, names.map(Granted::Each))).collect()
}

impl NewUser {
    /// What is wanted of the user, and of their password.
    pub(super) fn typed(self) -> Result<(Typed, Password), Problem> {
        let usual = Typed::default();
        let typed = Typed {
            name: self.name,
            display_name: self.display_name.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            role: self.role.unwrap_or(usual.role),
            enabled: self.enabled.unwrap_or(true),
            granted: granted(self.preset, self.capabilities, usual.granted)?,
            apps: sets(self.apps),
            groups: self.groups.unwrap_or_default(),
        };
        let password = self.password.map_or(Password::Keep, |text| Password::Set(SecretString::from(text)));
        Ok((typed, password))
    }
}

impl UserChange {
    /// What is wanted of the user.
    pub(super) fn typed(&self, user: &User) -> Result<Typed, Problem> {
        let mut typed = Typed::of(user);
        let kept = |given: &Option<String>, kept: String| given.clone().unwrap_or(kept);
        typed.name = kept(&self.name, typed.name);
        self.display_name.text_into(&mut typed.display_name);
        self.email.text_into(&mut typed.email);
        typed.role = kept(&self.role, typed.role);
        typed.enabled = self.enabled.unwrap_or(typed.enabled);
        typed.granted = granted(self.preset.clone(), self.capabilities.clone(), typed.granted)?;
        typed.apps = sets(self.apps.clone());
        typed.groups = self.groups.clone().unwrap_or(typed.groups);
        Ok(typed)
    }

    /// What is wanted of the password.
    pub(super) fn password(&self) -> Password {
        match &self.password {
            Given::Not => Password::Keep,
            Given::Null => Password::Remove,
            Given::Value(text) => Password::Set(SecretString::from(text.as_str())),
        }
    }
}
