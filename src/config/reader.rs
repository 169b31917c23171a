//! Reads one key after the other out of the layers, and keeps book.

use std::{collections::BTreeSet, path::PathBuf};

use figment::{Figment, Profile, Provider, value::Value};
use secrecy::SecretString;

use super::{
    book::{Book, Problem, Resolved, Shown},
    source::Source,
};

/// The layers and the book.
pub(super) struct Reader {
    figment: Figment,
    /// The layers merged.
    values: Value,
    known: BTreeSet<String>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    resolved: Vec<Resolved>,
}

impl Reader {
    pub(super) fn new(figment: Figment) -> Self {
        let data = figment.data().unwrap_or_default().remove(&Profile::Default);
        let values = Value::from(data.unwrap_or_default());
        Self {
            figment,
            values,
            known: BTreeSet::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
            resolved: Vec::new(),
        }
    }

    /// A value that `parse` reads from text; `default` where no layer has the key.
    pub(super) fn value<T>(
        &mut self,
        key: &str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = match self.find(key) {
            None => default.to_owned(),
            Some(value) => match text_of(&value) {
                Some(text) => text,
                None => return self.refuse(key, "it takes a single value"),
            },
        };
        self.note(key, Shown::Text(text.clone()));
        match parse(&text) {
            Ok(value) => Some(value),
            Err(fix) => self.refuse(key, &format!("`{text}` {fix}")),
        }
    }

    /// Whether a layer has the key.
    pub(super) fn is_set(&mut self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Whether an administrator saved the value in the portal.
    pub(super) fn is_saved(&self, key: &str) -> bool {
        self.source(key) == Source::Settings
    }

    /// A value that must be there, and is never shown because a part of it may be a secret.
    pub(super) fn hidden<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.note(key, Shown::Secret);
        let text = self.find(key).as_ref().and_then(text_of).unwrap_or_default();
        match parse(&text) {
            Ok(value) => Some(value),
            Err(fix) => self.refuse(key, &format!("the value {fix}")),
        }
    }

