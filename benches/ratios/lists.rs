//! What the lists of the administration wait for where the store is full, pages and JSON API alike: each in
//! milliseconds, of which none may take 100.

use anyhow::ensure;
use sluice::{
    authn::name::UserName,
    clock::{self, Timestamp},
    events::{
        event::{By, Event},
        kind::Kind,
    },
    policy::{app::AppName, capability::Capability},
    store::{database::StoreError, events},
};

use crate::{
    figure,
    http::{APP, Connection, HOST, get, has_status},
    note,
    service::{Home, Population, user_name},
    statistics::median,
};

const SESSIONS: usize = 10_000;
const EVENTS: usize = 100_000;
/// How often each list is asked for.
const TIMES: usize = 21;
/// What a list may take, in milliseconds.
const LIMIT: f64 = 100.0;

/// The lists, by the names of their figures. Those at the end find nothing, or begin in the middle of what there is.
const LISTS: [(&str, &str); 18] = [
    ("page-overview", "/sluice/admin"),
    ("page-users", "/sluice/admin/users"),
    ("page-users-sought", "/sluice/admin/users?q=person004"),
    ("page-sessions", "/sluice/admin/sessions"),
    ("page-sessions-of-one", "/sluice/admin/sessions?user=2"),
    ("page-keys", "/sluice/admin/keys"),
    ("page-audit", "/sluice/admin/audit"),
    ("page-audit-middle", "/sluice/admin/audit?before=50000"),
    ("page-audit-nothing", "/sluice/admin/audit?types=user.deleted&actor=person0001"),
    ("page-account", "/sluice/account"),
    ("api-users", "/sluice/api/v1/users?limit=200"),
    ("api-sessions", "/sluice/api/v1/sessions?limit=200"),
    ("api-sessions-middle", "/sluice/api/v1/sessions?limit=200&after=5000"),
    ("api-keys", "/sluice/api/v1/keys?limit=200"),
    ("api-audit", "/sluice/api/v1/audit?limit=200"),
    ("api-audit-middle", "/sluice/api/v1/audit?limit=200&after=50000"),
    (
        "api-audit-span",
        "/sluice/api/v1/audit?limit=200&since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z",
    ),
    ("api-audit-nothing", "/sluice/api/v1/audit?limit=200&types=user.deleted,key.*&app=qbittorrent"),
];

pub fn run() -> anyhow::Result<()> {
    let home = Home::new(Population::of_sessions(SESSIONS))?;
    let session = home.add_administrator()?;
    home.fill(add_events)?;
    let server = home.start_free()?;
    let mut connection = Connection::open(server.port)?;
    let headers = vec![("Host", HOST.to_owned()), ("Cookie", format!("sluice_session={session}"))];
    let mut slowest = ("none", 0.0);
    for (name, path) in LISTS {
        let request = get(path, &headers);
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let sent = clock::monotonic();
            ensure!(has_status(connection.ask(&request)?, 200), "{path} is no list");
            times.push((clock::monotonic() - sent).as_secs_f64() * 1e3);
        }
        let first = times[0];
        let middle = median(times);
        note(format_args!("lists: {name} {middle:.1} ms, at first {first:.1} ms"));
        figure(&format!("list-{name}-ms"), format_args!("{middle:.1}"))?;
        if middle > slowest.1 {
            slowest = (name, middle);
        }
    }
    ensure!(slowest.1 < LIMIT, "{} takes {:.0} ms", slowest.0, slowest.1);
    Ok(())
}

/// Mostly what one person does in the app, with a failed sign-in now and then, over the last weeks.
fn add_events(tx: &rusqlite::Transaction<'_>) -> Result<(), StoreError> {
    let now = clock::now().secs();
    let app = AppName::parse(APP).expect("the name of an app");
    let names = [1, 2].map(|number| UserName::parse(&user_name(number)).expect("a user name"));
    for number in 0..EVENTS {
        let name = &names[usize::from(number.is_multiple_of(10))];
        let event = if number.is_multiple_of(25) {
            Event::new(Kind::SigninFailed).at_address("192.0.2.7").about(name).with("method", "password")
        } else {
            let action = Event::new(Kind::Action).by(By::User(name)).in_app(&app).at_address("192.0.2.7");
            let action = action.with("capability", Capability::RemoveDownloads.name());
            action.with("method", "POST").with("route", "/api/v2/torrents/delete")
        };
        let age = i64::try_from(EVENTS - number).unwrap_or_default() * 20;
        events::append(tx, &event, Timestamp::from_secs(now - age))?;
    }
    Ok(())
}
