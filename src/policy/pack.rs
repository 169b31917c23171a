//! What is known of a kind of app: what each of its routes needs, which of its paths are for programs, and how their
//! clients want to be refused.

use super::{
    capability::Capability,
    cookies::CookieRules,
    needs::Needs,
    path,
    route::{Pattern, Segment, Takes, Verb},
    routes::{Routes, Sought},
};

/// The form of a refusal on an API route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiRefusal {
    /// JSON.
    #[default]
    Json,
    /// qBittorrent's 403, at which its clients sign in again.
    Qbittorrent,
    /// Torznab's XML error.
    Torznab,
}

/// Whether the app's own clients send it keys in the headers and query names that Sluice's keys use, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnKeys {
    /// They do not: whatever stands there is meant for Sluice.
    #[default]
    No,
    /// They do: what is not in the form of Sluice's keys is left to the app.
    Yes,
}

/// Whether the app itself knows whose a download is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owners {
    /// It does not: who may do something may do it to everybody's downloads.
    #[default]
    Unknown,
    /// It does, and looks after them by itself.
    Known,
}

/// A row as it is shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Methods and path, or the name of a call.
    pub what: String,
    /// What it needs.
    pub needs: Needs,
}

/// A kind of app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pack {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// The versions of the app that it was made for.
    pub versions: String,
    /// What each route needs.
    pub routes: Routes,
    /// The same for people, in the order of the file.
    pub listed: Vec<Listed>,
    /// What its live channels need instead, where the app decides what they carry.
    pub live: Routes,
    /// The same for people.
    pub live_listed: Vec<Listed>,
    /// What becomes of the cookies that it sets.
    pub cookies: CookieRules,
    /// What capabilities allow here, in words.
    pub words: Vec<(Capability, String)>,
    /// Whether its paths hold names of any script.
    pub non_ascii: bool,
    /// What a path needs that apps could read in more ways than one.
    pub odd_paths: Needs,
    /// Whether a browser's question before a request (a CORS preflight) reaches it: not where it takes any method for
    /// what the path says.
    pub preflights: bool,
    /// Whether it knows owners.
    pub owners: Owners,
    /// Whether it has keys of its own.
    pub own_keys: OwnKeys,
    /// Its API routes; the first that matches decides.
    pub api: Vec<ApiArea>,
    /// What is for administrators or for nobody, to read.
    pub guarded: Vec<(Pattern, Needs)>,
    /// What is for nobody.
    pub denied: Vec<Denied>,
    /// Its endpoints that are decided by the body, wherever a proxy hands that over.
    pub rpc: Vec<Pattern>,
}

impl Default for Pack {
    fn default() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            versions: String::new(),
            routes: Routes::default(),
            listed: Vec::new(),
            live: Routes::default(),
            live_listed: Vec::new(),
            cookies: CookieRules::default(),
            words: Vec::new(),
            non_ascii: false,
            odd_paths: Needs::Admin,
            preflights: true,
            owners: Owners::Unknown,
            own_keys: OwnKeys::No,
            api: Vec::new(),
            guarded: Vec::new(),
            denied: Vec::new(),
            rpc: Vec::new(),
        }
    }
}

/// What nobody may do in an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// By these methods.
    pub takes: Takes,
    /// On these paths.
    pub pattern: Pattern,
    /// With this query key, where the row names one.
    pub query: Option<String>,
}

/// A part of an app that is for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiArea {
    segments: Vec<String>,
    /// How its clients want to be refused.
    pub refusal: ApiRefusal,
}

impl ApiArea {
    /// The area below a path such as `/api/v2`, in which `*` stands for one segment; `None` for anything else.
    pub fn new(path: &str, refusal: ApiRefusal) -> Option<Self> {
        let segments: Vec<_> = path.strip_prefix('/')?.split('/').map(str::to_owned).collect();
        let plain = segments.iter().all(|segment| !segment.is_empty());
        plain.then_some(Self { segments, refusal })
    }

    /// Whether the pattern opens paths of the area. A `*` of the area stands for names that nobody would write out.
    fn meets(&self, pattern: &Pattern) -> bool {
        let mut pairs = self.segments.iter().zip(&pattern.segments);
        let agree = |(known, segment): (&String, &Segment)| match known.as_str() {
            "*" => !matches!(segment, Segment::Literal(_)),
            known => segment.may_be(known),
        };
        pairs.all(agree) && (pattern.below || pattern.segments.len() >= self.segments.len())
    }

    /// Whether the area's segments stand in `path`, one after the other: an app may lie under a path of its own.
    fn holds(&self, path: &str) -> bool {
        let mut rest = path;
        while let Some((_, below)) = rest.split_once('/') {
            let mut segments = below.split('/');
            let same = |known: &String| segments.next().is_some_and(|one| known == "*" || known == one);
            if self.segments.iter().all(same) {
                return true;
            }
            rest = below;
        }
        false
    }
}

