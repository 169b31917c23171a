//! The app behind the proxy: says what it received, remembers it, and knows whose each open WebSocket is.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use actix_web::dev::ServerHandle;
use actix_web::http::{StatusCode, header};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use actix_ws::{AggregatedMessage, CloseCode, Session};
use futures_util::StreamExt;
use serde_json::{Value, json};

/// One request as the app received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In lower case, every occurrence on its own.
    pub headers: Vec<(String, String)>,
    pub body_length: usize,
}

impl Seen {
    /// Every value of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(each, _)| each.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The value of a header that must be there once.
    #[track_caller]
    pub fn one(&self, name: &str) -> &str {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name}: {all:?} in {:#?}", self.headers);
        all[0]
    }

    /// Reads the body of the echo app's answer.
    #[track_caller]
    pub fn parse(answer: &Value) -> Self {
        let text = |key: &str| answer[key].as_str().expect("the echo app's answer").to_owned();
        let pairs = answer["headers"].as_array().expect("a list of headers");
        let part = |pair: &Value, n: usize| pair[n].as_str().expect("a header").to_owned();
        Self {
            method: text("method"),
            target: text("target"),
            headers: pairs.iter().map(|p| (part(p, 0), part(p, 1))).collect(),
            body_length: answer["body_length"]
                .as_u64()
                .and_then(|length| usize::try_from(length).ok())
                .expect("a length"),
        }
    }

    fn json(&self) -> Value {
        json!({
            "method": self.method,
            "target": self.target,
            "headers": self.headers,
            "body_length": self.body_length,
        })
    }
}

/// The running app; stopped when dropped.
#[derive(Debug)]
pub struct Echo {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    sockets: Sockets,
    handle: ServerHandle,
}

/// The open WebSockets of an app, each with the name that its handshake came with.
#[derive(Clone, Default)]
pub struct Sockets(Arc<Mutex<Vec<(String, Session)>>>);

impl Sockets {
    /// Closes those of a user, or everybody's.
    pub fn close(&self, user: Option<&str>) {
        let mut all = lock(&self.0);
        let (closed, open) =
            all.drain(..).partition::<Vec<_>, _>(|(name, _)| user.is_none_or(|user| user == name));
        *all = open;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for (_, socket) in closed {
            // An error says that the client has closed it already.
            let _ = runtime.block_on(socket.close(Some(CloseCode::Policy.into())));
        }
    }
}

impl std::fmt::Debug for Sockets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(lock(&self.0).iter().map(|(name, _)| name)).finish()
    }
}

impl Echo {
    pub fn start() -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (sender, receiver) = mpsc::channel();
        let shared = web::Data::from(seen.clone());
        let sockets = Sockets::default();
        let open = web::Data::new(sockets.clone());
        thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let server = HttpServer::new(move || {
                    App::new()
                        .app_data(shared.clone())
                        .app_data(open.clone())
                        .route("/status/{code}", web::to(status))
                        .default_service(web::to(echo))
                })
                .workers(1)
                .disable_signals()
                .shutdown_timeout(0)
                .bind(("127.0.0.1", 0))
                .expect("a port for the echo app");
                let address = server.addrs()[0];
                let server = server.run();
                sender.send((address, server.handle())).expect("the test waits for the echo app");
                server.await.expect("the echo app runs");
            });
        });
        let (address, handle) = receiver.recv().expect("the echo app starts");
        Self { address, seen, sockets, handle }
    }

    pub fn sockets(&self) -> Sockets {
        self.sockets.clone()
    }

    /// Everything it received so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    #[track_caller]
    pub fn assert_never_reached(&self) {
        let seen = self.seen();
        assert!(seen.is_empty(), "the app was reached: {seen:#?}");
    }

    /// Among other requests, such as a browser's for an icon, none was for this path.
    #[track_caller]
    pub fn assert_never_asked_for(&self, path: &str) {
        let seen = self.seen();
        assert!(seen.iter().all(|each| each.target != path), "the app was asked for {path}: {seen:#?}");
    }

    pub fn forget(&self) {
        lock(&self.seen).clear();
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Sends the command at once; what it gives is only a way to wait for the end.
        drop(self.handle.stop(false));
    }
}

fn lock<T>(all: &Mutex<Vec<T>>) -> std::sync::MutexGuard<'_, Vec<T>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn echo(
    request: HttpRequest,
    body: web::Payload,
    all: web::Data<Mutex<Vec<Seen>>>,
    sockets: web::Data<Sockets>,
) -> Result<HttpResponse, actix_web::Error> {
    if request.headers().contains_key(header::UPGRADE) {
        lock(&all).push(seen(&request, 0));
        return open_websocket(&request, body, &sockets);
    }
    let this = seen(&request, count(body).await?);
    let answer = this.json();
    lock(&all).push(this);
    if request.headers().get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"))
    {
        let page = format!("<!doctype html><title>Echo</title><pre id=\"echo\">{answer}</pre>");
        return Ok(HttpResponse::Ok().content_type("text/html").body(page));
    }
    Ok(HttpResponse::Ok().json(answer))
}

/// Answers with the status that the path asks for, and a body that only the app could have sent.
async fn status(
    request: HttpRequest,
    code: web::Path<u16>,
    all: web::Data<Mutex<Vec<Seen>>>,
) -> HttpResponse {
    lock(&all).push(seen(&request, 0));
    let code = StatusCode::from_u16(*code).expect("a status code in the path");
    HttpResponse::build(code).body(format!("the app's own {code}"))
}

fn open_websocket(
    request: &HttpRequest,
    body: web::Payload,
    sockets: &Sockets,
) -> Result<HttpResponse, actix_web::Error> {
    let (response, mut session, messages) = actix_ws::handle(request, body)?;
    let user = request.headers().get("Remote-User").and_then(|name| name.to_str().ok()).unwrap_or_default();
    lock(&sockets.0).push((user.to_owned(), session.clone()));
    let mut messages = messages.aggregate_continuations();
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            let sent = match message {
                AggregatedMessage::Text(text) => session.text(text).await,
                AggregatedMessage::Binary(bytes) => session.binary(bytes).await,
                _ => Ok(()),
            };
            if sent.is_err() {
                break;
            }
        }
    });
    Ok(response)
}

async fn count(mut body: web::Payload) -> Result<usize, actix_web::Error> {
    let mut length = 0;
    while let Some(chunk) = body.next().await {
        length += chunk?.len();
    }
    Ok(length)
}

fn seen(request: &HttpRequest, body_length: usize) -> Seen {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Seen {
        method: request.method().to_string(),
        target: request.uri().to_string(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
            .collect(),
        body_length,
    }
}
