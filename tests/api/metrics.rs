//! What `/metrics` says, and what it says nothing of.

use std::collections::BTreeSet;
use std::{fs, thread};

use serde_json::Value;

use crate::support::exposition::{Labels, scrape};
use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

const APPS: &str = "
[[app]]
name = \"qbittorrent\"
hosts = [\"app.test\"]
public = [\"/manifest.json\"]
[[app]]
name = \"closed\"
hosts = [\"closed.test\"]
users = [\"nobody\"]
";

const VERDICTS: &str = "sluice_verdicts_total";

#[track_caller]
fn home() -> Home {
    home_with("")
}

#[track_caller]
fn home_with(settings: &str) -> Home {
    Home::new().with(settings).with(APPS).user("ada", &["--admin"]).user("vera", &["--preset", "read-only"])
}

fn about(method: &str, host: &str, path: &str) -> Request {
    Dialect::Nginx.about(method, "http", host, path)
}

#[test]
fn it_is_served_at_its_exact_path() {
    let sluice = Sluice::start();
    let answer = Request::get("/metrics").send(sluice.address);
    assert_eq!(answer.assert_status(200).header("cache-control"), Some("no-store"));
    for path in ["/metrics/", "/sluice/metrics", "/metricsx"] {
        Request::get(path).send(sluice.address).assert_status(404);
    }
    let posted = Request::post("/metrics").send(sluice.address);
    assert!([404, 405].contains(&posted.status), "{}", posted.status);
}

#[test]
fn verdicts_are_counted_by_app_result_reason_and_credential() {
    let home = home();
    let key = home.key("vera", "phone");
    let sluice = home.start();
    let session = sluice.sign_in_on("app.test", "vera");
    let foreign = about("POST", "app.test", "/api/v2/app/version").header("Origin", "http://evil.test");
    let own = |request: Request| request.header("Origin", "http://app.test").session(&session);
    let cases = [
        (about("GET", "app.test", "/"), 401, ["qbittorrent", "refused", "no_credential", "none"]),
        (about("GET", "app.test", "/").session(&session), 200, ["qbittorrent", "allowed", "", "session"]),
        (
            about("GET", "app.test", "/").session("bad"),
            401,
            ["qbittorrent", "refused", "wrong_credential", "session"],
        ),
        (
            about("GET", "app.test", "/").header("X-Api-Key", &key),
            200,
            ["qbittorrent", "allowed", "", "api-key"],
        ),
        (
            about("GET", "app.test", "/").header("X-Api-Key", format!("sluice_{}", "A".repeat(43))),
            401,
            ["qbittorrent", "refused", "wrong_credential", "api-key"],
        ),
        (about("GET", "app.test", "/manifest.json"), 200, ["qbittorrent", "allowed", "", "public"]),
        (foreign.session(&session), 403, ["qbittorrent", "refused", "foreign_origin", "session"]),
        (
            own(about("POST", "app.test", "/api/v2/torrents/delete")),
            403,
            ["qbittorrent", "refused", "missing_capability", "session"],
        ),
        (
            own(about("POST", "app.test", "/api/v2/app/setPreferences")),
            403,
            ["qbittorrent", "refused", "admin_only", "session"],
        ),
        (
            about("GET", "closed.test", "/").session(&session),
            403,
            ["closed", "refused", "not_for_this_app", "session"],
        ),
        (about("GET", "other.test", "/"), 403, ["", "refused", "unknown_host", "none"]),
        (Request::get("/verify/nginx"), 403, ["", "refused", "undescribed", "none"]),
    ];
    for (request, status, [app, result, reason, credential]) in cases {
        let labels = [("app", app), ("result", result), ("reason", reason), ("credential", credential)];
        let before = scrape(&sluice);
        request.send(sluice.address).assert_status(status);
        let after = scrape(&sluice);
        assert_eq!(after.value(VERDICTS, &labels), before.value(VERDICTS, &labels) + 1.0, "{labels:?}");
        assert_eq!(after.sum(VERDICTS), before.sum(VERDICTS) + 1.0, "{labels:?}");
        assert_eq!(
            after.value("sluice_verify_duration_seconds_count", &[]),
            after.sum(VERDICTS),
            "each answer was timed"
        );
    }
}

#[test]
fn a_password_that_is_compared_first_is_counted_once() {
    let sluice = home().start();
    let basic =
        |password: &str| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("ada:{password}"));
    let ask = |password: &str| {
        about("GET", "app.test", "/").header("Authorization", format!("Basic {}", basic(password)))
    };
    ask(PASSWORD).send(sluice.address).assert_status(200);
    ask("wrong").send(sluice.address).assert_status(401);
    ask("again").send(sluice.address).assert_status(401);
    let scrape = scrape(&sluice);
    let of_basic = |result, reason| {
        let labels =
            [("app", "qbittorrent"), ("result", result), ("reason", reason), ("credential", "basic")];
        scrape.value(VERDICTS, &labels)
    };
    let counted =
        [of_basic("allowed", ""), of_basic("refused", "wrong_credential"), of_basic("refused", "throttled")];
    assert_eq!(counted, [1.0, 1.0, 1.0]);
    assert_eq!(scrape.value("sluice_verify_duration_seconds_count", &[]), scrape.sum(VERDICTS));
}

#[test]
fn who_is_no_trusted_proxy_is_counted_without_an_app() {
    let sluice = Home::new().with("server.trusted_proxies = []").user("ada", &["--admin"]).start();
    Dialect::Nginx.verify().send(sluice.address).assert_status(403);
    let labels = [("app", ""), ("result", "refused"), ("reason", "untrusted_peer"), ("credential", "none")];
    assert_eq!(scrape(&sluice).value(VERDICTS, &labels), 1.0);
}

#[test]
fn no_request_is_lost_between_workers() {
    let sluice = home_with("server.workers = 4").start();
    let session = sluice.sign_in_on("app.test", "vera");
    let request = about("GET", "app.test", "/").session(&session);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(request.send(sluice.address))));
        }
    });
    let scrape = scrape(&sluice);
    assert_eq!(scrape.sum(VERDICTS), 400.0);
    assert!(scrape.value("sluice_verify_duration_seconds_sum", &[]) > 0.0);
}

