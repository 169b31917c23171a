//! What administrators saved in the portal: the layer between the defaults and the file.

mod edit;

use std::{collections::BTreeMap, fmt};

pub(super) use edit::may_be_saved;
pub use edit::{Edit, Input};
use figment::{
    Error, Figment, Metadata, Profile, Provider, Source as Origin,
    value::{Dict, Map, Value},
};
use serde_json::{Map as JsonMap, Value as Json};

use super::source::SETTINGS;

/// Sections that are written as `[[section]]`.
const ARRAYS: [&str; 2] = ["app", "event"];

/// The values, nested as in the file. Some are secrets, so none is ever shown whole.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Saved(JsonMap<String, Json>);

impl fmt::Debug for Saved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Saved").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

impl Saved {
    /// From the form in which the store keeps it.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(Self)
    }

    /// The form in which the store keeps it.
    pub fn to_json(&self) -> String {
        Json::from(self.0.clone()).to_string()
    }

    /// Whether a key of a section is saved.
    pub(super) fn has(&self, section: &str, key: &str) -> bool {
        self.0.get(section).is_some_and(|section| section.get(key).is_some())
    }

    /// Puts the layer under those of `figment`. A key that one of those has keeps its value as a whole. Apps and events
    /// of the file come first and those saved beside them, less the apps whose name the file has.
    pub(super) fn beneath(&self, figment: Figment) -> (Figment, Placed) {
        let above =
            figment.data().ok().and_then(|mut data| data.remove(&Profile::Default)).unwrap_or_default();
        let mut sections = self.0.clone();
        let mut arrays = Dict::new();
        let mut placed = Placed::default();
        for name in ARRAYS {
            let saved = sections.remove(name);
            let (tables, place) = beside(above.get(name), saved.as_ref());
            placed.0.insert(name, place);
            if !tables.is_empty() {
                arrays.insert(name.to_owned(), Value::from(tables));
            }
        }
        for (name, section) in &mut sections {
            if let (Some(Value::Dict(_, above)), Json::Object(section)) = (above.get(name), section) {
                // A secret and the path of its file are one value.
                section
                    .retain(|key, _| !above.contains_key(key) && !above.contains_key(&format!("{key}_file")));
            }
        }
        let sections = Value::serialize(&sections).ok().and_then(Value::into_dict).unwrap_or_default();
        (figment.join(Layer(sections)).adjoin(Layer(arrays)), placed)
    }
}

/// The saved tables that hold beside those above, and where they come to stand.
fn beside(above: Option<&Value>, saved: Option<&Json>) -> (Vec<Value>, Place) {
    let named = |value: &Value| value.find_ref("name").and_then(Value::as_str).map(str::to_owned);
    let above = match above {
        Some(Value::Array(_, tables)) => tables.as_slice(),
        _ => &[],
    };
    let mut place =
        Place { names: above.iter().map(named).collect(), locked: above.len(), ..Place::default() };
    let mut tables = Vec::new();
    for table in saved.and_then(Json::as_array).into_iter().flatten() {
        let Ok(value) = Value::serialize(table) else { continue };
        let name = named(&value);
        if name.is_some() && place.names[..place.locked].contains(&name) {
            place.overridden.extend(name);
            continue;
        }
        place.names.push(name);
        tables.push(value);
    }
    (tables, place)
}

