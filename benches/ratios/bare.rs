//! What Sluice is compared with: one actix handler and no middleware, which sends an answer that Sluice gave before.

use std::{fs, future::ready, path::Path, sync::Arc};

use actix_web::{
    App, HttpResponse, HttpServer,
    body::BoxBody,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
    web::{self, Bytes},
};
use anyhow::{Context, ensure};

use crate::{
    http::{Answer, Connection},
    process::{Core, Running, command_on, free_port},
};

/// How the handler is written.
#[derive(Clone, Copy)]
pub enum Bare {
    /// As handlers are: names and values are text.
    Usual,
    /// Ready-made names and values, so that it does the least that sending them takes.
    Lean,
}

impl Bare {
    const ALL: [Self; 2] = [Self::Usual, Self::Lean];

    const fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Lean => "lean",
        }
    }
}

/// The usual one.
fn usual(answer: &Answer) -> HttpResponse {
    let mut response = HttpResponse::build(StatusCode::from_u16(answer.status).expect("a status"));
    for (name, value) in &answer.headers {
        response.insert_header((name.as_str(), value.as_str()));
    }
    if answer.body.is_empty() { response.finish() } else { response.body(answer.body.clone()) }
}

struct Prepared {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Prepared {
    fn new(answer: Answer) -> anyhow::Result<Self> {
        let mut headers = Vec::new();
        for (name, value) in answer.headers {
            let value = HeaderValue::from_maybe_shared(Bytes::from_static(value.leak().as_bytes()))?;
            headers.push((HeaderName::from_static(name.leak()), value));
        }
        Ok(Self { status: StatusCode::from_u16(answer.status)?, headers, body: answer.body.into() })
    }

    fn answer(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status);
        for (name, value) in &self.headers {
            response.headers_mut().insert(name.clone(), value.clone());
        }
        if self.body.is_empty() { response } else { response.set_body(BoxBody::new(self.body.clone())) }
    }
}

/// The other process: serves the answer in the file to every request.
pub fn serve(kind: &str, port: &str, answer: &str) -> anyhow::Result<()> {
    let kind = Bare::ALL.into_iter().find(|known| known.name() == kind).context("`usual` or `lean`")?;
    let answer = Arc::new(Answer::parse(&fs::read(answer)?)?);
    let prepared = Arc::new(Prepared::new(Answer::clone(&answer))?);
    let server = HttpServer::new(move || {
        let (answer, prepared) = (Arc::clone(&answer), Arc::clone(&prepared));
        App::new().default_service(match kind {
            Bare::Usual => web::to(move || ready(usual(&answer))),
            Bare::Lean => web::to(move || ready(prepared.answer())),
        })
    })
    .workers(1)
    .bind(("127.0.0.1", port.parse()?))?;
    Ok(actix_web::rt::System::new().block_on(server.run())?)
}

/// A bare server that answers as the server at `model` answers `request`.
pub fn start(kind: Bare, folder: &Path, model: u16, request: &[u8]) -> anyhow::Result<Running> {
    start_with(kind, folder, Connection::open(model)?.ask(request)?, request)
}

/// A bare server that sends this answer; `request` is what it is tried with.
pub fn start_with(kind: Bare, folder: &Path, answer: &[u8], request: &[u8]) -> anyhow::Result<Running> {
    let file = folder.join(kind.name());
    fs::write(&file, answer)?;
    let port = free_port()?;
    let program = std::env::current_exe().context("the path of this program")?;
    let mut command = command_on(Core::Server, &program.to_string_lossy());
    command.args(["bare", kind.name()]).arg(port.to_string()).arg(&file);
    let running = Running::start(command, port)?;
    let copy = Answer::parse(Connection::open(port)?.ask(request)?)?;
    ensure!(copy == Answer::parse(answer)?, "the bare handler answers {copy:?}, not the same");
    Ok(running)
}
