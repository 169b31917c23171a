//! `sluice reload`.

use super::{Failure, configuration, output};
use crate::{config::Flags, reload};

/// Checks the configuration as the service would read it, and only then asks the service to.
pub(super) fn run(flags: &Flags) -> Result<(), Failure> {
    let config = configuration(flags)?;
    reload::ask(&config.store.path)?;
    output::say("The running service reads its configuration and packs again; its log says how that went.");
    Ok(())
}
