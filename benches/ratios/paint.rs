//! How soon a browser shows a page where the store holds 500 users: its own first contentful paint, with nothing in its
//! cache, in milliseconds, of which none may take 200.

use anyhow::ensure;
use serde_json::{Value, json};

use crate::{
    figure, note,
    service::{Home, Population},
    statistics::median,
    support::{browser::Browser, wait},
};

const PEOPLE: Population = Population { users: 500, sessions_each: 1 };
/// How often each page is opened.
const TIMES: usize = 10;
/// What a first paint may take, in milliseconds.
const LIMIT: f64 = 200.0;

/// What people see first, by the names of their figures; the sign-in before there is a session.
const PAGES: [(&str, &str); 3] =
    [("sign-in", "/sluice/login"), ("account", "/sluice/account"), ("administration", "/sluice/admin")];

pub fn run() -> anyhow::Result<()> {
    let home = Home::new(PEOPLE)?;
    let session = home.add_administrator()?;
    let server = home.start_free()?;
    let origin = format!("http://127.0.0.1:{}", server.port);
    let browser = Browser::start();
    browser.devtools("Network.setCacheDisabled", &json!({"cacheDisabled": true}));
    // What a browser does once in its life is no part of a page.
    browser.open(&format!("{origin}/sluice/login"));
    let mut slowest: f64 = 0.0;
    for (name, path) in PAGES {
        let url = format!("{origin}{path}");
        let mut times = Vec::new();
        for _ in 0..TIMES {
            browser.open(&url);
            ensure!(browser.url() == url, "{path} leads to {}", browser.url());
            times.push(first_paint(&browser));
        }
        let middle = median(times);
        note(format_args!("paint: {name} {middle:.0} ms"));
        figure(&format!("first-paint-{name}-ms"), format_args!("{middle:.0}"))?;
        slowest = slowest.max(middle);
        let cookie = json!({"name": "sluice_session", "value": session, "url": origin});
        browser.devtools("Network.setCookie", &cookie);
    }
    figure("first-paint-ms", format_args!("{slowest:.0}"))?;
    ensure!(slowest < LIMIT, "a first paint takes {slowest:.0} ms");
    Ok(())
}

/// Since the page was asked for.
fn first_paint(browser: &Browser) -> f64 {
    let script = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime";
    wait::for_some("the first paint", || Value::as_f64(&browser.run(script, &json!([]))))
}
