//! Listeners that keep the bytes of each request: one before Sluice, one in the place of an app.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The head of a request, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub method: String,
    pub target: String,
    /// Every header as it came, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Head {
    fn parse(bytes: &[u8]) -> Self {
        // One character a byte, so that nothing is lost.
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let mut line = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
        let (method, target) = (line.next().unwrap_or_default(), line.next().unwrap_or_default());
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        Self { method, target, headers: headers.collect() }
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(each, _)| each == name).map(|(_, value)| value.as_str()).collect()
    }

    #[track_caller]
    pub fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name}: {self:#?}");
        all[0]
    }
}

/// A listener with what came to it so far.
#[derive(Debug)]
pub struct Recorder {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<Head>>>,
}

impl Recorder {
    /// Hands everything on to `server`.
    pub fn before(server: SocketAddr) -> Self {
        Self::start(move |client, heads| relay(client, server, heads))
    }

    /// Answers 200 to one request a connection.
    pub fn app() -> Self {
        Self::start(|mut client, heads| {
            let mut bytes = Vec::new();
            let mut buffer = [0; 8 * 1024];
            while !bytes.ends_with(b"\r\n\r\n") {
                match client.read(&mut buffer) {
                    Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
                    _ => return,
                }
            }
            lock(heads).push(Head::parse(&bytes));
            // A client that has gone has its answer no more.
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\napp");
        })
    }

    fn start(serve: impl Fn(TcpStream, &Mutex<Vec<Head>>) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (serve, heads) = (serve.clone(), Arc::clone(&kept));
                thread::spawn(move || serve(client, &heads));
            }
        });
        Self { address, heads }
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<Head> {
        std::mem::take(&mut lock(&self.heads))
    }
}

fn lock(heads: &Mutex<Vec<Head>>) -> std::sync::MutexGuard<'_, Vec<Head>> {
    heads.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes bytes both ways, and keeps each head before it goes on. Requests with a body are not told apart.
fn relay(mut client: TcpStream, server: SocketAddr, heads: &Mutex<Vec<Head>>) {
    let Ok(mut server) = TcpStream::connect(server) else { return };
    let (Ok(mut answers), Ok(mut back)) = (server.try_clone(), client.try_clone()) else { return };
    thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut pending = Vec::new();
    let mut buffer = [0; 8 * 1024];
    while let Ok(read @ 1..) = client.read(&mut buffer) {
        pending.extend_from_slice(&buffer[..read]);
        while let Some(end) = pending.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = pending.split_off(end + 4);
            lock(heads).push(Head::parse(&pending));
            pending = rest;
        }
        if server.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}
