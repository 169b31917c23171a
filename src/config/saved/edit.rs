//! Changes of what was saved, key by key.

use serde_json::{Map, Value, map::Entry};

use super::{ARRAYS, Placed, Saved};
use crate::{config::Problem, policy::app::AppName};

/// The sections that the portal may change as a whole.
const SECTIONS: [&str; 7] = ["sso", "upstream", "bypass", "origins", "session", "throttle", "api_keys"];
/// Single keys beside those.
const KEYS: [&str; 2] = ["auth.enabled", "audit.keep"];
/// Bytes that all of it may take.
const MOST: usize = 256 * 1024;

/// What is typed into a field.
#[derive(Clone)]
pub enum Input {
    /// One value, as it would stand in the file without its quotes.
    Text(String),
    /// A list.
    List(Vec<String>),
    /// A table whose keys are the administrator's to choose, such as `sso.group_map`.
    Table(Vec<(String, String)>),
}

/// One change. Apps go by their name, `app.sonarr.hosts`, and events by their place, `event.0.url`; the first key that
/// is set of one makes it.
#[derive(Clone)]
pub enum Edit {
    /// Gives a key this value.
    Set(String, Input),
    /// Takes a key away, or an app or event with all its keys, so that the layers below hold.
    Remove(String),
}

impl Edit {
    /// The key that it changes.
    pub fn key(&self) -> &str {
        match self {
            Self::Set(key, _) | Self::Remove(key) => key,
        }
    }
}

impl Saved {
    /// With all of `edits` made, or what is wrong with them.
    pub fn edited(&self, edits: &[Edit], placed: &Placed) -> Result<Self, Vec<Problem>> {
        let mut saved = self.clone();
        let wrong = edits.iter().filter_map(|edit| {
            let made = edit.may_be_saved().and_then(|()| saved.edit(edit, placed));
            made.err().map(|text| Problem::with_value(edit.key(), &text))
        });
        let mut problems: Vec<_> = wrong.collect();
        if saved.to_json().len() > MOST {
            problems
                .push(Problem::with_value("", "all settings together take more than 256 KiB; shorten some"));
        }
        if problems.is_empty() { Ok(saved) } else { Err(problems) }
    }

    fn edit(&mut self, edit: &Edit, placed: &Placed) -> Result<(), String> {
        let (section, rest) = edit.key().split_once('.').unwrap_or((edit.key(), ""));
        if !ARRAYS.contains(&section) {
            return match self.0.entry(section).or_insert_with(empty) {
                Value::Object(table) => change(table, rest, edit),
                _ => Err("what was saved there is no table; go back to an earlier version".to_owned()),
            };
        }
        let Value::Array(tables) = self.0.entry(section).or_insert_with(|| Value::Array(Vec::new())) else {
            return Err("what was saved there is no list of tables; go back to an earlier version".to_owned());
        };
        let (which, rest) = rest.split_once('.').unwrap_or((rest, ""));
        let index = find(tables, section, which, placed)?;
        match (edit, rest) {
            (Edit::Remove(_), "") => {
                let index = index.filter(|&index| index < tables.len());
                tables.remove(index.ok_or_else(|| "there is none to remove".to_owned())?);
                Ok(())
            }
            (_, "") => Err("name one of its keys, too".to_owned()),
            _ => {
                let index = index.unwrap_or_else(|| {
                    tables.push(named(section, which));
                    tables.len() - 1
                });
                let table = tables.get_mut(index).and_then(Value::as_object_mut);
                change(table.ok_or_else(|| "there is none in that place".to_owned())?, rest, edit)
            }
        }
    }
}

/// The place among the saved tables, where there is one.
fn find(tables: &[Value], section: &str, which: &str, placed: &Placed) -> Result<Option<usize>, String> {
    if section == "app" {
        AppName::parse(which).ok_or_else(|| {
            format!("`{which}` is no name of an app; use a-z, 0-9, _ and -, as in app.sonarr.hosts")
        })?;
        return Ok(tables.iter().position(|table| table.get("name").and_then(Value::as_str) == Some(which)));
    }
    let locked = placed.locked(section);
    let index = which.parse::<usize>().ok().and_then(|index| index.checked_sub(locked));
    match index.filter(|&index| index <= tables.len()) {
        None => Err("there is none in that place".to_owned()),
        Some(index) => Ok(Some(index).filter(|&index| index < tables.len())),
    }
}

