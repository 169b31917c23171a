//! The form for a user: what it shows, and what was typed.

use secrecy::SecretString;

use super::set_form::SetForm;
use crate::{
    administration::{FieldError, draft::Typed, users::Password, version::Version},
    policy::{
        app::{AppName, Apps},
        capability::Capabilities,
        preset::Preset,
        role::Role,
    },
    portal::form::Form,
    store::users::User,
};

/// The fields in the order of the page.
pub const ORDER: [&str; 9] =
    ["name", "display_name", "email", "groups", "role", "enabled", "password", "capabilities", "apps"];

/// Whether a field of the form is shown again as it was typed: each but the password.
pub fn shows_again(field: &str) -> bool {
    const FIELDS: [&str; 10] = [
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
    FIELDS.contains(&field) || field.starts_with("set.") || field.starts_with("may.")
}

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
    /// The same in single apps.
    pub apps: Vec<AppForm>,
    /// The user that it was made from; [`None`] where there is none, or the form does not say.
    pub made_from: Option<Version>,
}

/// The set of one app.
pub struct AppForm {
    /// The app.
    pub name: String,
    /// Whether the configuration still has it.
    pub configured: bool,
    /// The set.
    pub set: SetForm,
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
    pub fn blank(apps: &Apps) -> Self {
        let everywhere = Preset::ReadOnly.capabilities();
        let typed = Typed::default();
        Self::with(typed, (PasswordChoice::Set, everywhere), app_forms(apps, None, |_| None, everywhere))
    }

    /// Of a user as they are.
    pub fn of(user: &User, apps: &Apps) -> Self {
        let sets = app_forms(apps, Some(user), |app| user.per_app.get(app), user.granted);
        let form = Self::with(Typed::of(user), (PasswordChoice::Keep, user.granted), sets);
        Self { made_from: Some(Version::of(user)), ..form }
    }

    fn with(
        typed: Typed,
        (password, everywhere): (PasswordChoice, Capabilities),
        apps: Vec<AppForm>,
    ) -> Self {
        Self {
            name: typed.name,
            display_name: typed.display_name,
            email: typed.email,
            groups: typed.groups.join(", "),
            role: typed.role,
            enabled: typed.enabled,
            password: Some(password),
            everywhere: SetForm::of(everywhere),
            apps,
            made_from: None,
        }
    }

    /// As it was sent. Keyboards of phones leave a space behind a word that they complete.
    pub fn sent(form: &Form, apps: &Apps, before: Option<&User>) -> Self {
        let text = |name| form.text(name).trim().to_owned();
        let mut sets = app_forms(apps, before, |_| None, Capabilities::NONE);
        // What the form does not name keeps the set that it has.
        sets.retain(|app| form.once(&app.choice_field()).is_some());
        for app in &mut sets {
            app.set = SetForm::sent(form, &app.choice_field(), &app.boxes_field());
        }
        Self {
            name: text("name"),
            display_name: text("display_name"),
            email: text("email"),
            groups: text("groups"),
            role: form.text("role"),
            enabled: form.once("enabled") == Some("yes"),
            password: PasswordChoice::named(&form.text("password_choice")),
            everywhere: SetForm::sent(form, "set", "may"),
            apps: sets,
            made_from: Version::parse(&form.text("made_from")),
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
            apps: self.apps.iter().map(|app| (app.name.clone(), app.set.granted_in_app())).collect(),
            groups: groups.map(str::to_owned).collect(),
        }
    }

    /// What is wrong where boxes would be passed over.
    pub fn passed_over(&self, before: Option<&User>) -> Vec<FieldError> {
        let held = before.map_or(Preset::ReadOnly.capabilities(), |user| user.granted);
        let held_in = |app: &AppForm| AppName::parse(&app.name).and_then(|name| before?.per_app.get(&name));
        let everywhere = self.everywhere.passes_over_boxes(held).then_some("capabilities");
        let apps = self.apps.iter().any(|app| held_in(app).is_some_and(|set| app.set.passes_over_boxes(set)));
        let fields = everywhere.into_iter().chain(apps.then_some("apps"));
        let text = "boxes were changed, which count only with \u{201c}custom\u{201d}; choose that, or tick them as before";
        fields.map(|field| FieldError::new(field, text)).collect()
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

impl AppForm {
    /// The field of the list.
    pub fn choice_field(&self) -> String {
        format!("set.{}", self.name)
    }

    /// The field of the boxes.
    pub fn boxes_field(&self) -> String {
        format!("may.{}", self.name)
    }
}

/// A form for each app that can have a set: the configured ones, then those for which the user has one still.
fn app_forms(
    apps: &Apps,
    user: Option<&User>,
    set: impl Fn(&AppName) -> Option<Capabilities>,
    everywhere: Capabilities,
) -> Vec<AppForm> {
    let form = |name: &AppName, configured| AppForm {
        name: name.as_str().to_owned(),
        configured,
        set: SetForm::of_app(set(name), everywhere),
    };
    let former = user.into_iter().flat_map(|user| user.per_app.iter());
    let former = former.filter(|(name, _)| apps.named(name.as_str()).is_none());
    let former = former.map(|(name, _)| form(name, false));
    apps.iter().map(|app| form(&app.name, true)).chain(former).collect()
}
