//! What a flood without a credential does to others: each kind of request that costs something, from ever new addresses.
//!
//! Measured beside each: how long a verify with a session takes against what it takes otherwise, the memory, what the log
//! and the database grow by, and how soon somebody signs in whose network is known. `SLUICE_FLOOD_SECONDS` makes the floods
//! longer than they are by themselves.

use std::{env, fs, path::Path, thread, time::Duration};

use anyhow::{Context, ensure};
use sluice::clock;

use crate::{
    figure,
    flood::probe,
    http::{self, Connection, HOST, VERIFY_PATH, get, has_status, verify_headers},
    note,
    process::Running,
    service::{Home, PASSWORD, Population, user_name},
    wrk::{Flood, Pressure, Script},
};

/// Long enough for the probe beside it, which takes six, and for some sign-ins.
const SECONDS: u32 = 12;
/// The last sign-in begins so long before the end, in seconds.
const LAST_SIGN_IN: u32 = 4;
/// More than there are places for strangers.
const CONNECTIONS: u32 = 300;
/// Where the household lives that signs in while others fail.
const HOUSEHOLD: &str = "192.0.2.7";
const BETWEEN_SIGN_INS: Duration = Duration::from_millis(500);

/// Each request from another of 131,072 addresses, with a number that is new.
const EVER_NEW: &str = "
local n = 0
request = function()
    n = n + 1
    wrk.headers['X-Forwarded-For'] =
        string.format('198.%d.%d.%d', 18 + math.floor(n / 65536) % 2, math.floor(n / 256) % 256, n % 256)
    change(n)
    return wrk.format()
end
";

/// A kind of request.
struct Kind {
    name: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    /// Lua that defines `change`, and the body.
    lua: &'static str,
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const NOTHING: &str = "change = function(n) end";
const TARGET: &str =
    "change = function(n) wrk.headers['X-Original-URL'] = 'https://torrents.example.com/path-' .. n end";
const PASSWORDS: &str = "wrk.method = 'POST'
change = function(n) wrk.body = 'username=person0000&rd=%2F&password=wrong+horse+' .. n end";
const RPC: &str = "wrk.method = 'POST'
wrk.headers['X-Forwarded-Method'] = 'POST'
wrk.body = '{\"method\":\"torrent-add\",\"arguments\":{\"metainfo\":\"' .. string.rep('A', 700000) .. '\"}}'
change = function(n) end";

const KINDS: [Kind; 11] = [
    Kind { name: "sign-in-form", path: "/sluice/login", headers: &[FORM], lua: PASSWORDS },
    Kind {
        name: "sign-in-misshapen",
        path: "/sluice/login",
        headers: &[("Content-Type", "text/plain")],
        lua: PASSWORDS,
    },
    Kind { name: "login-page", path: "/sluice/login?rd=%2F", headers: &[], lua: NOTHING },
    Kind { name: "client-sign-in", path: "/api/v2/auth/login", headers: &[FORM], lua: PASSWORDS },
    Kind { name: "setup", path: "/sluice/setup", headers: &[FORM], lua: PASSWORDS },
    Kind { name: "openapi", path: "/sluice/api/v1/openapi.json", headers: &[], lua: NOTHING },
    Kind {
        name: "basic",
        path: VERIFY_PATH,
        headers: &[],
        // A name of a user's and ever another password of five letters, in Base64.
        lua: "local letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef'
              change = function(n)
                  local text = ''
                  for _ = 1, 8 do
                      local digit = n % 32
                      text, n = text .. letters:sub(digit + 1, digit + 1), math.floor(n / 32)
                  end
                  wrk.headers['Authorization'] = 'Basic cGVyc29uMDAwMDpw' .. text
              end",
    },
    Kind {
        name: "api-key",
        path: VERIFY_PATH,
        headers: &[],
        lua: "change = function(n) wrk.headers['X-API-Key'] = 'sluice_' .. string.format('%043d', n) end",
    },
    Kind { name: "refused", path: VERIFY_PATH, headers: &[], lua: TARGET },
    Kind { name: "unknown-app", path: "/verify/nginx/nobodys", headers: &[], lua: TARGET },
    Kind {
        name: "rpc-body",
        path: "/verify/traefik/qbittorrent",
        headers: &[("X-Forwarded-Uri", "/transmission/rpc"), ("Content-Type", "application/json")],
        lua: RPC,
    },
];

pub fn run() -> anyhow::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever measures says how long; the ban is for the service"
    )]
    let wanted = env::var("SLUICE_FLOOD_SECONDS");
    let seconds = wanted.map_or(Ok(SECONDS), |text| text.parse()).context("SLUICE_FLOOD_SECONDS")?;
    ensure!(seconds >= SECONDS, "SLUICE_FLOOD_SECONDS: {SECONDS} or more, for the probe beside the flood");
    KINDS.iter().try_for_each(|kind| flood(kind, seconds).with_context(|| kind.name.to_owned()))
}

