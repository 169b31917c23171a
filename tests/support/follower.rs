//! A client that follows an event stream.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use super::raw::Request;
use super::wait;

/// An event as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    pub id: String,
    pub name: String,
    pub data: Value,
}

#[derive(Debug, Default)]
struct Shared {
    came: Mutex<Came>,
    more: Condvar,
}

/// What has come of a stream.
#[derive(Clone, Debug, Default)]
struct Came {
    lines: Vec<String>,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Came> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, change: impl FnOnce(&mut Came)) {
        change(&mut self.lock());
        self.more.notify_all();
    }
}

/// A stream that is followed; left when dropped.
#[derive(Debug)]
pub struct Follower {
    stream: TcpStream,
    shared: Arc<Shared>,
}

impl Follower {
    /// Sends the request, and waits for the first word.
    #[track_caller]
    pub fn start(address: SocketAddr, request: &Request) -> Self {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(&request.bytes(address)).expect("a request");
        let shared = Arc::new(Shared::default());
        let (told, reader) = (Arc::clone(&shared), stream.try_clone().expect("a second handle"));
        thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                told.add(|came| came.lines.push(line));
            }
            told.add(|came| came.ended = true);
        });
        let follower = Self { stream, shared };
        wait::until("the start of the stream", || {
            follower.lines().iter().any(|line| line.starts_with("retry:") || line.contains("problem+json"))
        });
        follower
    }

    pub fn lines(&self) -> Vec<String> {
        self.shared.lock().lines.clone()
    }

    /// The status and the headers.
    pub fn head(&self) -> Vec<String> {
        self.lines().into_iter().take_while(|line| !line.is_empty()).collect()
    }

    pub fn has_ended(&self) -> bool {
        self.shared.lock().ended
    }

    /// Every event so far that has come whole.
    pub fn heard(&self) -> Vec<Heard> {
        heard_in(&self.lines())
    }

    /// What comes after the first `had` events, once something does; `None` at the end of the stream.
    pub fn next_after(&self, had: usize) -> Option<Vec<Heard>> {
        let mut came = self.shared.lock();
        loop {
            let new = heard_in(&came.lines).split_off(had);
            if !new.is_empty() {
                return Some(new);
            }
            if came.ended {
                return None;
            }
            came = self.shared.more.wait(came).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The id to come back with.
    #[track_caller]
    pub fn last_id(&self) -> String {
        let lines = self.lines();
        lines.iter().rev().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned()
    }

    /// Ends the connection.
    pub fn leave(&self) {
        // An error says that the other side has ended it already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Waits for so many events.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Heard> {
        wait::for_some(&format!("{count} events"), || Some(self.heard()).filter(|heard| heard.len() >= count))
    }

    #[track_caller]
    pub fn wait_for_end(&self) {
        wait::until("the end of the stream", || self.has_ended());
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.leave();
    }
}

fn heard_in(lines: &[String]) -> Vec<Heard> {
    let (mut heard, mut next) = (Vec::new(), Heard::default());
    for line in lines {
        if let Some(id) = line.strip_prefix("id: ") {
            next.id = id.to_owned();
        } else if let Some(name) = line.strip_prefix("event: ") {
            next.name = name.to_owned();
        } else if let Some(data) = line.strip_prefix("data: ") {
            next.data = serde_json::from_str(data).expect("one line of JSON");
        } else if line.is_empty() && !next.name.is_empty() {
            let id = next.id.clone();
            heard.push(std::mem::replace(&mut next, Heard { id, ..Heard::default() }));
        }
    }
    heard
}
