//! Every page of the portal, looked at with axe-core: on a phone and a desk, in the light and the dark. The same look
//! asserts that pages fit the narrowest phone, are light, load nothing from elsewhere and keep their own policy.

mod inspector;

use serde_json::{Value, json};

use self::inspector::Inspector;
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::wait;

/// A name as long as a name may be, which fits no narrow page in one line.
const LONG: &str = "a.name.as.long.as.a.name.may.be.which.nobody.wants.to.type.64.xy";

/// An administrator `ada`, a user `vera`, somebody with a long name, and apps, keys and settings to show.
#[track_caller]
fn desk() -> Sluice {
    desk_with("")
}

/// The same with a setting.
#[track_caller]
fn desk_with(setting: &str) -> Sluice {
    let mut toml =
        format!("{setting}\nsession.ttl = \"2h\"\nsso.logout_url = \"https://auth.example.com/logout\"\n");
    for app in ["qbittorrent", "transmission", "sonarr"] {
        toml.push_str(&format!("[[app]]\nname = \"{app}\"\nhosts = [\"{app}.home.example.com\"]\n"));
    }
    toml.push_str("[[app]]\nname = \"flood\"\n");
    toml.push_str("[[event]]\ntypes = [\"user.*\"]\nurl = \"http://127.0.0.1:9/hook\"\n");
    let home = Home::new()
        .with(&toml)
        .user("ada", &["--admin"])
        .user("vera", &["--preset", "read-only"])
        .user(LONG, &["--capabilities", "search,add_downloads"]);
    home.cli(&["user", "set-capabilities", "vera", "--app", "sonarr", "--preset", "full"], "").assert_code(0);
    home.cli(&["user", "disable", LONG], "").assert_code(0);
    for owner in ["ada", "vera", LONG] {
        home.key(owner, "phone");
    }
    home.cli(&["key", "create", "vera", "--name", LONG, "--app", "sonarr", "--cidr", "2001:db8::/32"], "")
        .assert_code(0);
    let sluice = home.start();
    sluice.sign_in("vera", PASSWORD);
    sluice
}

/// The number by which a page knows a user.
#[track_caller]
fn id_of(sluice: &Sluice, user: &str) -> Value {
    let users = sluice.cli(&["user", "list", "--json"], "").assert_code(0).json();
    let users = users.as_array().expect("a list").clone();
    users.iter().find(|each| each["name"] == user).expect("the user")["id"].clone()
}

/// The number by which a page knows vera's key `phone`.
#[track_caller]
fn id_of_key(sluice: &Sluice) -> Value {
    let keys = sluice.cli(&["key", "list", "vera", "--json"], "").assert_code(0).json();
    let keys = keys.as_array().expect("a list").clone();
    keys.iter().find(|each| each["name"] == "phone").expect("the key")["id"].clone()
}

/// Takes the rules of the browser itself off a form, so that what it refuses is answered by Sluice.
fn trust(inspector: &Inspector) {
    inspector
        .browser
        .run("document.querySelectorAll('form').forEach(form => form.noValidate = true)", &json!([]));
}

#[test]
fn everybody_can_use_the_pages_of_the_first_run() {
    let sluice = Home::new().start();
    let mut inspector = Inspector::start(&sluice);
    inspector.open("/setup");
    for (token, told) in [("wrong", "The token is not right;"), ("", "Setting up")] {
        let file = sluice.home.file("data/sluice.db.setup-token");
        let right = std::fs::read_to_string(file).expect("a token file");
        let browser = &inspector.browser;
        // A failure makes the next try wait, which is said on the form.
        wait::until(told, || {
            browser.clear("#username");
            browser.clear("#token");
            browser.type_into("#token", if token.is_empty() { right.trim() } else { token });
            browser.type_into("#username", "ada");
            browser.type_into("#password", PASSWORD);
            browser.type_into("#password_again", PASSWORD);
            browser.leave_by(|| browser.click("main form button.main"));
            browser.text("main").contains(told)
        });
        inspector.look(told);
    }
    inspector.browser.click("main a[href$='/settings/new-app']");
    inspector.browser.wait_for_text("h1", "Add an app");
    inspector.look("the first app");
    inspector.assert_clean(4);
}

