//! A form that was sent after its session had ended. What was typed is carried by the pages of the sign-in, not by the
//! service, and shown again to be checked and sent by hand: nothing is ever saved by signing in.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web::Payload};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{
    admin,
    form::{self, Form},
    key_form::KeyForm,
    page,
    person::Person,
    prove,
    visit::Visit,
};
use crate::{administration::fresh_proof::FreshProof, policy::app::AppName};

/// The field that carries it.
pub const FIELD: &str = "expired_form";
/// The most that is carried: the largest form that anybody may send and the path that it is for, in base64. Whoever sends it
/// is not known, so it is no more than that: some hundred hosts or group names. A browser still has what is larger.
pub const MAX_BYTES: usize = (form::MAX_BYTES + 512) / 3 * 4;
/// What is said above the form.
pub const NOTE: &str = "Nothing is saved yet: you had to show first who you are. What you typed is below, except passwords \
                        and secrets: check it, then send it again.";

/// A form that people type into.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sheet {
    NewKey,
    NewUser,
    User(i64),
    UserApp(i64, AppName),
    Deletion(i64),
    Settings(String),
}

impl Sheet {
    /// The form that is sent to a path below the portal's.
    fn at(path: &str) -> Option<Self> {
        let path: Vec<_> = path.strip_prefix('/')?.split('/').collect();
        match path.as_slice() {
            ["account", "keys"] => Some(Self::NewKey),
            ["admin", "users", "new"] => Some(Self::NewUser),
            ["admin", "users", id] => id.parse().ok().map(Self::User),
            ["admin", "users", id, "apps", app] => {
                Some(Self::UserApp(id.parse().ok()?, AppName::parse(app)?))
            }
            ["admin", "users", id, "delete"] => id.parse().ok().map(Self::Deletion),
            ["admin", "settings", name] if admin::settings::has_form(name) => {
                Some(Self::Settings((*name).to_owned()))
            }
            _ => None,
        }
    }

    fn path(&self) -> String {
        match self {
            Self::NewKey => "/account/keys".to_owned(),
            Self::NewUser => "/admin/users/new".to_owned(),
            Self::User(id) => format!("/admin/users/{id}"),
            Self::UserApp(id, app) => format!("/admin/users/{id}/apps/{}", app.as_str()),
            Self::Deletion(id) => format!("/admin/users/{id}/delete"),
            Self::Settings(name) => format!("/admin/settings/{name}"),
        }
    }

    /// Whether what was typed into a field may be shown again. A field that is not known never is.
    fn shows_again(&self, field: &str) -> bool {
        let fields: &[&str] = match self {
            Self::NewKey => &KeyForm::FIELDS,
            Self::NewUser | Self::User(_) => &admin::user_form::SHOWN_AGAIN,
            Self::UserApp(..) => &admin::user_app::FIELDS,
            Self::Deletion(_) => &admin::user_deletion::FIELDS,
            Self::Settings(name) => return admin::settings::shows_again(name, field),
        };
        fields.contains(&field)
    }
}

/// What was typed, without secrets.
#[derive(Debug, PartialEq, Eq)]
pub struct ExpiredForm {
    sheet: Sheet,
    fields: Form,
}

impl ExpiredForm {
    /// Whether what is sent to this page is a form of this kind.
    pub fn is_sent_to(visit: &Visit) -> bool {
        sheet_of(visit).is_some()
    }

    /// A form that is not to be done yet; one that was carried already stays what it was.
    pub fn of(visit: &Visit, form: Form) -> Option<Self> {
        match Self::carried_by(&form, visit.base()).ok()? {
            Some(carried) if prove::is_sent_to(visit) || Some(&carried.sheet) == sheet_of(visit).as_ref() => {
                Some(carried)
            }
            Some(_) => None,
            None => Some(Self::new(sheet_of(visit)?, form)),
        }
    }

