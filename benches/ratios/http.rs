//! The requests that are measured, and a client that sends them one at a time over one connection.

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};

/// The host and app that the requests are for.
pub const HOST: &str = "torrents.example.com";
pub const APP: &str = "qbittorrent";
pub const VERIFY_PATH: &str = "/verify/nginx/qbittorrent";

const PATIENCE: Duration = Duration::from_secs(10);

/// Names and values of headers, in the order in which they are sent.
pub type Headers = Vec<(&'static str, String)>;

/// The headers of a browser's XHR in qBittorrent's page, as `nginx/sluice.conf` passes them on.
pub fn verify_headers(session: Option<&str>) -> Headers {
    let mut headers = browser_headers();
    headers.extend([
        ("X-Original-URL", format!("https://{HOST}/api/v2/sync/maindata?rid=7")),
        ("X-Original-Method", "GET".to_owned()),
        ("X-Forwarded-For", "192.0.2.7".to_owned()),
    ]);
    headers.extend(session.map(|session| ("Cookie", cookies(session))));
    headers
}

/// The same before nginx adds its own.
pub fn browser_headers() -> Headers {
    [
        ("Host", HOST),
        (
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        ),
        ("Accept", "*/*"),
        ("Accept-Language", "en-US,en;q=0.9"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Referer", "https://torrents.example.com/"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Sec-Fetch-Mode", "cors"),
        ("Sec-Fetch-Dest", "empty"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// The same from a client that sends another credential than a session.
pub fn verify_headers_with<const N: usize>(credential: [(&'static str, String); N]) -> Headers {
    let mut headers = verify_headers(None);
    headers.extend(credential);
    headers
}

/// A name and a password, as `Authorization` carries them.
pub fn basic(user: &str, password: &str) -> (&'static str, String) {
    ("Authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

/// Our cookie beside the app's own.
pub fn cookies(session: &str) -> String {
    format!("SID=s0mEtH1ngTh4tQb1ttorrentSet+/0aZ; sluice_session={session}")
}

/// The bytes of a `GET`.
pub fn get(path: &str, headers: &Headers) -> Vec<u8> {
    let mut text = format!("GET {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// The bytes of a `POST`.
pub fn post(path: &str, headers: &Headers, body: &str) -> Vec<u8> {
    let mut bytes = get(path, headers);
    bytes.splice(..3, *b"POST");
    bytes.extend_from_slice(body.as_bytes());
    bytes
}

/// A connection that is kept open.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub fn open(port: u16) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port)).context("connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads the whole answer, which must say its length.
    pub fn ask(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request).context("send")?;
        self.received.clear();
        let mut chunk = [0; 8 * 1024];
        while !is_whole(&self.received)? {
            let read = self.stream.read(&mut chunk).context("receive")?;
            ensure!(read > 0, "the server hung up");
            self.received.extend_from_slice(&chunk[..read]);
        }
        Ok(&self.received)
    }
}

fn is_whole(received: &[u8]) -> anyhow::Result<bool> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&received[..end])?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim())
    });
    let Some(length) = length else { bail!("an answer without Content-Length: {head}") };
    Ok(received.len() >= end + 4 + length.parse::<usize>()?)
}

/// Whether the answer has this status.
pub fn has_status(answer: &[u8], status: u16) -> bool {
    answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes())
}

/// An answer, apart from the headers that actix itself adds to each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case, in the order of their names.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn parse(answer: &[u8]) -> anyhow::Result<Self> {
        let text = std::str::from_utf8(answer)?;
        let (head, body) = text.split_once("\r\n\r\n").context("an answer without an end of its head")?;
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(": ").context("no header")?;
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        headers.retain(|(name, _)| !matches!(name.as_str(), "date" | "content-length"));
        headers.sort();
        Ok(Self { status: status.parse()?, headers, body: body.to_owned() })
    }
}