#[test]
fn everybody_can_use_the_pages_around_the_sign_in() {
    let sluice = desk_with("throttle.max_failures = 1");
    let mut inspector = Inspector::start(&sluice);
    let origin = sluice.origin();
    inspector.open("/login");
    inspector.open("/login?rd=%2Fsluice%2Fadmin&signed_out=1");
    inspector.open("/logout");
    inspector.open("/no-such-page");
    for reason in ["missing remove_downloads, view_all_downloads", "administrators only", ""] {
        let headers = json!({"headers": {"X-Auth-Reason": reason}});
        inspector.browser.devtools("Network.setExtraHTTPHeaders", &headers);
        inspector.open("/forbidden");
    }
    inspector.browser.devtools("Network.setExtraHTTPHeaders", &json!({"headers": {}}));
    inspector.sign_in("vera");
    inspector.open("/login");
    inspector.open("/login?rd=%2Fsluice%2Faccount");
    inspector.open("/logout");
    inspector.browser.click("main form button.main");
    inspector.browser.wait_for_text("[role=status]", "signed out");
    inspector.look("signed out");
    for text in ["not right", "too many"] {
        inspector.browser.open(&format!("{origin}/sluice/login"));
        inspector.browser.sign_in("vera", "wrong");
        inspector.browser.wait_for_text("[role=alert]", text);
        inspector.look(text);
    }
    inspector.assert_clean(13);
}

#[test]
fn everybody_can_use_the_pages_of_a_user() {
    let sluice = desk();
    let mut inspector = Inspector::start(&sluice);
    inspector.sign_in("vera");
    for path in ["/account", "/admin", "/account?changed=1"] {
        inspector.open(path);
    }
    own_pages(&mut inspector);
    inspector.assert_clean(3 + OWN_PAGES);
}

const OWN_PAGES: usize = 4;

/// The account page when something is wrong with its forms, and the page of a new key.
#[track_caller]
fn own_pages(inspector: &mut Inspector) {
    inspector.browser.open(&inspector.address("/account"));
    trust(inspector);
    inspector.browser.type_into("#new_password", "short");
    inspector.browser.click("form[action$='/account/password'] button.main");
    inspector.browser.wait_for_text("#new_password-wrong", "");
    inspector.look("a password that is no good");
    for (rights, wrong) in [("some", "#key-rights-wrong"), ("all", "#key-networks-wrong")] {
        trust(inspector);
        inspector.browser.clear("#key-name");
        inspector.browser.type_into("#key-name", "a/b");
        inspector.browser.clear("#key-networks");
        inspector.browser.type_into("#key-networks", "everywhere");
        choose_rights(inspector, rights);
        inspector.browser.click("form[action$='/account/keys'] button.main");
        inspector.browser.wait_for_text(wrong, "");
        inspector.look(wrong);
    }
    inspector.browser.clear("#key-name");
    inspector.browser.type_into("#key-name", "tablet");
    inspector.browser.clear("#key-networks");
    choose_rights(inspector, "all");
    inspector.browser.click("form[action$='/account/keys'] button.main");
    inspector.browser.wait_for_text("h1", "Your new key");
    inspector.look("a new key");
}

fn choose_rights(inspector: &Inspector, rights: &str) {
    inspector.browser.click(&format!("#key-rights option[value={rights}]"));
}

