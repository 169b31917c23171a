//! Deleting a user, and what becomes of what they own.

use serde_json::json;

use super::{Desk, USERS};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};

const OWNERS: &str = "/sluice/api/v1/apps/sonarr/owners";

impl Desk {
    fn api(&self, method: &str, path: &str) -> Request {
        Request::new(method, path).session(&self.session).header("Origin", self.sluice.origin())
    }

    /// Records that vera owns an item.
    #[track_caller]
    fn give_vera(&self, item: &str) {
        let body = json!({ "user": "vera" }).to_string();
        let request = self.api("PUT", &format!("{OWNERS}/{item}")).header("Content-Type", "application/json");
        let answer = request.body(body).send(self.sluice.address);
        assert!((200..300).contains(&answer.status), "{}", answer.text());
    }

    fn owner(&self, item: &str) -> String {
        self.api("GET", &format!("{OWNERS}/{item}")).send(self.sluice.address).text()
    }
}

#[test]
fn deleting_says_what_ends_and_takes_a_press_of_its_own() {
    let desk = Desk::start();
    let session = desk.sluice.sign_in("vera", PASSWORD);
    let page = format!("{}/delete", desk.page_of("vera"));
    let html = desk.html(&page);
    assert!(html.contains("Deleting this user ends 1 session and closes live connections."), "{html}");
    assert!(!html.contains("name=\"heir\""), "{html}");
    assert_eq!(desk.verify("sonarr", &session).status, 200);
    let done = desk.post(&page, &vec![]);
    assert_eq!(done.assert_status(303).location(), Some("/sluice/admin/users?done=deleted"));
    assert_eq!(desk.verify("sonarr", &session).status, 401);
    let html = desk.html(&format!("{USERS}?done=deleted"));
    assert!(html.contains("The user is deleted.") && !html.contains(">vera<"), "{html}");
    desk.post(&page, &vec![]).assert_status(404);
}

#[test]
fn what_a_deleted_user_owns_goes_to_the_heir() {
    let desk = Desk::start();
    desk.give_vera("one");
    let page = format!("{}/delete", desk.page_of("vera"));
    assert!(desk.html(&page).contains("vera owns 1 item. Who is to have that?"));
    for wrong in [
        vec![],
        vec![("legacy", "heir"), ("heir", "nobody-known")],
        vec![("legacy", "heir"), ("heir", "vera")],
        vec![("heir", "ada")],
    ] {
        let html = desk.post(&page, &wrong).assert_status(422).text();
        assert!(html.contains("id=\"heir-wrong\""), "{wrong:?}: {html}");
    }
    desk.post(&page, &vec![("legacy", "heir"), ("heir", " ada")]).assert_status(303);
    assert!(desk.owner("one").contains("\"ada\""), "{}", desk.owner("one"));
}

#[test]
fn what_a_deleted_user_owns_becomes_nobodys_where_that_is_chosen() {
    let desk = Desk::start();
    desk.give_vera("one");
    let page = format!("{}/delete", desk.page_of("vera"));
    desk.post(&page, &vec![("legacy", "nobody"), ("heir", "")]).assert_status(303);
    assert!(!desk.owner("one").contains("vera"), "{}", desk.owner("one"));
}

#[test]
fn ones_own_and_a_configured_account_are_not_deleted() {
    let home = Home::new().variable("SLUICE_AUTH__ADMIN_PASSWORD", PASSWORD);
    let desk = Desk::with(home.with("auth.admin_user = \"root\""));
    for (name, text) in [("ada", "You cannot delete your own account"), ("root", "auth.admin_password")] {
        let answer = desk.post(&format!("{}/delete", desk.page_of(name)), &vec![]);
        assert!(answer.assert_status(403).text().contains(text), "{}", answer.text());
    }
    assert!(desk.html(USERS).contains(">ada<") && desk.html(USERS).contains(">root<"));
}
