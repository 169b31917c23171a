//! Real apps in Python: the programs in `tests/clients/` that print their port and each request.

use std::net::SocketAddr;

use serde_json::Value;

use super::echo::Seen;
use super::process::{Process, local};
use super::python;

/// The running app; killed when dropped.
#[derive(Debug)]
pub struct PythonApp {
    pub address: SocketAddr,
    process: Process,
}

impl PythonApp {
    #[track_caller]
    pub fn start(name: &str) -> Self {
        let process = Process::spawn(&mut python::program(name));
        let port = process.log.wait_for("the port", |line| {
            let port = serde_json::from_str::<Value>(line).ok()?.get("port")?.as_u64()?;
            u16::try_from(port).ok()
        });
        Self { address: local(port), process }
    }

    /// Every request that it received so far.
    pub fn seen(&self) -> Vec<Seen> {
        let lines = self.process.log.lines();
        let requests = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        requests.filter(|line| line.get("target").is_some()).map(|line| Seen::parse(&line)).collect()
    }
}
