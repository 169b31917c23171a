//! The other side of a webhook: takes what is posted, well or badly, and remembers it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::Value;

use super::process::{free_port, local};
use super::wait;

/// How it takes what is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Answers with this status.
    Answering(u16),
    /// Reads, and answers nothing before the mode is another.
    Holding,
}

/// One post.
#[derive(Clone, Debug)]
pub struct Post {
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Post {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let mut values = self.headers.iter().filter(|(each, _)| each == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => value,
            _ => panic!("{name} did not come once: {:?}", self.headers),
        }
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.body))
    }

    /// What it tells of: the type and the subject.
    #[track_caller]
    pub fn tells(&self) -> (String, String) {
        let json = self.json();
        let text = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
        (text("type"), text("subject"))
    }
}

#[derive(Debug)]
struct Shared {
    posts: Mutex<Vec<Post>>,
    /// `None` once it is gone.
    mode: Mutex<Option<Mode>>,
    changed: Condvar,
}

/// The running other side; gone when dropped, with all that was posted.
#[derive(Debug)]
pub struct Hook {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

/// An address that nothing listens on yet.
pub fn address() -> SocketAddr {
    local(free_port())
}

impl Hook {
    #[track_caller]
    pub fn start(mode: Mode) -> Self {
        Self::start_at(address(), mode)
    }

    /// At an address that the settings name already.
    #[track_caller]
    pub fn start_at(address: SocketAddr, mode: Mode) -> Self {
        let listener = TcpListener::bind(address).expect("a port for the webhook");
        let shared = Arc::new(Shared {
            posts: Mutex::default(),
            mode: Mutex::new(Some(mode)),
            changed: Condvar::new(),
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if lock(&served.mode).is_none() {
                    break;
                }
                let served = Arc::clone(&served);
                thread::spawn(move || served.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// The settings of a target here.
    pub fn settings(&self, types: &str) -> String {
        settings(self.address, types)
    }

    pub fn set(&self, mode: Mode) {
        *lock(&self.shared.mode) = Some(mode);
        self.shared.changed.notify_all();
    }

    pub fn posts(&self) -> Vec<Post> {
        lock(&self.shared.posts).clone()
    }

    /// Waits for so many posts.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Post> {
        wait::for_some(&format!("{count} posts"), || Some(self.posts()).filter(|posts| posts.len() >= count))
    }
}

/// The settings of a target at `address`, signed with `whsec`.
pub fn settings(address: SocketAddr, types: &str) -> String {
    format!("[[event]]\ntypes = [{types}]\nurl = \"http://{address}/hook?key=T0K3N\"\nsecret = \"whsec\"\n")
}

impl Drop for Hook {
    fn drop(&mut self) {
        *lock(&self.shared.mode) = None;
        self.shared.changed.notify_all();
        // Wakes the thread that takes connections.
        let _ = TcpStream::connect(self.address);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// One post a connection.
    fn serve(&self, mut stream: TcpStream) {
        let Some(post) = read_post(&mut stream) else { return };
        lock(&self.posts).push(post);
        let mode = lock(&self.mode);
        let mode = self.changed.wait_while(mode, |mode| *mode == Some(Mode::Holding));
        let Some(Mode::Answering(status)) = *mode.unwrap_or_else(PoisonError::into_inner) else { return };
        let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(answer.as_bytes());
    }
}

fn read_post(stream: &mut TcpStream) -> Option<Post> {
    let mut pending = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let mut read_more = |pending: &mut Vec<u8>| match stream.read(&mut buffer) {
        Ok(0) | Err(_) => None,
        Ok(read) => {
            pending.extend_from_slice(&buffer[..read]);
            Some(())
        }
    };
    let end = loop {
        match pending.windows(4).position(|window| window == b"\r\n\r\n") {
            Some(end) => break end,
            None => read_more(&mut pending)?,
        }
    };
    let head = String::from_utf8_lossy(&pending[..end]).into_owned();
    let headers: Vec<_> = head
        .split("\r\n")
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse::<usize>().ok()?;
    while pending.len() < end + 4 + length {
        read_more(&mut pending)?;
    }
    let body = String::from_utf8(pending[end + 4..end + 4 + length].to_vec()).ok()?;
    Some(Post { headers, body })
}