fn named(section: &str, name: &str) -> Value {
    let mut table = Map::new();
    if section == "app" {
        table.insert("name".to_owned(), Value::from(name));
    }
    Value::Object(table)
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn change(table: &mut Map<String, Value>, path: &str, edit: &Edit) -> Result<(), String> {
    let Some((first, rest)) = path.split_once('.') else {
        match edit {
            Edit::Remove(_) => table.remove(path),
            Edit::Set(_, input) => table.insert(path.to_owned(), value(input)),
        };
        return Ok(());
    };
    match (table.entry(first), edit) {
        (Entry::Vacant(_), Edit::Remove(_)) => Ok(()),
        (entry, _) => match entry.or_insert_with(empty) {
            Value::Object(inner) => change(inner, rest, edit),
            _ => Err(format!("`{first}` is no table")),
        },
    }
}

fn value(input: &Input) -> Value {
    match input {
        Input::Text(text) => Value::from(text.as_str()),
        Input::List(entries) => Value::from(entries.as_slice()),
        Input::Table(entries) => {
            entries.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect()
        }
    }
}

impl Edit {
    /// Whether it may, with every key of a table that it sets as a whole.
    fn may_be_saved(&self) -> Result<(), String> {
        may_be_saved(self.key())?;
        match self {
            Self::Set(key, Input::Table(entries)) => {
                entries.iter().try_for_each(|(name, _)| may_be_saved(&format!("{key}.{name}")))
            }
            Self::Set(..) | Self::Remove(_) => Ok(()),
        }
    }
}

/// What only the file, a variable or a flag may say: where Sluice runs, and what it must not take from a page.
pub fn may_be_saved(key: &str) -> Result<(), String> {
    let parts: Vec<_> = key.split('.').collect();
    let whole = parts.len() >= 2 && parts.iter().all(|part| !part.is_empty());
    let section = parts.first().copied().unwrap_or_default();
    if !whole || !(SECTIONS.contains(&section) || ARRAYS.contains(&section) || KEYS.contains(&key)) {
        return Err("it cannot be set here; set it in the configuration file".to_owned());
    }
    if key.ends_with("_file") {
        return Err(
            "the path of a secret's file can be set in the configuration file only; give the secret itself here"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(key: &str, text: &str) -> Edit {
        Edit::Set(key.to_owned(), Input::Text(text.to_owned()))
    }

    fn edited(saved: &Saved, edits: &[Edit]) -> Saved {
        saved.edited(edits, &Placed::default()).unwrap()
    }

    #[test]
    fn keys_are_set_and_taken_away() {
        let list = Edit::Set("app.sonarr.hosts".to_owned(), Input::List(vec!["nas:8989".to_owned()]));
        let map =
            Edit::Set("sso.group_map".to_owned(), Input::Table(vec![("a.b".to_owned(), "admin".to_owned())]));
        let all = [text("session.ttl", "12h"), list, text("app.sonarr.inject.api_key", "k"), map];
        let saved = edited(&Saved::default(), &all);
        assert_eq!(
            saved.to_json(),
            r#"{"app":[{"hosts":["nas:8989"],"inject":{"api_key":"k"},"name":"sonarr"}],"session":{"ttl":"12h"},"sso":{"group_map":{"a.b":"admin"}}}"#
        );
        let remove = |key: &str| Edit::Remove(key.to_owned());
        let less = edited(
            &saved,
            &[remove("session.ttl"), remove("sso.group_map"), remove("app.sonarr.inject.api_key")],
        );
        assert_eq!(
            less.to_json(),
            r#"{"app":[{"hosts":["nas:8989"],"inject":{},"name":"sonarr"}],"session":{},"sso":{}}"#
        );
        assert_eq!(edited(&less, &[remove("app.sonarr")]).to_json(), r#"{"app":[],"session":{},"sso":{}}"#);
    }

    #[test]
    fn an_event_goes_by_its_place() {
        let two =
            edited(&Saved::default(), &[text("event.0.url", "http://a"), text("event.1.url", "http://b")]);
        let one = edited(&two, &[Edit::Remove("event.0".to_owned())]);
        assert_eq!(one.to_json(), r#"{"event":[{"url":"http://b"}]}"#);
        assert!(one.edited(&[text("event.2.url", "http://c")], &Placed::default()).is_err());
    }

    #[test]
    fn what_is_for_the_file_is_refused() {
        for key in [
            "server.listen",
            "store.path",
            "log.level",
            "auth.admin_password",
            "auth.bcrypt_cost",
            "packs.folder",
            "sso.secret_file",
            "app.sonarr.inject.cookie_file",
            "app.Sonarr.hosts",
            "app.sonarr",
            "app",
            "sso",
            "sso.",
            ".sso",
            "",
            "event.x.url",
        ] {
            let problems = Saved::default().edited(&[text(key, "x")], &Placed::default()).unwrap_err();
            assert_eq!(problems.len(), 1, "{key}");
        }
        let entries =
            vec![("api_key".to_owned(), "x".to_owned()), ("api_key_file".to_owned(), "x".to_owned())];
        let whole = Edit::Set("app.sonarr.inject".to_owned(), Input::Table(entries));
        let problems = Saved::default().edited(&[whole], &Placed::default()).unwrap_err();
        assert!(problems[0].to_string().contains("configuration file only"), "{problems:?}");
    }

    #[test]
    fn there_is_an_end_to_what_is_saved() {
        let long = text("sso.secret", &"x".repeat(MOST));
        assert!(Saved::default().edited(&[long], &Placed::default()).is_err());
    }
}
