//! Reading the configuration and the packs again while the service runs: on SIGHUP, which `sluice reload` sends to
//! the process that holds the lock beside the store.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tracing::{error, info, warn};

use crate::{
    config::{self, Config},
    startup,
    state::{Current, State},
    store::{marker, settings},
};

/// The lock that says which process serves a store.
pub struct Serving {
    lock: File,
}

fn lock_file(store: &Path) -> PathBuf {
    marker::beside(store, ".pid")
}

impl Serving {
    /// Takes the lock, and writes down which process holds it.
    pub fn announce(store: &Path) -> anyhow::Result<Self> {
        let path = lock_file(store);
        let mut file =
            OpenOptions::new().mode(0o600).read(true).write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another process serves this store"),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        write!(file, "{}", std::process::id())?;
        Ok(Self { lock: file })
    }
}

impl Drop for Serving {
    /// Nobody reads the number of a process that has ended.
    fn drop(&mut self) {
        self.lock.set_len(0).unwrap_or_default();
    }
}

/// Tells the process that serves this store to read its configuration again.
pub fn ask(store: &Path) -> anyhow::Result<()> {
    let path = lock_file(store);
    let file = File::open(&path)
        .context("no running service was found for this store.path; start it with `sluice serve`")?;
    if file.try_lock().is_ok() {
        bail!("no running service was found for this store.path; start it with `sluice serve`");
    }
    let text = fs::read_to_string(&path)?;
    let pid = text
        .trim()
        .parse()
        .ok()
        // Others would be every process there is, or the first.
        .filter(|pid| *pid > 1)
        .and_then(Pid::from_raw)
        .context("the running service has not said its process yet; try again")?;
    kill_process(pid, Signal::HUP).context("the running service cannot be signalled; run this as its user")
}

/// Reads again whenever SIGHUP comes, for as long as the service runs.
pub async fn on_hangup(current: Arc<Current>) -> std::io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    while hangups.recv().await.is_some() {
        let current = Arc::clone(&current);
        let done = actix_web::web::block(move || read_again(&current)).await;
        match done {
            Ok(Ok(())) => info!("the configuration was read again and holds from now on"),
            Ok(Err(cause)) => error!(
                cause = format!("{cause:#}"),
                "the configuration was not taken; what held before still holds"
            ),
            Err(_) => error!("reading the configuration again was cut off; what held before still holds"),
        }
    }
    Ok(())
}

fn read_again(current: &Current) -> anyhow::Result<()> {
    current.replace(|before| {
        let (_, saved) = before.store.read(settings::latest)?;
        let config = config::load_with(&before.flags, &saved).config.map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}", lines.join("; "))
        })?;
        let next = take_over(before, config)?;
        next.deliveries.follow(&next.config.events)?;
        Ok(next)
    })
}

/// The state of the running service with a configuration that was just read. Who is told of events is not told yet.
pub fn take_over(before: &State, config: Config) -> anyhow::Result<State> {
    config.warnings.iter().for_each(|warning| warn!("{warning}"));
    startup::apply_admin_password(&before.store, &config.auth).context("auth.admin_password")?;
    before.store.keep_events(config.audit.keep);
    startup::renew(before, keep_what_needs_a_restart(&before.config, config))
}

/// What the running service is built on stays as it is.
fn keep_what_needs_a_restart(before: &Config, mut config: Config) -> Config {
    let changed = changed_for_a_restart(before, &config);
    if !changed.is_empty() {
        warn!(keys = changed.join(", "), "these hold only after a restart");
    }
    config.server.listen = before.server.listen.clone();
    config.server.base_path = before.server.base_path.clone();
    config.server.workers = before.server.workers;
    config.store = before.store.clone();
    config.log = before.log.clone();
    config
}

fn changed_for_a_restart(before: &Config, config: &Config) -> Vec<&'static str> {
    let (old, new) = (&before.server, &config.server);
    let keys = [
        ("server.listen", format!("{:?}", old.listen) != format!("{:?}", new.listen)),
        ("server.base_path", old.base_path != new.base_path),
        ("server.workers", old.workers != new.workers),
        ("store", format!("{:?}", before.store) != format!("{:?}", config.store)),
        ("log", format!("{:?}", before.log) != format!("{:?}", config.log)),
    ];
    keys.into_iter().filter_map(|(key, changed)| changed.then_some(key)).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::config::{Flags, Saved};

    fn configured(toml: &str) -> Config {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{toml}").unwrap();
        let flags = Flags { file: Some(file.path().to_owned()), values: Vec::new() };
        config::load_with(&flags, &Saved::default()).config.unwrap()
    }

    #[test]
    fn the_readme_names_what_needs_a_restart_and_no_more() {
        let server = "server = { listen = \"127.0.0.1:1\", base_path = \"/gate\", workers = 7 }\n";
        let rest = "store.path = \"other.db\"\nlog.format = \"json\"\nthrottle.max_failures = 3";
        let keys = changed_for_a_restart(&configured(""), &configured(&format!("{server}{rest}")));
        let keys: Vec<_> = keys.into_iter().map(|key| format!("`{key}`")).collect();
        let readme: Vec<_> = include_str!("../README.md").split_whitespace().collect();
        let sentence = format!("holds only after a restart ({})", keys.join(", "));
        assert!(readme.join(" ").contains(&sentence), "{sentence}");
    }
}