#[test]
fn the_ends_of_sign_ins_are_counted() {
    let home = home();
    let key = home.key("vera", "phone");
    let sluice = home.start();
    sluice.sign_in_on("app.test", "vera");
    let client = |password: &str| {
        let form = [("username", "vera"), ("password", password)];
        Request::post("/api/v2/auth/login").host("app.test").form(&form).send(sluice.address)
    };
    client(&key).assert_status(200);
    client("wrong").assert_status(200);
    client(PASSWORD).assert_status(403);
    let scrape = scrape(&sluice);
    for (result, count) in [("succeeded", 2.0), ("failed", 1.0), ("blocked", 1.0), ("busy", 0.0)] {
        assert_eq!(scrape.value("sluice_sign_ins_total", &[("result", result)]), count, "{result}");
    }
}

#[test]
fn gauges_say_how_much_there_is() {
    let home = home();
    home.key("vera", "phone");
    home.key("vera", "tablet");
    home.cli(&["key", "revoke", "vera", "tablet"], "").assert_code(0);
    let sluice = home.start();
    sluice.sign_in_on("app.test", "ada");
    let session = sluice.sign_in_on("app.test", "vera");
    let scrape_of = |name: &str| scrape(&sluice).value(name, &[]);
    let sizes = || ["sluice_users", "sluice_api_keys", "sluice_sessions"].map(scrape_of);
    assert_eq!(sizes(), [2.0, 1.0, 2.0]);
    assert_eq!(scrape_of("sluice_store_readable"), 1.0);
    let sign_out = Request::post("/api/v2/auth/logout").host("app.test").session(&session);
    sign_out.send(sluice.address).assert_status(200);
    assert_eq!(sizes(), [2.0, 1.0, 1.0]);
    let scrape = scrape(&sluice);
    for (queue, capacity) in [("door", 1_280.0), ("hashing", 320.0), ("provisioning", 64.0)] {
        assert_eq!(scrape.value("sluice_queue_jobs", &[("queue", queue)]), 0.0);
        assert_eq!(scrape.value("sluice_queue_capacity", &[("queue", queue)]), capacity);
    }
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(scrape.value("sluice_build_info", &version), 1.0);
    assert!(scrape.value("process_start_time_seconds", &[]) > 1.7e9);
}

#[test]
fn a_lost_database_shows() {
    let sluice = home().start();
    let lost = [("kind", "lost")];
    assert_eq!(scrape(&sluice).value("sluice_store_errors_total", &lost), 0.0);
    std::fs::remove_file(sluice.home.store()).expect("the database is removed");
    wait::until("the loss", || scrape(&sluice).value("sluice_store_readable", &[]) == 0.0);
    about("GET", "app.test", "/").send(sluice.address).assert_status(503);
    let scrape = scrape(&sluice);
    assert!(scrape.value("sluice_store_errors_total", &lost) > 0.0);
    let labels =
        [("app", "qbittorrent"), ("result", "refused"), ("reason", "unavailable"), ("credential", "none")];
    assert_eq!(scrape.value(VERDICTS, &labels), 1.0);
}

