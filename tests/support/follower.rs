//! A client that follows an event stream.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
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
    lines: Mutex<Vec<String>>,
    ended: Mutex<bool>,
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
        stream.write_all(&request.clone().connection("keep-alive").bytes(address)).expect("a request");
        let shared = Arc::new(Shared::default());
        let (told, reader) = (Arc::clone(&shared), stream.try_clone().expect("a second handle"));
        thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                told.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
            *told.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        });
        let follower = Self { stream, shared };
        wait::until("the start of the stream", || {
            follower.lines().iter().any(|line| line.starts_with("retry:") || line.contains("problem+json"))
        });
        follower
    }

    pub fn lines(&self) -> Vec<String> {
        self.shared.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The status and the headers.
    pub fn head(&self) -> Vec<String> {
        self.lines().into_iter().take_while(|line| !line.is_empty()).collect()
    }

    pub fn has_ended(&self) -> bool {
        *self.shared.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every event so far that has come whole.
    pub fn heard(&self) -> Vec<Heard> {
        let (mut heard, mut next) = (Vec::new(), Heard::default());
        for line in self.lines() {
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
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}
