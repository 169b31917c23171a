//! What the pages of settings say before, beside and after a change.

use super::{Desk, SETTINGS, START, attention, element};
use crate::support::raw::Request;

#[test]
fn what_should_be_looked_at_is_said_on_both_pages_as_long_as_it_holds() {
    let desk = Desk::start();
    let public = "No sign-in at home, Hosts: nas.example.com looks like a public name";
    let nobody = "No sign-in at home, Whom they act as: `nobody` is no user";
    desk.submit("bypass", &[("hosts", "nas.example.com"), ("user", "nobody")]).assert_status(303);
    for text in [public, nobody] {
        assert!(desk.html(&format!("{SETTINGS}?saved=1")).contains(text), "{text}");
        assert!(attention(&desk).contains(text), "{}", attention(&desk));
    }
    desk.submit("bypass", &[("hosts", "192.168.1.5"), ("user", "ada")]).assert_status(303);
    for text in [public, nobody] {
        assert!(!desk.html(SETTINGS).contains(text) && !attention(&desk).contains(text), "{text}");
    }
}

#[test]
fn a_sign_in_that_is_off_is_agreed_to_first_and_said_wherever_one_looks() {
    let desk = Desk::start();
    let open = "everybody who reaches the proxy is the administrator";
    assert!(desk.html(START).contains("People sign in here with a password"));
    assert!(
        element(&desk.html("/sluice/admin/settings/auth"), "select", "enabled").contains("\"true\" selected")
    );
    let asked = desk.submit("auth", &[("enabled", "false")]).assert_status(422).text();
    assert!(
        asked.contains("everybody who reaches the proxy gets in to every app as the administrator `admin`"),
        "{asked}"
    );
    assert!(!attention(&desk).contains(open));
    desk.submit("auth", &[("enabled", "false"), ("confirmed", "1")]).assert_status(303);
    let start = desk.html(START);
    assert!(start.contains(open) && !start.contains("People sign in here"), "{start}");
    assert!(attention(&desk).contains(open) && desk.html(SETTINGS).contains(open));
    desk.submit("auth", &[("enabled", "true")]).assert_status(303);
    assert!(!attention(&desk).contains(open) && !desk.html(START).contains(open));
}

#[test]
fn a_sign_in_that_the_file_sets_is_locked() {
    let desk = Desk::with("auth.enabled = true\n[[app]]\nname = \"qbittorrent\"");
    let html = desk.html("/sluice/admin/settings/auth");
    assert!(html.contains("Locked: set in") && !html.contains(" name=\"enabled\""), "{html}");
}

#[test]
fn a_line_of_a_header_says_what_is_wrong_with_it() {
    let desk = Desk::start();
    desk.submit("new-app", &[("name", "sonarr"), ("hosts", "sonarr.test")]).assert_status(303);
    for (line, told) in [
        ("X-B {email}", "`X-B {email}` has no `=`; write it as `Name = text`"),
        ("= {email}", "has nothing before the `=`"),
        ("X D = {user}", "`X D` is no name of a header"),
        ("Remote-User = {email}", "`Remote-User` is a header that Sluice sends itself"),
        ("X-A = {nothing}", "`{nothing}` is no header&#39;s text"),
        ("X-A = {user}\r\nX-A = {email}", "`X-A` is there twice"),
        ("X-A = {user}\r\nx-a = {email}", "`x-a` is there twice"),
    ] {
        let html = desk.submit("app.sonarr", &[("headers", line)]).assert_status(422).text();
        assert!(html.contains("id=\"headers-wrong\"") && html.contains(told), "no {told} in {html}");
        let typed = line.replace("\r\n", "\n");
        assert!(element(&html, "textarea", "headers").ends_with(&format!(">\n{typed}")), "{html}");
    }
    let groups = "family = read-only\r\nfamily = full";
    let html = desk.submit("sso", &[("group_map", groups)]).assert_status(422).text();
    assert!(html.contains("id=\"group_map-wrong\"") && html.contains("`family` is there twice"), "{html}");
}

#[test]
fn long_lists_are_taken_and_what_is_too_long_leads_back() {
    let desk = Desk::start();
    let hosts =
        |count: usize| (0..count).map(|n| format!("host{n}.example.test")).collect::<Vec<_>>().join("\r\n");
    let app = [("name", "sonarr"), ("hosts", "sonarr.test")];
    desk.submit("new-app", &app).assert_status(303);
    desk.submit("app.sonarr", &[("hosts", &hosts(2_000))]).assert_status(303);
    let html = desk.submit("app.sonarr", &[("hosts", &hosts(20_000))]).assert_status(413).text();
    assert!(html.contains("less than 256 kB"), "{html}");
    assert!(html.contains("href=\"/sluice/admin/settings/app.sonarr\""), "{html}");
}

#[test]
fn pages_that_are_read_answer_head() {
    let desk = Desk::start();
    for path in
        ["", "/users", "/users/new", "/settings", "/settings/sso", "/start", "/audit", "/keys", "/blocked"]
    {
        let head = Request::new("HEAD", &format!("/sluice/admin{path}")).session(&desk.session);
        let answer = head.send(desk.sluice.address);
        assert_eq!(answer.assert_status(200).text(), "", "{path}");
    }
    Request::new("HEAD", "/sluice/admin/start/check")
        .session(&desk.session)
        .send(desk.sluice.address)
        .assert_status(404);
}