/// Where the tables of each array came to stand, when those of the file and those saved were put together.
#[derive(Clone, Debug, Default)]
pub struct Placed(BTreeMap<&'static str, Place>);

#[derive(Clone, Debug, Default)]
struct Place {
    /// The name of each table, where it has one.
    names: Vec<Option<String>>,
    /// How many of them are the file's, which come first.
    locked: usize,
    /// Those saved whose name one of the file's has.
    overridden: Vec<String>,
}

impl Placed {
    /// A key as people know it: an app's holds its name (`app.sonarr.hosts`), where the reader counts.
    pub fn address(&self, key: &str) -> String {
        let named = || {
            let (array, rest) = key.split_once('.')?;
            let (index, rest) =
                rest.split_once('.').map_or((rest, None), |(index, rest)| (index, Some(rest)));
            let name = self.0.get(array)?.names.get(index.parse::<usize>().ok()?)?.as_ref()?;
            Some(rest.map_or_else(|| format!("{array}.{name}"), |rest| format!("{array}.{name}.{rest}")))
        };
        named().unwrap_or_else(|| key.to_owned())
    }

    /// Whether a key is of an app or event of the file.
    pub(super) fn is_of_file(&self, key: &str) -> bool {
        let mut parts = key.split('.');
        let place = parts.next().and_then(|array| self.0.get(array));
        let (Some(place), Some(which)) = (place, parts.next()) else { return false };
        // An app may be named `1`; what has no name goes by its place.
        let named = place.names.iter().position(|name| name.as_deref() == Some(which));
        let unnamed = |index: &usize| place.names.get(*index).is_some_and(Option::is_none);
        named.or_else(|| which.parse().ok().filter(unnamed)).is_some_and(|index| index < place.locked)
    }

    /// How many tables of an array are the file's.
    fn locked(&self, array: &str) -> usize {
        self.0.get(array).map_or(0, |place| place.locked)
    }

    /// The saved apps that do not hold, because the file has one of the same name.
    pub fn overridden(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().flat_map(|(array, place)| place.overridden.iter().map(|name| (*array, name.as_str())))
    }
}

struct Layer(Dict);

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::from(SETTINGS, Origin::Custom(SETTINGS.to_owned()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::{Flags, Outcome, load_with};

    fn outcome(file: &str, saved: &str) -> Outcome {
        let path = tempfile::NamedTempFile::new().unwrap();
        fs::write(path.path(), file).unwrap();
        let flags = Flags {
            file: Some(path.path().to_owned()),
            values: vec![("server.listen", "127.0.0.1:1".to_owned())],
        };
        load_with(&flags, &Saved::from_json(saved).unwrap())
    }

    fn shown(outcome: &Outcome, key: &str) -> (String, String, bool) {
        let field = outcome.fields().into_iter().find(|field| field.key == key);
        let field = field.unwrap_or_else(|| panic!("no {key} in {:#?}", outcome.fields()));
        let source = match &field.source {
            crate::config::Source::File(_) => "file".to_owned(),
            source => source.to_string(),
        };
        (field.value.to_string(), source, field.lock.is_some())
    }

    #[test]
    fn what_is_saved_stands_between_the_defaults_and_the_file() {
        let outcome = outcome(
            "[session]\nttl = \"2h\"\n[sso.group_map]\nfamily = \"read-only\"\n",
            r#"{"session":{"ttl":"3h","remember_ttl":"40d"},"sso":{"group_map":{"wheel":"admin"}},"origins":{"allowed":["https://a.test"]}}"#,
        );
        assert!(outcome.config.is_ok());
        for (key, value, source, locked) in [
            ("session.ttl", "2h", "file", true),
            ("session.remember_ttl", "40d", "settings", false),
            ("session.cookie_name", "sluice_session", "default", false),
            ("origins.allowed", "[https://a.test]", "settings", false),
            ("sso.group_map.family", "read-only", "file", true),
            ("server.listen", "127.0.0.1:1", "--listen", true),
        ] {
            assert_eq!(shown(&outcome, key), (value.to_owned(), source.to_owned(), locked), "{key}");
        }
        assert!(!outcome.fields().iter().any(|field| field.key == "sso.group_map.wheel"));
        assert!(outcome.lock("sso.group_map").is_some_and(|lock| lock.starts_with("set in /")));
        assert_eq!(outcome.lock("session.remember_ttl"), None);
        assert_eq!(
            outcome.lock("server.listen").as_deref(),
            Some("it cannot be set here; set it in the configuration file")
        );
    }

    #[test]
    fn a_secret_of_the_file_and_a_saved_one_are_not_two() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        fs::write(secret.path(), "0123456789abcdef").unwrap();
        let file = format!("[sso]\nsecret_file = \"{}\"\n", secret.path().display());
        let outcome = outcome(&file, r#"{"sso":{"enabled":"true","secret":"another-long-secret"}}"#);
        assert!(outcome.config.is_ok_and(|config| config.sso.is_some()));
    }

    #[test]
    fn a_secret_of_a_file_locks_the_secret() {
        let outcome = outcome("[sso]\nsecret_file = \"/nowhere\"\n", "{}");
        assert!(outcome.lock("sso.secret").is_some_and(|lock| lock.starts_with("set in /")));
    }

    #[test]
    fn saved_apps_stand_beside_those_of_the_file() {
        let outcome = outcome(
            "[[app]]\nname = \"sonarr\"\nhosts = [\"sonarr.test\"]\n",
            r#"{"app":[{"name":"sonarr","hosts":["elsewhere.test"]},{"name":"radarr","hosts":["radarr.test"]}]}"#,
        );
        let names: Vec<_> =
            outcome.config.as_ref().unwrap().apps.iter().map(|app| app.name.as_str()).collect();
        assert_eq!(names, ["sonarr", "radarr"]);
        for (key, value, source, locked) in [
            ("app.sonarr.hosts", "[sonarr.test]", "file", true),
            ("app.sonarr.users", "[]", "default", true),
            ("app.radarr.hosts", "[radarr.test]", "settings", false),
        ] {
            assert_eq!(shown(&outcome, key), (value.to_owned(), source.to_owned(), locked), "{key}");
        }
        assert_eq!(outcome.placed.overridden().collect::<Vec<_>>(), [("app", "sonarr")]);
        assert!(outcome.warnings.iter().any(|warning| warning.to_string().contains("`sonarr`")));
    }

    #[test]
    fn a_problem_of_a_saved_app_names_it() {
        let outcome = outcome("[[app]]\nname = \"a\"\n", r#"{"app":[{"name":"b","hosts":["x y"]}]}"#);
        let problems = outcome.config.err().unwrap();
        assert!(problems.iter().all(|problem| problem.is_of_settings()), "{problems:?}");
        let keys: Vec<_> = problems.iter().map(|problem| outcome.placed.address(problem.key())).collect();
        assert_eq!(keys, ["app.b.hosts"]);
    }

    #[test]
    fn a_page_does_not_show_what_is_saved() {
        let saved = Saved::from_json(r#"{"sso":{"secret":"canary-secret"}}"#).unwrap();
        assert!(!format!("{saved:?}").contains("canary"));
    }
}
