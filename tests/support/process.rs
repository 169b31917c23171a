//! Child processes that end with the value that holds them, free ports, and where the tools are.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{self, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::wait;

/// The lines that a process has written so far.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    pub fn contains(&self, part: &str) -> bool {
        self.lines().iter().any(|line| line.contains(part))
    }

    /// Waits for a line that `pick` takes.
    #[track_caller]
    pub fn wait_for<T>(&self, what: &str, pick: impl Fn(&str) -> Option<T>) -> T {
        wait::for_some(&format!("{what} in the log"), || self.lines().iter().find_map(|line| pick(line)))
    }

    pub fn follow(&self, stream: impl Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while matches!(stream.read_until(b'\n', &mut line), Ok(read) if read > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                log.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                line.clear();
            }
        });
    }
}

/// A child process with its output collected; killed when dropped, with all that it has started.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pub log: Log,
}

impl Process {
    #[track_caller]
    pub fn spawn(command: &mut Command) -> Self {
        let log = Log::default();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{:?} does not start ({error}); `make test` installs what the tests need",
                    command.get_program()
                )
            });
        log.follow(child.stdout.take().expect("stdout is piped"));
        log.follow(child.stderr.take().expect("stderr is piped"));
        Self { child, log }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, when the process has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a child process")
    }

    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        wait::for_some("the end of a process", || self.ended())
    }

    /// SIGTERM, the polite request to end.
    pub fn terminate(&self) {
        rustix::process::kill_process(self.pid(), rustix::process::Signal::TERM)
            .expect("SIGTERM to an own process");
    }

    fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("SIGKILL to an own process");
        self.child.wait().expect("the end of a killed process");
    }

    /// Waits until something listens at `address`, and it is this process.
    #[track_caller]
    pub fn wait_for_port(&mut self, address: SocketAddr) {
        let log = self.log.clone();
        wait::until(&format!("a listener at {address}"), || {
            if let Some(status) = self.child.try_wait().expect("the state of a child process") {
                panic!("ended with {status} instead of listening:\n{}", log.text());
            }
            TcpStream::connect(address).is_ok()
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process_group(self.pid(), rustix::process::Signal::KILL);
        let _ = self.child.wait();
    }
}

/// A port that nothing uses, below the range that outgoing connections take theirs from. It stays this process's: other
/// tests may run in processes of their own, and whoever is to listen there takes a while to.
pub fn free_port() -> u16 {
    static TAKEN: Mutex<Vec<UnixListener>> = Mutex::new(Vec::new());
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 20_000).expect("below 20,000");
    wait::for_some("a free port", || {
        let port = 11_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000;
        // A name without a file, which ends with the process.
        let name =
            net::SocketAddr::from_abstract_name(format!("sluice-test-port-{port}")).expect("a short name");
        let taken = UnixListener::bind_addr(&name).ok()?;
        TcpListener::bind(("127.0.0.1", port)).ok()?;
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
        Some(port)
    })
}

/// Loopback with `port`.
pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// A proxy that `scripts/test-tools.sh` has put into `target/tools`.
#[track_caller]
pub fn tool(name: &str) -> PathBuf {
    let path = repository().join("target/tools/bin").join(name);
    assert!(path.exists(), "{} is missing; `make test` installs it", path.display());
    path
}

/// The root of the checkout.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
