//! What the provider answers, read with suspicion: whatever is not exactly a yes is none.

use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{HeaderMap, HeaderName},
};

use super::{Upstream, dialect::Dialect, question::Question};
use crate::authn::{external::ExternalIdentity, name::UserName};

/// Bytes of a body that are read, so that the connection can be used again; nothing in it counts.
const MAX_BODY: usize = 64 * 1_024;

/// What it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It knows them.
    User(ExternalIdentity),
    /// It knows nobody; people sign in there.
    SignIn(Option<String>),
    /// It knows them and refuses.
    Forbidden,
    /// It said nothing that could be used; why is in the log.
    Useless,
}

/// Asks, and reads the answer.
pub(super) async fn receive(
    request: RequestBuilder,
    upstream: &Upstream,
    question: &Question,
) -> Result<Answer, String> {
    let again = request.try_clone();
    let response = match (request.send().await, again) {
        // A connection that was kept can be closed just then; a server may do that at any time (RFC 9112, 9.3.1).
        (Err(error), Some(again)) if error.is_request() && !error.is_timeout() && !error.is_connect() => {
            again.send().await
        }
        (answered, _) => answered,
    };
    let response = response.map_err(|error| failure(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    drain(response).await?;
    match status {
        StatusCode::UNAUTHORIZED => Ok(Answer::SignIn(upstream.dialect.sign_in(&headers, question))),
        StatusCode::FORBIDDEN => Ok(Answer::Forbidden),
        status if status.is_redirection() && upstream.dialect != Dialect::Authentik => {
            match upstream.dialect.sign_in(&headers, question) {
                Some(address) => Ok(Answer::SignIn(Some(address))),
                None => Err(format!("it answered {status} without a web address in Location")),
            }
        }
        status if status.is_success() => user(upstream, &headers).map(Answer::User),
        status => Err(format!("it answered {status}")),
    }
}

fn user(upstream: &Upstream, headers: &HeaderMap) -> Result<ExternalIdentity, String> {
    let header = &upstream.headers.user;
    let mut values = headers.get_all(header.as_str()).iter();
    let value = match (values.next(), values.next()) {
        (Some(value), None) if !value.is_empty() => value,
        (Some(_), Some(_)) => return Err(format!("it answered 200 with more than one {header}")),
        _ => {
            return Err(format!(
                "it answered 200 without {header}; its rule for this host must require a sign-in, or \
                 upstream.user_header name another header"
            ));
        }
    };
    let name = value.to_str().ok().and_then(|name| UserName::parse(name).ok());
    let name = name.ok_or_else(|| format!("{header} holds no user name; names have a-z 0-9 . _ @ - only"))?;
    let read = |name: &actix_web::http::header::HeaderName| {
        HeaderName::from_bytes(name.as_str().as_bytes())
            .ok()
            .and_then(|name| headers.get(name))
            .map(|v| v.as_bytes())
    };
    Ok(upstream.headers.identity_by(name, read))
}

async fn drain(mut response: Response) -> Result<(), String> {
    let mut read = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        read += chunk.len();
        if read > MAX_BODY {
            return Err(format!("its answer is larger than {MAX_BODY} bytes"));
        }
    }
    Ok(())
}

/// The cause without the address, which the log line names already.
fn failure(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time (upstream.timeout)".to_owned();
    }
    if error.is_connect() {
        return "it cannot be reached; check upstream.url".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("its answer cannot be read: {cause}")
}
