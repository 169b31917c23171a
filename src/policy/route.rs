//! One row of a pack: which methods on which paths need what.

use std::str::FromStr;

use thiserror::Error;

use super::needs::{Needs, NeedsError};

/// The method of the original request, as routes tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verb {
    /// `GET`, and `HEAD`, which asks the same.
    Get,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// `OPTIONS`.
    Options,
    /// Not said, or changed by an override header: it may be any.
    Unknown,
    /// One that no route takes.
    Other,
}

impl Verb {
    /// Those that a row can name.
    pub const NAMED: [Self; 6] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete, Self::Options];

    /// Reads a method, byte for byte.
    pub fn parse(text: &str) -> Self {
        match text {
            "GET" | "HEAD" => Self::Get,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            _ => Self::Other,
        }
    }
}

/// What a row takes: some methods, or the WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// These methods, a bit each.
    Methods(u8),
    /// A WebSocket handshake, whatever its method.
    WebSocket,
}

impl Takes {
    /// `any`.
    pub const ANY: Self = Self::Methods(u8::MAX);

    /// Reads `GET,POST`, `any` or `WS`.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "WS" => Some(Self::WebSocket),
            "any" => Some(Self::ANY),
            list => list
                .split(',')
                .try_fold(0, |bits, word| match Verb::parse(word) {
                    Verb::Other | Verb::Unknown => None,
                    verb => Some(bits | bit(verb)),
                })
                .map(Self::Methods),
        }
    }

    /// Just this one.
    pub const fn only(verb: Verb) -> Self {
        Self::Methods(bit(verb))
    }

    /// Whether a request of this method is one of them.
    pub const fn take(self, verb: Verb) -> bool {
        match self {
            Self::Methods(bits) => !matches!(verb, Verb::Other | Verb::Unknown) && bits & bit(verb) != 0,
            Self::WebSocket => false,
        }
    }
}

const fn bit(verb: Verb) -> u8 {
    1 << verb as u8
}

/// A segment of a pattern, from the most specific to the least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Exactly this.
    Literal(String),
    /// Anything that starts and ends so.
    Glob(String, String),
    /// Any one that is not empty.
    One,
}

/// A path pattern, anchored at both ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Segment by segment.
    pub segments: Vec<Segment>,
    /// Whether everything at and below it is meant.
    pub below: bool,
}

impl Segment {
    /// Whether it matches this text, in any case.
    pub fn may_be(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Literal(literal) => literal.eq_ignore_ascii_case(text),
            Self::Glob(start, end) => {
                let first = bytes.get(..start.len());
                let last = bytes.len().checked_sub(end.len()).map(|at| &bytes[at..]);
                first.is_some_and(|first| first.eq_ignore_ascii_case(start.as_bytes()))
                    && last.is_some_and(|last| last.eq_ignore_ascii_case(end.as_bytes()))
            }
            Self::One => true,
        }
    }

    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Literal(text), other) | (other, Self::Literal(text)) => other.may_be(text),
            // Two open ends may always hold something in common.
            _ => true,
        }
    }
}

impl Pattern {
    /// Whether it matches one path only.
    pub fn is_exact(&self) -> bool {
        !self.below && self.segments.iter().all(|segment| matches!(segment, Segment::Literal(_)))
    }

    /// Whether it matches a path of these segments, in any case and with or without a slash at the end.
    pub fn may_match(&self, path: &[String]) -> bool {
        let segments = match self.segments.split_last() {
            Some((Segment::Literal(last), before)) if last.is_empty() => before,
            _ => &self.segments[..],
        };
        let reach = segments.len() == path.len() || (self.below && segments.len() < path.len());
        reach && segments.iter().zip(path).all(|(segment, text)| segment.may_be(text))
    }

    /// Whether some path matches both.
    pub fn meets(&self, other: &Self) -> bool {
        let (one, two) = (self.segments.len(), other.segments.len());
        let reach = one == two || (one < two && self.below) || (two < one && other.below);
        reach && self.segments.iter().zip(&other.segments).all(|(one, two)| one.meets(two))
    }
}

/// Why a text is no row of a pack.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RouteError {
    /// Not three columns.
    #[error("`{0}` is no route; write METHODS PATH NEEDS, as in \"GET,POST /api/list view_all_downloads\"")]
    Columns(String),
    /// No methods.
    #[error(
        "`{0}` names no methods; use any, WS, or GET, POST, PUT, PATCH, DELETE and OPTIONS joined by commas"
    )]
    Methods(String),
    /// No pattern.
    #[error(
        "`{0}` is no path; start with /, and use {{name}} for one segment, {{a,b}} for several, one * within a segment, and ** at the end"
    )]
    Path(String),
    /// No need.
    #[error(transparent)]
    Needs(#[from] NeedsError),
    /// A handshake, or a further requirement, that nobody need sign in for.
    #[error("`{0}` opens a WebSocket or a query key to the public; name what it needs")]
    Public(String),
}

