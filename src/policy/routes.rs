//! The routes of an app, found by walking the path's segments: the time that takes does not grow with their number.

use std::borrow::Cow;

use super::{
    needs::Needs,
    path::query_has,
    route::{Pattern, Row, Takes, Verb},
    rpc::{Calls, Rpc},
};

mod tree;

use tree::Node;

/// How an app compares paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Whether `/API` is `/api` to it.
    pub ignores_case: bool,
    /// Whether `/api/` is `/api` to it.
    pub ignores_trailing_slash: bool,
}

impl Matching {
    /// As the app that tells the fewest paths apart.
    const LOOSE: Self = Self { ignores_case: true, ignores_trailing_slash: true };

    fn fold(self, path: &str) -> Cow<'_, str> {
        let path = match path.strip_suffix('/') {
            Some(without) if self.ignores_trailing_slash && !without.is_empty() => without,
            _ => path,
        };
        self.fold_case(path)
    }

    fn fold_case(self, text: &str) -> Cow<'_, str> {
        match self.ignores_case && text.bytes().any(|b| b.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        }
    }
}

/// A request, as far as routes tell requests apart.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// Its method; `None` for a WebSocket handshake.
    pub verb: Option<Verb>,
    /// Whether a header may make the app take it for another method.
    pub overridden: bool,
    /// Its path as it came, printable ASCII; for [`Routes`] plain, and below the app's base path.
    pub path: &'a str,
    /// Its query.
    pub query: &'a str,
    /// What its body calls.
    pub calls: Calls<'a>,
}

/// A row, as it is kept, with the text that it was written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// As in the pack.
    pub text: String,
    takes: Takes,
    query: Option<String>,
    /// Whether it takes everything below its path.
    below: bool,
    demand: Demand,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Demand {
    Needs(Needs),
    Calls(Rpc),
}

/// A row whose path is right, and whether it counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It decides.
    Hit,
    /// It adds to the one that decides.
    Further,
    /// It takes other methods.
    OtherMethod,
    /// The query has not its key.
    NoKey,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routes {
    matching: Matching,
    root: Node,
    /// The same without regard to case and a trailing slash, where the app regards either.
    loose: Option<Box<Node>>,
    /// Rows that count only with a query key, and then beside another.
    further: Node,
    has_further: bool,
}

impl Routes {
    /// None yet.
    pub fn new(matching: Matching) -> Self {
        let regards = !matching.ignores_case || !matching.ignores_trailing_slash;
        Self { matching, loose: regards.then(Box::default), ..Self::default() }
    }

    /// How they compare paths.
    pub const fn matching(&self) -> Matching {
        self.matching
    }

    /// Adds a row, written as `text`.
    pub fn add(&mut self, text: &str, row: Row) {
        let Row { takes, pattern, query, needs } = row;
        self.has_further |= query.is_some();
        let (text, below, demand) = (text.to_owned(), pattern.below, Demand::Needs(needs));
        self.insert(&pattern, Route { text, takes, query, below, demand });
    }

    /// Adds an endpoint that is decided by its body.
    pub fn add_rpc(&mut self, text: &str, pattern: &Pattern, rpc: Rpc) {
        let takes = Takes::only(Verb::Post);
        let (text, below, demand) = (text.to_owned(), pattern.below, Demand::Calls(rpc));
        self.insert(pattern, Route { text, takes, query: None, below, demand });
    }

    fn insert(&mut self, pattern: &Pattern, route: Route) {
        if route.query.is_some() {
            // A further requirement holds for whatever the app could read as the path.
            self.further.insert(Matching::LOOSE, pattern, route);
            return;
        }
        if let Some(loose) = &mut self.loose {
            loose.insert(Matching::LOOSE, pattern, route.clone());
        }
        self.root.insert(self.matching, pattern, route);
    }

    /// What the request needs, and the row that says so; `None` where no row lists it. `tried` is told of each row
    /// whose path is right.
    pub fn find(&self, sought: &Sought<'_>, mut tried: impl FnMut(&Route, Trial)) -> Option<(Needs, &Route)> {
        if self.root.is_bare() {
            return None;
        }
        let path = self.matching.fold(sought.path);
        let (mut needs, route) = self.root.decide(path.strip_prefix('/')?, sought, &mut tried)?;
        // What only a row for everything below takes may be meant for another row in another spelling; where no row has
        // a segment, there is none.
        let loose = self.loose.as_ref().filter(|loose| route.below && !loose.is_last());
        if loose.is_none() && !self.has_further {
            return Some((needs, route));
        }
        let loosely = Matching::LOOSE.fold(sought.path);
        let loosely = loosely.strip_prefix('/')?;
        if let Some((by_other, _)) = loose.and_then(|loose| loose.decide(loosely, sought, &mut |_, _| {})) {
            needs = needs.and(by_other);
        }
        if self.has_further {
            self.further.walk(Some(loosely), &mut |route| {
                let trial = route.trial_of_query(sought);
                if trial == Trial::Further {
                    needs = needs.and(route.needs(sought.calls));
                }
                tried(route, trial);
                false
            });
        }
        Some((needs, route))
    }

