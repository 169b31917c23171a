//! What is known of a kind of app: which of its paths are for programs, and how their clients want to be refused.

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

/// A kind of app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pack {
    /// Its name.
    pub name: String,
    /// Whether it has keys of its own.
    pub own_keys: OwnKeys,
    /// Its API routes; the first that matches decides.
    pub api: Vec<ApiArea>,
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

impl Pack {
    /// How to refuse a client on this path, where it is an API route. Only the form of a refusal hangs on this.
    pub fn api_refusal(&self, path: &str) -> Option<ApiRefusal> {
        self.api.iter().find(|area| area.holds(path)).map(|area| area.refusal)
    }
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
