//! What is not taken, and that nothing typed is lost.

use super::{Desk, NEW, USERS, form, input, new};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD};

#[test]
fn errors_stand_beside_their_fields_and_keep_what_was_typed() {
    let desk = Desk::start();
    let markup = "<b>bob\"</b>";
    let fields = [
        ("display_name", "Bob\u{202e}"),
        ("email", "nowhere"),
        ("groups", "a|b"),
        ("password_choice", "set"),
        ("password", "short-secret"),
        ("set", "custom"),
        ("may", "view_logs"),
    ];
    let html = desk.post(NEW, &new(markup, &fields)).assert_status(422).text();
    for field in ["name", "display_name", "email", "groups"] {
        assert!(html.contains(&format!("id=\"{field}-wrong\"")), "{field}: {html}");
        let tag = input(&html, &format!("id=\"{field}\""));
        assert!(tag.contains("aria-invalid=\"true\"") && tag.contains(&format!("{field}-wrong")), "{tag}");
    }
    assert_eq!(html.matches(" autofocus").count(), 1, "{html}");
    assert!(input(&html, "id=\"name\"").contains(" autofocus"));
    assert!(!html.contains("<b>bob") && html.contains("b&#62;bob"), "{html}");
    assert!(html.contains("value=\"nowhere\"") && html.contains("value=\"a|b\""));
    assert!(!html.contains("short-secret"));
    assert!(input(&html, "value=\"view_logs\"").contains(" checked"));
    assert!(html.contains("<title>Error: "));
}

#[test]
fn a_bad_choice_stands_for_nothing() {
    let desk = Desk::start();
    for more in [
        [("set", "everything")],
        [("set", "as-everywhere")],
        [("set", "(not sent)")],
        [("role", "root")],
        [("password_choice", "maybe")],
    ] {
        let answer = desk.change("vera", &form("vera", &more));
        assert!(answer.assert_status(422).text().contains("-wrong\""), "{more:?}");
    }
    let boxes = [("set", "custom"), ("may", "everything")];
    desk.change("vera", &form("vera", &boxes)).assert_status(422);
}

#[test]
fn a_name_that_is_taken_is_said_beside_the_name() {
    let desk = Desk::start();
    let html = desk.post(NEW, &new("vera", &[])).assert_status(422).text();
    assert!(html.contains("There is a user vera already; choose another name."), "{html}");
    assert!(input(&html, "id=\"name\"").contains(" autofocus"));
}

#[test]
fn a_weak_password_is_said_beside_the_password() {
    let desk = Desk::start();
    let weak = [("password_choice", "set"), ("password", "12345678")];
    let html = desk.change("vera", &form("vera", &weak)).assert_status(422).text();
    assert!(html.contains("id=\"password-wrong\"") && !html.contains("12345678"), "{html}");
    desk.sluice.sign_in("vera", PASSWORD);
}

#[test]
fn a_form_from_another_origin_changes_nothing() {
    let desk = Desk::start();
    let page = desk.page_of("vera");
    for (path, fields) in [
        (NEW.to_owned(), new("bob", &[])),
        (page.clone(), form("vera", &[("role", "admin")])),
        (format!("{page}/delete"), vec![]),
    ] {
        for origin in [Some("http://evil.test"), None] {
            let mut request = Request::post(&path).session(&desk.session).form(&fields);
            if let Some(origin) = origin {
                request = request.header("Origin", origin);
            }
            request.send(desk.sluice.address).assert_status(403);
        }
    }
    let html = desk.html(USERS);
    assert!(!html.contains(">bob<") && html.contains(">vera<") && html.contains("read-only"), "{html}");
}

#[test]
fn an_ordinary_user_has_none_of_these_pages() {
    let desk = Desk::start();
    let vera = desk.sluice.sign_in("vera", PASSWORD);
    let page = desk.page_of("vera");
    for path in [NEW.to_owned(), page.clone(), format!("{page}/delete"), format!("{page}/apps/sonarr")] {
        Request::get(&path).session(&vera).send(desk.sluice.address).assert_status(403);
        let fields = form("vera", &[("role", "admin")]);
        let post = desk.sluice.portal_post(&path).session(&vera).form(&fields);
        post.send(desk.sluice.address).assert_status(403);
    }
    assert!(desk.html(USERS).contains("read-only"));
}

#[test]
fn signing_in_leads_back_to_the_page() {
    let desk = Desk::start();
    let page = desk.page_of("vera");
    for path in [NEW.to_owned(), page.clone(), format!("{page}/delete"), format!("{page}/apps/sonarr")] {
        let to = format!("/sluice/login?rd={}", path.replace('/', "%2F"));
        let asked = Request::get(&path).send(desk.sluice.address);
        assert_eq!(asked.assert_status(303).location(), Some(to.as_str()));
        let form = desk.sluice.portal_post(&path).form(&form("vera", &[]));
        let stands_on = format!("{}{path}", desk.sluice.origin());
        let sent = form.header("Referer", stands_on).send(desk.sluice.address);
        let back = format!("name=\"rd\" value=\"{path}\"");
        assert!(sent.assert_status(401).text().contains(&back), "{}", sent.text());
    }
}

#[test]
fn who_is_not_there_has_no_page() {
    let desk = Desk::start();
    for id in ["0", "999", "-1", "vera", "99999999999999999999"] {
        desk.get(&format!("{USERS}/{id}")).assert_status(404);
        desk.get(&format!("{USERS}/{id}/delete")).assert_status(404);
        desk.post(&format!("{USERS}/{id}"), &form("vera", &[])).assert_status(404);
    }
}

#[test]
fn nobody_locks_themselves_out_so_the_last_administrator_stays() {
    let desk = Desk::start();
    let html = desk.html(&desk.page_of("ada"));
    assert!(html.contains("This is your own account") && !html.contains("/delete\""), "{html}");
    for more in [&[("role", "user")][..], &[("enabled", "(not sent)"), ("role", "admin")]] {
        let html = desk.change("ada", &form("ada", more)).assert_status(422).text();
        assert!(html.contains("ask another administrator to."), "{html}");
    }
    let own = [("role", "admin"), ("display_name", "Ada")];
    desk.change("ada", &form("ada", &own)).assert_status(303);
    assert!(desk.html(USERS).contains("Ada"));
}

#[test]
fn what_the_configuration_sets_of_an_administrator_is_changed_there() {
    let home = Home::new().variable("SLUICE_AUTH__ADMIN_PASSWORD", PASSWORD);
    let home = home.with("auth.admin_user = \"root\"");
    let desk = Desk::with(home);
    let html = desk.html(&desk.page_of("root"));
    assert!(html.contains("auth.admin_password") && !html.contains("name=\"password\""), "{html}");
    for more in [
        [("name", "toor"), ("role", "admin")],
        [("role", "user"), ("groups", "x")],
        [("enabled", "(not sent)"), ("role", "admin")],
    ] {
        let html = desk.change("root", &form("root", &more)).assert_status(422).text();
        assert!(html.contains("change or remove it there."), "{html}");
    }
    let other = [("role", "admin"), ("display_name", "Root")];
    desk.change("root", &form("root", &other)).assert_status(303);
}
