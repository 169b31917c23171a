//! A WebSocket client: the handshake as a raw request, and messages there and back.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::raw::Request;
use super::wait::{Deadline, PATIENCE};

/// The opening handshake; to be sent as it is, or with more headers.
pub fn handshake(path: &str) -> Request {
    Request::get(path)
        .connection("Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// An open WebSocket.
pub struct Socket {
    runtime: Runtime,
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens one with these headers.
    #[track_caller]
    pub fn open(address: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://{address}{path}").into_client_request().expect("a WebSocket address");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header value");
            request.headers_mut().insert(*name, value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let opened = runtime
            .block_on(async { timeout(PATIENCE, tokio_tungstenite::connect_async(request)).await })
            .expect("an answer in time");
        let (stream, _) = opened.expect("the WebSocket opens");
        Self { runtime, stream }
    }

    /// Sends a text and gives what comes back.
    #[track_caller]
    pub fn ask(&mut self, text: &str) -> String {
        let stream = &mut self.stream;
        let exchange = async {
            stream.send(Message::text(text)).await.expect("the message leaves");
            let answer = stream.next().await.expect("an answer").expect("an answer");
            answer.into_text().expect("a text").to_string()
        };
        self.runtime.block_on(async { timeout(PATIENCE, exchange).await }).expect("an answer in time")
    }

    /// The other side closes it, without another word, before this moment is over.
    #[track_caller]
    pub fn assert_closed_by(&mut self, deadline: Deadline) {
        let next = self.runtime.block_on(async { timeout(deadline.left(), self.stream.next()).await });
        match next.expect("the other side closes the WebSocket in time") {
            None | Some(Ok(Message::Close(_)) | Err(_)) => {}
            Some(Ok(message)) => panic!("{message:?}"),
        }
    }
}

/// Opens a WebSocket with these headers, sends a text and gives what came back.
#[track_caller]
pub fn round_trip(address: SocketAddr, headers: &[(&'static str, &str)], text: &str) -> String {
    Socket::open(address, "/socket", headers).ask(text)
}