    /// The form that the sign-in carries, if any; refuses what no page of ours wrote.
    pub fn carried_by(form: &Form, base: &str) -> Result<Option<Self>, HttpResponse> {
        match form.all(FIELD) {
            [] => Ok(None),
            [carried] => Self::parse(carried).map(Some).ok_or_else(|| unreadable(base)),
            _ => Err(unreadable(base)),
        }
    }

    fn new(sheet: Sheet, form: Form) -> Self {
        let fields = form.with_only(|field| sheet.shows_again(field));
        Self { sheet, fields }
    }

    fn parse(carried: &str) -> Option<Self> {
        let text = BASE64_URL_SAFE_NO_PAD.decode(carried).ok()?;
        let path_ends = text.iter().position(|&byte| byte == b'?')?;
        let path = std::str::from_utf8(&text[..path_ends]).ok()?;
        Some(Self::new(Sheet::at(path)?, Form::parse(&text[path_ends + 1..])?))
    }

    /// As a field carries it; [`None`] where it is too large.
    pub fn carried(&self) -> Option<String> {
        let text = format!("{}?{}", self.sheet.path(), self.fields.urlencoded());
        let carried = BASE64_URL_SAFE_NO_PAD.encode(text);
        (carried.len() <= MAX_BYTES).then_some(carried)
    }

    /// The path that it is for, below the portal's.
    pub fn path(&self) -> String {
        self.sheet.path()
    }
}

fn sheet_of(visit: &Visit) -> Option<Sheet> {
    Sheet::at(visit.path().strip_prefix(visit.base())?)
}

fn unreadable(base: &str) -> HttpResponse {
    let text = "What was kept of a form cannot be read, so nothing was done. Open the form again.";
    page::message(base, StatusCode::BAD_REQUEST, ("Not accepted", text), None)
}

/// What is to become of a form that came with a session.
pub enum Sent {
    /// It is to be done, by leave of a fresh proof.
    ToDo(Form, FreshProof),
    /// It comes from before a sign-in or a proof, and is only shown.
    ToCheck(Form),
}

