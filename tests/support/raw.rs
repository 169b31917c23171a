//! A client that sends exactly the bytes it is given and reads one answer.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;

use super::wait::{Deadline, PATIENCE};

/// An answer, its header names in lower case and in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let name = name.to_ascii_lowercase();
        self.headers.iter().filter(|(each, _)| *each == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that may come once at most.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} came more than once: {all:?}");
        all.first().copied()
    }

    pub fn location(&self) -> Option<&str> {
        self.header("location")
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }

    /// The value of a cookie that this answer sets, with its attributes behind `;`.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        self.all("set-cookie")
            .into_iter()
            .find(|cookie| cookie.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
    }

    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{:#?}\n{}", self.headers, self.text());
        self
    }
}

/// A request under construction; nothing is added that was not asked for but `Host`,
/// `Connection: close` and the length of a body.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    host: Option<String>,
    connection: String,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            host: None,
            connection: "close".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub fn post(target: &str) -> Self {
        Self::new("POST", target)
    }

    /// A `Host` other than the address that is asked.
    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// Another `Connection` than `close`.
    pub fn connection(mut self, options: &str) -> Self {
        self.connection = options.to_owned();
        self
    }

    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// The session cookie.
    pub fn session(self, value: &str) -> Self {
        self.header("Cookie", format!("sluice_session={value}"))
    }

    /// What a browser sends when a person opens a page.
    pub fn navigating(self) -> Self {
        self.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
            .header("Sec-Fetch-Mode", "navigate")
            .header("Sec-Fetch-Site", "none")
            .header("Sec-Fetch-Dest", "document")
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.header("Content-Type", "application/x-www-form-urlencoded").body(body)
    }

    pub fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let host = self.host.clone().unwrap_or_else(|| address.to_string());
        let mut bytes = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\nConnection: {}\r\n",
            self.method, self.target, self.connection
        )
        .into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        if !self.body.is_empty() || self.method == "POST" {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    #[track_caller]
    pub fn send(&self, address: SocketAddr) -> Answer {
        send(address, &self.bytes(address))
    }
}

/// Sends `bytes` and reads the answer to them.
#[track_caller]
pub fn send(address: SocketAddr, bytes: &[u8]) -> Answer {
    try_send(address, bytes).unwrap_or_else(|error| {
        panic!(
            "no answer from {address} ({error}) to {}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)])
        )
    })
}

/// As [`send`], for requests that may end without an answer.
pub fn try_send(address: SocketAddr, bytes: &[u8]) -> io::Result<Answer> {
    let mut connection = Connection::open(address)?;
    let written = connection.write(bytes);
    // A server may answer, and close, before it has read everything.
    match connection.read_answer(bytes.starts_with(b"HEAD ")) {
        Err(_) if written.is_err() => Err(written.expect_err("just seen")),
        answer => answer,
    }
}

/// A connection that can carry several requests.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    pending: Vec<u8>,
}

impl Connection {
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, pending: Vec::new() })
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Whether something has come; an error of the kind `WouldBlock` where nothing has.
    pub fn try_read(&self) -> io::Result<usize> {
        self.stream.set_nonblocking(true)?;
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false)?;
        peeked
    }

    /// Reads one answer, an interim one (100) skipped.
    pub fn read_answer(&mut self, to_head: bool) -> io::Result<Answer> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            let head = self.read_head(deadline)?;
            let mut answer = parse_head(&head)?;
            if answer.status == 100 {
                continue;
            }
            if !(to_head || matches!(answer.status, 101 | 204 | 304)) {
                answer.body = self.read_body(&answer, deadline)?;
            }
            return Ok(answer);
        }
    }

    /// Reads up to these bytes, and gives all up to their end.
    pub fn read_through(&mut self, part: &[u8]) -> io::Result<Vec<u8>> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            if let Some(start) = find(&self.pending, part) {
                return self.read_exactly(start + part.len(), deadline);
            }
            if self.read_more(deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn read_head(&mut self, deadline: Deadline) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = find(&self.pending, b"\r\n\r\n") {
                let rest = self.pending.split_off(end + 4);
                return Ok(std::mem::replace(&mut self.pending, rest));
            }
            if self.read_more(deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn read_body(&mut self, answer: &Answer, deadline: Deadline) -> io::Result<Vec<u8>> {
        let chunked =
            answer.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        if chunked {
            return self.read_chunks(deadline);
        }
        match answer.header("content-length") {
            Some(length) => {
                let length = length.parse().map_err(io::Error::other)?;
                self.read_exactly(length, deadline)
            }
            None => {
                while self.read_more(deadline)? > 0 {}
                Ok(std::mem::take(&mut self.pending))
            }
        }
    }

    fn read_chunks(&mut self, deadline: Deadline) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.read_line(deadline)?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
            body.extend(self.read_exactly(size, deadline)?);
            self.read_line(deadline)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn read_line(&mut self, deadline: Deadline) -> io::Result<String> {
        loop {
            if let Some(end) = find(&self.pending, b"\r\n") {
                let line = self.read_exactly(end + 2, deadline)?;
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.read_more(deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn read_exactly(&mut self, length: usize, deadline: Deadline) -> io::Result<Vec<u8>> {
        while self.pending.len() < length {
            if self.read_more(deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let rest = self.pending.split_off(length);
        Ok(std::mem::replace(&mut self.pending, rest))
    }

    fn read_more(&mut self, deadline: Deadline) -> io::Result<usize> {
        let left = deadline.left();
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut buffer = [0; 16 * 1024];
        let read = self.stream.read(&mut buffer)?;
        self.pending.extend_from_slice(&buffer[..read]);
        Ok(read)
    }
}

fn parse_head(head: &[u8]) -> io::Result<Answer> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1."))
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| io::Error::other(format!("no status line: {head}")))?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Answer { status, headers, body: Vec::new() })
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