    /// A value that may be left out; an empty text counts as left out.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        self.value(key, "", |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) })
    }

    /// A list: of the file, or of a text with commas. Every entry is read, so that all problems show.
    pub(super) fn list<T>(
        &mut self,
        key: &str,
        default: &[&str],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let entries = match self.find(key) {
            None => default.iter().map(|&entry| entry.to_owned()).collect(),
            Some(Value::Array(_, values)) => match values.iter().map(text_of).collect::<Option<Vec<_>>>() {
                Some(entries) => entries,
                None => return self.refuse(key, "it takes a list of texts"),
            },
            Some(value) => match text_of(&value) {
                Some(text) if text.trim().is_empty() => Vec::new(),
                Some(text) => text.split(',').map(|entry| entry.trim().to_owned()).collect(),
                None => return self.refuse(key, "it takes a list"),
            },
        };
        self.note(key, Shown::List(entries.clone()));
        let mut read = Some(Vec::new());
        for entry in &entries {
            match parse(entry) {
                Ok(value) => {
                    if let Some(read) = &mut read {
                        read.push(value);
                    }
                }
                Err(fix) => read = self.refuse(key, &format!("`{entry}` {fix}")),
            }
        }
        read
    }

    /// A secret, from `key` or from the file that `key_file` names; never shown.
    pub(super) fn secret(&mut self, key: &str) -> Option<Option<SecretString>> {
        let file_key = format!("{key}_file");
        let given = self.find(key);
        let file = self.find(&file_key);
        self.note(key, if given.is_some() { Shown::Secret } else { Shown::NoSecret });
        self.note(&file_key, Shown::Text(file.as_ref().and_then(text_of).unwrap_or_default()));
        let (key, text) = match (given, file) {
            (None, None) => return Some(None),
            (Some(_), Some(_)) => {
                return self.refuse(key, &format!("{file_key} is set too; keep one of the two"));
            }
            (Some(value), None) => match text_of(&value) {
                Some(text) => (key, text),
                None => return self.refuse(key, "it takes a text"),
            },
            (None, Some(path)) => {
                let path = PathBuf::from(text_of(&path).unwrap_or_default());
                match std::fs::read_to_string(&path) {
                    Ok(text) => (file_key.as_str(), text.trim_end_matches(['\r', '\n']).to_owned()),
                    Err(error) => {
                        return self
                            .refuse(&file_key, &format!("{} cannot be read: {error}", path.display()));
                    }
                }
            }
        };
        if text.trim().is_empty() {
            return self.refuse(key, "the secret is empty; give it a value or remove the key");
        }
        Some(Some(SecretString::from(text)))
    }

    /// How many tables the array `key` has.
    pub(super) fn tables(&mut self, key: &str) -> usize {
        match self.find(key) {
            Some(Value::Array(_, tables)) => tables.len(),
            Some(_) => {
                self.problem(key, &format!("write each as a table of its own, headed [[{key}]]"));
                0
            }
            None => 0,
        }
    }

    /// The entries of a table whose keys are the administrator's to choose, each a text. What is wrong may be a key or its
    /// value, so that `parse` says which.
    pub(super) fn map<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str, &str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        self.entries(key, (text_of, "it takes a text"), parse)
    }

    /// The same where each is a text or a list, which `parse` reads with commas.
    pub(super) fn map_of_lists<T>(
        &mut self,
        key: &str,
        parse: impl Fn(&str, &str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let fix = "it takes a text or a list of texts, like \"read-only\" or [\"search\", \"add_downloads\"]";
        self.entries(key, (text_or_list, fix), parse)
    }

    fn entries<T>(
        &mut self,
        key: &str,
        (read_entry, fix): (fn(&Value) -> Option<String>, &str),
        parse: impl Fn(&str, &str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let entries = match self.find(key) {
            None => return Some(Vec::new()),
            Some(Value::Dict(_, entries)) => entries,
            Some(_) => return self.refuse(key, "it takes a table, like { family = \"read-only\" }"),
        };
        let mut read = Some(Vec::new());
        for (name, value) in &entries {
            let entry = format!("{key}.{name}");
            self.known.insert(entry.clone());
            let Some(text) = read_entry(value) else {
                // One word about it is enough.
                let mut inside = Vec::new();
                leaves(value, &entry, &mut inside);
                self.known.extend(inside);
                read = self.refuse(&entry, &format!("{fix}; a name with a dot in it stands in quotes"));
                continue;
            };
            self.note(&entry, Shown::Text(text.clone()));
            match (parse(name, &text), &mut read) {
                (Ok(value), Some(read)) => read.push(value),
                (Ok(_), None) => {}
                (Err(wrong), _) => read = self.refuse(&entry, &wrong),
            }
        }
        read
    }

    /// Adds something that holds but should be looked at.
    pub(super) fn warning(&mut self, key: &str, text: &str) {
        let warning = Problem::new(&self.source(key).to_string(), key, text);
        self.warnings.push(warning);
    }

    /// The same of what is meant so: it is said where the key is, and asks nobody to do anything.
    pub(super) fn choice(&mut self, key: &str, text: &str) {
        let choice = Problem::new(&self.source(key).to_string(), key, text).chosen();
        self.warnings.push(choice);
    }

    /// Adds a problem with a key.
    pub(super) fn problem(&mut self, key: &str, text: &str) {
        let problem = Problem::new(&self.source(key).to_string(), key, text);
        self.problems.push(problem);
    }

    /// Adds a problem for each key of the layers that nothing asked for.
    pub(super) fn refuse_unknown_keys(&mut self) {
        let mut keys = Vec::new();
        leaves(&self.values, "", &mut keys);
        for key in keys {
            if !self.known.contains(&key) {
                let nearest = self.known.iter().min_by_key(|known| distance(known, &key)).cloned();
                let hint = match nearest.filter(|known| distance(known, &key) <= 4) {
                    Some(known) => format!("there is no such key; did you mean `{known}`?"),
                    None => "there is no such key; config/sluice.example.toml lists all".to_owned(),
                };
                self.problem(&key, &hint);
            }
        }
    }

    pub(super) fn finish(self) -> Book {
        Book { problems: self.problems, warnings: self.warnings, resolved: self.resolved }
    }

    fn find(&mut self, key: &str) -> Option<Value> {
        self.known.insert(key.to_owned());
        at(&self.values, key).cloned()
    }

    fn refuse<T>(&mut self, key: &str, text: &str) -> Option<T> {
        self.problem(key, text);
        None
    }

    fn note(&mut self, key: &str, value: Shown) {
        let source = self.source(key);
        self.resolved.push(Resolved { key: key.to_owned(), value, source });
    }

    fn source(&self, key: &str) -> Source {
        let value = at(&self.values, key);
        let metadata = value.and_then(|value| self.figment.get_metadata(value.tag()));
        Source::of(metadata.and_then(|metadata| metadata.source.as_ref()))
    }
}

/// The value at a dotted path, in which a number stands for a place in an array.
fn at<'a>(values: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(values, |value, part| match value {
        Value::Dict(_, dict) => dict.get(part),
        Value::Array(_, values) => values.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(text.clone()),
        Value::Bool(_, flag) => Some(flag.to_string()),
        Value::Num(_, number) => number
            .to_i128()
            .map(|whole| whole.to_string())
            .or_else(|| number.to_f64().map(|real| real.to_string())),
        _ => None,
    }
}

fn text_or_list(value: &Value) -> Option<String> {
    match value {
        Value::Array(_, values) => Some(values.iter().map(text_of).collect::<Option<Vec<_>>>()?.join(",")),
        single => text_of(single),
    }
}

/// The dotted paths of everything that is no table; arrays of tables count by index.
fn leaves(value: &Value, path: &str, keys: &mut Vec<String>) {
    let join = |part: &str| if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") };
    match value {
        Value::Dict(_, dict) => dict.iter().for_each(|(name, value)| leaves(value, &join(name), keys)),
        Value::Array(_, values) if values.iter().any(|value| matches!(value, Value::Dict(..))) => {
            values
                .iter()
                .enumerate()
                .for_each(|(index, value)| leaves(value, &join(&index.to_string()), keys));
        }
        _ => keys.push(path.to_owned()),
    }
}

/// Edits between two keys (Levenshtein), for "did you mean".
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[row.len() - 1]
}
