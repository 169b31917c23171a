//! What clients and pages of other sites could make of an app's routes.

use super::{basic, home, reason};
use crate::support::sluice::{Home, PASSWORD};
use crate::support::verify::Dialect;

#[test]
fn an_override_header_never_takes_less_than_the_method_itself() {
    let sluice = home().start();
    for (method, path) in [("PUT", "/api/torrents"), ("DELETE", "/api/torrents/add-urls")] {
        let about = &[method, "http", "nas", &format!("/flood{path}")];
        let request = Dialect::Traefik.about_at("/verify/traefik/flood", about);
        for header in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
            let answer = basic(request.clone().header(header, "GET"), "bob").send(sluice.address);
            assert_eq!(reason(&answer), "administrators only", "{method} {path}");
        }
    }
}

#[test]
fn no_header_that_an_app_could_take_for_one_of_its_own_passes() {
    let sluice = home().start();
    for (path, header, status) in [
        ("/verify/traefik/transmission", "X-Webauth-User", 403),
        ("/verify/traefik/transmission", "X_Webauth_User", 403),
        ("/verify/traefik/transmission", "X.Webauth-User", 403),
        ("/verify/traefik/qbittorrent", "X_Webauth_User", 200),
        ("/outpost.goauthentik.io/auth/traefik", "X_authentik_username", 400),
        ("/outpost.goauthentik.io/auth/traefik", "X-authentik.uid", 400),
        ("/verify/traefik/qbittorrent", "X_authentik_username", 200),
    ] {
        let about = &["GET", "http", "strict.test", "/"];
        let request = Dialect::Traefik.about_at(path, about).header(header, "ada");
        basic(request, "bob").send(sluice.address).assert_status(status);
    }
}

#[test]
fn a_preflight_reaches_no_app_that_takes_any_method_for_what_the_path_says() {
    let apps = "origins.allowed = [\"https://dash.test\"]\n[[app]]\nname = \"rutorrent\"\n[[app]]\nname = \"flood\"\n\
                [[app]]\nname = \"rqbit\"\n";
    let sluice = Home::new().with(apps).user("ada", &["--admin"]).start();
    for (app, path, status) in [
        ("rutorrent", "/plugins/httprpc/action.php", 403),
        ("rutorrent", "/RPC2", 403),
        ("flood", "/api/torrents", 200),
        ("flood", "/api/%74orrents", 403),
        ("rqbit", "/torrents", 200),
        ("rqbit", "/upnp/x", 403),
        ("rqbit", "/%75pnp/x", 403),
    ] {
        let about = &["OPTIONS", "http", "nas", path];
        let request = Dialect::Traefik
            .about_at(&format!("/verify/traefik/{app}"), about)
            .header("Origin", "https://dash.test")
            .header("Access-Control-Request-Method", "POST");
        let answer = request.send(sluice.address);
        answer.assert_status(status);
        let why = (status == 403).then_some("not through this gate");
        assert_eq!(answer.header("x-auth-reason"), why, "{app} {path}");
    }
}

#[test]
fn a_link_on_another_site_changes_nothing_although_the_app_would_on_get() {
    let sluice = Home::new().with("[[app]]\nname = \"rutorrent\"\n").user("ada", &["--admin"]).start();
    let session = sluice.sign_in("ada", PASSWORD);
    let open = |path: &str, headers: &[(&'static str, &str)]| {
        let about = &["GET", "https", "nas", path];
        let request = Dialect::Nginx.about_at("/verify/nginx/rutorrent", about).session(&session);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.header("Sec-Fetch-Mode", "navigate").send(sluice.address)
    };
    let cross_site = ("Sec-Fetch-Site", "cross-site");
    let add = "/php/addtorrent.php?url=http://evil.test/x.torrent";
    for (path, headers, status) in [
        (add, &[cross_site][..], 403),
        (add, &[cross_site, ("Referer", "https://evil.test/")], 403),
        (add, &[("Referer", "https://evil.test/")], 403),
        (add, &[("Sec-Fetch-Site", "same-origin"), ("Referer", "https://nas/")], 200),
        (add, &[("Sec-Fetch-Site", "none")], 200),
        (add, &[], 200),
        ("/", &[cross_site, ("Referer", "https://evil.test/")], 200),
    ] {
        open(path, headers).assert_status(status);
    }
}
