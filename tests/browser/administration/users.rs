//! Users: found, added, given rights, disabled and deleted.

use serde_json::{Value, json};

use super::Desk;
use crate::seat::{Seat, in_each_way};
use crate::support::sluice::PASSWORD;
use crate::support::verify::{ALL_CAPABILITIES, READ_ONLY};

in_each_way!(
    a_user_is_found_by_a_part_of_the_name,
    a_user_is_added_with_a_preset,
    a_ticked_box_makes_a_set_of_its_own,
    editing_all_downloads_takes_seeing_them_with_it,
    one_app_gets_a_set_of_its_own,
    somebody_is_disabled_and_enabled_again,
    somebody_is_deleted_after_a_question,
    what_was_typed_is_still_there_after_an_error,
);

fn a_user_is_found_by_a_part_of_the_name(seat: &Seat) {
    let desk = Desk::with(seat, |home| home.user("otto", &["--email", "otto@vera.example.com"]));
    desk.go("Users");
    desk.browser.wait_for_url(&desk.address("/admin/users"));
    assert_eq!(desk.texts(".list tbody th a"), json!(["ada", "otto", "vera"]));
    desk.browser.type_into("#q", "VER");
    desk.browser.leave_by(|| desk.browser.press("Find"));
    assert_eq!(desk.browser.url(), desk.address("/admin/users?q=VER"));
    assert_eq!(desk.texts(".list tbody th a"), json!(["otto", "vera"]));
    desk.browser.leave_by(|| desk.fill("#q", "vera\u{e007}"));
    desk.browser.press("vera");
    let page = format!("/admin/users/{}", desk.user("vera")["id"]);
    desk.browser.wait_for_url(&desk.address(&page));
}

fn a_user_is_added_with_a_preset(seat: &Seat) {
    let desk = Desk::start(seat);
    desk.go("Users");
    desk.browser.press("Add a user");
    desk.browser.type_into("#name", "bob");
    desk.browser.type_into("#display_name", "Bob");
    desk.browser.type_into("#password", PASSWORD);
    desk.browser.click("#set option[value=full]");
    if desk.has_scripts() {
        assert_eq!(desk.texts("input[name=may]:not(:checked)"), json!([]), "the boxes follow the preset");
    }
    desk.save("Add user", "The user is added.");
    assert_eq!(desk.user("bob")["preset"], "full");
    let answer = desk.verify("sonarr", &desk.sluice.sign_in("bob", PASSWORD));
    assert_eq!(answer.assert_status(200).header("x-auth-capabilities"), Some(ALL_CAPABILITIES));
    assert_eq!(answer.header("remote-name"), Some("Bob"));
}

fn a_ticked_box_makes_a_set_of_its_own(seat: &Seat) {
    let desk = Desk::start(seat);
    let session = desk.sluice.sign_in("vera", PASSWORD);
    desk.go_to_user("vera");
    desk.browser.click("input[name=may][value=remove_downloads]");
    if desk.has_scripts() {
        assert_eq!(desk.value("#set"), "custom");
    } else {
        // The preset would decide alone, and the tick be lost without a word.
        desk.browser.press("Save changes");
        desk.browser.wait_for_text("#set-wrong", "custom");
        assert_eq!(desk.user("vera")["preset"], "read-only");
        assert!(desk.is_ticked("input[name=may][value=remove_downloads]"));
        desk.browser.click("#set option[value=custom]");
    }
    desk.save("Save changes", "They hold from the next request on.");
    assert_eq!(desk.user("vera")["preset"], "custom");
    let mut wanted: Vec<_> = READ_ONLY.split(',').collect();
    wanted.insert(1, "remove_downloads");
    let answer = desk.verify("sonarr", &session);
    assert_eq!(answer.header("x-auth-capabilities"), Some(wanted.join(",").as_str()));
}

fn editing_all_downloads_takes_seeing_them_with_it(seat: &Seat) {
    let desk = Desk::with(seat, |home| home.user("otto", &["--capabilities", "search"]));
    let (edit, view) = ("[name=may][value=edit_all_downloads]", "[name=may][value=view_all_downloads]");
    desk.go_to_user("otto");
    desk.browser.click(edit);
    assert_eq!(desk.is_ticked(view), desk.has_scripts());
    desk.save("Save changes", "They hold from the next request on.");
    assert_eq!(
        desk.user("otto")["capabilities"],
        json!(["search", "view_all_downloads", "edit_all_downloads"])
    );
    assert!(desk.is_ticked(view));
    if desk.has_scripts() {
        desk.browser.click(view);
        assert!(!desk.is_ticked(edit), "who may not see them cannot edit them");
    }
}

