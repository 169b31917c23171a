//! Reading every layer.

use std::path::PathBuf;

use super::{
    Config, Flags, Placed, Problem, Resolved, Saved, StoreConfig,
    book::Book,
    pack,
    reader::Reader,
    sources::{self, Layers},
};
use crate::store::settings;

/// What reading the configuration came to.
pub struct Outcome {
    /// The configuration, or everything that is wrong with it.
    pub config: Result<Config, Vec<Problem>>,
    /// What holds but should be looked at.
    pub warnings: Vec<Problem>,
    /// Each key with its value and where that came from, secrets masked.
    pub resolved: Vec<Resolved>,
    /// Where saved apps and events came to stand.
    pub placed: Placed,
    /// The file that was read, if any.
    pub file: Option<PathBuf>,
}

impl Outcome {
    fn of_problem(problem: Problem) -> Self {
        Self {
            config: Err(vec![problem]),
            warnings: Vec::new(),
            resolved: Vec::new(),
            placed: Placed::default(),
            file: None,
        }
    }
}

/// Reads every layer; later ones win: defaults, what the portal saved, the file, the seeds' variable names, `SLUICE_`
/// variables, flags. The layers above say where the store is that holds what was saved.
pub fn load(flags: &Flags) -> Outcome {
    match saved_in_store(flags) {
        Ok(saved) => load_with(flags, &saved),
        Err(problem) => {
            let mut outcome = load_with(flags, &Saved::default());
            let mut problems = outcome.config.err().unwrap_or_default();
            problems.push(problem);
            outcome.config = Err(problems);
            outcome
        }
    }
}

/// Where the store is; what the portal saved cannot say that.
pub fn store(flags: &Flags) -> anyhow::Result<StoreConfig> {
    let Layers { figment, .. } =
        sources::layers(flags, &Saved::default()).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    StoreConfig::read(&mut Reader::new(figment))
        .ok_or_else(|| anyhow::anyhow!("store.path is no path; name a file like data/sluice.db"))
}

fn saved_in_store(flags: &Flags) -> Result<Saved, Problem> {
    // Whatever is wrong there is spoken of when all is read.
    let Ok(StoreConfig { path }) = store(flags) else { return Ok(Saved::default()) };
    settings::read_only(&path).map_err(|cause| {
        let text = format!("{}: what the portal saved cannot be read: {cause}", path.display());
        Problem::with_value("store.path", &text)
    })
}

/// What [`load`] comes to with `saved` in the store.
pub fn load_with(flags: &Flags, saved: &Saved) -> Outcome {
    let Layers { figment, file, placed } = match sources::layers(flags, saved) {
        Ok(layers) => layers,
        Err(problem) => return Outcome::of_problem(problem),
    };
    let mut reader = Reader::new(figment);
    let config = super::read(&mut reader);
    reader.refuse_unknown_keys();
    for (array, name) in placed.overridden() {
        reader.warning(
            array,
            &format!("the {array} `{name}` that the portal saved does not hold, since the file has one of that name"),
        );
    }
    let Book { problems, warnings, resolved } = reader.finish();
    let config = match config {
        Some(config) if problems.is_empty() => Ok(Config { warnings: warnings.clone(), ..config }),
        _ => Err(problems),
    };
    Outcome { config, warnings, resolved, placed, file }
}

/// Where the configuration says that packs are.
pub fn packs(flags: &Flags) -> anyhow::Result<pack::Packs> {
    let Layers { figment, .. } =
        sources::layers(flags, &Saved::default()).map_err(|problem| anyhow::anyhow!("{problem}"))?;
    let mut reader = Reader::new(figment);
    let packs = pack::Packs::read(&mut reader);
    packs.ok_or_else(|| anyhow::anyhow!("packs.folder is no folder; make it, or correct the path"))
}