#[test]
fn everybody_can_use_the_pages_about_users() {
    let sluice = desk();
    let mut inspector = Inspector::start(&sluice);
    inspector.sign_in("ada");
    let (ada, vera, long) = (id_of(&sluice, "ada"), id_of(&sluice, "vera"), id_of(&sluice, LONG));
    for path in ["/users", "/users?q=vera", "/users?q=nobody", "/users?done=deleted", "/users/new"] {
        inspector.open(&format!("/admin{path}"));
    }
    for path in [format!("{ada}"), format!("{vera}?done=changed"), format!("{long}"), "99".to_owned()] {
        inspector.open(&format!("/admin/users/{path}"));
    }
    for path in ["/admin/users/new".to_owned(), format!("/admin/users/{vera}")] {
        inspector.browser.open(&inspector.address(&path));
        let browser = &inspector.browser;
        browser.clear("#name");
        browser.type_into("#name", "ada");
        browser.type_into("#email", "nowhere");
        browser.type_into("#groups", "a b");
        browser.type_into("#password", "short");
        browser.click("main form button.main");
        browser.wait_for_text("#error", "Nothing is done yet");
        inspector.look(&format!("errors of {path}"));
    }
    for app in ["sonarr", "flood"] {
        inspector.open(&format!("/admin/users/{vera}/apps/{app}"));
    }
    inspector.browser.open(&inspector.address(&format!("/admin/users/{vera}/apps/flood")));
    inspector
        .browser
        .run("document.querySelector('[name=may][value=view_servers]').checked = true", &json!([]));
    inspector.browser.press("Save changes");
    inspector.browser.wait_for_text("#set-wrong", "custom");
    inspector.look("boxes that would not count");
    inspector.open(&format!("/admin/users/{long}/delete"));
    own(&sluice, "vera");
    inspector.open(&format!("/admin/users/{vera}/delete"));
    inspector.browser.type_into("#heir", "nobody-known");
    inspector.browser.click("main form button.main");
    inspector.browser.wait_for_text("#heir-wrong", "");
    inspector.look("an heir whom nobody knows");
    inspector.assert_clean(17);
}

#[test]
fn the_pages_of_a_user_stay_light_with_twenty_apps() {
    let packs = ["amutorrent", "deluge", "flood", "jackett", "prowlarr", "pytorrent", "qbittorrent"];
    let packs =
        packs.into_iter().chain(["radarr", "rqbit", "rutorrent", "sonarr", "transmission", "generic"]);
    let apps: Vec<_> = packs.cycle().take(20).enumerate().collect();
    let name = |number: usize, pack: &str| format!("{pack}-of-the-whole-family-{number}");
    let table = |&(number, pack): &(usize, &str)| {
        format!("[[app]]\nname = \"{}\"\npack = \"{pack}\"\n", name(number, pack))
    };
    let home = Home::new().with(&apps.iter().map(table).collect::<String>()).user("ada", &["--admin"]);
    let home = home.user("vera", &["--preset", "read-only"]);
    for (number, pack) in &apps {
        let app = name(*number, pack);
        let few = ["user", "set-capabilities", "vera", "--app", &app, "--capabilities", "search,view_logs"];
        home.cli(&few, "").assert_code(0);
    }
    let sluice = home.start();
    let mut inspector = Inspector::start(&sluice);
    inspector.sign_in("ada");
    let vera = id_of(&sluice, "vera");
    inspector.open(&format!("/admin/users/{vera}"));
    let links = "return document.querySelectorAll('a[href*=\"/apps/\"]').length";
    assert_eq!(inspector.browser.run(links, &json!([])), apps.len());
    inspector.open(&format!("/admin/users/{vera}/apps/{}", name(3, "jackett")));
    for path in ["/admin/users/new", "/account", "/admin/start", "/admin/settings", "/admin"] {
        inspector.open(path);
    }
    inspector.assert_clean(7);
}

/// Records that a user owns a download.
#[track_caller]
fn own(sluice: &Sluice, user: &str) {
    let request = Request::new("PUT", "/sluice/api/v1/apps/sonarr/owners/one")
        .session(&sluice.sign_in("ada", PASSWORD))
        .header("Origin", sluice.origin())
        .header("Content-Type", "application/json");
    request.body(json!({ "user": user }).to_string()).send(sluice.address).assert_status(201);
}

