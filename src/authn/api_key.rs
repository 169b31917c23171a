//! API keys: how they look, where a client can carry them, and whether one opens anything.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::{
    authorization::Authorization,
    chain::{Attempt, Presented, Rejection},
    name::UserName,
    principal::{Carrier, Credential, Principal},
    query_key,
    token::{RandomError, Token, TokenDigest, is_token},
};
use crate::{
    clock::Timestamp,
    policy::role::Role,
    proxy::{client::Client, headers},
    store::{keys::ApiKey, users::Standing, view::View},
};

/// What every key starts with, so that a leaked one is recognised.
pub(super) const PREFIX: &str = "sluice_";

static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A key at birth, in plain; its `Debug` shows nothing of it.
#[derive(Debug)]
pub struct NewKey(SecretString);

impl NewKey {
    /// A fresh key of 256 random bits.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self(SecretString::from(format!("{PREFIX}{}", Token::generate()?.expose()))))
    }

    /// The plain text, to be shown once.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is stored.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of_key(self.expose())
    }
}

/// The digest of a text in the form of a key.
pub fn digest(text: &str) -> Option<TokenDigest> {
    let token = text.strip_prefix(PREFIX)?;
    is_token(token.as_bytes()).then(|| TokenDigest::of_key(text))
}

/// Whether a text means to be a key of ours, well-formed or not.
pub fn looks_like_one(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// The name of a key, for its owner: 1 to 64 letters, digits, spaces and `._@-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

/// A text that is no name of a key.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the name of a key has 1 to 64 of the characters a-z A-Z 0-9 . _ @ - and spaces between them")]
pub struct KeyNameError;

impl KeyName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Self, KeyNameError> {
        let plain = (1..=64).contains(&text.len())
            && text.trim() == text
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'@' | b'-' | b' '));
        if plain { Ok(Self(text.to_owned())) } else { Err(KeyNameError) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who may have keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHolders {
    /// Every user.
    Everybody,
    /// Administrators only, as in aMuTorrent.
    Admins,
}

impl KeyHolders {
    /// Whether a user of this role may have keys.
    pub fn include(self, role: Role) -> bool {
        self == Self::Everybody || role == Role::Admin
    }
}

/// A key that the client sent.
struct Candidate<'a> {
    text: &'a str,
    carrier: Carrier,
    /// The user name beside it, where it came as a password.
    user: &'a str,
}

/// Finds the key that the client sent in one or more places, and proves its owner.
pub fn attempt(
    holders: KeyHolders,
    presented: &Presented<'_>,
    authorization: &Authorization<'_>,
    view: &View,
) -> Attempt {
    match candidate(presented, authorization) {
        Ok(None) => Attempt::NotPresented,
        Ok(Some(candidate)) => match open(holders, presented.used(), &candidate, view) {
            Ok(principal) => Attempt::Accepted(principal),
            Err(rejection) => Attempt::Rejected(rejection),
        },
        Err(rejection) => Attempt::Rejected(rejection),
    }
}

fn candidate<'a>(
    presented: &Presented<'a>,
    authorization: &'a Authorization<'_>,
) -> Result<Option<Candidate<'a>>, Rejection> {
    let mut found = None;
    if let Some(text) = header(presented)? {
        merge(&mut found, Candidate { text, carrier: Carrier::Header, user: "" })?;
    }
    match authorization {
        Authorization::Bearer(token)
            if looks_like_one(token)
                || !(presented.foreign_authorization_is_asked || presented.app_has_own_keys) =>
        {
            merge(&mut found, Candidate { text: token, carrier: Carrier::Header, user: "" })?;
        }
        Authorization::Basic { user, password } if looks_like_one(password.expose_secret()) => {
            merge(&mut found, Candidate { text: password.expose_secret(), carrier: Carrier::Basic, user })?;
        }
        _ => {}
    }
    for text in query_key::values(presented.query_of_keys) {
        if looks_like_one(text) || !presented.app_has_own_keys {
            merge(&mut found, Candidate { text, carrier: Carrier::Query, user: "" })?;
        }
    }
    Ok(found)
}

/// Two places may carry the same key; two keys are two users, and neither is believed.
fn merge<'a>(found: &mut Option<Candidate<'a>>, other: Candidate<'a>) -> Result<(), Rejection> {
    match found {
        Some(known) if known.text != other.text => return Err(Rejection::KeysDiffer),
        // What a page cannot send by itself weighs more than what it can.
        Some(_) => {}
        None => *found = Some(other),
    }
    Ok(())
}

fn header<'a>(presented: &Presented<'a>) -> Result<Option<&'a str>, Rejection> {
    let mut values = presented.headers.get_all(&X_API_KEY);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match headers::text(value) {
            Some("") => Ok(None),
            Some(text) if !looks_like_one(text) && presented.app_has_own_keys => Ok(None),
            Some(text) => Ok(Some(text)),
            None => Err(Rejection::KeyMalformed),
        },
        (Some(_), Some(_)) => Err(Rejection::KeyMalformed),
    }
}