impl Sent {
    /// Reads what is sent to this page, and what its sender wants of it. Where their last proof is too old, the answer asks
    /// for another, and keeps what they typed.
    pub async fn read(
        person: &Person,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<Self, HttpResponse> {
        let form = Form::read_carrying(request, payload, person.visit.base()).await?;
        Self::of(person, form).await
    }

    /// The same where whole lists may be typed.
    pub async fn read_large(
        person: &Person,
        request: &HttpRequest,
        payload: Payload,
    ) -> Result<Self, HttpResponse> {
        let form = Form::read_large(request, payload, person.visit.base()).await?;
        Self::of(person, form).await
    }

    async fn of(person: &Person, form: Form) -> Result<Self, HttpResponse> {
        let visit = &person.visit;
        match ExpiredForm::carried_by(&form, visit.base())? {
            None => {
                let proof = prove::fresh(person, &form).await?;
                Ok(Self::ToDo(form, proof))
            }
            Some(expired) if Some(&expired.sheet) == sheet_of(visit).as_ref() => {
                Ok(Self::ToCheck(expired.fields))
            }
            Some(_) => Err(unreadable(visit.base())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    fn typed(path: &str, body: &str) -> ExpiredForm {
        ExpiredForm::new(Sheet::at(path).unwrap(), Form::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn only_forms_that_people_type_into_are_carried() {
        let forms = [
            "/account/keys",
            "/admin/users/new",
            "/admin/users/7",
            "/admin/users/7/apps/sonarr",
            "/admin/users/7/delete",
            "/admin/settings/sso",
            "/admin/settings/new-app",
            "/admin/settings/app.sonarr",
            "/admin/settings/event.0",
        ];
        for path in forms {
            assert_eq!(Sheet::at(path).unwrap().path(), path);
        }
        for path in [
            "",
            "/",
            "//evil.test",
            "https://evil.test/admin/users/7",
            "/account/password",
            "/account/keys/revoke",
            "/account/keys/",
            "/admin/users/new/",
            "/admin/users/x/apps/sonarr",
            "/admin/users/7/apps/",
            "/admin/users/7/apps/..",
            "/admin/users/7/apps/sonarr/x",
            "/admin/users/7/delete/x",
            "/admin/users/../keys",
            "/admin/sessions/end-all",
            "/admin/settings/versions/restore",
            "/admin/settings/nothing",
            "/admin/settings/app.S/x",
            "/admin/settings/event.x",
            "/login",
        ] {
            assert_eq!(Sheet::at(path), None, "{path}");
        }
    }

    /// Every template, with those in folders.
    fn templates(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries
            .flat_map(
                |path| {
                    if path.is_dir() { templates(&path) } else { vec![fs::read_to_string(path).unwrap()] }
                },
            )
            .collect()
    }

    /// The names of a template's password fields, whether it writes them itself or calls the macro.
    fn password_fields(template: &str) -> Vec<&str> {
        let own = template.split('<').filter(|tag| tag.contains("type=\"password\""));
        let own = own.filter_map(|tag| tag.split("name=\"").nth(1)?.split('"').next());
        let called = template.split("fields::password(").skip(1).filter_map(|call| call.split('"').nth(3));
        own.chain(called).filter(|name| !name.contains("{{")).collect()
    }

    #[test]
    fn no_password_field_of_any_page_is_shown_again() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portal/templates");
        let templates = templates(&folder);
        let fields: BTreeSet<_> = templates.iter().flat_map(|text| password_fields(text)).collect();
        assert!(fields.contains("password") && fields.contains("new_password_again"), "{fields:?}");
        let sections =
            ["sso", "session", "new-app", "new-event"].map(|name| Sheet::Settings(name.to_owned()));
        let app = AppName::parse("sonarr").unwrap();
        let sheets =
            [Sheet::NewKey, Sheet::NewUser, Sheet::User(7), Sheet::UserApp(7, app), Sheet::Deletion(7)];
        for sheet in sheets.into_iter().chain(sections) {
            for field in &fields {
                assert!(!sheet.shows_again(field), "{field} of {sheet:?}");
            }
        }
    }

    #[test]
    fn it_comes_back_as_it_was_typed() {
        let form = typed("/admin/users/7", "name=v%26a%C3%A9&may=search&may=view_logs");
        assert_eq!(ExpiredForm::parse(&form.carried().unwrap()), Some(form));
    }

    #[test]
    fn fields_that_are_not_known_are_left_out_even_of_what_was_carried() {
        let form = typed("/admin/settings/app.sonarr", "hosts=a&inject.cookie=b&x=c");
        assert_eq!(form.fields, Form::parse(b"hosts=a").unwrap());
        let forged = BASE64_URL_SAFE_NO_PAD.encode("/admin/users/7?password=x&name=y");
        assert_eq!(ExpiredForm::parse(&forged).unwrap().fields, Form::parse(b"name=y").unwrap());
    }

    #[test]
    fn what_no_page_wrote_is_none() {
        for text in ["/admin/users/7", "/nowhere?name=x", "/admin/users/7?name=%ff", "\u{e9}?name=x", ""] {
            assert_eq!(ExpiredForm::parse(&BASE64_URL_SAFE_NO_PAD.encode(text)), None, "{text}");
        }
        assert_eq!(ExpiredForm::parse("/admin/users/7?name=x"), None);
    }

    #[test]
    fn what_is_too_large_is_not_carried() {
        let typed = |length| typed("/account/keys", &format!("name={}", "x".repeat(length)));
        let largest = MAX_BYTES / 4 * 3 - "/account/keys?name=".len();
        assert_eq!(typed(largest).carried().map(|carried| carried.len()), Some(MAX_BYTES));
        assert_eq!(typed(largest + 1).carried(), None);
    }
}
