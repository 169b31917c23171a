//! A WebSocket client: the handshake as a raw request, and one message there and back.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::raw::Request;

/// The opening handshake; to be sent as it is, or with more headers.
pub fn handshake(path: &str) -> Request {
    Request::get(path)
        .connection("Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
}

/// Opens a WebSocket with these headers, sends a text and gives what came back.
#[track_caller]
pub fn round_trip(address: SocketAddr, headers: &[(&'static str, &str)], text: &str) -> String {
    let mut request = format!("ws://{address}/socket").into_client_request().expect("a WebSocket address");
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).expect("a header value");
        request.headers_mut().insert(*name, value);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let exchange = async {
            let (mut socket, _) =
                tokio_tungstenite::connect_async(request).await.expect("the WebSocket opens");
            socket.send(Message::text(text)).await.expect("the message leaves");
            let answer = socket.next().await.expect("an answer").expect("an answer");
            answer.into_text().expect("a text").to_string()
        };
        tokio::time::timeout(super::wait::PATIENCE, exchange).await.expect("an answer in time")
    })
}