    /// The endpoint on this path that is decided by its body.
    pub fn rpc(&self, path: &str) -> Option<&Rpc> {
        let sought =
            Sought { verb: Some(Verb::Post), overridden: false, path, query: "", calls: Calls::Unseen };
        match &self.find(&sought, |_, _| {})?.1.demand {
            Demand::Calls(rpc) => Some(rpc),
            Demand::Needs(_) => None,
        }
    }
}

impl Route {
    fn takes_this(&self, verb: Option<Verb>) -> bool {
        match verb {
            Some(verb) => self.takes.take(verb),
            None => self.takes == Takes::WebSocket,
        }
    }

    fn trial_of_query(&self, sought: &Sought<'_>) -> Trial {
        let takes = sought.overridden || sought.verb == Some(Verb::Unknown) || self.takes_this(sought.verb);
        match &self.query {
            _ if !takes => Trial::OtherMethod,
            Some(key) if query_has(sought.query, key) => Trial::Further,
            _ => Trial::NoKey,
        }
    }

    fn needs(&self, calls: Calls<'_>) -> Needs {
        match &self.demand {
            Demand::Needs(needs) => *needs,
            Demand::Calls(rpc) => rpc.needs(calls),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(matching: Matching, rows: &[&str]) -> Routes {
        let mut routes = Routes::new(matching);
        for text in rows {
            for row in Row::parse(text, |_| None).unwrap() {
                routes.add(text, row);
            }
        }
        routes
    }

    fn needs(routes: &Routes, method: &str, address: &str) -> String {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let verb = match method {
            "WS" => None,
            "?" => Some(Verb::Unknown),
            "POST!" => Some(Verb::Post),
            other => Some(Verb::parse(other)),
        };
        let sought = Sought { verb, overridden: method == "POST!", path, query, calls: Calls::Unseen };
        routes.find(&sought, |_, _| {}).map_or("unlisted".to_owned(), |(needs, _)| needs.to_string())
    }

    #[test]
    fn the_most_specific_row_that_takes_the_method_decides() {
        let routes = routes(
            Matching::default(),
            &[
                "GET / any",
                "GET /queue/** view_all_downloads",
                "DELETE /queue/{id} remove_downloads",
                "POST /t/{action} admin",
                "POST /t/add add_downloads",
                "GET /{a,b}/x search",
                "GET /files/*.zip view_logs",
                "GET /files/b*.zip admin",
                "GET /files/{name} any",
                "GET /t/add?force admin",
                "GET /t/add any",
                "WS /ws any",
                "any /api/** admin",
                "GET /** any",
            ],
        );
        for (method, address, expected) in [
            ("GET", "/", "any"),
            ("HEAD", "/", "any"),
            ("GET", "/QUEUE/5", "view_all_downloads"),
            ("GET", "/API/x", "admin"),
            ("GET", "/t/add/", "any"),
            ("GET", "/queue", "view_all_downloads"),
            ("GET", "/queue/", "view_all_downloads"),
            ("GET", "/queue/5", "view_all_downloads"),
            ("GET", "/queue/5/x/y", "view_all_downloads"),
            ("DELETE", "/queue/5", "remove_downloads"),
            ("DELETE", "/queue/", "unlisted"),
            ("DELETE", "/queue/5/x", "unlisted"),
            ("POST", "/t/add", "add_downloads"),
            ("POST", "/t/Add", "admin"),
            ("POST", "/t/", "unlisted"),
            ("GET", "/b/x", "search"),
            ("GET", "/files/a.zip", "view_logs"),
            ("GET", "/files/b.zip", "admin"),
            ("GET", "/files/a", "any"),
            ("GET", "/t/add", "any"),
            ("GET", "/t/add?a=1", "any"),
            ("GET", "/t/add?force", "admin"),
            ("?", "/t/add", "add_downloads"),
            ("?", "/queue/5", "remove_downloads+view_all_downloads"),
            ("?", "/nowhere", "any"),
            ("POST!", "/t/add", "add_downloads"),
            ("POST!", "/queue/5", "unlisted"),
            ("POST!", "/api/x", "admin"),
            ("POST!", "/t/x", "admin"),
            ("get", "/", "unlisted"),
            ("PURGE", "/api/x", "unlisted"),
            ("POST", "/api/x", "admin"),
            ("WS", "/ws", "any"),
            ("WS", "/", "unlisted"),
            ("GET", "/ws", "any"),
        ] {
            assert_eq!(needs(&routes, method, address), expected, "{method} {address}");
        }
    }

    #[test]
    fn paths_are_compared_as_the_app_compares_them() {
        let rows = ["GET /Api/x any", "GET /ui/ any"];
        let exact = routes(Matching::default(), &rows);
        let loose = routes(Matching { ignores_case: true, ignores_trailing_slash: true }, &rows);
        for (path, by_exact, by_loose) in [
            ("/Api/x", "any", "any"),
            ("/api/X", "unlisted", "any"),
            ("/Api/x/", "unlisted", "any"),
            ("/ui/", "any", "any"),
            ("/ui", "unlisted", "any"),
            ("/ui//", "unlisted", "unlisted"),
        ] {
            assert_eq!(needs(&exact, "GET", path), by_exact, "{path}");
            assert_eq!(needs(&loose, "GET", path), by_loose, "{path}");
        }
    }
}
