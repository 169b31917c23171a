//! What a single request waits for, where memory alone cannot answer it: bcrypt, and another provider.

use anyhow::ensure;
use sluice::clock;

use crate::{
    alternation::alternate,
    bare::{self, Bare},
    figure,
    http::{Connection, VERIFY_PATH, basic, get, has_status, verify_headers, verify_headers_with},
    note,
    service::{Home, PASSWORD, Population, user_name},
    statistics::median,
};

/// Each is another user's first, so that none is remembered.
const FIRSTS: usize = 21;

/// A name and a password for the first time, with the service as people run it: on all cores.
pub fn basic_first() -> anyhow::Result<()> {
    let home = Home::new(Population { users: FIRSTS, sessions_each: 0 })?;
    let server = home.start_free()?;
    let mut connection = Connection::open(server.port)?;
    let before = server.processor_seconds()?;
    let mut times = Vec::new();
    for number in 0..FIRSTS {
        let request = get(VERIFY_PATH, &verify_headers_with([basic(&user_name(number), PASSWORD)]));
        let sent = clock::monotonic();
        ensure!(has_status(connection.ask(&request)?, 200), "a right password was refused");
        times.push((clock::monotonic() - sent).as_secs_f64() * 1e3);
    }
    let used = 1e3 * (server.processor_seconds()? - before) / FIRSTS as f64;
    note(format_args!("basic-first: {used:.1} ms of a core each"));
    figure("basic-first-ms", format_args!("{:.1}", median(times)))
}

/// A request that the provider is asked about, over one with a session; the provider answers at once.
pub fn upstream() -> anyhow::Result<()> {
    let answer = format!("HTTP/1.1 200 OK\r\nRemote-User: {}\r\n\r\n", user_name(0));
    let home = Home::new(Population::TEN)?;
    let provider =
        bare::start_with(Bare::Lean, home.folder(), answer.as_bytes(), &get("/", &verify_headers(None)))?;
    let settings =
        format!("upstream.kind = \"generic\"\nupstream.url = \"http://127.0.0.1:{}\"\n", provider.port);
    let home = home.with(&settings);
    let server = home.start_pinned()?;
    let asked = get(VERIFY_PATH, &verify_headers(None));
    let session = get(VERIFY_PATH, &verify_headers(Some(home.session())));
    let (asked, session) = alternate(server.port, &asked, &session)?;
    note(format_args!(
        "upstream: p50 {:.0} µs with a question to the provider, {:.0} µs with a session",
        asked.median(),
        session.median()
    ));
    figure("upstream-added-ms", format_args!("{:.3}", (asked.median() - session.median()) / 1e3))
}
