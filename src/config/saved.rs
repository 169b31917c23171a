//! What administrators saved in the portal: the layer between the defaults and the file.

mod edit;

use std::{collections::BTreeMap, fmt};

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
