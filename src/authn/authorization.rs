//! The `Authorization` header (RFC 9110, 11.6.2): `Bearer` and `Basic`, read strictly.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::SecretString;

/// Longer headers are no credential of ours.
const MAX_LENGTH: usize = 8_192;

/// Padded or not, as clients do either.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What the client's header says.
pub enum Authorization<'a> {
    /// Nothing, or an empty value.
    Absent,
    /// A token.
    Bearer(&'a str),
    /// A user's name and password (RFC 7617); neither is checked.
    Basic {
        /// The name, as it came.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// More than one header, an unknown scheme, or not decodable.
    Malformed,
}

impl<'a> Authorization<'a> {
    /// Reads the header. The scheme may be in any case; a token or pair holds no space or comma.
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION);
        let Some(first) = values.next() else { return Self::Absent };
        if values.next().is_some() {
            return Self::Malformed;
        }
        if first.is_empty() {
            return Self::Absent;
        }
        first.to_str().ok().and_then(Self::parse).unwrap_or(Self::Malformed)
    }

    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(' ')?;
        let token = rest.trim_matches(' ');
        let single = !token.is_empty() && text.len() <= MAX_LENGTH && !token.contains([' ', ',', '\t']);
        if !single {
            return None;
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self::Bearer(token));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let pair = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
        let (user, password) = pair.split_once(':')?;
        if user.is_empty() && password.is_empty() {
            return Some(Self::Absent);
        }
        Some(Self::Basic { user: user.to_owned(), password: SecretString::from(password) })
    }
}

/// Whether the client tries Basic, right or wrong: it then understands a challenge.
pub fn tries_basic(headers: &HeaderMap) -> bool {
    let starts = |text: &[u8]| text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic"));
    headers.get_all(AUTHORIZATION).any(|value| starts(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::*;

    fn read(values: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        match Authorization::of(&headers) {
            Authorization::Absent => "absent".to_owned(),
            Authorization::Bearer(token) => format!("bearer {token}"),
            Authorization::Basic { user, password } => format!("basic {user}/{}", password.expose_secret()),
            Authorization::Malformed => "malformed".to_owned(),
        }
    }

    #[test]
    fn only_one_well_formed_header_is_read() {
        for (value, expected) in [
            (&b""[..], "absent"),
            (b"Bearer K", "bearer K"),
            (b"bearer   K", "bearer K"),
            (b"BEARER K", "bearer K"),
            (b"Bearer K,K2", "malformed"),
            (b"Bearer K K2", "malformed"),
            (b"Bearer ", "malformed"),
            (b"Bearer", "malformed"),
            (b"Basic dTpw", "basic u/p"),
            (b"BaSIc dTpwOnE=", "basic u/p:q"),
            (b"Basic dTpwOnE", "basic u/p:q"),
            (b"Basic OnA=", "basic /p"),
            (b"Basic dTo=", "basic u/"),
            (b"Basic Og==", "absent"),
            (b"Basic dXA=", "malformed"),
            (b"Basic !!!", "malformed"),
            (b"Basic /zpw", "malformed"),
            (b"Basic", "malformed"),
            (b"Negotiate x", "malformed"),
            (b"Bearer \xff", "malformed"),
        ] {
            assert_eq!(read(&[value]), expected, "{}", value.escape_ascii());
        }
        assert_eq!(read(&[b"Bearer K", b"Bearer K"]), "malformed");
        assert_eq!(read(&[]), "absent");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(0x20..0x7f_u8, 0..60)) {
            read(&[&bytes]);
            read(&[&[b"Basic ", &bytes[..]].concat()]);
        }
    }
}