/// The app's own key in `X-API-Key`: not in the form of ours.
pub fn apps_own_header(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(&X_API_KEY).filter(|value| value.to_str().is_ok_and(|text| !looks_like_one(text)))
}

/// The app's own `Authorization`: without a key of ours, which a client may send there by mistake.
pub fn apps_own_authorization(headers: &HeaderMap) -> Option<&HeaderValue> {
    let ours = match Authorization::of(headers) {
        Authorization::Bearer(token) => looks_like_one(token),
        Authorization::Basic { password, .. } => looks_like_one(password.expose_secret()),
        Authorization::Absent | Authorization::Malformed => false,
    };
    headers.get(AUTHORIZATION).filter(|_| !ours)
}

/// The app's own key as a bearer token.
pub fn apps_own_bearer(headers: &HeaderMap) -> Option<&HeaderValue> {
    let own = |token: &str| !looks_like_one(token);
    headers
        .get(AUTHORIZATION)
        .filter(|_| matches!(Authorization::of(headers), Authorization::Bearer(token) if own(token)))
}

/// Proves the owner of a key that came as the password of an app's own sign-in.
pub fn prove(
    holders: KeyHolders,
    (user, key): (&str, &SecretString),
    used: Use<'_>,
    view: &View,
) -> Result<Principal, Rejection> {
    open(holders, used, &Candidate { text: key.expose_secret(), carrier: Carrier::Basic, user }, view)
}

fn open(
    holders: KeyHolders,
    used: Use<'_>,
    candidate: &Candidate<'_>,
    view: &View,
) -> Result<Principal, Rejection> {
    let unknown = match candidate.carrier {
        Carrier::Query => Rejection::QueryKeyUnknown,
        Carrier::Header | Carrier::Basic => Rejection::KeyUnknown,
    };
    let digest = digest(candidate.text).ok_or(unknown)?;
    let key = view.key(&digest).ok_or(unknown)?;
    let principal = owner(holders, key, used, view)?;
    let named = candidate.user.is_empty()
        || UserName::parse(candidate.user).is_ok_and(|name| name == principal.user.name);
    if !named {
        return Err(Rejection::KeyOfAnother);
    }
    Ok(Principal { credential: Credential::ApiKey(candidate.carrier), ..principal })
}

/// When and from where a key is used.
#[derive(Clone, Copy)]
pub struct Use<'a> {
    /// When.
    pub now: Timestamp,
    /// The client's address; read where the key is for some networks only.
    pub client: &'a dyn Fn() -> Client,
}

/// Proves the owner of a key that still opens something from where the client is, and notes its use.
pub(super) fn owner(
    holders: KeyHolders,
    key: Arc<ApiKey>,
    used: Use<'_>,
    view: &View,
) -> Result<Principal, Rejection> {
    if key.revoked {
        return Err(Rejection::KeyRevoked);
    }
    if key.scope.expires.is_some_and(|expires| used.now >= expires) {
        return Err(Rejection::KeyExpired);
    }
    let users = view.users();
    let user = users.by_id(key.user).ok_or(Rejection::KeyUnknown)?;
    if user.standing == Standing::Disabled {
        return Err(Rejection::UserDisabled);
    }
    if !holders.include(user.role) {
        return Err(Rejection::KeyNotForUsers);
    }
    if let Some(networks) = &key.scope.networks {
        let client = (used.client)().named();
        if !client.is_some_and(|client| networks.iter().any(|network| network.contains(&client))) {
            return Err(Rejection::KeyElsewhere);
        }
    }
    key.used.note(used.now);
    Ok(Principal { user: Arc::clone(user), credential: Credential::ApiKey(Carrier::Header), key: Some(key) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_form() {
        let key = NewKey::generate().unwrap();
        assert_eq!(key.expose().len(), 50);
        assert_eq!(digest(key.expose()), Some(key.digest()));
        assert!(!format!("{key:?}").contains(key.expose()));
        let token = &key.expose()[PREFIX.len()..];
        for text in
            ["", token, "sluice_", "sluice_short", &format!("{}x", key.expose()), &format!("Sluice_{token}")]
        {
            assert_eq!(digest(text), None, "{text}");
        }
    }

    #[test]
    fn the_name_of_a_key_is_plain() {
        for text in ["phone", "Sonarr at home", "a.b_c@d-1"] {
            assert_eq!(KeyName::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " a", "a ", "a\n", "a,b", "ä", &"a".repeat(65)] {
            assert_eq!(KeyName::parse(text), Err(KeyNameError), "{text:?}");
        }
    }
}
