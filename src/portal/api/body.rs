//! Bodies, queries and numbers of paths, read strictly: nothing unknown, nothing mistyped, nothing large.

use std::{collections::BTreeMap, fmt, marker::PhantomData, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header::CONTENT_TYPE},
    web,
};
use futures_util::future::LocalBoxFuture;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, Visitor},
};

use super::problem::Problem;

/// The largest body of most requests, in bytes.
const MAX_BYTES: usize = 16 * 1024;
/// A client gets this long for its body.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is said again of what a client sent.
const MAX_ECHO: usize = 200;

/// A JSON body of at most 16 kB, or of so many bytes.
pub struct Json<T, const MAX: usize = MAX_BYTES>(pub T);

/// The query.
pub struct Query<T>(pub T);

/// An object whose keys are the client's to choose; a key that comes twice is refused.
#[derive(Clone, Debug)]
pub struct Unique<V>(pub BTreeMap<String, V>);

impl<V> Default for Unique<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Unique<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueVisitor(PhantomData))
    }
}

struct UniqueVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for UniqueVisitor<V> {
    type Value = Unique<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique<V>, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            let named = |cause| Error::custom(format_args!("`{}`: {cause}", shortened(&key)));
            let value = entries.next_value().map_err(named)?;
            if let Some(twice) = map.insert(key.clone(), value).map(|_| key) {
                return Err(Error::custom(format_args!("the key `{twice}` comes twice")));
            }
        }
        Ok(Unique(map))
    }
}

/// The number in the path.
pub struct Id(pub i64);

/// The number of something in a query, above zero.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub struct Number(i64);

impl TryFrom<i64> for Number {
    type Error = &'static str;

    fn try_from(number: i64) -> Result<Self, &'static str> {
        if number > 0 { Ok(Self(number)) } else { Err("a number here is above zero") }
    }
}

impl Number {
    /// As a number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl<T: DeserializeOwned + 'static, const MAX: usize> FromRequest for Json<T, MAX> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let payload = web::Payload::from_request(request, payload).into_inner();
        Box::pin(async move {
            if !is_json {
                let detail = "send the body as application/json";
                return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
            }
            let payload = payload.map_err(|_| broken())?;
            let body = match tokio::time::timeout(TIMEOUT, payload.to_bytes_limited(MAX)).await {
                Ok(Ok(Ok(body))) => body,
                Ok(Ok(Err(_))) => return Err(broken()),
                Ok(Err(_)) => {
                    let detail = format!("the body is larger than {MAX} bytes");
                    return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
                }
                Err(_) => {
                    let detail = "the body took too long to arrive";
                    return Err(Problem::new(StatusCode::REQUEST_TIMEOUT, detail));
                }
            };
            object(&body).map(Self)
        })
    }
}

/// The object that a body is. What is derived of a type takes a list, too, by the order of its fields: no client means
/// that. Only the body itself is such a type; a test holds that against the description.
fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|&first| first != b'{') {
        return Err(bad(
            "the body is no object; send the fields by their names, as in {\"name\": \"value\"}",
        ));
    }
    serde_json::from_slice(body).map_err(|cause| bad(&cause.to_string()))
}

fn broken() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "the body did not arrive whole")
}

fn bad(cause: &str) -> Problem {
    let cause = cause.replace(", expected i64", ", expected a whole number");
    Problem::new(StatusCode::BAD_REQUEST, cause.chars().take(MAX_ECHO).collect::<String>())
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Only this type is sent by no form of another site (CORS-safelisted types, Fetch standard 2.2.2).
fn is_json(request: &HttpRequest) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mut parts = content_type.unwrap_or_default().split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().eq_ignore_ascii_case("application/json");
    essence && parts.all(|part| part.is_empty() || part.eq_ignore_ascii_case("charset=utf-8"))
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = web::Query::<T>::from_query(request.query_string());
        std::future::ready(
            query.map(|query| Self(query.into_inner())).map_err(|cause| bad(&cause.to_string())),
        )
    }
}

impl FromRequest for Id {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        let plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        let id = text.parse().ok().filter(|_| plain);
        std::future::ready(
            id.map(Self)
                .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "an id is a whole number above zero")),
        )
    }
}
