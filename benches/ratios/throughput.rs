//! Answers per second of a saturated core's time, as ratios to a bare handler's: one as handlers usually are, and the
//! leanest that can be written.
//!
//! The servers of a ratio are pressed at once and share the core by turns of milliseconds, so that whatever else the
//! machine does meets all of them. Counted is the processor time that each uses: turns are not quite alike.

use std::{path::Path, thread};

use anyhow::{anyhow, ensure};

use crate::{
    bare::{self, Bare},
    figure,
    http::{HOST, Headers, VERIFY_PATH, basic, get, verify_headers, verify_headers_with},
    note,
    process::Running,
    service::{Home, PASSWORD, Population, user_name},
    statistics::median,
    wrk::{self, Pressure, Script},
};

/// How often the servers are started anew: where they come to lie in memory is felt as well.
const STARTS: usize = 3;
/// Rounds after each start.
const ROUNDS: usize = 4;
const PRESSURE: Pressure = Pressure { connections: 16, seconds: 2 };
/// Different cookies that a cycle of requests presents.
const CYCLE: usize = 10_000;
const HUNDRED_THOUSAND: Population = Population::of_sessions(100_000);

/// What every answer of a run must be.
#[derive(Clone, Copy)]
enum Expected {
    Allowed,
    Refused,
}

/// A server under a script.
struct Side<'a> {
    name: &'a str,
    server: &'a Running,
    script: &'a Script,
    expected: Expected,
}

impl Side<'_> {
    /// Answers per second of the processor's time.
    fn run(&self) -> anyhow::Result<f64> {
        let before = self.server.processor_seconds()?;
        let url = format!("http://127.0.0.1:{}{VERIFY_PATH}", self.server.port);
        let counts = wrk::run(self.script, &url, PRESSURE)?;
        let used = self.server.processor_seconds()? - before;
        let (each, busy) = (1e6 * used / counts.answers, 100.0 * used / counts.seconds);
        note(format_args!(
            "  {:12} {:6.0}/s, {each:.2} µs of its core each, of which it has {busy:.0} %",
            self.name,
            counts.per_second()
        ));
        let refusals = match self.expected {
            Expected::Allowed => 0.0,
            Expected::Refused => counts.answers,
        };
        ensure!(counts.refusals == refusals && counts.broken == 0.0, "{}: {counts:?}", self.name);
        Ok(counts.answers / used)
    }
}

