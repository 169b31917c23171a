//! Signing in and out behind each proxy, before an echo app and before a real qBittorrent.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::echo::Seen;
use crate::support::proxy::Kind;
use crate::support::qbittorrent::QBittorrent;
use crate::support::raw::Request;
use crate::support::sluice::PASSWORD;
use crate::support::wait;
use crate::support::world::World;

/// A test of each of these behind each proxy.
macro_rules! behind_each_proxy {
    ($($scenario:ident),* $(,)?) => {
        mod nginx { $(#[test] fn $scenario() { super::$scenario(super::Kind::Nginx); })* }
        mod traefik { $(#[test] fn $scenario() { super::$scenario(super::Kind::Traefik); })* }
        mod caddy { $(#[test] fn $scenario() { super::$scenario(super::Kind::Caddy); })* }
    };
}

behind_each_proxy!(
    signing_in_returns_to_the_page_asked_for,
    qbittorrents_own_page_works_after_signing_in,
    who_may_only_look_sees_the_list_and_changes_nothing,
    one_sign_in_opens_every_subdomain,
    pages_of_other_origins_cannot_act,
    after_signing_out_the_page_is_gone,
    a_script_in_an_open_page_is_told_and_not_redirected,
);

/// The query as it is typed, with characters that need care on the way through `rd`.
const PAGE: &str = "/page?x=1&q=a%20b&rd=//evil.test";

#[track_caller]
fn assert_at_sign_in(browser: &Browser, portal: &str) {
    let url = browser.url();
    assert!(url.starts_with(&format!("{portal}/sluice/login?rd=")), "{url}");
}

/// What the echo app says in its page that it received.
#[track_caller]
fn seen_in(browser: &Browser) -> Seen {
    let text = browser.text("#echo");
    Seen::parse(&serde_json::from_str(&text).expect("the echo app's page"))
}

fn signing_in_returns_to_the_page_asked_for(kind: Kind) {
    let world = World::behind(kind);
    let browser = Browser::start();
    let page = format!("{}{PAGE}", world.origin());
    browser.open(&page);
    assert_at_sign_in(&browser, &world.origin());
    world.app.assert_never_reached();
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_url(&page);
    let seen = seen_in(&browser);
    assert_eq!(seen.target, PAGE);
    assert_eq!(seen.one("remote-user"), "vera");
    assert_eq!(seen.one("x-auth-method"), "session");

    let cookies = browser.cookies();
    assert_eq!(cookies.len(), 1, "{cookies:#?}");
    assert_eq!(cookies[0]["name"], "sluice_session");
    assert_eq!(cookies[0]["httpOnly"], true);
    assert_eq!(cookies[0]["sameSite"], "Lax");
    assert_eq!(browser.run("return document.cookie", &json!([])), "");
}

fn qbittorrents_own_page_works_after_signing_in(kind: Kind) {
    let app = QBittorrent::start();
    let world = World::with_app(kind, app.address);
    let browser = Browser::start();
    let page = format!("{}/", world.origin());
    browser.open(&page);
    assert_at_sign_in(&browser, &world.origin());
    browser.sign_in("ada", PASSWORD);
    browser.wait_for_url(&page);
    // The whole page of qBittorrent, drawn by its own scripts, which ask its API all the time.
    browser.wait_for_text("#connectionStatus, #DlInfos", "B/s");
    assert!(browser.title().contains("qBittorrent"), "{}", browser.title());
    let errors: Vec<_> = browser.console().into_iter().filter(|line| line["level"] == "SEVERE").collect();
    assert_eq!(errors, [Value::Null; 0], "the page of somebody with every right fails nowhere");
    let added = browser.run_async(
        "const form = new FormData(); form.append('category', 'linux'); form.append('savePath', '');
         const answer = await fetch('api/v2/torrents/createCategory', {method: 'POST', body: form});
         return answer.status;",
    );
    assert_eq!(added, 200);
}

/// Notes what the page's own scripts are answered.
const WATCH: &str = "
    window.answers = [];
    const open = XMLHttpRequest.prototype.open;
    XMLHttpRequest.prototype.open = function (method, address) {
        this.addEventListener('load', () => window.answers.push({
            method: method.toUpperCase(), address: String(address), status: this.status,
            reason: this.getResponseHeader('X-Auth-Reason'),
        }));
        return open.apply(this, arguments);
    };
    const ask = window.fetch;
    window.fetch = async (address, options) => {
        const answer = await ask(address, options);
        window.answers.push({
            method: (options?.method ?? 'GET').toUpperCase(), address: String(address?.url ?? address),
            status: answer.status, reason: answer.headers.get('X-Auth-Reason'),
        });
        return answer;
    };";

fn who_may_only_look_sees_the_list_and_changes_nothing(kind: Kind) {
    let app = QBittorrent::start();
    let world = World::with_app(kind, app.address);
    let add = Request::post("/api/v2/torrents/add")
        .session(&world.sign_in("ada"))
        .header("Origin", world.origin())
        .form(&[
            ("urls", "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=linux.iso"),
            ("paused", "true"),
        ]);
    world.send(&add).assert_status(200);
    let browser = Browser::start();
    let page = format!("{}/", world.origin());
    browser.open(&page);
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_url(&page);
    browser.wait_for_text("#torrentsTableDiv", "linux.iso");
    browser.run(WATCH, &json!([]));
    for (button, action) in [("resumeButton", "resume"), ("pauseButton", "pause")] {
        let answered = browser.run_async(&format!(
            "document.querySelector('#torrentsTableDiv tbody tr').dispatchEvent(new MouseEvent('mousedown', {{bubbles: true}}));
             document.querySelector('#torrentsTableDiv tbody tr').click();
             window.answers.length = 0;
             document.getElementById('{button}').click();
             for (let tries = 0; tries < 100; tries += 1) {{
                 const found = window.answers.find(one => one.method === 'POST' && one.address.includes('/{action}'));
                 if (found) return found;
                 await new Promise(done => setTimeout(done, 50));
             }}
             return null;"
        ));
        assert_eq!(answered["status"], 403, "{button}: {answered}");
        assert_eq!(answered["reason"], "missing pause_resume", "{button}: {answered}");
    }
    // What other buttons send; `read_only` clicks each of them.
    for (action, missing) in [
        ("delete", "missing remove_downloads"),
        ("add", "missing add_downloads"),
        ("setLocation", "missing move_files"),
        ("rename", "missing rename_files"),
        ("setCategory", "missing assign_categories"),
        ("createCategory", "missing manage_categories"),
        ("recheck", "missing pause_resume"),
        ("setShareLimits", "missing remove_downloads"),
    ] {
        let answered = browser.run_async(&format!(
            "const answer = await fetch('api/v2/torrents/{action}', {{method: 'POST', body: new FormData()}});
             return [answer.status, answer.headers.get('X-Auth-Reason')];"
        ));
        assert_eq!(answered, json!([403, missing]), "{action}");
    }
    browser.wait_for_text("#torrentsTableDiv", "linux.iso");
}

fn one_sign_in_opens_every_subdomain(kind: Kind) {
    let world = World::with_subdomains(kind);
    let rules = format!("--host-resolver-rules=MAP *.example.com {}", world.address());
    let browser = Browser::with_options(&[&rules]);
    let page = "http://qbittorrent.example.com/page?x=1";
    browser.open(page);
    assert_at_sign_in(&browser, "http://auth.example.com");
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_url(page);
    assert_eq!(seen_in(&browser).one("x-auth-app"), "qbittorrent");
    browser.open("http://transmission.example.com/");
    assert_eq!(seen_in(&browser).one("x-auth-app"), "transmission");
}

/// Two ports of one host are one site to a browser: it sends the cookie along, only the Origin differs.
fn pages_of_other_origins_cannot_act(kind: Kind) {
    let world = World::behind(kind);
    let browser = Browser::start();
    browser.open(&format!("{}/", world.origin()));
    browser.sign_in("ada", PASSWORD);
    browser.wait_for_url(&format!("{}/", world.origin()));
    let connect = |origin: &str| {
        let url = format!("ws://{}/socket", world.address());
        browser.open(&format!("{origin}/"));
        browser.text("#echo");
        world.app.forget();
        browser.run_async(&format!(
            "return await new Promise(done => {{
                 const socket = new WebSocket('{url}');
                 socket.onopen = () => socket.send('hello');
                 socket.onmessage = message => done(message.data);
                 socket.onerror = () => done('refused');
             }});"
        ))
    };
    assert_eq!(connect(&world.origin()), "hello");
    assert_eq!(connect(&format!("http://{}", world.other_app.address)), "refused");
    world.app.assert_never_asked_for("/socket");

    let url = format!("{}/delete", world.origin());
    browser.run(
        "const form = document.createElement('form');
         form.method = 'post'; form.action = arguments[0];
         document.body.append(form); form.submit();",
        &json!([url]),
    );
    browser.wait_for_url(&url);
    browser.wait_for_text("body", "foreign origin");
    world.app.assert_never_asked_for("/delete");
}

fn after_signing_out_the_page_is_gone(kind: Kind) {
    let world = World::behind(kind);
    let browser = Browser::start();
    let page = format!("{}/page", world.origin());
    browser.open(&page);
    browser.sign_in("vera", PASSWORD);
    browser.wait_for_url(&page);
    browser.open(&format!("{}/sluice/logout", world.origin()));
    browser.click("main form button");
    browser.wait_for_text("h1", "Sign in");
    assert_eq!(browser.cookies(), [json!(null); 0]);
    world.app.forget();
    browser.open(&page);
    assert_at_sign_in(&browser, &world.origin());
    world.app.assert_never_asked_for("/page");
}

fn a_script_in_an_open_page_is_told_and_not_redirected(kind: Kind) {
    let world = World::behind(kind);
    let browser = Browser::start();
    let page = format!("{}/page", world.origin());
    browser.open(&page);
    browser.sign_in("ada", PASSWORD);
    browser.wait_for_url(&page);
    let ask = "const answer = await fetch('/api'); return [answer.status, answer.redirected];";
    assert_eq!(browser.run_async(ask), json!([200, false]));
    world.sluice.cli(&["session", "revoke", "ada"], "").assert_code(0);
    wait::until("the end of the session", || browser.run_async(ask) != json!([200, false]));
    world.app.forget();
    assert_eq!(browser.run_async(ask), json!([401, false]));
    world.app.assert_never_asked_for("/api");
}
