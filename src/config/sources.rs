//! The layers that a value can come from.

use std::path::{Path, PathBuf};

use figment::{
    Error, Figment, Metadata, Profile, Provider, Source,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::{
    book::Problem,
    environment,
    saved::{Placed, Saved},
    seeds,
};

const PREFIX: &str = "SLUICE_";
const FILE_VARIABLE: &str = "SLUICE_CONFIG";
const DEFAULT_FILE: &str = "config/sluice.toml";

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`.
    pub file: Option<PathBuf>,
    /// `--set`-like flags, as key and value.
    pub values: Vec<(&'static str, String)>,
}

/// The layers, one above the other.
pub(super) struct Layers {
    pub(super) figment: Figment,
    /// The file among them.
    pub(super) file: Option<PathBuf>,
    /// Where saved apps and events came to stand.
    pub(super) placed: Placed,
}

/// Stacks the layers, the lowest of which the portal saved.
pub(super) fn layers(flags: &Flags, saved: &Saved) -> Result<Layers, Problem> {
    let variables = environment::variables();
    let file = file(flags, &variables)?;
    let mut figment = Figment::new();
    if let Some(path) = &file {
        figment = figment.merge(Toml::file_exact(path));
        // Reads the file now: a syntax error would otherwise hide behind the first key that is asked for.
        if let Err(error) = figment.data() {
            let line = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
            return Err(Problem::new(&path.display().to_string(), "", &line));
        }
    }
    let in_environment = |key: &str| variables.iter().any(|(name, value)| name == key && !value.is_empty());
    let asks_provider = figment.find_value("upstream.url").is_ok()
        || in_environment("SLUICE_UPSTREAM__URL")
        || saved.has("upstream", "url");
    for setting in seeds::settings(&variables, asks_provider)? {
        figment = figment.merge(Text::new(&setting.variable, &setting.key, &setting.value));
    }
    for (name, value) in &variables {
        let Some(rest) = name.strip_prefix(PREFIX).filter(|rest| !is_foreign(rest)) else { continue };
        let key = rest.to_ascii_lowercase().replace("__", ".");
        figment = figment.merge(Text::new(name, &key, value));
    }
    for (key, value) in &flags.values {
        let name = format!("--{}", key.rsplit('.').next().unwrap_or(key));
        figment = figment.merge(Text::new(&name, key, value));
    }
    let (figment, placed) = saved.beneath(figment);
    Ok(Layers { figment, file, placed })
}

/// Variables that are no keys: the file's name, and what Kubernetes sets for a service named `sluice`.
fn is_foreign(rest: &str) -> bool {
    rest == "CONFIG" || rest == "PORT" || rest.starts_with("PORT_") || rest.starts_with("SERVICE_")
}

fn file(flags: &Flags, variables: &[(String, String)]) -> Result<Option<PathBuf>, Problem> {
    let named = flags.file.clone().map(|path| (path, "--config")).or_else(|| {
        let (_, value) = variables.iter().find(|(name, _)| name == FILE_VARIABLE)?;
        Some((PathBuf::from(value), FILE_VARIABLE))
    });
    match named {
        Some((path, by)) => match std::fs::read_to_string(&path) {
            Ok(_) => Ok(Some(path)),
            Err(error) => Err(Problem::new(
                by,
                "",
                &format!(
                    "the file {} cannot be read: {error}; correct the path or create it",
                    path.display()
                ),
            )),
        },
        None => Ok(Some(PathBuf::from(DEFAULT_FILE)).filter(|path| Path::exists(path))),
    }
}

/// One value given as text. It stays text, so that a password of digits keeps its leading zeros.
struct Text {
    source: String,
    key: String,
    value: String,
}

impl Text {
    fn new(source: &str, key: &str, value: &str) -> Self {
        Self { source: source.to_owned(), key: key.to_owned(), value: value.to_owned() }
    }
}

impl Provider for Text {
    fn metadata(&self) -> Metadata {
        Metadata::from(self.source.clone(), Source::Custom(self.source.clone()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let value = Value::from(self.value.clone());
        let nested = self
            .key
            .rsplit('.')
            .fold(value, |value, part| Value::from(Dict::from([(part.to_owned(), value)])));
        Ok(nested.into_dict().map(|dict| Profile::Default.collect(dict)).unwrap_or_default())
    }
}
