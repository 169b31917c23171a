//! A whole installation: Sluice, a proxy with the shipped files, and echo apps behind it.

use std::net::SocketAddr;

use super::echo::{Echo, Seen};
use super::proxy::{Behind, Front, Kind, Layout, Proxy};
use super::raw::{Answer, Request};
use super::sluice::{Home, PASSWORD, Sluice, session_of};

/// What the comment in the one-host examples says for `sluice.toml`.
pub const ONE_HOST: &str = "
[[app]]
name = \"qbittorrent\"
[[app]]
name = \"transmission\"
";

/// What the comment in the subdomain examples says.
const SUBDOMAINS: &str = "
server.public_url = \"http://auth.example.com\"
session.cookie_domain = \"example.com\"
[[app]]
name = \"qbittorrent\"
hosts = [\"qbittorrent.example.com\"]
[[app]]
name = \"transmission\"
hosts = [\"transmission.example.com\"]
";

/// With an administrator `ada` and an ordinary user `vera`, who may only look.
#[track_caller]
pub fn with_people(home: Home) -> Home {
    home.user("ada", &["--admin", "--display-name", "Ada Lovelace"])
        .user("vera", &["--preset", "read-only", "--email", "vera@example.com"])
}

/// Everything that runs; all of it ends with this value.
#[derive(Debug)]
pub struct World {
    pub proxy: Proxy,
    pub sluice: Sluice,
    pub app: Echo,
    pub other_app: Echo,
}

impl World {
    /// One host, an administrator `ada` and an ordinary user `vera`, who may only look.
    #[track_caller]
    pub fn behind(kind: Kind) -> Self {
        Self::with_settings(kind, Home::new())
    }

    /// The same with settings of its own.
    #[track_caller]
    pub fn with_settings(kind: Kind, home: Home) -> Self {
        Self::build(kind, with_people(home.with(ONE_HOST)), Layout::OneHost, [None; 2])
    }

    /// The same behind another proxy that signs people in and sends this secret.
    #[track_caller]
    pub fn behind_sign_in(kind: Kind, home: Home) -> Self {
        let home = with_people(home.with(ONE_HOST));
        Self::start(kind, home, (Layout::OneHost, Front::SignIn), [None; 2])
    }

    /// Behind another proxy that signs people in, with a home that is complete and another app.
    #[track_caller]
    pub fn with_app_behind_sign_in(kind: Kind, home: Home, app: SocketAddr) -> Self {
        Self::start(kind, home, (Layout::OneHost, Front::SignIn), [Some(app), None])
    }

    /// The same with another app in the place of the first echo app.
    #[track_caller]
    pub fn with_app(kind: Kind, app: SocketAddr) -> Self {
        Self::with_apps(kind, with_people(Home::new().with(ONE_HOST)), [Some(app), None])
    }

    /// One host with a home that is complete, and other apps in the place of the echo apps.
    #[track_caller]
    pub fn with_apps(kind: Kind, home: Home, apps: [Option<SocketAddr>; 2]) -> Self {
        Self::build(kind, home, Layout::OneHost, apps)
    }

    /// A home that is complete and another app in the place of the first echo app, on the hosts of this layout.
    #[track_caller]
    pub fn with_app_in(kind: Kind, home: Home, layout: Layout, app: SocketAddr) -> Self {
        Self::build(kind, home, layout, [Some(app), None])
    }

    /// A portal host and a host for each app.
    #[track_caller]
    pub fn with_subdomains(kind: Kind) -> Self {
        Self::with_subdomains_and(kind, "")
    }

    /// The same with settings of its own.
    #[track_caller]
    pub fn with_subdomains_and(kind: Kind, settings: &str) -> Self {
        let home = with_people(Home::new().with(SUBDOMAINS).with(settings));
        Self::build(kind, home, Layout::Subdomains, [None; 2])
    }

    #[track_caller]
    fn build(kind: Kind, home: Home, layout: Layout, apps: [Option<SocketAddr>; 2]) -> Self {
        Self::start(kind, home, (layout, Front::Clients), apps)
    }

    #[track_caller]
    fn start(
        kind: Kind,
        home: Home,
        (layout, front): (Layout, Front),
        apps: [Option<SocketAddr>; 2],
    ) -> Self {
        let echo = Echo::start();
        let other_app = Echo::start();
        let sluice = home.start();
        let proxy = Proxy::start(
            kind,
            &Behind {
                gate: sluice.address,
                app: apps[0].unwrap_or(echo.address),
                other_app: apps[1].unwrap_or(other_app.address),
                layout,
                front,
            },
        );
        Self { proxy, sluice, app: echo, other_app }
    }

    pub fn address(&self) -> SocketAddr {
        self.proxy.address
    }

    /// The origin that a browser sees.
    pub fn origin(&self) -> String {
        format!("http://{}", self.proxy.address)
    }

    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        request.send(self.proxy.address)
    }

    /// Signs in through the proxy and gives the session's value.
    #[track_caller]
    pub fn sign_in(&self, user: &str) -> String {
        let answer = Request::post("/sluice/login")
            .header("Origin", self.origin())
            .form(&[("username", user), ("password", PASSWORD)])
            .send(self.proxy.address);
        session_of(answer.assert_status(303))
    }

    /// What the app received of a request that must reach it.
    #[track_caller]
    pub fn seen(&self, request: &Request) -> Seen {
        Seen::parse(&self.send(request).assert_status(200).json())
    }
}