fn flood(kind: &Kind, seconds: u32) -> anyhow::Result<()> {
    note(format_args!("flood-{}:", kind.name));
    let pack = if kind.name == "rpc-body" { "transmission" } else { "qbittorrent" };
    let home = Home::new(Population::TEN)?.with_pack(pack);
    let server = home.start_pinned()?;
    let mut headers = verify_headers(Some(home.session()));
    if pack == "transmission" {
        let url = format!("https://{HOST}/transmission/web/");
        headers.retain(|(name, _)| *name != "X-Original-URL");
        headers.push(("X-Original-URL", url));
    }
    let verify = get(VERIFY_PATH, &headers);
    ensure!(sign_in(server.port)? < 30_000.0, "the household signs in before the flood");
    let idle = probe(server.port, &verify).context("idle")?;
    let script = script(&home, kind)?;
    let url = format!("http://127.0.0.1:{}{}", server.port, kind.path);
    let (log, disk) = (size(&home.folder().join("log"))?, database(home.folder())?);
    let last = clock::monotonic() + Duration::from_secs(u64::from(seconds - LAST_SIGN_IN));
    let flood = Flood::start(&script, &url, Pressure { connections: CONNECTIONS, seconds })?;
    let flooded = probe(server.port, &verify).context("under the flood");
    let waited = household(&server, last);
    let counts = flood.finish()?;
    let (flooded, waited) = (flooded?, waited?);
    note(format_args!(
        "  idle p50 {:.0} p99 {:.0} µs; flooded p50 {:.0} p99 {:.0} µs; {:.0} answers/s; signed in in {waited:.0} ms",
        idle.median(),
        idle.p99(),
        flooded.median(),
        flooded.p99(),
        counts.per_second()
    ));
    let grown = (size(&home.folder().join("log"))? - log) / 1e6 * 60.0 / counts.seconds;
    let name = |what: &str| format!("flood-{}-{what}", kind.name);
    figure(&name("verify-over-idle"), format_args!("{:.2}", flooded.median() / idle.median()))?;
    figure(&name("rss-mb"), format_args!("{:.1}", server.most_resident_mb()?))?;
    figure(&name("log-mb-a-minute"), format_args!("{grown:.3}"))?;
    figure(&name("disk-mb"), format_args!("{:.2}", (database(home.folder())? - disk) / 1e6))?;
    figure(&name("household-sign-in-ms"), format_args!("{waited:.0}"))
}

/// The longest of the sign-ins that begin before `last`, in milliseconds.
fn household(server: &Running, last: Duration) -> anyhow::Result<f64> {
    let mut longest = sign_in(server.port)?;
    while clock::monotonic() < last {
        thread::sleep(BETWEEN_SIGN_INS);
        longest = longest.max(sign_in(server.port)?);
    }
    Ok(longest)
}

fn sign_in(port: u16) -> anyhow::Result<f64> {
    let body = format!("username={}&password={}", user_name(1), PASSWORD.replace(' ', "+"));
    let mut headers = form_headers();
    headers.extend([("X-Forwarded-For", HOUSEHOLD.to_owned()), ("Content-Type", FORM.1.to_owned())]);
    headers.push(("Content-Length", body.len().to_string()));
    let request = http::post("/sluice/login", &headers, &body);
    let (mut connection, sent) = (Connection::open(port)?, clock::monotonic());
    let answer = connection.ask(&request).context("the household")?;
    ensure!(has_status(answer, 303), "the household: {}", String::from_utf8_lossy(answer));
    Ok((clock::monotonic() - sent).as_secs_f64() * 1e3)
}

fn form_headers() -> http::Headers {
    let mut headers = http::browser_headers();
    headers.extend([
        ("Origin", format!("https://{HOST}")),
        ("X-Forwarded-Proto", "https".to_owned()),
        ("X-Forwarded-Host", HOST.to_owned()),
    ]);
    headers
}

fn script(home: &Home, kind: &Kind) -> anyhow::Result<Script> {
    let mut headers = if kind.path == VERIFY_PATH || kind.path.starts_with("/verify/nginx") {
        verify_headers(None)
    } else {
        form_headers()
    };
    headers.extend(kind.headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Script::new(home.folder().join("flood.lua"), &headers, &format!("{}\n{EVER_NEW}", kind.lua))
}

fn size(path: &Path) -> anyhow::Result<f64> {
    Ok(fs::metadata(path).with_context(|| path.display().to_string())?.len() as f64)
}

/// What the database takes on the disk, with the files beside it.
fn database(folder: &Path) -> anyhow::Result<f64> {
    let mut bytes = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("sluice.db") {
            bytes += entry.metadata()?.len() as f64;
        }
    }
    Ok(bytes)
}