/// Why a pattern may not be public.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TooOpen {
    /// It opens an endpoint that can do everything.
    #[error("opens an endpoint that can do everything to the public; name other paths")]
    Rpc,
    /// It opens what the pack keeps for administrators, or from everybody.
    #[error("opens what the pack keeps for administrators or from everybody; name other paths")]
    Guarded,
    /// It opens many routes that are for programs.
    #[error("opens routes for programs to the public by a pattern; name the exact paths")]
    Api,
    /// It lets anybody do more than look, on many paths.
    #[error("opens more than GET to the public by a pattern; name the exact paths")]
    Changes,
}

/// Endpoints that can do everything in the apps that have them, whatever a pack of the user's own says.
const KNOWN_ENDPOINTS: [&str; 3] = ["/transmission/rpc", "/RPC2", "/plugins/httprpc/action.php"];

impl Pack {
    /// Whether any route asks for a capability.
    pub fn asks_for(&self, capability: Capability) -> bool {
        let asks = |row: &Listed| matches!(row.needs, Needs::Capabilities(set) if set.holds(capability));
        self.listed.iter().any(asks)
    }

    /// Whether nobody need sign in for these methods on paths of this pattern.
    pub fn may_be_public(&self, takes: Takes, pattern: &Pattern) -> Result<(), TooOpen> {
        let exact = pattern.is_exact();
        // Most apps have theirs there, also below a path of their own.
        let usual = ApiArea::new("/api", ApiRefusal::Json);
        let names_api = pattern.segments.iter().any(|segment| *segment == Segment::Literal("api".to_owned()));
        let known: Vec<Pattern> = KNOWN_ENDPOINTS.iter().filter_map(|path| path.parse().ok()).collect();
        if self.rpc.iter().any(|rpc| pattern.meets(rpc)) {
            Err(TooOpen::Rpc)
        } else if !exact && (names_api || self.api.iter().chain(&usual).any(|area| area.meets(pattern))) {
            Err(TooOpen::Api)
        } else if known.iter().any(|known| pattern.meets(known)) {
            Err(TooOpen::Rpc)
        } else if !exact && takes != Takes::only(Verb::Get) {
            Err(TooOpen::Changes)
        } else {
            Ok(())
        }
    }

    /// The same for paths that an app's configuration adds, which come before the pack's.
    pub fn may_be_made_public(&self, pattern: &Pattern) -> Result<(), TooOpen> {
        let opens = |(guarded, needs): &(Pattern, Needs)| {
            let general = guarded.below && pattern.is_exact() && *needs != Needs::Deny;
            guarded.meets(pattern) && !general
        };
        if self.guarded.iter().any(opens) {
            Err(TooOpen::Guarded)
        } else {
            self.may_be_public(Takes::only(Verb::Get), pattern)
        }
    }

    /// Whether an app that lies under this path, or at the root, could read a request that no row takes as one that nobody
    /// may make.
    pub fn may_deny(&self, sought: &Sought<'_>, base_path: &str) -> bool {
        let taken = |takes: Takes| match sought.verb {
            Some(Verb::Other) if !sought.overridden => takes == Takes::ANY,
            Some(verb) if !sought.overridden && verb != Verb::Unknown => takes.take(verb),
            _ => true,
        };
        let mut denied = self.denied.iter().filter(|denied| taken(denied.takes)).peekable();
        if denied.peek().is_none() {
            return false;
        }
        // The query may stand in a path that is not plain.
        let plain = path::is_plain(sought.path, self.non_ascii);
        let asked = |denied: &Denied| {
            denied.query.as_ref().is_none_or(|key| !plain || path::query_has(sought.query, key))
        };
        let readings = path::loose_readings(sought.path);
        let meant = |denied: &Denied| {
            let mut readings = readings.iter().flat_map(|reading| endings(reading, base_path));
            readings.any(|reading| denied.pattern.may_match(reading))
        };
        denied.any(|denied| asked(denied) && meant(denied))
    }

    /// How to refuse a client on this path, where it is an API route. Only the form of a refusal hangs on this.
    pub fn api_refusal(&self, path: &str) -> Option<ApiRefusal> {
        self.api.iter().find(|area| area.holds(path)).map(|area| area.refusal)
    }
}

/// What of a path can lie below the base path. Whoever takes the base off may do so before dots are resolved or after, so
/// any end of the path may be all that the app sees.
fn endings<'a>(path: &'a [String], base_path: &str) -> impl Iterator<Item = &'a [String]> {
    let base = base_path.split('/').filter(|segment| !segment.is_empty()).count();
    let last = match path.len() {
        _ if base == 0 => 0,
        segments if segments <= base => segments,
        segments => segments - 1,
    };
    (0..=last).map(|from| &path[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_found_under_any_base_path_by_whole_segments() {
        let area = ApiArea::new("/api/v2/*/x", ApiRefusal::Json).unwrap();
        for (path, holds) in [
            ("/api/v2/a/x", true),
            ("/api/v2/a/x/y", true),
            ("/base/api/v2/b/x", true),
            ("/api/v2/a", false),
            ("/api/v2/a/xy", false),
            ("/api/v20/a/x", false),
            ("/", false),
            ("", false),
        ] {
            assert_eq!(area.holds(path), holds, "{path}");
        }
        for bad in ["", "api", "/", "/api/", "//api"] {
            assert_eq!(ApiArea::new(bad, ApiRefusal::Json), None, "{bad}");
        }
    }
}