/// A row as it is written, with its alternatives apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it takes.
    pub takes: Takes,
    /// Where.
    pub pattern: Pattern,
    /// The query key with which alone it counts; it then adds to what another row needs.
    pub query: Option<String>,
    /// What for.
    pub needs: Needs,
}

impl Row {
    /// Reads `METHODS PATH NEEDS` into one row for each alternative of the path.
    pub fn parse(text: &str, alias: impl Fn(&str) -> Option<Needs>) -> Result<Vec<Self>, RouteError> {
        let columns: Vec<_> = text.split_ascii_whitespace().collect();
        let [methods, path, needs] = columns[..] else { return Err(RouteError::Columns(text.to_owned())) };
        let takes = Takes::parse(methods).ok_or_else(|| RouteError::Methods(methods.to_owned()))?;
        let needs = Needs::parse(needs, alias)?;
        let (path, query) = match path.split_once('?') {
            Some((path, key)) => (path, Some(key.to_owned())),
            None => (path, None),
        };
        if needs == Needs::Public && (takes == Takes::WebSocket || query.is_some()) {
            return Err(RouteError::Public(text.to_owned()));
        }
        let bad = || RouteError::Path(path.to_owned());
        let row = |path: String| {
            let pattern = path.parse().map_err(|()| bad())?;
            Ok(Self { takes, pattern, query: query.clone(), needs })
        };
        alternatives(path).ok_or_else(bad)?.into_iter().map(row).collect()
    }
}

/// Writes out `{a,b}`; `{name}` stays.
fn alternatives(path: &str) -> Option<Vec<String>> {
    let mut paths = vec![String::new()];
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, after) = after.split_once('}')?;
        let choices: Vec<String> = match inside.contains(',') {
            true => inside.split(',').map(str::to_owned).collect(),
            false => vec![format!("{{{inside}}}")],
        };
        paths = paths
            .iter()
            .flat_map(|start| choices.iter().map(move |choice| format!("{start}{before}{choice}")))
            .collect();
        rest = after;
    }
    paths.iter_mut().for_each(|path| path.push_str(rest));
    (paths.len() <= 1_024).then_some(paths)
}

impl FromStr for Pattern {
    type Err = ();

    fn from_str(path: &str) -> Result<Self, ()> {
        let below_root = path.strip_prefix('/').ok_or(())?;
        let (fixed, below) = match below_root {
            "**" => ("", true),
            other => match other.strip_suffix("/**") {
                Some(fixed) => (fixed, true),
                None => (other, false),
            },
        };
        let segments = match (fixed, below) {
            ("", true) => Ok(Vec::new()),
            _ => fixed.split('/').map(segment).collect(),
        };
        let segments: Vec<_> = segments?;
        let hollow = segments.iter().rev().skip(1).any(|segment| *segment == Segment::Literal(String::new()));
        if hollow { Err(()) } else { Ok(Self { segments, below }) }
    }
}

fn segment(text: &str) -> Result<Segment, ()> {
    if text.starts_with('{') && text.ends_with('}') && text.len() > 2 {
        return Ok(Segment::One);
    }
    let plain = |text: &str| {
        text.bytes().all(|b| b.is_ascii_graphic() && !b"{}*?#;\\%".contains(&b))
            && !matches!(text, "." | "..")
    };
    match text.split_once('*') {
        None if plain(text) => Ok(Segment::Literal(text.to_owned())),
        Some((start, end)) if plain(start) && plain(end) && text != "*" => {
            Ok(Segment::Glob(start.to_owned(), end.to_owned()))
        }
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Row>, RouteError> {
        Row::parse(text, |name| (name == "EDIT").then_some(Needs::Admin))
    }

    #[test]
    fn a_row_has_three_columns() {
        let rows = parse("GET,POST  /a/{b,c}/{id}/**  EDIT").unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].pattern.segments[1], Segment::Literal("c".to_owned()));
        assert_eq!(rows[1].pattern.segments[2], Segment::One);
        assert!(rows[1].pattern.below && rows[1].takes.take(Verb::Post) && !rows[1].takes.take(Verb::Put));
        assert_eq!(parse("any / any").unwrap()[0].pattern.segments, [Segment::Literal(String::new())]);
        assert_eq!(parse("any /** any").unwrap()[0].pattern.segments, []);
        assert_eq!(parse("GET /x?cmd admin").unwrap()[0].query.as_deref(), Some("cmd"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "GET /a",
            "GET /a any more",
            "get /a any",
            "GET,FOO /a any",
            " GET,, /a any",
            "GET a any",
            "GET /a/../b any",
            "GET /a//b any",
            "GET /a/*/b any",
            "GET /**/b any",
            "GET /a**b any",
            "GET /a%20b any",
            "GET /{a any",
            "GET /{} any",
            "GET /a nonsense",
            "WS /a public",
            "GET /a?b public",
            "GET /x{id} any",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
