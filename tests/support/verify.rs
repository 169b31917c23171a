//! The verify request that each proxy sends, built without the proxy.

use super::raw::Request;

/// The header family and the kind of answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Nginx,
    Traefik,
    Caddy,
}

pub const DIALECTS: [Dialect; 3] = [Dialect::Nginx, Dialect::Traefik, Dialect::Caddy];

/// The ten headers of an allowed request, in lower case.
pub const IDENTITY: [&str; 10] = [
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-auth-user-id",
    "x-auth-role",
    "x-auth-capabilities",
    "x-auth-permission",
    "x-auth-method",
    "x-auth-app",
];

/// All capabilities, in the order in which they are sent.
pub const ALL_CAPABILITIES: &str = "search,add_downloads,remove_downloads,pause_resume,\
    assign_categories,move_files,rename_files,set_comment,manage_categories,view_history,\
    clear_history,view_shared,view_uploads,view_statistics,view_logs,view_servers,\
    view_all_downloads,edit_all_downloads";

/// Those of the read-only preset.
pub const READ_ONLY: &str = "search,view_history,view_shared,view_uploads,view_statistics,\
    view_logs,view_all_downloads";

impl Dialect {
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
            Self::Caddy => "caddy",
        }
    }

    pub fn path(self) -> String {
        format!("/verify/{}", self.name())
    }

    /// Asks about `GET http://app.test/`.
    pub fn verify(self) -> Request {
        self.about("GET", "http", "app.test", "/")
    }

    /// Asks about an original request.
    pub fn about(self, method: &str, scheme: &str, host: &str, target: &str) -> Request {
        self.about_at(&self.path(), &[method, scheme, host, target])
    }

    /// Asks at `path` about an original request: method, scheme, host and target.
    pub fn about_at(self, path: &str, [method, scheme, host, target]: &[&str; 4]) -> Request {
        let request = Request::get(path).header("X-Forwarded-For", "192.0.2.7");
        match self {
            Self::Nginx => request
                .header("X-Original-URL", format!("{scheme}://{host}{target}"))
                .header("X-Original-Method", method),
            Self::Traefik | Self::Caddy => request
                .header("X-Forwarded-Proto", scheme)
                .header("X-Forwarded-Host", host)
                .header("X-Forwarded-Uri", target)
                .header("X-Forwarded-Method", method),
        }
    }
}
