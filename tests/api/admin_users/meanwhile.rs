//! Two administrators with the page of the same user open: neither undoes the other's work unseen.

use super::{Desk, form, input, value};
use crate::support::sluice::PASSWORD;

#[test]
fn the_second_to_save_is_told_what_the_first_changed_and_loses_nothing() {
    let desk = Desk::start();
    let vera = desk.sluice.sign_in("vera", PASSWORD);
    let open = desk.made_from("vera");
    let first = [("made_from", open.as_str()), ("email", "vera@example.com"), ("set", "none")];
    desk.change("vera", &form("vera", &first)).assert_status(303);
    // The second page is as old, so that it has neither the address nor the set, and types one thing more.
    let second = [("made_from", open.as_str()), ("display_name", "Vera V."), ("groups", "4k")];
    let told = desk.change("vera", &form("vera", &second));
    let html = told.assert_status(409).text();
    assert!(html.contains("somebody else changed the email, what they may do."), "{html}");
    assert!(html.contains("<title>Error: vera"), "{html}");
    assert_eq!(value(&html, "email"), "vera@example.com");
    assert_eq!((value(&html, "display_name"), value(&html, "groups")), ("Vera V.", "4k"));
    assert!(input(&html, "option value=\"none\"").contains("selected"), "{html}");
    assert_eq!(desk.may("sonarr", &vera), "none");
    assert_eq!(value(&desk.html(&desk.page_of("vera")), "groups"), "", "nothing is saved yet");
    // The page as it came back, saved again.
    let now = value(&html, "made_from").to_owned();
    assert_ne!(now, open);
    let again = [
        ("made_from", now.as_str()),
        ("email", "vera@example.com"),
        ("display_name", "Vera V."),
        ("groups", "4k"),
        ("set", "none"),
    ];
    desk.change("vera", &form("vera", &again)).assert_status(303);
    assert_eq!(desk.may("sonarr", &vera), "none");
    let page = desk.html(&desk.page_of("vera"));
    assert_eq!((value(&page, "email"), value(&page, "display_name")), ("vera@example.com", "Vera V."));
}

#[test]
fn what_both_changed_stays_as_typed_and_says_what_it_is_by_now() {
    let desk = Desk::start();
    let open = desk.made_from("vera");
    let first = [("made_from", open.as_str()), ("groups", "family"), ("set", "none")];
    desk.change("vera", &form("vera", &first)).assert_status(303);
    let second = [("made_from", open.as_str()), ("groups", "4k"), ("set", "full")];
    let html = desk.change("vera", &form("vera", &second)).assert_status(409).text();
    assert_eq!(value(&html, "groups"), "4k");
    for said in [
        "Somebody else changed the groups to “family”; saving again puts this in its place.",
        "Somebody else changed what they may do to “none”; saving again puts this in its place.",
    ] {
        assert!(html.contains(said), "{said} in {html}");
    }
    assert!(input(&html, "value=\"full\"").contains("selected"), "{html}");
    assert!(
        input(&html, "id=\"groups\"").contains("autofocus"),
        "the first of them is where the cursor goes"
    );
}

#[test]
fn who_changes_what_is_already_so_is_told_all_the_same() {
    let desk = Desk::start();
    let open = desk.made_from("vera");
    let same = [("made_from", open.as_str()), ("enabled", "(not sent)")];
    desk.change("vera", &form("vera", &same)).assert_status(303);
    let html = desk.change("vera", &form("vera", &same)).assert_status(409).text();
    assert!(html.contains("somebody else changed whether they are enabled."), "{html}");
    assert!(!input(&html, "name=\"enabled\"").contains("checked"), "{html}");
}

#[test]
fn what_a_command_does_is_not_undone_either() {
    let desk = Desk::start();
    let open = desk.made_from("vera");
    desk.sluice.cli(&["user", "set-capabilities", "vera", "--preset", "none"], "").assert_code(0);
    let html = desk.change("vera", &form("vera", &[("made_from", &open)])).assert_status(409).text();
    assert!(html.contains("somebody else changed what they may do."), "{html}");
    assert!(input(&html, "option value=\"none\"").contains("selected"), "{html}");
}
