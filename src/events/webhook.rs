//! Posting an event to an address, signed.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode, header::CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::Sha256;
use url::Url;

use super::{delivery::Outcome, payload};
use crate::{
    clock::{self, Timestamp},
    store::events::Recorded,
};

/// Where events are posted, and with what.
pub(super) struct Webhook {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) secret: Option<SecretString>,
}

/// Posts it once.
pub(super) async fn post(webhook: &Webhook, recorded: &Recorded) -> Outcome {
    let body = Value::Object(payload::json(recorded)).to_string();
    let mut request = webhook
        .client
        .post(webhook.url.clone())
        .header(CONTENT_TYPE, "application/json")
        .header("X-Sluice-Event", recorded.event.kind.name())
        .header("X-Sluice-Delivery", recorded.id.get());
    if let Some(secret) = &webhook.secret {
        request = request.header("X-Sluice-Signature", signature(secret, clock::now(), &body));
    }
    match request.body(body).send().await {
        Ok(answer) => judge(answer.status()),
        Err(error) => {
            // The address may hold a secret.
            let error = error.without_url();
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            Outcome::Down(cause.unwrap_or_else(|| error.to_string()))
        }
    }
}

/// Whether the other side has it now, may have it later, or does not want it.
fn judge(status: StatusCode) -> Outcome {
    let answered = || format!("it answered {status}");
    match status {
        status if status.is_success() => Outcome::Delivered,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Outcome::Down(answered()),
        status if status.is_server_error() => Outcome::Down(answered()),
        _ => Outcome::Refused(answered()),
    }
}

/// `t=` and the time of sending, `v1=` and the HMAC-SHA-256 of that time, a full stop and the body.
fn signature(secret: &SecretString, at: Timestamp, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(format!("{}.{body}", at.secs()).as_bytes());
    let mut text = format!("t={},v1=", at.secs());
    for byte in mac.finalize().into_bytes() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_others_compute() {
        // printf '1700000000.{"id":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            signature(&SecretString::from("secret"), Timestamp::from_secs(1_700_000_000), "{\"id\":1}"),
            "t=1700000000,v1=3dd1b9aef568d75f6790a84bd2e5dfa1f44409eef3cbdbd3f10b837376100c11"
        );
    }

    #[test]
    fn only_what_cannot_get_better_counts_as_refused() {
        for (status, outcome) in [
            (200, Outcome::Delivered),
            (204, Outcome::Delivered),
            (302, Outcome::Refused("it answered 302 Found".to_owned())),
            (400, Outcome::Refused("it answered 400 Bad Request".to_owned())),
            (408, Outcome::Down("it answered 408 Request Timeout".to_owned())),
            (429, Outcome::Down("it answered 429 Too Many Requests".to_owned())),
            (503, Outcome::Down("it answered 503 Service Unavailable".to_owned())),
        ] {
            assert_eq!(judge(StatusCode::from_u16(status).unwrap()), outcome);
        }
    }
}