#[test]
fn everybody_can_use_the_lists_of_administration() {
    let sluice = desk();
    let mut inspector = Inspector::start(&sluice);
    inspector.sign_in("ada");
    let vera = id_of(&sluice, "vera");
    for path in [
        "".to_owned(),
        "/sessions".to_owned(),
        format!("/sessions?user={vera}&done=ended"),
        "/sessions?name=nobody".to_owned(),
        "/keys".to_owned(),
        format!("/keys?user={vera}&show=unused"),
        format!("/keys/revoke?id={}", id_of_key(&sluice)),
        "/keys/revoke?id=99".to_owned(),
        "/blocked".to_owned(),
        "/audit".to_owned(),
        "/audit?types=user.*&actor=command+line&from=2020-01-01".to_owned(),
        "/audit?types=nothing&from=2026-02-02&to=2026-01-01".to_owned(),
    ] {
        inspector.open(&format!("/admin{path}"));
    }
    // The failures come from many addresses, long ones too; then there is something to look at.
    for address in ["198.51.100.7", "2001:db8:1111:2222:3333:4444:5555:6666"] {
        let attempt = sluice.sign_in_form(LONG, "wrong").header("X-Forwarded-For", address);
        attempt.send(sluice.address).assert_status(401);
    }
    for path in ["/admin/blocked?done=unblocked", "/admin", "/admin/audit"] {
        inspector.open(path);
    }
    inspector.browser.resize(390, 844);
    inspector.browser.click("[popovertarget=menu]");
    inspector.look_again("the menu");
    inspector.assert_clean(16);
}

#[test]
fn everybody_can_use_the_pages_of_the_settings() {
    let sluice = desk();
    let mut inspector = Inspector::start(&sluice);
    inspector.sign_in("ada");
    let parts = ["sso", "upstream", "origins", "bypass", "session", "throttle", "api_keys", "audit"];
    let tables = ["new-app", "new-event", "app.qbittorrent", "event.0"];
    inspector.open("/admin/settings");
    for part in parts.into_iter().chain(tables) {
        inspector.open(&format!("/admin/settings/{part}"));
    }
    for (part, field, typed, told) in [
        ("session", "remember_ttl", "soon", "#remember_ttl-wrong"),
        ("bypass", "networks", "everywhere", "#networks-wrong"),
        ("new-app", "name", "a b", "#name-wrong"),
        ("sso", "enabled", "true", ".wrong, .note.bad"),
        ("session", "cookie_name", "other", ".note[role=alert]"),
        ("throttle", "max_failures", "7", ".note.good"),
    ] {
        inspector.browser.open(&inspector.address(&format!("/admin/settings/{part}")));
        let fill = "document.getElementById(arguments[0]).value = arguments[1]";
        inspector.browser.run(fill, &json!([field, typed]));
        trust(&inspector);
        inspector.browser.click("main form button.main");
        inspector.browser.wait_for_text(told, "");
        inspector.look(&format!("{part} with {field} = {typed}"));
    }
    inspector.open("/admin/settings/throttle");
    inspector.assert_clean(20);
}

#[test]
fn everybody_can_use_the_pages_about_the_proxy() {
    let sluice = desk();
    let mut inspector = Inspector::start(&sluice);
    inspector.sign_in("ada");
    inspector.open("/admin/lines/qbittorrent");
    for proxy in ["nginx", "Traefik", "Caddy"] {
        let query = format!("proxy={proxy}&address=127.0.0.1:8080&sluice=127.0.0.1:9180");
        inspector.open(&format!("/admin/lines/transmission?{query}"));
    }
    inspector.open("/admin/lines/qbittorrent?proxy=nginx&address=a+b&sluice=");
    inspector.open("/admin/start");
    inspector.browser.click("form[action$='/start/check'] button");
    inspector.browser.wait_for_text("#findings", "");
    inspector.look("what the proxy does");
    inspector.open("/account");
    own_pages(&mut inspector);
    inspector.open("/logout");
    inspector.assert_clean(9 + OWN_PAGES);
}
