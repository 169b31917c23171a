//! A stand-in for a sign-in provider: answers over a real socket, well or badly, and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::echo::Seen;
use super::product::Product;
use super::wait;

/// How it takes questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As the product does.
    Working,
    /// As the product does where a rule forbids everything.
    Forbidding,
    /// Takes questions and never answers.
    Hanging,
    /// As working, but only once the mode is another.
    Held,
    /// Sends these bytes and closes.
    Saying(Vec<u8>),
    /// Sends these bytes and listens on.
    SayingOn(Vec<u8>),
    /// Sends these bytes and listens on, but closes at the next question, as if it had closed a moment before.
    SayingOnce(Vec<u8>),
    /// Sends these bytes, then a byte at a time for as long as anybody listens.
    Trickling(Vec<u8>),
    /// Sends these bytes, then as many more as anybody takes.
    Flooding(Vec<u8>),
}

#[derive(Debug)]
struct Shared {
    product: Product,
    asked: Mutex<Vec<Seen>>,
    /// `None` once the stand-in is gone.
    mode: Mutex<Option<Mode>>,
    changed: Condvar,
    /// Bytes that flooding got rid of.
    flooded: AtomicUsize,
}

/// The running stand-in; gone when dropped.
#[derive(Debug)]
pub struct Provider {
    pub product: Product,
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

impl Provider {
    #[track_caller]
    pub fn start(product: Product) -> Self {
        Self::start_at(product, SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    /// At a given address, which settings may already name.
    #[track_caller]
    pub fn start_at(product: Product, address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).expect("a port for the provider");
        let address = listener.local_addr().expect("the provider's address");
        let shared = Arc::new(Shared {
            product,
            asked: Mutex::default(),
            mode: Mutex::new(Some(Mode::Working)),
            changed: Condvar::new(),
            flooded: AtomicUsize::new(0),
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if served.mode().is_none() {
                    break;
                }
                let served = Arc::clone(&served);
                thread::spawn(move || served.serve(stream));
            }
        });
        Self { product, address, shared }
    }

    /// Starts in this mode.
    #[track_caller]
    pub fn with(product: Product, mode: Mode) -> Self {
        let provider = Self::start(product);
        provider.set(mode);
        provider
    }

    /// Holds for questions to come, and for those held.
    pub fn set(&self, mode: Mode) {
        self.shared.change(Some(mode));
    }

    /// What makes Sluice ask it.
    pub fn settings(&self) -> String {
        settings(self.product, self.address)
    }

    /// Every question so far.
    pub fn asked(&self) -> Vec<Seen> {
        lock(&self.shared.asked).clone()
    }

    pub fn questions(&self) -> usize {
        lock(&self.shared.asked).len()
    }

    /// The one question since the last call of `forget`.
    #[track_caller]
    pub fn the_question(&self) -> Seen {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:#?}");
        asked[0].clone()
    }

    pub fn forget(&self) {
        lock(&self.shared.asked).clear();
    }

    #[track_caller]
    pub fn wait_for_questions(&self, count: usize) {
        wait::until(&format!("{count} questions"), || self.questions() >= count);
    }

    /// Bytes that flooding got rid of.
    pub fn flooded(&self) -> usize {
        self.shared.flooded.load(Ordering::Relaxed)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.shared.change(None);
        // Wakes the thread that takes connections.
        let _ = TcpStream::connect(self.address);
    }
}

/// What makes Sluice ask a provider at `address`.
pub fn settings(product: Product, address: SocketAddr) -> String {
    format!(
        "upstream.kind = \"{}\"\nupstream.url = \"http://{address}{}\"",
        product.name(),
        product.path_in_url()
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn mode(&self) -> Option<Mode> {
        lock(&self.mode).clone()
    }

    fn change(&self, mode: Option<Mode>) {
        *lock(&self.mode) = mode;
        self.changed.notify_all();
    }

    /// Waits for as long as `held` says of the mode.
    fn wait_while(&self, held: impl Fn(&Mode) -> bool) {
        let mode = lock(&self.mode);
        drop(self.changed.wait_while(mode, |mode| mode.as_ref().is_some_and(&held)));
    }

    fn serve(&self, mut stream: TcpStream) {
        let (mut pending, mut answered) = (Vec::new(), 0);
        while let Some(question) = read_question(&mut stream, &mut pending) {
            lock(&self.asked).push(question.clone());
            let Some(mode) = self.mode() else { return };
            match mode {
                Mode::Hanging => return self.wait_while(|_| true),
                Mode::Held => self.wait_while(|mode| *mode == Mode::Held),
                Mode::SayingOnce(_) if answered > 0 => return,
                Mode::Working | Mode::Forbidding | Mode::SayingOn(_) | Mode::SayingOnce(_) => {}
                Mode::Saying(bytes) => {
                    let _ = stream.write_all(&bytes);
                    return;
                }
                Mode::Trickling(bytes) => return self.trickle(&mut stream, &bytes),
                Mode::Flooding(bytes) => return self.flood(&mut stream, &bytes),
            }
            let answer = match self.mode() {
                None => return,
                Some(Mode::SayingOn(bytes) | Mode::SayingOnce(bytes)) => bytes,
                Some(mode) => self.product.answer(&question, mode == Mode::Forbidding).bytes(),
            };
            if stream.write_all(&answer).is_err() {
                return;
            }
            answered += 1;
        }
    }

    fn trickle(&self, stream: &mut TcpStream, start: &[u8]) {
        let mut next: &[u8] = start;
        while stream.write_all(next).is_ok() {
            next = b"x";
            let mode = lock(&self.mode);
            let pace = Duration::from_millis(20);
            let waited = self.changed.wait_timeout_while(mode, pace, |mode| mode.is_some());
            if waited.is_ok_and(|(mode, _)| mode.is_none()) {
                return;
            }
        }
    }

    fn flood(&self, stream: &mut TcpStream, start: &[u8]) {
        let more = [b'x'; 16 * 1024];
        let mut next: &[u8] = start;
        while self.mode().is_some() && stream.write_all(next).is_ok() {
            next = &more;
            self.flooded.fetch_add(next.len(), Ordering::Relaxed);
        }
    }
}

/// The next question on a connection; they have no body.
fn read_question(stream: &mut TcpStream, pending: &mut Vec<u8>) -> Option<Seen> {
    loop {
        if let Some(end) = pending.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = pending.split_off(end + 4);
            let head = std::mem::replace(pending, rest);
            return parse(&String::from_utf8_lossy(&head[..end]));
        }
        let mut buffer = [0; 16 * 1024];
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => pending.extend_from_slice(&buffer[..read]),
        }
    }
}

fn parse(head: &str) -> Option<Seen> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Some(Seen { method, target, headers, body_length: 0 })
}
