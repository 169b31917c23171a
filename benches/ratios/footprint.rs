//! Resident memory, and the time from start to ready, of the service as people run it: on all cores.

use crate::{
    figure,
    http::{Connection, HOST, VERIFY_PATH, get, has_status, verify_headers},
    process::Running,
    service::{Home, Population},
    statistics::median,
    wrk::{self, Pressure, Script},
};

use anyhow::ensure;
use sluice::clock;

const STARTS: usize = 5;
const FEW_HUNDRED: usize = 300;
const CYCLE: usize = 10_000;

pub fn run() -> anyhow::Result<()> {
    let home = Home::new(Population::TEN)?;
    let server = home.start_free()?;
    ask_few_hundred(&home, &server)?;
    figure("rss-idle-mb", format_args!("{:.1}", server.resident_mb()?))?;
    let home = Home::new(Population::of_sessions(100_000))?;
    let server = home.start_free()?;
    ask_few_hundred(&home, &server)?;
    let headers = verify_headers(Some(home.session()));
    let script = Script::cycle(home.folder().join("cycle.lua"), &headers, home.sessions(CYCLE))?;
    let url = format!("http://127.0.0.1:{}{VERIFY_PATH}", server.port);
    let counts = wrk::run(&script, &url, Pressure { connections: 16, seconds: 2 })?;
    ensure!(counts.refusals == 0.0 && counts.broken == 0.0, "{counts:?}");
    figure("rss-100k-mb", format_args!("{:.1}", server.resident_mb()?))?;
    ready()
}

fn ask_few_hundred(home: &Home, server: &Running) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.port)?;
    for session in home.sessions(FEW_HUNDRED) {
        let request = get(VERIFY_PATH, &verify_headers(Some(session)));
        ensure!(has_status(connection.ask(&request)?, 200), "a verify was refused");
    }
    Ok(())
}

/// From the start of the process to its first word that it is ready.
fn ready() -> anyhow::Result<()> {
    let home = Home::new(Population::of_sessions(10_000))?;
    let request = get("/readyz", &vec![("Host", HOST.to_owned())]);
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let start = clock::monotonic();
        let server = home.start_free()?;
        let mut connection = Connection::open(server.port)?;
        ensure!(has_status(connection.ask(&request)?, 200), "not ready");
        times.push((clock::monotonic() - start).as_secs_f64() * 1e3);
    }
    figure("ready-ms", format_args!("{:.1}", median(times)))
}