/// A round: how fast each is while all are pressed.
fn race<const N: usize>(sides: [&Side<'_>; N]) -> anyhow::Result<[f64; N]> {
    thread::scope(|scope| {
        let running = sides.map(|side| scope.spawn(|| side.run()));
        let mut speeds = Vec::with_capacity(N);
        for one in running {
            speeds.push(one.join().map_err(|_| anyhow!("a measuring thread panicked"))??);
        }
        speeds.try_into().map_err(|_| anyhow!("a side is missing"))
    })
}

/// One side in units of the other's: the median over rounds.
fn ratio(name: &str, one: &Side<'_>, other: &Side<'_>) -> anyhow::Result<()> {
    note(format_args!("{name}:"));
    let mut ratios = Vec::new();
    for _ in 0..STARTS * ROUNDS {
        let [one, other] = race([one, other])?;
        ratios.push(one / other);
    }
    print(name, ratios)
}

fn print(name: &str, ratios: Vec<f64>) -> anyhow::Result<()> {
    figure(&format!("ratio {name}"), format_args!("{:.3}", median(ratios)))
}

fn cycle(folder: &Path, home: &Home) -> anyhow::Result<Script> {
    Script::cycle(folder.join("cycle.lua"), &verify_headers(Some(home.session())), home.sessions(CYCLE))
}

/// One session of ten, over and over.
pub fn session() -> anyhow::Result<()> {
    let home = Home::new(Population::TEN)?;
    against_bare("session", &home, &verify_headers(Some(home.session())), Expected::Allowed)
}

/// An XHR without a credential.
pub fn refused() -> anyhow::Result<()> {
    against_bare("refused", &Home::new(Population::TEN)?, &verify_headers(None), Expected::Refused)
}

/// A key in its own header.
pub fn api_key() -> anyhow::Result<()> {
    let home = Home::new(Population::TEN)?;
    let headers = verify_headers_with([("X-API-Key", home.add_key()?)]);
    against_bare("api-key", &home, &headers, Expected::Allowed)
}

/// A name and a password that were right before: the model for the bare handler is the first.
pub fn basic_repeat() -> anyhow::Result<()> {
    let headers = verify_headers_with([basic(&user_name(0), PASSWORD)]);
    against_bare("basic-repeat", &Home::new(Population::TEN)?, &headers, Expected::Allowed)
}

/// A user whom another proxy names, beside the secret.
pub fn sso() -> anyhow::Result<()> {
    let secret = "0123456789abcdef0123456789abcdef";
    let settings = format!("sso.enabled = true\nsso.secret = \"{secret}\"\n");
    let home = Home::new(Population::TEN)?.with(&settings);
    let headers =
        verify_headers_with([("Remote-User", user_name(0)), ("X-Sluice-Secret", secret.to_owned())]);
    against_bare("sso", &home, &headers, Expected::Allowed)
}

/// A route of the largest pack, by its id in the path.
const ROUTE: &str = "/api/torrents/0123456789abcdef0123456789abcdef01234567/files";

fn asking_for(target: &str, home: &Home) -> Headers {
    let mut headers = verify_headers(Some(home.session()));
    for (name, value) in &mut headers {
        if *name == "X-Original-URL" {
            *value = format!("https://{HOST}{target}");
        }
    }
    headers
}

/// A session through the largest pack.
pub fn pack() -> anyhow::Result<()> {
    let home = Home::new(Population::TEN)?.with_pack("pytorrent");
    against_bare("pack", &home, &asking_for(ROUTE, &home), Expected::Allowed)
}

/// A pack of a thousand routes beside the largest that Sluice brings along, and against the bare handler.
pub fn pack_1000() -> anyhow::Result<()> {
    let mut rows: Vec<_> = (0..999)
        .map(|number| format!("GET /api/part{}/route{number}/{{id}} view_logs", number % 40))
        .collect();
    rows.push("GET /api/torrents/{hash}/files view_all_downloads".to_owned());
    let few = Home::new(Population::TEN)?.with_pack("pytorrent");
    let many = Home::new(Population::TEN)?.with_own_pack(&rows)?;
    let script = |home: &Home| Script::new(home.folder().join("same.lua"), &asking_for(ROUTE, home), "");
    let (few_script, many_script) = (script(&few)?, script(&many)?);
    let (few_server, many_server) = (few.start_pinned()?, many.start_pinned()?);
    let expected = Expected::Allowed;
    ratio(
        "pack-1000-over-pack",
        &Side { name: "1000 routes", server: &many_server, script: &many_script, expected },
        &Side { name: "pytorrent", server: &few_server, script: &few_script, expected },
    )
}

/// A session on a route for which it lacks the capability.
pub fn deny() -> anyhow::Result<()> {
    let home = Home::new(Population::TEN)?.with_pack("pytorrent");
    against_bare("deny", &home, &asking_for("/api/operation-logs", &home), Expected::Refused)
}

/// Sluice in units of the usual bare handler's answers, and of the leanest one's.
fn against_bare(name: &str, home: &Home, headers: &Headers, expected: Expected) -> anyhow::Result<()> {
    note(format_args!("{name}:"));
    let script = Script::new(home.folder().join("same.lua"), headers, "")?;
    let (mut over_lean, mut over_usual) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let server = home.start_pinned()?;
        let request = get(VERIFY_PATH, headers);
        let start = |kind| bare::start(kind, home.folder(), server.port, &request);
        let (lean, usual) = (start(Bare::Lean)?, start(Bare::Usual)?);
        let side = |name, server| Side { name, server, script: &script, expected };
        let sides = [&side("sluice", &server), &side("lean", &lean), &side("usual", &usual)];
        for _ in 0..ROUNDS {
            let [sluice, lean, usual] = race(sides)?;
            over_lean.push(sluice / lean);
            over_usual.push(sluice / usual);
        }
    }
    print(name, over_usual)?;
    print(&format!("{name}-over-leanest"), over_lean)
}

/// Sessions of many, each with a cookie of its own; and the same with ten.
pub fn session_100k() -> anyhow::Result<()> {
    let (few, many) = (Home::new(Population::TEN)?, Home::new(HUNDRED_THOUSAND)?);
    let (few_script, many_script) = (cycle(few.folder(), &few)?, cycle(many.folder(), &many)?);
    let (few_server, many_server) = (few.start_pinned()?, many.start_pinned()?);
    let request = get(VERIFY_PATH, &verify_headers(Some(many.session())));
    let bare = bare::start(Bare::Usual, many.folder(), many_server.port, &request)?;
    let expected = Expected::Allowed;
    let many_side = Side { name: "sluice 100k", server: &many_server, script: &many_script, expected };
    let bare_side = Side { name: "bare", server: &bare, script: &many_script, expected };
    let few_side = Side { name: "sluice 10", server: &few_server, script: &few_script, expected };
    ratio("session-100k", &many_side, &bare_side)?;
    ratio("flat-100k-over-10", &many_side, &few_side)?;
    figure("rss-100k-pinned-mb", format_args!("{:.1}", many_server.resident_mb()?))
}
