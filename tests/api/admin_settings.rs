//! The pages of settings and the steps of setting up.

mod apps;
mod targets;
mod told;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::wait;

const SETTINGS: &str = "/sluice/admin/settings";
const START: &str = "/sluice/admin/start";

/// An app of the file, and an administrator who is signed in.
struct Desk {
    sluice: Sluice,
    session: String,
}

/// An app that says where the proxy is.
const WITH_HOST: &str = "[[app]]\nname = \"qbittorrent\"\nhosts = [\"127.0.0.1\"]";

impl Desk {
    #[track_caller]
    fn start() -> Self {
        Self::with("session.ttl = \"2h\"\n[[app]]\nname = \"qbittorrent\"")
    }

    #[track_caller]
    fn with(settings: &str) -> Self {
        let home = Home::new().with(settings);
        let sluice = home.user("ada", &["--admin"]).user("vera", &[]).start();
        let session = sluice.sign_in("ada", PASSWORD);
        Self { sluice, session }
    }

    #[track_caller]
    fn html(&self, path: &str) -> String {
        let request = Request::get(path).session(&self.session);
        request.send(self.sluice.address).assert_status(200).text()
    }

    /// Sends the form of a part of the settings with what its page shows, but for `fields`.
    fn submit(&self, part: &str, fields: &[(&str, &str)]) -> Answer {
        let path = format!("{SETTINGS}/{part}");
        let version = hidden(&self.html(&path), "version");
        let mut all = vec![("version", version.as_str())];
        all.extend_from_slice(fields);
        self.sluice.portal_post(&path).session(&self.session).form(&all).send(self.sluice.address)
    }
}

/// The whole element of an id, from its tag to the end of its kind.
#[track_caller]
fn element<'h>(html: &'h str, kind: &str, id: &str) -> &'h str {
    let start = html.find(&format!("<{kind} id=\"{id}\"")).unwrap_or_else(|| panic!("no {id} in {html}"));
    let end = kind.split(' ').next().unwrap_or_default();
    html[start..].split(&format!("</{end}>")).next().unwrap_or_default()
}

/// What needs attention, by the first page.
#[track_caller]
fn attention(desk: &Desk) -> String {
    let html = desk.html("/sluice/admin");
    let (_, rest) = html.split_once("attention-heading\">").unwrap_or_else(|| panic!("nothing in {html}"));
    rest.split("</section>").next().unwrap_or_default().to_owned()
}

