//! Real clients in Python: the programs in `tests/clients/`, with what `scripts/test-tools.sh` has installed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::{Value, json};

use super::process::{Log, repository, tool};
use super::wait::PATIENCE;

/// A program of `tests/clients/` with nothing between it and the test: no proxy of the machine, no files of its own.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(tool("python3"));
    command
        .arg(repository().join("tests/clients").join(name))
        .env("NO_PROXY", "*")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// A running client that does what it is asked; killed when dropped.
#[derive(Debug)]
pub struct Client {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
    log: Log,
}

/// An exception in the client.
#[derive(Debug)]
pub struct Raised {
    /// The name of its class.
    pub kind: String,
    pub text: String,
}

impl Client {
    #[track_caller]
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = program(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let log = Log::default();
        log.follow(child.stderr.take().expect("stderr is piped"));
        let input = child.stdin.take().expect("stdin is piped");
        let output = child.stdout.take().expect("stdout is piped");
        let (sender, answers) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, input, answers, log }
    }

    /// Calls a method of the client: what it gave, or what it raised.
    #[track_caller]
    pub fn ask(&mut self, method: &str, arguments: &Value) -> Result<Value, Raised> {
        let line = format!("{}\n", json!([method, arguments]));
        self.input
            .write_all(line.as_bytes())
            .unwrap_or_else(|error| panic!("{method} ({error}):\n{}", self.log.text()));
        let answer = self
            .answers
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|error| panic!("no answer to {method} ({error}):\n{}", self.log.text()));
        let mut answer: Value = serde_json::from_str(&answer).expect("a line of JSON");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        match answer.get("raised") {
            Some(kind) => Err(Raised { kind: text(kind), text: text(&answer["text"]) }),
            None => Ok(answer["gave"].take()),
        }
    }

    /// The same for a call that must succeed.
    #[track_caller]
    pub fn call(&mut self, method: &str, arguments: &Value) -> Value {
        self.ask(method, arguments).unwrap_or_else(|raised| panic!("{method} raised {raised:#?}"))
    }

    /// The same for a call that must fail.
    #[track_caller]
    pub fn fail(&mut self, method: &str, arguments: &Value) -> Raised {
        match self.ask(method, arguments) {
            Ok(value) => panic!("{method} gave {value}"),
            Err(raised) => raised,
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
