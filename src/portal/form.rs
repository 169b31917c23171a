//! The body of a form: bounded in size and time, each field once.

use std::{collections::BTreeMap, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::CONTENT_TYPE},
    web::Payload,
};
use tracing::info;

use super::{
    expired_form,
    page::{self, Link},
    refusal_log,
};
use crate::{authn::masked::masked, state::Snapshot};

/// The largest form that anybody may send.
pub(super) const MAX_BYTES: usize = 16 * 1024;
/// The largest that administrators may, who send whole lists.
const MAX_BYTES_OF_ADMINS: usize = 256 * 1024;
/// A client gets this long for its body.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The fields of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form(BTreeMap<String, Vec<String>>);

impl Form {
    /// Reads an urlencoded body; refuses other types, undecodable text and what is too large or too slow.
    pub async fn read(request: &HttpRequest, payload: Payload, base: &str) -> Result<Self, HttpResponse> {
        Self::read_within((MAX_BYTES, 0), request, payload, base).await
    }

    /// The same for one that may carry an expired form: that comes on top of what anybody may send.
    pub async fn read_carrying(
        request: &HttpRequest,
        payload: Payload,
        base: &str,
    ) -> Result<Self, HttpResponse> {
        Self::read_within((MAX_BYTES, expired_form::MAX_BYTES), request, payload, base).await
    }

    /// The same for one that an administrator sends, who is known already.
    pub async fn read_large(
        request: &HttpRequest,
        payload: Payload,
        base: &str,
    ) -> Result<Self, HttpResponse> {
        Self::read_within((MAX_BYTES_OF_ADMINS, expired_form::MAX_BYTES), request, payload, base).await
    }

    async fn read_within(
        (most, on_top): (usize, usize),
        request: &HttpRequest,
        payload: Payload,
        base: &str,
    ) -> Result<Self, HttpResponse> {
        let refuse_with = |status: StatusCode, text: &str, link| {
            if let Some(state) = Snapshot::of(request) {
                let (path, cause) = (masked(request.path()).into_owned(), text.to_owned());
                let words = move |more| info!(path, status = status.as_u16(), cause, more, "form refused");
                refusal_log::note(request, &state, text, words);
            }
            page::message(base, status, ("Not accepted", text), link)
        };
        let refuse = |status: StatusCode, text: &str| refuse_with(status, text, None);
        let too_large = || {
            let text = format!(
                "The form is too large, so nothing was done; send less than {} kB. Go back in your browser, where what \
                 you typed should still be.",
                most / 1024
            );
            // Whatever takes whole lists shows its form at the same address.
            let again = || Link { href: request.path().to_owned(), label: "Open the form again".to_owned() };
            refuse_with(StatusCode::PAYLOAD_TOO_LARGE, &text, (most > MAX_BYTES).then(again))
        };
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send the form that the page shows."));
        }
        let body = match tokio::time::timeout(TIMEOUT, payload.to_bytes_limited(most + on_top)).await {
            Ok(Ok(Ok(body))) => body,
            Ok(Ok(Err(_))) => return Err(refuse(StatusCode::BAD_REQUEST, "The form did not arrive whole.")),
            Ok(Err(_)) => return Err(too_large()),
            Err(_) => return Err(refuse(StatusCode::REQUEST_TIMEOUT, "The form took too long to arrive.")),
        };
        let Some(form) = Self::parse(&body) else {
            return Err(refuse(StatusCode::BAD_REQUEST, "The form holds text that cannot be read."));
        };
        let carried: usize = form.all(expired_form::FIELD).iter().map(String::len).sum();
        if body.len() > most + carried.min(on_top) { Err(too_large()) } else { Ok(form) }
    }

    /// `None` where a name or value is not UTF-8.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(body) {
            // The parser replaces what it cannot decode by this character.
            if name.contains('\u{fffd}') || value.contains('\u{fffd}') {
                return None;
            }
            fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        Some(Self(fields))
    }

    /// The same form without the fields that `is_kept` does not name.
    pub(super) fn with_only(mut self, is_kept: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|name, _| is_kept(name));
        self
    }

    /// As a body that can be read again.
    pub(super) fn urlencoded(&self) -> String {
        let pairs = self.0.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// A field's value, where it came exactly once.
    pub fn once(&self, name: &str) -> Option<&str> {
        match self.0.get(name).map(Vec::as_slice) {
            Some([value]) => Some(value),
            _ => None,
        }
    }

    /// Every value of a field that may come several times.
    pub fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// A field's value; empty where it did not come exactly once.
    pub fn text(&self, name: &str) -> String {
        self.once(name).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_counts_when_it_came_once() {
        let form = Form::parse(b"a=1&b=x+y%21&c=1&c=2").unwrap();
        assert_eq!(
            (form.once("a"), form.once("b"), form.once("c"), form.once("d")),
            (Some("1"), Some("x y!"), None, None)
        );
        assert_eq!((form.all("c"), form.all("d")), (&["1".to_owned(), "2".to_owned()][..], &[][..]));
    }

    #[test]
    fn undecodable_text_is_refused() {
        assert!(
            Form::parse(b"a=%ff").is_none()
                && Form::parse(b"a=\xff").is_none()
                && Form::parse(b"%ff=a").is_none()
        );
    }
}