/// The value of the first hidden field of a name.
#[track_caller]
fn hidden(html: &str, name: &str) -> String {
    let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let (_, rest) = html.split_once(&start).unwrap_or_else(|| panic!("no {name} in {html}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}

#[test]
fn only_administrators_see_settings_and_only_our_own_pages_change_them() {
    let desk = Desk::start();
    let vera = desk.sluice.sign_in("vera", PASSWORD);
    for path in [SETTINGS, START, "/sluice/admin/settings/sso", "/sluice/admin/lines/qbittorrent"] {
        Request::get(path).session(&vera).send(desk.sluice.address).assert_status(403);
        Request::get(path).send(desk.sluice.address).assert_status(303);
        assert!(desk.html(path).contains("<h1>"), "{path}");
    }
    for path in
        ["/sluice/admin/settings/sso", "/sluice/admin/settings/versions/restore", "/sluice/admin/start/check"]
    {
        let form = Request::post(path).form(&[("version", "0")]);
        for origin in ["http://evil.test", "null"] {
            let foreign = form.clone().session(&desk.session).header("Origin", origin);
            foreign.send(desk.sluice.address).assert_status(403);
        }
        let ours = form.session(&vera).header("Origin", desk.sluice.origin());
        ours.send(desk.sluice.address).assert_status(403);
    }
}

#[test]
fn what_is_typed_is_saved_shown_with_its_source_and_can_be_left_to_the_default_again() {
    let desk = Desk::start();
    let locked = desk.html("/sluice/admin/settings/session");
    assert!(locked.contains("Locked: set in") && locked.contains("sluice.toml"), "{locked}");
    let saved =
        desk.submit("throttle", &[("max_failures", "7"), ("block_for", "15m"), ("global_limit", "50")]);
    assert_eq!(saved.assert_status(303).location(), Some("/sluice/admin/settings?saved=1"));
    let checked = desk.sluice.cli(&["check"], "").assert_code(0).out.clone();
    assert!(
        checked.lines().any(|line| line.contains("throttle.max_failures") && line.contains('7')),
        "{checked}"
    );
    let left = desk.submit("throttle", &[("max_failures", "7"), ("default.max_failures", "1")]);
    left.assert_status(303);
    let versions = desk.html(SETTINGS);
    assert!(versions.contains("Version 1, saved") && versions.contains("Version 2, saved"), "{versions}");
    let base = hidden(&versions, "base");
    let restore = desk.sluice.portal_post("/sluice/admin/settings/versions/restore").session(&desk.session);
    let restored = restore.form(&[("base", &base), ("version", "1")]).send(desk.sluice.address);
    restored.assert_status(303);
    assert!(desk.html("/sluice/admin/settings/throttle").contains("value=\"7\""));
}

#[test]
fn what_cannot_be_taken_is_said_beside_its_field_and_nothing_typed_is_lost() {
    let desk = Desk::start();
    let answer = desk.submit("session", &[("remember_ttl", "<soon>"), ("cookie_name", "typed")]);
    let html = answer.assert_status(422).text();
    assert!(html.contains("id=\"remember_ttl-wrong\"") && html.contains("is no time"), "{html}");
    assert!(html.contains("value=\"&#60;soon&#62;\"") && html.contains("value=\"typed\""), "{html}");
    let answer = desk.submit("new-app", &[("name", "a b"), ("hosts", "a.test"), ("pack", "sonarr")]);
    let html = answer.assert_status(422).text();
    assert!(html.contains("id=\"name-wrong\"") && html.contains("a.test"), "{html}");
    Request::get("/sluice/admin/settings/nothing")
        .session(&desk.session)
        .send(desk.sluice.address)
        .assert_status(404);
}

#[test]
fn what_ends_sessions_is_confirmed_first() {
    let desk = Desk::start();
    let asked = desk.submit("session", &[("cookie_name", "other")]);
    let html = asked.assert_status(422).text();
    assert!(html.contains("This change brings more with it") && html.contains("1 session ends"), "{html}");
    assert!(desk.html(SETTINGS).contains("Settings"), "the session still lives");
    desk.submit("session", &[("cookie_name", "other"), ("confirmed", "1")]).assert_status(303);
    Request::get(SETTINGS).session(&desk.session).send(desk.sluice.address).assert_status(303);
}

#[test]
fn an_app_is_added_used_at_once_and_removed() {
    let desk = Desk::start();
    let fields = [("name", "sonarr"), ("hosts", "sonarr.test\r\n"), ("pack", "sonarr")];
    desk.submit("new-app", &fields).assert_status(303);
    let verify = || {
        let request = Request::get("/verify/nginx/sonarr")
            .header("X-Original-URL", "http://sonarr.test/")
            .header("X-Original-Method", "GET");
        request.session(&desk.session).send(desk.sluice.address)
    };
    assert_eq!(verify().assert_status(200).header("x-auth-app"), Some("sonarr"));
    let lines =
        desk.html("/sluice/admin/lines/sonarr?proxy=nginx&address=127.0.0.1:8989&sluice=127.0.0.1:9180");
    assert!(lines.contains("sonarr.test") && lines.contains("127.0.0.1:8989"), "{lines}");
    let wrong = Request::get("/sluice/admin/lines/sonarr?proxy=nginx&address=a%20b").session(&desk.session);
    assert!(wrong.send(desk.sluice.address).assert_status(422).text().contains("address-wrong"));
    desk.submit("app.sonarr", &[("remove", "1"), ("confirmed", "1")]).assert_status(303);
    verify().assert_status(403);
    let locked = desk.submit("app.qbittorrent", &[("remove", "1"), ("confirmed", "1")]);
    assert!(locked.assert_status(422).text().contains("cannot be changed here"));
}

#[test]
fn apps_that_share_a_host_are_told_beside_it_how_the_proxy_tells_them_apart() {
    let desk = Desk::start();
    let hint = |app: &str| {
        let html = desk.html(&format!("/sluice/admin/settings/app.{app}"));
        let (_, hint) = html.split_once("id=\"hosts-hint\">").unwrap_or_else(|| panic!("nothing in {html}"));
        hint.split("</p>").next().unwrap_or_default().to_owned()
    };
    desk.submit("new-app", &[("name", "sonarr"), ("hosts", "nas.test")]).assert_status(303);
    assert!(!hint("sonarr").contains("nas.test"), "{}", hint("sonarr"));
    let shared = [("name", "radarr"), ("hosts", "radarr.test\r\nnas.test")];
    desk.submit("new-app", &shared).assert_status(303);
    let note = "The apps `sonarr` and `radarr` share the host `nas.test`, so the proxy must tell them apart: \
                end each verify address with its app&#39;s name";
    for app in ["sonarr", "radarr"] {
        assert!(hint(app).contains(note), "{}", hint(app));
    }
    assert!(!hint("qbittorrent").contains("share"), "{}", hint("qbittorrent"));
    desk.submit("app.radarr", &[("base_path", "/radarr")]).assert_status(303);
    assert!(!hint("sonarr").contains("share"), "{}", hint("sonarr"));
}

#[test]
fn the_steps_say_what_is_done_and_only_configured_addresses_are_looked_at() {
    let desk = Desk::with(WITH_HOST);
    let html = desk.html(START);
    assert!(html.contains("How people come in") && html.contains("next"), "{html}");
    for (app, address) in [("qbittorrent", "http://evil.test"), ("other", "http://evil.test")] {
        let check = desk.sluice.portal_post("/sluice/admin/start/check").session(&desk.session);
        let answer = check.form(&[("app", app), ("address", address)]).send(desk.sluice.address);
        assert!(answer.assert_status(422).text().contains("one of its addresses"));
    }
}

/// What stands beside the heading of a step.
#[track_caller]
fn tag(html: &str, step: &str) -> String {
    let (_, rest) = html.split_once(&format!("<h2>{step} ")).unwrap_or_else(|| panic!("no {step} in {html}"));
    let (_, rest) = rest.split_once("\"tag\">").expect("a tag");
    rest.split('<').next().unwrap_or_default().to_owned()
}

#[test]
fn who_saves_the_bypass_has_chosen_how_people_come_in() {
    let home = Home::new().user("ada", &["--admin"]);
    let sluice = home.start();
    let session = sluice.sign_in("ada", PASSWORD);
    let desk = Desk { sluice, session };
    assert_eq!(tag(&desk.html(START), "How people come in"), "next");
    let fields = [("hosts", "nas.test"), ("networks", "192.168.0.0/16"), ("user", "ada"), ("confirmed", "1")];
    desk.submit("bypass", &fields).assert_status(303);
    let html = desk.html(START);
    assert_eq!(tag(&html, "How people come in"), "done");
    assert_eq!(tag(&html, "The first app"), "next");
}

#[test]
fn what_a_look_at_the_proxy_came_to_is_known_after_a_restart() {
    let mut desk = Desk::with(WITH_HOST);
    assert!(!desk.html(START).contains("Last check"));
    let address = desk.sluice.origin();
    let check = desk.sluice.portal_post("/sluice/admin/start/check").session(&desk.session);
    let check = check.form(&[("app", "qbittorrent"), ("address", &address)]).send(desk.sluice.address);
    assert!(check.assert_status(200).text().contains("Sluice is asked before the app: Wrong."));
    desk.sluice.kill9();
    desk.sluice.restart();
    let html = desk.html(START);
    assert_eq!(tag(&html, "The proxy&#39;s lines"), "next");
    assert!(html.contains("Last check, <time") && html.contains("something is wrong."), "{html}");
    // Restarted, it listens on the address that its configuration names.
    let lines = desk.html("/sluice/admin/lines/qbittorrent");
    assert!(lines.contains(&format!("name=\"sluice\" value=\"{}\"", desk.sluice.address)), "{lines}");
}

#[test]
fn going_back_to_a_version_that_brings_more_with_it_is_confirmed_first() {
    let desk = Desk::start();
    desk.sluice.cli(&["key", "create", "vera", "--name", "phone"], "").assert_code(0);
    wait::until("the key is known", || desk.html("/sluice/admin/keys").contains("phone"));
    desk.submit("api_keys", &[("admin_only", "true"), ("confirmed", "1")]).assert_status(303);
    desk.submit("api_keys", &[("admin_only", "false")]).assert_status(303);
    let base = hidden(&desk.html(SETTINGS), "base");
    let restore = |more: &[(&str, &str)]| {
        let request =
            desk.sluice.portal_post("/sluice/admin/settings/versions/restore").session(&desk.session);
        request.form(&[&[("base", base.as_str()), ("version", "1")], more].concat()).send(desk.sluice.address)
    };
    let html = restore(&[]).assert_status(422).text();
    assert!(html.contains("brings more with it") && html.contains("count no longer"), "{html}");
    assert_eq!(hidden(&desk.html(SETTINGS), "base"), base, "nothing holds yet");
    restore(&[("confirmed", "1")]).assert_status(303);
    assert_ne!(hidden(&desk.html(SETTINGS), "base"), base);
}