fn one_app_gets_a_set_of_its_own(seat: &Seat) {
    let desk = Desk::start(seat);
    let session = desk.sluice.sign_in("vera", PASSWORD);
    let in_app = |app: &str| {
        let answer = desk.verify(app, &session);
        answer.assert_status(200).header("x-auth-capabilities").expect("rights").to_owned()
    };
    desk.go_to_user("vera");
    desk.browser.press("Change what they may do in sonarr");
    desk.browser.click("#set option[value=none]");
    // The boxes are there once there is something to tick.
    desk.browser.click("#set option[value=custom]");
    desk.browser.click("input[name=may][value=search]");
    desk.save("Save changes", "They hold from the next request on.");
    assert_eq!(in_app("qbittorrent"), READ_ONLY);
    let held = in_app("sonarr");
    desk.browser.press("Change what they may do in sonarr");
    assert!(desk.is_ticked(&format!("input[name=may][value={}]", held.split(',').next().expect("one"))));
    desk.browser.click("#set option[value=full]");
    desk.save("Save changes", "They hold from the next request on.");
    assert_eq!([in_app("sonarr"), in_app("qbittorrent")], [ALL_CAPABILITIES, READ_ONLY]);
    desk.browser.press("Change what they may do in sonarr");
    desk.browser.click("#set option[value=as-everywhere]");
    desk.save("Save changes", "They hold from the next request on.");
    assert_eq!([in_app("sonarr"), in_app("qbittorrent")], [READ_ONLY; 2]);
}

fn somebody_is_disabled_and_enabled_again(seat: &Seat) {
    let desk = Desk::start(seat);
    let session = desk.sluice.sign_in("vera", PASSWORD);
    assert_eq!(desk.verify("sonarr", &session).status, 200);
    desk.go_to_user("vera");
    desk.browser.click("input[name=enabled]");
    desk.save("Save changes", "They hold from the next request on.");
    assert_eq!(desk.verify("sonarr", &session).status, 401);
    assert_eq!(desk.user("vera")["enabled"], false);
    desk.go("Users");
    desk.browser.wait_for_text("td[data-label=State]", "disabled");
    desk.browser.press("vera");
    desk.browser.click("input[name=enabled]");
    desk.save("Save changes", "They hold from the next request on.");
    assert_eq!(desk.verify("sonarr", &desk.sluice.sign_in("vera", PASSWORD)).status, 200);
}

fn somebody_is_deleted_after_a_question(seat: &Seat) {
    let desk = Desk::start(seat);
    let session = desk.sluice.sign_in("vera", PASSWORD);
    desk.go_to_user("vera");
    desk.browser.press("Delete…");
    desk.browser.press("Keep vera");
    desk.browser.press("Delete…");
    assert_eq!(desk.user("vera")["name"], "vera", "a question deletes nobody");
    desk.save("Delete vera", "The user is deleted.");
    assert_eq!(desk.user("vera"), Value::Null);
    assert_eq!(desk.verify("sonarr", &session).status, 401);
}

fn what_was_typed_is_still_there_after_an_error(seat: &Seat) {
    let desk = Desk::start(seat);
    desk.go("Users");
    desk.browser.press("Add a user");
    let typed =
        [("#name", "bob"), ("#display_name", "Bob B."), ("#email", "nowhere"), ("#groups", "family, 4k")];
    for (field, text) in typed {
        desk.browser.type_into(field, text);
    }
    desk.browser.type_into("#password", PASSWORD);
    desk.browser.click("#set option[value=none]");
    desk.browser.click("#set option[value=custom]");
    desk.browser.click("input[name=may][value=set_comment]");
    desk.browser.press("Add user");
    desk.browser.wait_for_text("#email-wrong", "");
    assert_eq!(desk.browser.run("return document.activeElement.id", &json!([])), "email");
    for (field, text) in typed {
        assert_eq!(desk.value(field), text);
    }
    assert_eq!(desk.value("#set"), "custom");
    assert!(desk.is_ticked("input[name=may][value=set_comment]"));
    assert!(desk.browser.text("#password-hint").contains("Type it again"));
    desk.fill("#email", "bob@example.com");
    desk.browser.type_into("#password", PASSWORD);
    desk.save("Add user", "The user is added.");
    let bob = desk.user("bob");
    assert_eq!(bob["groups"], json!(["family", "4k"]));
    assert!(bob["capabilities"].as_array().expect("a list").contains(&json!("set_comment")));
}
