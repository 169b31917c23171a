//! The form for a user: what it shows, and what was typed.

use secrecy::SecretString;

use super::set_form::SetForm;
use crate::{
    administration::{FieldError, draft::Typed, users::Password, version::Version},
    policy::{capability::Capabilities, preset::Preset, role::Role},
    portal::form::Form,
    store::users::User,
};

/// The fields in the order of the page.
pub const ORDER: [&str; 8] =
    ["name", "display_name", "email", "groups", "role", "enabled", "password", "capabilities"];

/// The fields that are shown again as they were typed: each but the password.
pub const SHOWN_AGAIN: [&str; 10] = [
    "name",
    "display_name",
    "email",
    "groups",
    "role",
    "enabled",
    "password_choice",
    "set",
    "may",
    "made_from",
];

/// What becomes of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordChoice {
    /// It stays as it is.
    Keep,
    /// The one that is typed.
    Set,
    /// None.
    None,
}

/// What is typed, chosen and ticked; all but the password, which no page shows again.
pub struct UserForm {
    /// Name.
    pub name: String,
    /// Name for people.
    pub display_name: String,
    /// Address.
    pub email: String,
    /// Groups, with commas.
    pub groups: String,
    /// Role.
    pub role: String,
    /// Whether they may come in.
    pub enabled: bool,
    /// What becomes of the password; `None` where nothing known was chosen.
    pub password: Option<PasswordChoice>,
    /// What they may do.
    pub everywhere: SetForm,
    /// The user that it was made from; [`None`] where there is none, or the form does not say.
    pub made_from: Option<Version>,
}

impl PasswordChoice {
    fn named(name: &str) -> Option<Self> {
        match name {
            "keep" => Some(Self::Keep),
            "set" => Some(Self::Set),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl UserForm {
    /// For a user who is yet to be made.
    pub fn blank() -> Self {
        Self::with(Typed::default(), PasswordChoice::Set, Preset::ReadOnly.capabilities())
    }

    /// Of a user as they are.
    pub fn of(user: &User) -> Self {
        let form = Self::with(Typed::of(user), PasswordChoice::Keep, user.granted);
        Self { made_from: Some(Version::of(user).besides_apps()), ..form }
    }

    fn with(typed: Typed, password: PasswordChoice, everywhere: Capabilities) -> Self {
        Self {
            name: typed.name,
            display_name: typed.display_name,
            email: typed.email,
            groups: typed.groups.join(", "),
            role: typed.role,
            enabled: typed.enabled,
            password: Some(password),
            everywhere: SetForm::of(everywhere),
            made_from: None,
        }
    }

    /// As it was sent. Keyboards of phones leave a space behind a word that they complete.
    pub fn sent(form: &Form) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        Self {
            name: text("name"),
            display_name: text("display_name"),
            email: text("email"),
            groups: text("groups"),
            role: form.text("role"),
            enabled: form.once("enabled") == Some("yes"),
            password: PasswordChoice::named(&form.text("password_choice")),
            everywhere: SetForm::sent(form),
            made_from: form.once("made_from").and_then(Version::parse),
        }
    }

    /// What is wanted, as the operations read it.
    pub fn typed(&self) -> Typed {
        let groups = self.groups.split(',').map(str::trim).filter(|group| !group.is_empty());
        Typed {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            email: self.email.clone(),
            role: self.role.clone(),
            enabled: self.enabled,
            granted: self.everywhere.granted(),
            // An app that is not named keeps the set that it has.
            apps: Vec::new(),
            groups: groups.map(str::to_owned).collect(),
        }
    }

    /// What is wrong where boxes would be passed over.
    pub fn passed_over(&self, before: Option<&User>) -> Option<FieldError> {
        let held = before.map_or(Preset::ReadOnly.capabilities(), |user| user.granted);
        let wrong = self.everywhere.passed_over(&SetForm::of(held))?;
        Some(FieldError::new("capabilities", wrong))
    }

    /// What is wanted of the password. One that is typed is never passed over.
    pub fn password(&self, form: &Form) -> Result<Password, FieldError> {
        let typed = form.text("password");
        let wrong = |message: &str| Err(FieldError::new("password", message));
        match self.password {
            None => wrong("choose what becomes of the password"),
            Some(PasswordChoice::Set) if typed.is_empty() => {
                wrong("type the password, or make another choice")
            }
            Some(PasswordChoice::Set) => Ok(Password::Set(SecretString::from(typed))),
            Some(_) if !typed.is_empty() => {
                wrong("a password was typed, but not chosen to be set; choose that, and type it again")
            }
            Some(PasswordChoice::Keep) => Ok(Password::Keep),
            Some(PasswordChoice::None) => Ok(Password::Remove),
        }
    }

    /// Whether this choice of the password is taken.
    pub fn chosen(&self, choice: &str) -> bool {
        self.password.is_some() && self.password == PasswordChoice::named(choice)
    }

    /// Whether they are to be an administrator.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin.name()
    }
}
