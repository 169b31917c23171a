//! The page of a user's set in a single app.

use super::{Desk, form, input, value};
use crate::support::sluice::PASSWORD;
use crate::support::verify::READ_ONLY;

impl Desk {
    #[track_caller]
    fn page_of_app(&self, name: &str, app: &str) -> String {
        let page = self.html(&self.page_of(name));
        let path = format!("{}/apps/{app}", self.page_of(name));
        assert!(page.contains(&format!("href=\"{path}\"")), "{page}");
        path
    }
}

#[test]
fn an_app_has_a_set_of_its_own_until_it_is_as_in_every_app() {
    let desk = Desk::start();
    let session = desk.sluice.sign_in("vera", PASSWORD);
    let page = desk.page_of_app("vera", "sonarr");
    assert!(input(&desk.html(&page), "value=\"as-everywhere\"").contains(" selected"));
    let saved = desk.post(&page, &vec![("set", "custom"), ("may", "add_downloads")]);
    let back = saved.assert_status(303).location().expect("a page").to_owned();
    let user = desk.html(&back);
    assert!(user.contains("The changes are saved.") && user.contains("custom</span>"), "{user}");
    assert_eq!(desk.may("sonarr", &session), "add_downloads");
    assert_eq!(desk.may("qbittorrent", &session), READ_ONLY);
    let html = desk.html(&page);
    assert!(input(&html, "value=\"custom\"").contains(" selected"));
    assert!(input(&html, "value=\"add_downloads\"").contains(" checked"));
    assert!(html.contains("Changing what they may do closes live connections."), "{html}");
    // The user's own page leaves it alone.
    desk.change("vera", &form("vera", &[("set", "full")])).assert_status(303);
    assert_eq!(desk.may("sonarr", &session), "add_downloads");
    desk.post(&page, &vec![("set", "as-everywhere")]).assert_status(303);
    assert_ne!(desk.may("sonarr", &session), "add_downloads");
}

#[test]
fn what_cannot_be_taken_is_said_beside_the_set_and_stays_chosen() {
    let desk = Desk::start();
    let page = desk.page_of_app("vera", "sonarr");
    for (fields, said) in [
        (vec![("set", "everything")], "is no preset"),
        (vec![("set", "custom"), ("may", "everything")], "is no capability"),
        (vec![], "is no preset"),
        (vec![("set", "as-everywhere"), ("may", "view_logs")], "boxes were changed"),
    ] {
        let html = desk.post(&page, &fields).assert_status(422).text().to_lowercase();
        assert!(html.contains("id=\"set-wrong\"") && html.contains(said), "{fields:?}: {html}");
        assert!(input(&html, "id=\"set\"").contains("autofocus"), "{html}");
    }
    let html = desk.post(&page, &vec![("set", "as-everywhere"), ("may", "view_logs")]).text();
    assert!(input(&html, "value=\"view_logs\"").contains(" checked"), "{html}");
}

#[test]
fn an_app_that_nobody_configured_has_no_page() {
    let desk = Desk::start();
    let user = desk.page_of("vera");
    for path in [format!("{user}/apps/nothing"), "/sluice/admin/users/99/apps/sonarr".to_owned()] {
        desk.get(&path).assert_status(404);
        desk.post(&path, &vec![("set", "full")]).assert_status(404);
    }
    let page = format!("{user}/apps/sonarr");
    let foreign = desk.sluice.portal_post(&page).session(&desk.session).header("Origin", "http://evil.test");
    foreign.form(&[("set", "full")]).send(desk.sluice.address).assert_status(403);
    assert!(input(&desk.html(&page), "value=\"as-everywhere\"").contains(" selected"));
}

#[test]
fn the_second_to_change_a_set_is_told_what_the_first_made_of_it() {
    let desk = Desk::start();
    let session = desk.sluice.sign_in("vera", PASSWORD);
    let page = desk.page_of_app("vera", "sonarr");
    let (open, user_open) = (value(&desk.html(&page), "made_from").to_owned(), desk.made_from("vera"));
    desk.post(&page, &vec![("made_from", open.as_str()), ("set", "none")]).assert_status(303);
    let answer = desk.post(&page, &vec![("made_from", open.as_str()), ("set", "full")]);
    let html = answer.assert_status(409).text();
    assert!(html.contains("Somebody else changed this to “none”"), "{html}");
    assert!(input(&html, "value=\"full\"").contains(" selected"), "{html}");
    assert_eq!(desk.may("sonarr", &session), "none", "nothing is saved yet");
    // Neither another app nor the user's own page was overtaken.
    let other = desk.page_of_app("vera", "qbittorrent");
    desk.post(&other, &vec![("made_from", ""), ("set", "full")]).assert_status(303);
    let own = [("made_from", user_open.as_str()), ("email", "vera@example.com")];
    desk.change("vera", &form("vera", &own)).assert_status(303);
    let now = value(&html, "made_from").to_owned();
    desk.post(&page, &vec![("made_from", now.as_str()), ("set", "full")]).assert_status(303);
    assert_ne!(desk.may("sonarr", &session), "none");
}

#[test]
fn a_set_of_an_app_that_is_no_longer_configured_can_be_taken_away() {
    let desk = Desk::start();
    let save = |part: &str, fields: &[(&str, &str)]| {
        let path = format!("/sluice/admin/settings/{part}");
        let html = desk.html(&path);
        let all = [&[("version", value(&html, "version"))], fields].concat();
        desk.post(&path, &all).assert_status(303);
    };
    save("new-app", &[("name", "flood"), ("hosts", "flood.test")]);
    let page = desk.page_of_app("vera", "flood");
    desk.post(&page, &vec![("set", "full")]).assert_status(303);
    save("app.flood", &[("remove", "1"), ("confirmed", "1")]);
    assert!(desk.html(&desk.page_of("vera")).contains("no longer configured"));
    desk.post(&page, &vec![("set", "as-everywhere")]).assert_status(303);
    desk.get(&page).assert_status(404);
}
