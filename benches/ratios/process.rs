//! Child processes that end with the value that holds them, each on its core.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use rustix::{
    process::{Pid, Signal, kill_process},
    thread::{CpuSet, sched_setaffinity},
};
use sluice::clock;

const PATIENCE: Duration = Duration::from_secs(10);
/// What nginx is called where no search path finds it.
pub const NGINX: &str = "/usr/sbin/nginx";

/// The two cores: what is measured never shares one with what measures.
#[derive(Clone, Copy)]
pub enum Core {
    Server = 0,
    Load = 1,
}

/// Checks for everything that is started later.
pub fn check_tools() -> anyhow::Result<()> {
    for (program, argument) in [
        ("wrk", "-v"),
        (NGINX, "-v"),
        ("chromedriver", "--version"),
        ("taskset", "-V"),
        ("chrt", "-V"),
        ("setpriv", "-V"),
        ("timeout", "--version"),
    ] {
        let started =
            Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if let Err(cause) = started {
            bail!("{program} does not start ({cause}); `make bench` installs it");
        }
    }
    let cores = thread::available_parallelism()?.get();
    ensure!(cores > 1, "two cores are needed, one for the server and one for the load");
    Ok(())
}

/// A command on one core, which ends when this program does, however that comes about.
pub fn command_on(core: Core, program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "taskset", "-c", &(core as usize).to_string(), program]);
    command
}

/// Moves the calling thread to the core of the load.
pub fn move_to_load_core() -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(Core::Load as usize);
    Ok(sched_setaffinity(None, &cores)?)
}

/// A server that listens.
pub struct Running {
    child: Child,
    pub port: u16,
}

impl Running {
    /// Starts a server and waits until it listens at `port`.
    pub fn start(mut command: Command, port: u16) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).spawn().with_context(|| format!("{command:?}"))?;
        let mut running = Self { child, port };
        let deadline = clock::monotonic() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = running.child.try_wait()? {
                bail!("{command:?} ended with {status} instead of listening");
            }
            ensure!(clock::monotonic() < deadline, "{command:?} did not listen within {PATIENCE:?}");
            thread::sleep(Duration::from_micros(200));
        }
        Ok(running)
    }

    /// Resident memory in megabytes.
    pub fn resident_mb(&self) -> anyhow::Result<f64> {
        self.memory_mb("VmRSS:")
    }

    /// The most that it ever was.
    pub fn most_resident_mb(&self) -> anyhow::Result<f64> {
        self.memory_mb("VmHWM:")
    }

    fn memory_mb(&self, what: &str) -> anyhow::Result<f64> {
        let status = fs::read_to_string(self.proc("status"))?;
        let line =
            status.lines().find_map(|line| line.strip_prefix(what)).with_context(|| what.to_owned())?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kib * 1_024.0 / 1e6)
    }

    /// Processor time used so far, in seconds.
    pub fn processor_seconds(&self) -> anyhow::Result<f64> {
        let mut nanos = 0.0;
        for thread in fs::read_dir(self.proc("task"))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            nanos += text.split(' ').next().context("an empty schedstat")?.parse::<f64>()?;
        }
        Ok(nanos / 1e9)
    }

    fn proc(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.id())
    }
}

/// SIGTERM first: nginx and Sluice have something to end themselves.
impl Drop for Running {
    fn drop(&mut self) {
        if let Some(id) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::TERM);
        }
        let deadline = clock::monotonic() + Duration::from_secs(3);
        while matches!(self.child.try_wait(), Ok(None)) && clock::monotonic() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nothing uses.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A file of the checkout.
pub fn shipped(path: &str) -> anyhow::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).with_context(|| path.display().to_string())
}