#[test]
fn counts_go_on_over_a_reload() {
    let sluice = home().start();
    let ask = || drop(about("GET", "app.test", "/").send(sluice.address));
    ask();
    sluice.cli(&["reload"], "").assert_code(0);
    wait::until("the new configuration", || sluice.process.log.contains("was read again"));
    ask();
    assert_eq!(scrape(&sluice).sum(VERDICTS), 2.0);
}

#[test]
fn nobody_is_named() {
    let home = home();
    let key = home.key("vera", "secretphone");
    let sluice = home.start();
    let session = sluice.sign_in_on("app.test", "vera");
    about("GET", "app.test", "/").session(&session).send(sluice.address).assert_status(200);
    about("GET", "app.test", "/").header("X-Api-Key", &key).send(sluice.address).assert_status(200);
    sluice.sign_in_form("vera", "wrong").host("app.test").send(sluice.address);
    let text = Request::get("/metrics").send(sluice.address).text();
    for word in ["vera", "secretphone", "192.0.2.7", "127.0.0.1", "app.test", &session, &key] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let known = ["app", "result", "reason", "credential", "le", "kind", "queue", "version"];
    let scrape = scrape(&sluice);
    let labels =
        |name| scrape.all(name).flat_map(|(labels, _): (&Labels, _)| labels.keys()).collect::<Vec<_>>();
    for name in scrape.names() {
        assert!(labels(name).iter().all(|label| known.contains(&label.as_str())), "{name}");
    }
}

#[test]
fn what_was_counted_by_the_hour_survives_a_restart() {
    let mut sluice = home().start();
    let ask = |sluice: &Sluice| about("GET", "app.test", "/").send(sluice.address).assert_status(401).status;
    let kept = |sluice: &Sluice| {
        let database = rusqlite::Connection::open(sluice.home.store()).expect("the database");
        let sum = "SELECT coalesce(sum(count), 0) FROM traffic WHERE what = ?1";
        ["refused.no_credential", "sign_in.succeeded"]
            .map(|what| database.query_row(sum, [what], |row| row.get::<_, i64>(0)).expect("a sum"))
    };
    ask(&sluice);
    ask(&sluice);
    sluice.sign_in_on("app.test", "vera");
    assert_eq!(sluice.stop(), Some(0));
    assert_eq!(kept(&sluice), [2, 1]);
    sluice.restart();
    ask(&sluice);
    assert_eq!(scrape(&sluice).sum(VERDICTS), 1.0, "counters begin anew");
    assert_eq!(sluice.stop(), Some(0));
    assert_eq!(kept(&sluice), [3, 1]);
}

/// Every word of a text that could be one of our metrics.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("sluice_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_dashboard_asks_for_what_is_served_and_the_page_about_it_names_all() {
    let sluice = Sluice::start();
    let kinds = scrape(&sluice).kinds;
    let family = |name: &String| {
        let parts = ["_bucket", "_sum", "_count"];
        parts.iter().find_map(|part| name.strip_suffix(part)).map_or(name.clone(), str::to_owned)
    };
    let served = |name: &String| {
        kinds.contains_key(name) || kinds.get(&family(name)).is_some_and(|kind| kind == "histogram")
    };
    let dashboard = fs::read_to_string("deploy/grafana/sluice.json").expect("the dashboard");
    let json: Value = serde_json::from_str(&dashboard).expect("JSON");
    let panels = json["panels"].as_array().expect("panels");
    let queries: Vec<_> = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten().collect();
    assert!(queries.len() > 15, "{}", queries.len());
    for query in queries {
        let asked = metrics_in(query["expr"].as_str().expect("a query"));
        assert!(!asked.is_empty() && asked.iter().all(served), "{query}");
    }
    let asked = metrics_in(&dashboard);
    assert!(asked.iter().all(served), "{asked:?}");
    let asked: BTreeSet<_> = asked.iter().map(family).collect();
    let page = metrics_in(&fs::read_to_string("docs/metrics.md").expect("the page"));
    let all: BTreeSet<_> = kinds.into_keys().collect();
    assert_eq!(page, all, "docs/metrics.md names what is served");
    assert_eq!(asked, all, "the dashboard shows all of it");
}
