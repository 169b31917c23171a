//! A real Sluice: its own store and configuration, the built binary, its log.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::process::Process;
use super::raw::{Answer, Request};
use super::wait;

/// A password that satisfies every rule.
pub const PASSWORD: &str = "Correct-horse-1";

/// A store and a configuration, before anything runs on them.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
    config: String,
    environment: Vec<(String, String)>,
    disk: Option<u32>,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }
}

impl Home {
    /// Defaults, but for the address (a free port) and the cost of a password (low).
    pub fn new() -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        std::fs::create_dir(dir.path().join("data")).expect("a data directory");
        Self { dir, config: String::new(), environment: Vec::new(), disk: None }
    }

    /// More configuration: lines of TOML with dotted keys, tables last.
    pub fn with(mut self, toml: &str) -> Self {
        self.config.push_str(toml);
        self.config.push('\n');
        self
    }

    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A user, added before the service starts.
    #[track_caller]
    pub fn user(self, name: &str, options: &[&str]) -> Self {
        let mut arguments = vec!["user", "add", name];
        arguments.extend_from_slice(options);
        self.cli(&arguments, PASSWORD).assert_code(0);
        self
    }

    /// A key of a user, made before the service starts.
    #[track_caller]
    pub fn key(&self, user: &str, name: &str) -> String {
        let said = self.cli(&["key", "create", user, "--name", name, "--json"], "").assert_code(0).json();
        said["key"].as_str().expect("a key").to_owned()
    }

    /// Puts the store on a disk of its own, this many kibibytes large.
    pub fn disk(mut self, kibibytes: u32) -> Self {
        self.disk = Some(kibibytes);
        self
    }

    pub fn store(&self) -> PathBuf {
        self.dir.path().join("data/sluice.db")
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command with this configuration and `input` as its standard input.
    #[track_caller]
    pub fn cli(&self, arguments: &[&str], input: &str) -> Said {
        let config = self.write_config("127.0.0.1:0");
        run(self.command(&config).args(arguments), input)
    }

    /// Starts the service and waits until it listens.
    #[track_caller]
    pub fn start(self) -> Sluice {
        let (process, address) = self.serve("127.0.0.1:0");
        Sluice { home: self, process, address }
    }

    /// Starts the service and waits until it gives up.
    #[track_caller]
    pub fn fail(&self) -> Said {
        let config = self.write_config("127.0.0.1:0");
        let mut process = Process::spawn(self.command(&config).arg("serve"));
        let code = process.wait().code().expect("an exit code, not a signal");
        // The reader of the log may be a moment behind the end of the process.
        wait::until("a word about the failure", || !process.log.lines().is_empty());
        Said { code, out: String::new(), err: process.log.text() }
    }

    #[track_caller]
    fn serve(&self, listen: &str) -> (Process, SocketAddr) {
        let config = self.write_config(listen);
        let mut serve = self.command(&config);
        serve.arg("serve");
        let mut process = match self.disk {
            None => Process::spawn(&mut serve),
            Some(kibibytes) => Process::spawn(&mut self.on_small_disk(&serve, kibibytes)),
        };
        let log = process.log.clone();
        let address = wait::for_some("the address in the log", || {
            if let Some(status) = process.ended() {
                panic!("sluice ended with {status}:\n{}", log.text());
            }
            log.lines().iter().find_map(|line| listening(line))
        });
        (process, address)
    }

    /// The same command in a mount namespace of its own, where the store lies on a small tmpfs.
    fn on_small_disk(&self, serve: &Command, kibibytes: u32) -> Command {
        let mount = format!("mount -t tmpfs -o size={kibibytes}k,mode=0700 none \"$0\" && exec \"$@\"");
        let mut command = Command::new("unshare");
        if !rustix::process::geteuid().is_root() {
            command.arg("--map-root-user");
        }
        command
            .args(["--mount", "sh", "-c", &mount])
            .arg(self.dir.path().join("data"))
            .arg(serve.get_program())
            .args(serve.get_args())
            .env_clear();
        let set = serve.get_envs().filter_map(|(k, v)| v.map(|v| (k, v)));
        command.envs(set).current_dir(self.dir.path());
        command
    }

    fn write_config(&self, listen: &str) -> PathBuf {
        let path = self.dir.path().join("sluice.toml");
        let mut text = String::new();
        for (key, line) in [
            ("server.listen", format!("server.listen = \"{listen}\"\n")),
            ("store.path", "store.path = \"data/sluice.db\"\n".to_owned()),
            ("auth.bcrypt_cost", "auth.bcrypt_cost = 4\n".to_owned()),
        ] {
            if !self.config.contains(key) {
                text.push_str(&line);
            }
        }
        text.push_str(&self.config);
        // Whole or not at all: a reload may read it at any moment.
        let mut draft = tempfile::NamedTempFile::new_in(self.dir.path()).expect("a draft");
        draft.write_all(text.as_bytes()).expect("a configuration file");
        draft.persist(&path).expect("a configuration file");
        path
    }

    /// The binary with nothing from this process's environment.
    pub fn command(&self, config: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("HOME", self.dir.path())
            .envs(self.environment.iter().map(|(k, v)| (k, v)))
            .current_dir(self.dir.path())
            .arg("--config")
            .arg(config);
        command
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

/// A running service; killed when dropped.
#[derive(Debug)]
pub struct Sluice {
    pub home: Home,
    pub process: Process,
    pub address: SocketAddr,
}

impl Sluice {
    /// With the given users: name and options of `user add`.
    #[track_caller]
    pub fn with_users(users: &[(&str, &[&str])]) -> Self {
        users.iter().fold(Home::new(), |home, (name, options)| home.user(name, options)).start()
    }

    /// With an administrator `ada` and an ordinary user `vera`, who may only look.
    #[track_caller]
    pub fn start() -> Self {
        Self::with_users(&[("ada", &["--admin"]), ("vera", &["--preset", "read-only"])])
    }

    /// `http://` and the address it listens on.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    #[track_caller]
    pub fn cli(&self, arguments: &[&str], input: &str) -> Said {
        self.home.cli(arguments, input)
    }

    /// The sign-in form as the page would send it.
    pub fn sign_in_form(&self, user: &str, password: &str) -> Request {
        self.portal_post("/sluice/login").form(&[("username", user), ("password", password)])
    }

    /// A `POST` from one of the portal's own pages.
    pub fn portal_post(&self, path: &str) -> Request {
        Request::post(path).header("Origin", self.origin())
    }

    /// Signs in and gives the session's value.
    #[track_caller]
    pub fn sign_in(&self, user: &str, password: &str) -> String {
        let answer = self.sign_in_form(user, password).send(self.address);
        session_of(answer.assert_status(303))
    }

    /// The same on another host of the service, for configurations that list their hosts.
    #[track_caller]
    pub fn sign_in_on(&self, host: &str, user: &str) -> String {
        let answer = Request::post("/sluice/login")
            .host(host)
            .header("Origin", format!("http://{host}"))
            .form(&[("username", user), ("password", PASSWORD)])
            .send(self.address);
        session_of(answer.assert_status(303))
    }

    #[track_caller]
    pub fn sign_out(&self, session: &str) -> Answer {
        self.portal_post("/sluice/logout").session(session).send(self.address)
    }

    /// SIGKILL, in the middle of whatever it does.
    pub fn kill9(&mut self) {
        self.process.kill();
    }

    /// SIGTERM; gives the exit code.
    #[track_caller]
    pub fn stop(&mut self) -> Option<i32> {
        // It says that it listens a moment before it watches for signals.
        Request::get("/healthz").send(self.address).assert_status(200);
        self.process.terminate();
        self.process.wait().code()
    }

    /// Starts again on the same store and the same port.
    #[track_caller]
    pub fn restart(&mut self) {
        let (process, address) = self.home.serve(&self.address.to_string());
        self.process = process;
        self.address = address;
    }

    /// A directory as the service sees it, also when its store lies on a disk of its own.
    pub fn seen_from_inside(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.process.id()));
        root.join(path.strip_prefix("/").expect("an absolute path"))
    }

    #[track_caller]
    pub fn assert_no_panic(&mut self) {
        assert!(self.process.ended().is_none(), "{}", self.process.log.text());
        assert!(!self.process.log.contains("panicked"), "{}", self.process.log.text());
    }
}

/// The session that an answer sets.
#[track_caller]
pub fn session_of(answer: &Answer) -> String {
    let cookie =
        answer.set_cookie("sluice_session").unwrap_or_else(|| panic!("no session in {:#?}", answer.headers));
    let value = cookie.split(';').next().unwrap_or_default();
    value.trim_start_matches("sluice_session=").to_owned()
}

/// The permission bits of a file.
#[track_caller]
pub fn mode(path: &Path) -> u32 {
    let file = std::fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    file.permissions().mode() & 0o777
}

/// The address in the line that says that the service listens, text or JSON.
fn listening(line: &str) -> Option<SocketAddr> {
    if !line.contains("listening") {
        return None;
    }
    if let Ok(json) = serde_json::from_str::<Value>(line) {
        return json["fields"]["address"].as_str()?.parse().ok();
    }
    let (_, rest) = line.split_once("address=")?;
    let text = rest.split_whitespace().next()?.trim_matches('"');
    text.parse().ok()
}

#[track_caller]
fn run(command: &mut Command, input: &str) -> Said {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the sluice binary starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A command that asks for nothing may be gone already.
    let _ = stdin.write_all(format!("{input}\n").as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("the end of a command");
    Said {
        code: output.status.code().expect("an exit code, not a signal"),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
