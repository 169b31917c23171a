//! The routes as a tree of segments.

use foldhash::HashMap;
use memchr::memchr;

use super::{Matching, Route, Sought, Trial};
use crate::policy::{
    needs::Needs,
    route::{Pattern, Segment, Verb},
};

/// What begins with the segments that lead here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    literal: HashMap<String, Node>,
    globs: Vec<(String, String, Node)>,
    one: Option<Box<Node>>,
    here: Vec<Route>,
    below: Vec<Route>,
}

impl Node {
    /// Adds a route.
    pub(super) fn insert(&mut self, matching: Matching, pattern: &Pattern, route: Route) {
        let mut segments = &pattern.segments[..];
        if let Some((Segment::Literal(last), before)) = segments.split_last()
            && matching.ignores_trailing_slash
            && last.is_empty()
            && !before.is_empty()
        {
            segments = before;
        }
        let mut node = self;
        for segment in segments {
            node = match segment {
                Segment::Literal(text) => {
                    node.literal.entry(matching.fold_case(text).into_owned()).or_default()
                }
                Segment::One => node.one.get_or_insert_default(),
                Segment::Glob(start, end) => {
                    node.glob(matching.fold_case(start).into_owned(), matching.fold_case(end).into_owned())
                }
            };
        }
        if pattern.below { node.below.push(route) } else { node.here.push(route) }
    }

    /// Whether no route lies here or below, as in most lists of public paths.
    pub(super) fn is_bare(&self) -> bool {
        self.is_last() && self.here.is_empty() && self.below.is_empty()
    }

    /// Whether no segment leads on from here.
    pub(super) fn is_last(&self) -> bool {
        self.literal.is_empty() && self.globs.is_empty() && self.one.is_none()
    }

    /// What a request needs, and the row that says so.
    pub(super) fn decide(
        &self,
        path: &str,
        sought: &Sought<'_>,
        tried: &mut impl FnMut(&Route, Trial),
    ) -> Option<(Needs, &Route)> {
        if sought.verb == Some(Verb::Unknown) {
            return self.of_any_method(path, sought, tried);
        }
        let route = self.walk(Some(path), &mut |route| {
            let takes = route.takes_this(sought.verb);
            tried(route, if takes { Trial::Hit } else { Trial::OtherMethod });
            takes
        })?;
        let needs = route.needs(sought.calls);
        if !sought.overridden || sought.verb.is_none() {
            return Some((needs, route));
        }
        let by_any = self.of_any_method(path, sought, tried).map_or(Needs::Admin, |(needs, _)| needs);
        Some((needs.and(by_any), route))
    }

    /// All that any method of the path needs.
    fn of_any_method(
        &self,
        path: &str,
        sought: &Sought<'_>,
        tried: &mut impl FnMut(&Route, Trial),
    ) -> Option<(Needs, &Route)> {
        let mut sum: Option<(Needs, &Route)> = None;
        for verb in Verb::NAMED {
            let Some(route) = self.walk(Some(path), &mut |route| route.takes.take(verb)) else { continue };
            tried(route, Trial::Hit);
            // Nobody knows what a public route does by another method.
            let needs = route.needs(sought.calls).and(Needs::Any);
            sum = Some(match sum {
                Some((before, first)) if before.and(needs) == before => (before, first),
                Some((before, _)) => (before.and(needs), route),
                None => (needs, route),
            });
        }
        sum
    }

    fn glob(&mut self, start: String, end: String) -> &mut Self {
        let known = self.globs.iter().position(|(s, e, _)| (s, e) == (&start, &end));
        let at = known.unwrap_or_else(|| {
            // The longest first: it is the most specific.
            let longer = |(s, e, _): &(String, String, Self)| s.len() + e.len() > start.len() + end.len();
            let at = self.globs.partition_point(longer);
            self.globs.insert(at, (start, end, Self::default()));
            at
        });
        &mut self.globs[at].2
    }

    /// The first route, from the most specific to the least, whose path is right and that `wanted` takes.
    pub(super) fn walk(&self, rest: Option<&str>, wanted: &mut impl FnMut(&Route) -> bool) -> Option<&Route> {
        let Some(rest) = rest else {
            return self.here.iter().chain(&self.below).find(|&route| wanted(route));
        };
        if self.is_last() {
            return self.below.iter().find(|&route| wanted(route));
        }
        let (segment, rest) = match memchr(b'/', rest.as_bytes()) {
            Some(slash) => (&rest[..slash], Some(&rest[slash + 1..])),
            None => (rest, None),
        };
        if let Some(child) = self.literal.get(segment)
            && let Some(found) = child.walk(rest, wanted)
        {
            return Some(found);
        }
        for (start, end, child) in &self.globs {
            if segment.strip_prefix(start.as_str()).is_some_and(|rest| rest.ends_with(end.as_str()))
                && let Some(found) = child.walk(rest, wanted)
            {
                return Some(found);
            }
        }
        let one = self.one.as_deref().filter(|_| !segment.is_empty());
        one.and_then(|child| child.walk(rest, wanted))
            .or_else(|| self.below.iter().find(|&route| wanted(route)))
    }
}
