//! Who is told of events, in the settings.

use super::{Desk, SETTINGS, attention, element};
use crate::support::exposition::scrape;
use crate::support::hook::{Hook, Mode};
use crate::support::wait;

const PROGRAM: &str =
    "[[app]]\nname = \"qbittorrent\"\n[[event]]\ntypes = [\"user.*\"]\ncommand = [\"/bin/true\", \"-x\"]";

/// The part of the page about them.
#[track_caller]
fn listed(desk: &Desk) -> String {
    let html = desk.html(SETTINGS);
    let (_, rest) = html.split_once("id=\"events\"").unwrap_or_else(|| panic!("nothing in {html}"));
    rest.split("</section>").next().unwrap_or_default().to_owned()
}

#[test]
fn each_is_listed_by_its_host_or_program_and_never_by_its_whole_address() {
    let desk = Desk::with(PROGRAM);
    for host in ["one.test", "two.test"] {
        let url = format!("https://{host}/T0K3N");
        let fields = [("types", "*"), ("url", url.as_str()), ("secret", "shared")];
        desk.submit("new-event", &fields).assert_status(303);
    }
    let listed = listed(&desk);
    for text in ["https://one.test: *", "https://two.test: *", "/bin/true: user.*"] {
        assert!(listed.contains(text), "no {text} in {listed}");
    }
    assert!(!listed.contains("T0K3N"), "{listed}");
    for (part, title) in [
        ("event.0", "Program /bin/true"),
        ("event.1", "Webhook https://one.test"),
        ("new-event", "Add a webhook"),
    ] {
        let html = desk.html(&format!("{SETTINGS}/{part}"));
        assert!(html.contains(&format!("<h1>{title}</h1>")), "{html}");
    }
    let asked = desk.submit("event.2", &[("remove", "1")]).assert_status(422).text();
    assert!(asked.contains("Remove Webhook https://two.test with all that is set for it?"), "{asked}");
    desk.submit("event.2", &[("remove", "1"), ("confirmed", "1")]).assert_status(303);
    assert!(!self::listed(&desk).contains("two.test"));
}

#[test]
fn a_webhook_without_a_secret_is_said_to_be_unsigned_where_it_is_set() {
    let desk = Desk::start();
    let unsigned = "what is sent to https://hooks.test is not signed";
    desk.submit("new-event", &[("types", "*"), ("url", "https://hooks.test/x")]).assert_status(303);
    assert!(desk.html(SETTINGS).contains(unsigned) && !attention(&desk).contains("hooks.test"));
    let checked = desk.sluice.cli(&["check"], "");
    assert!(checked.assert_code(0).err.contains(unsigned), "{checked:#?}");
    desk.submit("event.0", &[("secret", "shared")]).assert_status(303);
    assert!(!desk.html(SETTINGS).contains(unsigned));
}

#[test]
fn a_program_of_the_file_is_shown_as_what_it_is() {
    let desk = Desk::with(PROGRAM);
    let html = desk.html("/sluice/admin/settings/event.0");
    assert!(element(&html, "textarea", "command").contains("/bin/true\n-x"), "{html}");
    for absent in ["id=\"url\"", "id=\"secret\"", ">Save<", "Remove"] {
        assert!(!html.contains(absent), "{absent} in {html}");
    }
}

#[test]
fn an_address_that_another_has_is_refused_beside_it() {
    let desk = Desk::start();
    let fields = [("types", "*"), ("url", "https://hooks.test/x"), ("secret", "shared")];
    desk.submit("new-event", &fields).assert_status(303);
    let html = desk.submit("new-event", &fields).assert_status(422).text();
    let wrong = element(&html, "p class=\"wrong\"", "url-wrong");
    assert!(
        wrong.contains("Another target has this address already") && !html.contains("[[event]]"),
        "{html}"
    );
}

#[test]
fn who_cannot_be_told_is_said_until_they_can() {
    let hook = Hook::start(Mode::Answering(503));
    let desk = Desk::with(&hook.settings("\"*\""));
    let failing = || scrape(&desk.sluice).sum("sluice_event_targets_failing");
    let said = "could not be told of an event of";
    wait::until("that it fails", || failing() == 1.0);
    assert!(attention(&desk).contains(said), "{}", attention(&desk));
    hook.set(Mode::Answering(204));
    wait::until("that it is told", || failing() == 0.0);
    assert!(!attention(&desk).contains(said), "{}", attention(&desk));
}
