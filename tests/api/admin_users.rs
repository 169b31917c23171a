//! Users in the pages of administration: adding, changing and deleting them.

mod apps;
mod deletion;
mod meanwhile;
mod refused;

use crate::support::raw::{Answer, Request};
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::{ALL_CAPABILITIES, Dialect, READ_ONLY};

const USERS: &str = "/sluice/admin/users";
const NEW: &str = "/sluice/admin/users/new";

type Fields<'a> = Vec<(&'a str, &'a str)>;

/// Two apps, an administrator `ada` at her desk, and an ordinary user `vera`.
struct Desk {
    sluice: Sluice,
    session: String,
}

impl Desk {
    #[track_caller]
    fn start() -> Self {
        Self::with(Home::new())
    }

    #[track_caller]
    fn with(home: Home) -> Self {
        let home = home
            .with("[[app]]\nname = \"qbittorrent\"\n[[app]]\nname = \"sonarr\"")
            .user("ada", &["--admin"])
            .user("vera", &["--preset", "read-only"]);
        let sluice = home.start();
        let session = sluice.sign_in("ada", PASSWORD);
        Self { sluice, session }
    }

    fn get(&self, path: &str) -> Answer {
        Request::get(path).session(&self.session).send(self.sluice.address)
    }

    #[track_caller]
    fn html(&self, path: &str) -> String {
        self.get(path).assert_status(200).text()
    }

    fn post(&self, path: &str, fields: &Fields<'_>) -> Answer {
        self.sluice.portal_post(path).session(&self.session).form(fields).send(self.sluice.address)
    }

    /// The page of a user, as the list leads to it.
    #[track_caller]
    fn page_of(&self, name: &str) -> String {
        let list = self.html(&format!("{USERS}?q={name}"));
        let link = list.lines().find(|line| line.contains(&format!(">{name}</a>")));
        let link = link.unwrap_or_else(|| panic!("no {name} on {list}"));
        link.split('"').find(|part| part.starts_with(USERS)).expect("an address").to_owned()
    }

    #[track_caller]
    fn change(&self, name: &str, fields: &Fields<'_>) -> Answer {
        self.post(&self.page_of(name), fields)
    }

    /// What the form of a user's page says it was made from.
    #[track_caller]
    fn made_from(&self, name: &str) -> String {
        value(&self.html(&self.page_of(name)), "made_from").to_owned()
    }

    /// What an app is told of whoever has the session.
    fn verify(&self, app: &str, session: &str) -> Answer {
        let about = ["GET", "http", "app.test", "/"];
        let request = Dialect::Nginx.about_at(&format!("/verify/nginx/{app}"), &about);
        request.session(session).send(self.sluice.address)
    }

    #[track_caller]
    fn may(&self, app: &str, session: &str) -> String {
        let answer = self.verify(app, session);
        answer.assert_status(200).header("x-auth-capabilities").unwrap_or_default().to_owned()
    }
}

/// The form as the page sends it for an ordinary user; `more` takes the place of what it names.
fn form<'a>(name: &'a str, more: &[(&'a str, &'a str)]) -> Fields<'a> {
    let usual = [
        ("name", name),
        ("display_name", ""),
        ("email", ""),
        ("groups", ""),
        ("role", "user"),
        ("enabled", "yes"),
        ("password_choice", "keep"),
        ("password", ""),
        ("set", "read-only"),
    ];
    let replaced = |field: &str| more.iter().any(|(name, _)| *name == field);
    let kept = usual.into_iter().filter(|(field, _)| !replaced(field));
    kept.chain(more.iter().copied().filter(|(_, value)| *value != "(not sent)")).collect()
}

/// The same for a new user with a password.
fn new<'a>(name: &'a str, more: &[(&'a str, &'a str)]) -> Fields<'a> {
    let mut fields = form(name, more);
    let given = |field: &str| more.iter().any(|(name, _)| *name == field);
    if !given("password_choice") {
        fields.retain(|(field, _)| *field != "password_choice" && *field != "password");
        fields.extend([("password_choice", "set"), ("password", PASSWORD)]);
    }
    fields
}

/// The tag of the input that sends this.
#[track_caller]
fn input<'a>(html: &'a str, part: &str) -> &'a str {
    let at = html.find(part).unwrap_or_else(|| panic!("no {part} on {html}"));
    let start = html[..at].rfind('<').unwrap_or_default();
    let end = html[at..].find('>').map_or(html.len(), |end| at + end);
    &html[start..end]
}

/// The value of the input of this name.
#[track_caller]
fn value<'a>(html: &'a str, name: &str) -> &'a str {
    let tag = input(html, &format!("name=\"{name}\""));
    let (_, rest) = tag.split_once(" value=\"").unwrap_or_else(|| panic!("no value in {tag}"));
    rest.split('"').next().unwrap_or_default()
}

#[test]
fn a_user_is_added_and_comes_in() {
    let desk = Desk::start();
    assert!(desk.html(USERS).contains("href=\"/sluice/admin/users/new\""));
    desk.html(NEW);
    let more = [("display_name", "Bob "), ("email", "bob@example.com"), ("groups", "family, 4k,")];
    let added = desk.post(NEW, &new(" Bob", &more));
    let page = added.assert_status(303).location().expect("a page").to_owned();
    let html = desk.html(&page);
    assert!(html.contains("The user is added.") && html.contains("value=\"family, 4k\""), "{html}");
    let session = desk.sluice.sign_in("bob", PASSWORD);
    let told = desk.verify("sonarr", &session);
    assert_eq!(told.header("remote-name"), Some("Bob"));
    assert_eq!(told.header("remote-groups"), Some("users,family,4k"));
    assert_eq!(told.header("x-auth-capabilities"), Some(READ_ONLY));
}

