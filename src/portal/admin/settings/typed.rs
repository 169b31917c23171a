//! The change that was typed into a form.

use super::{
    Subject,
    keys::{Key, Kind},
    row::{is_to_default, lock},
    table_names,
    value::{field, in_field},
};
use crate::{
    administration::{FieldError, settings::Overview},
    config::{Edit, Input, Source},
    policy::app::AppName,
    portal::form::Form,
};

/// What every key of the change begins with.
pub(super) fn prefix(subject: &Subject, overview: &Overview, typed: &Form) -> Result<String, FieldError> {
    if let Some(prefix) = subject.prefix() {
        return Ok(prefix);
    }
    let name = typed.text("name");
    let name = AppName::parse(name.trim()).ok_or_else(|| {
        FieldError::new("name", "a name has 1 to 64 of the characters a-z 0-9 _ and -".to_owned())
    })?;
    if table_names(overview, "app").iter().any(|known| known == name.as_str()) {
        let taken = "there is an app of this name; choose another, or change that one in the settings";
        return Err(FieldError::new("name", taken.to_owned()));
    }
    Ok(format!("app.{}", name.as_str()))
}

/// What was typed and differs from what holds, or what is wrong with how it was typed.
pub(super) fn edits(
    (prefix, subject): (&str, &Subject),
    overview: &Overview,
    typed: &Form,
) -> Result<Vec<Edit>, Vec<FieldError>> {
    let (mut edits, mut wrong) = (Vec::new(), Vec::new());
    for key in subject.section().keys {
        let Some(text) = typed.once(key.name).map(|text| text.replace("\r\n", "\n")) else { continue };
        if lock(subject, key, overview).is_some() {
            continue;
        }
        let full = format!("{prefix}.{}", key.name);
        let saved = field(prefix, key, overview).is_some_and(|field| field.source == Source::Settings);
        if is_to_default(typed, key) {
            edits.push(Edit::Remove(full));
            continue;
        }
        // An app is there once one of its keys is, so a new one has hosts, even if none.
        let is_new = *subject == Subject::NewApp && key.name == "hosts";
        let text = text.trim();
        if text == in_field(prefix, key, overview) && !is_new {
            continue;
        }
        match input(key, text) {
            Ok(Some(input)) => edits.push(Edit::Set(full, input)),
            Ok(None) if saved && key.kind != Kind::Secret => edits.push(Edit::Remove(full)),
            Ok(None) => {}
            Err(message) => wrong.push(FieldError::new(key.name, message)),
        }
    }
    if wrong.is_empty() { Ok(edits) } else { Err(wrong) }
}

/// What a field says; nothing where it is empty, but for lists, which may be.
fn input(key: &Key, text: &str) -> Result<Option<Input>, String> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(match key.kind {
        Kind::List => Some(Input::List(lines().map(ToOwned::to_owned).collect())),
        Kind::Table => {
            let mut entries: Vec<(String, String)> = Vec::new();
            for line in lines() {
                let (name, value) = line
                    .split_once('=')
                    .ok_or_else(|| format!("`{line}` has no `=`; write it as `Name = text`"))?;
                let (name, value) = (name.trim(), value.trim());
                if name.is_empty() {
                    return Err(format!("`{line}` has nothing before the `=`; write it as `Name = text`"));
                }
                if entries.iter().any(|(known, _)| known == name) {
                    return Err(format!("`{name}` is there twice; keep one of the two lines"));
                }
                entries.push((name.to_owned(), value.to_owned()));
            }
            Some(Input::Table(entries))
        }
        _ => Some(Input::Text(text.to_owned())).filter(|_| !text.is_empty()),
    })
}
