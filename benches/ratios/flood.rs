//! How long a verify takes while 64 clients hammer the sign-in with wrong passwords.
//!
//! A client of its own sends verify requests at a fixed rate, over a few connections in turn as nginx does, and
//! counts each from the moment it was due: while one is held up, those behind it on the same connection are late
//! as well, and count as late. It shares the core of the load with the flood, which runs only while that client
//! sleeps.

use std::{thread, time::Duration};

use anyhow::{Context, anyhow, ensure};
use sluice::clock;

use crate::{
    figure,
    http::{self, Connection, HOST, VERIFY_PATH, get, has_status, verify_headers},
    note, process,
    service::{Home, Population, user_name},
    statistics::{Latencies, median},
    wrk::{Flood, Pressure, Script},
};

const ROUNDS: usize = 2;
/// Verify requests come this far apart: 500 a second.
const INTERVAL: Duration = Duration::from_millis(2);
const CONNECTIONS: u32 = 8;
/// Rounds over the connections: the first second warms up and is not counted.
const WARM_UP: u32 = 63;
const COUNTED: u32 = 313;
const CLIENTS: Pressure = Pressure { connections: 64, seconds: 8 };
/// Sleeping is that inexact; the rest is waited for awake.
const AWAKE: Duration = Duration::from_micros(200);

/// Where the flood's clients sit.
#[derive(Clone, Copy)]
enum Addresses {
    /// All at one: nearly every sign-in meets the throttle.
    One,
    /// Each try at another: as many as can be are hashed.
    Many,
}

pub fn run() -> anyhow::Result<()> {
    let one = rounds("flood-p99-one-address", Addresses::One)?;
    let many = rounds("flood-p99-many-addresses", Addresses::Many)?;
    figure("ratio flood-p99", format_args!("{:.3}", one.max(many)))
}

fn rounds(name: &str, addresses: Addresses) -> anyhow::Result<f64> {
    note(format_args!("{name}:"));
    let ratios = (0..ROUNDS).map(|_| round(addresses)).collect::<Result<Vec<_>, _>>()?;
    let ratio = median(ratios);
    figure(&format!("ratio {name}"), format_args!("{ratio:.3}"))?;
    Ok(ratio)
}

/// The p99 under the flood over the p99 before it, of a service that was never flooded before.
fn round(addresses: Addresses) -> anyhow::Result<f64> {
    let home = Home::new(Population::TEN)?;
    let server = home.start_pinned()?;
    let request = get(VERIFY_PATH, &verify_headers(Some(home.session())));
    let script = script(&home, addresses)?;
    let idle = probe(server.port, &request).context("idle")?;
    let url = format!("http://127.0.0.1:{}/sluice/login", server.port);
    let (flood, before) = (Flood::start(&script, &url, CLIENTS)?, server.processor_seconds()?);
    let flooded = probe(server.port, &request).context("under the flood")?;
    let busy = server.processor_seconds()? - before;
    let counts = flood.finish()?;
    ensure!(counts.refusals == counts.answers && counts.broken == 0.0, "flood: {counts:?}");
    note(format_args!(
        "  idle p50 {:.0} p99 {:.0} µs; flooded p50 {:.0} p99 {:.0} µs; {:.0} sign-ins/s; sluice used {busy:.1} s",
        idle.median(),
        idle.p99(),
        flooded.median(),
        flooded.p99(),
        counts.per_second()
    ));
    Ok(flooded.p99() / idle.p99())
}

fn script(home: &Home, addresses: Addresses) -> anyhow::Result<Script> {
    let mut headers = http::browser_headers();
    headers.extend([
        ("Origin", format!("https://{HOST}")),
        ("X-Forwarded-Proto", "https".to_owned()),
        ("X-Forwarded-Host", HOST.to_owned()),
        ("X-Forwarded-For", "198.18.0.1".to_owned()),
        ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
    ]);
    let form = format!(
        "wrk.method = 'POST'\nwrk.body = 'username={}&password=wrong+horse+1+battery&rd=%2F'\n",
        user_name(0)
    );
    // 198.18.0.0/15 is set aside for measurements.
    let elsewhere = "
        local n = 0
        request = function()
            n = n + 1
            wrk.headers['X-Forwarded-For'] =
                string.format('198.%d.%d.%d', 18 + math.floor(n / 65536) % 2, math.floor(n / 256) % 256, n % 256)
            return wrk.format()
        end";
    let lua = match addresses {
        Addresses::One => form,
        Addresses::Many => form + elsewhere,
    };
    Script::new(home.folder().join("flood.lua"), &headers, &lua)
}

/// What one connection measured.
#[derive(Default)]
struct Measured {
    latencies: Vec<Duration>,
    /// Lateness that is the measurement's own fault, not the server's.
    own_lateness: Vec<Duration>,
}

/// Sends `request` at the fixed rate, from the core of the load.
pub fn probe(port: u16, request: &[u8]) -> anyhow::Result<Latencies> {
    let start = clock::monotonic() + Duration::from_millis(20);
    let all: Vec<Measured> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS)
            .map(|number| scope.spawn(move || at_fixed_rate(port, request, start + INTERVAL * number)))
            .collect();
        let joined = clients.into_iter().map(|client| client.join());
        joined.map(|done| done.map_err(|_| anyhow!("a measuring thread panicked"))?).collect::<Result<_, _>>()
    })?;
    let own = Latencies::new(all.iter().flat_map(|one| one.own_lateness.iter().copied()));
    note(format_args!("  the measuring client itself was late by {:.0} µs at p99", own.p99()));
    Ok(Latencies::new(all.into_iter().flat_map(|one| one.latencies)))
}

fn at_fixed_rate(port: u16, request: &[u8], start: Duration) -> anyhow::Result<Measured> {
    process::move_to_load_core()?;
    let mut connection = Connection::open(port)?;
    let mut measured = Measured::default();
    for round in 0..WARM_UP + COUNTED {
        let due = start + INTERVAL * CONNECTIONS * round;
        let in_time = clock::monotonic() < due;
        wait_until(due);
        let sent = clock::monotonic();
        ensure!(has_status(connection.ask(request)?, 200), "a verify was refused");
        if round >= WARM_UP {
            measured.latencies.push(clock::monotonic().saturating_sub(due));
            measured.own_lateness.extend(in_time.then(|| sent.saturating_sub(due)));
        }
    }
    Ok(measured)
}

fn wait_until(due: Duration) {
    let left = due.saturating_sub(clock::monotonic());
    if left > AWAKE {
        thread::sleep(left - AWAKE);
    }
    while clock::monotonic() < due {
        std::hint::spin_loop();
    }
}