#[test]
fn a_user_without_a_password_is_made_by_an_explicit_choice_only() {
    let desk = Desk::start();
    let more = [("password_choice", "set"), ("password", "")];
    assert!(desk.post(NEW, &new("bob", &more)).assert_status(422).text().contains("id=\"password-wrong\""));
    let more = [("password_choice", "(not sent)")];
    desk.post(NEW, &new("bob", &more)).assert_status(422);
    let more = [("password_choice", "none")];
    desk.post(NEW, &new("bob", &more)).assert_status(303);
    desk.sluice.sign_in_form("bob", PASSWORD).send(desk.sluice.address).assert_status(401);
}

#[test]
fn nobody_takes_away_the_password_that_lets_them_back_in() {
    let desk = Desk::start();
    let none = [("role", "admin"), ("password_choice", "none")];
    let html = desk.change("ada", &form("ada", &none)).assert_status(422).text();
    assert!(html.contains("id=\"password-wrong\"") && html.contains("your own password"), "{html}");
    desk.html(USERS);
    desk.sluice.sign_in("ada", PASSWORD);
    let choice = "name=\"password_choice\" value=\"none\"";
    assert!(!desk.html(&desk.page_of("ada")).contains(choice));
    assert!(desk.html(&desk.page_of("vera")).contains(choice));
    desk.change("vera", &form("vera", &none[1..])).assert_status(303);
}

#[test]
fn a_password_that_is_typed_but_not_chosen_is_not_passed_over() {
    let desk = Desk::start();
    let answer = desk.change("vera", &form("vera", &[("password", "Another-horse-2")]));
    let html = answer.assert_status(422).text();
    assert!(html.contains("id=\"password-wrong\"") && !html.contains("Another-horse-2"), "{html}");
}

#[test]
fn other_rights_hold_at_the_next_verify() {
    let desk = Desk::start();
    let session = desk.sluice.sign_in("vera", PASSWORD);
    for (set, capabilities) in [("full", ALL_CAPABILITIES), ("none", "none"), ("read-only", READ_ONLY)] {
        let saved = desk.change("vera", &form("vera", &[("set", set)]));
        let page = saved.assert_status(303).location().expect("a page").to_owned();
        assert!(desk.html(&page).contains("The changes are saved."));
        assert_eq!(desk.may("sonarr", &session), capabilities);
    }
    desk.change("vera", &form("vera", &[("role", "admin")])).assert_status(303);
    assert_eq!(desk.may("sonarr", &session), ALL_CAPABILITIES);
}

#[test]
fn boxes_count_with_custom_and_a_preset_decides_alone() {
    let desk = Desk::start();
    let session = desk.sluice.sign_in("vera", PASSWORD);
    let custom = [("set", "custom"), ("may", "search"), ("may", "view_logs")];
    desk.change("vera", &form("vera", &custom)).assert_status(303);
    assert_eq!(desk.may("sonarr", &session), "search,view_logs");
    let html = desk.html(&desk.page_of("vera"));
    assert!(input(&html, "value=\"custom\"").contains(" selected"));
    assert!(input(&html, "value=\"view_logs\"").contains(" checked"));
    assert!(!input(&html, "value=\"view_servers\"").contains(" checked"));
    let preset = [("set", "none"), ("may", "search")];
    desk.change("vera", &form("vera", &preset)).assert_status(303);
    assert_eq!(desk.may("sonarr", &session), "none");
}

#[test]
fn boxes_that_are_a_preset_are_shown_as_it() {
    let desk = Desk::start();
    let boxes = READ_ONLY.split(',').map(|name| ("may", name));
    let custom: Vec<_> = std::iter::once(("set", "custom")).chain(boxes).collect();
    desk.change("vera", &form("vera", &custom)).assert_status(303);
    let html = desk.html(&desk.page_of("vera"));
    assert!(input(&html, "value=\"read-only\"").contains(" selected"), "{html}");
}

#[test]
fn editing_all_downloads_takes_seeing_them_with_it() {
    let desk = Desk::start();
    let session = desk.sluice.sign_in("vera", PASSWORD);
    let custom = [("set", "custom"), ("may", "edit_all_downloads")];
    desk.change("vera", &form("vera", &custom)).assert_status(303);
    assert_eq!(desk.may("sonarr", &session), "view_all_downloads,edit_all_downloads");
}

#[test]
fn what_a_change_ends_is_said_with_its_numbers_and_ends() {
    let desk = Desk::start();
    let first = desk.sluice.sign_in("vera", PASSWORD);
    let second = desk.sluice.sign_in("vera", PASSWORD);
    let html = desk.html(&desk.page_of("vera"));
    for said in [
        "Disabling ends 2 sessions and closes live connections.",
        "A new password, or none, ends 2 sessions and closes live connections.",
        "Changing what they may do closes live connections.",
    ] {
        assert!(html.contains(said), "no {said} on {html}");
    }
    let password = [("password_choice", "set"), ("password", "Another-horse-2")];
    desk.change("vera", &form("vera", &password)).assert_status(303);
    assert_eq!([&first, &second].map(|session| desk.verify("sonarr", session).status), [401, 401]);
    let third = desk.sluice.sign_in("vera", "Another-horse-2");
    desk.change("vera", &form("vera", &[("enabled", "(not sent)")])).assert_status(303);
    assert_eq!(desk.verify("sonarr", &third).status, 401);
    let html = desk.html(&desk.page_of("vera"));
    assert!(!html.contains("Disabling ends") && !input(&html, "name=\"enabled\"").contains(" checked"));
    desk.change("vera", &form("vera", &[])).assert_status(303);
    desk.sluice.sign_in("vera", "Another-horse-2");
}
