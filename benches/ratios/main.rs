//! What Sluice costs, as ratios: `make bench`.
//!
//! Each ratio compares servers on the same core, under the same load from another core: the release binary, and bare
//! actix handlers that send the same answer (this program again, see [`bare`]).
//! Figures for the targets go to standard output, a line each; how they came about goes to standard error.

mod alternation;
mod bare;
mod flood;
mod floods;
mod footprint;
mod http;
mod lists;
mod nginx;
mod paint;
mod process;
mod service;
mod statistics;
mod throughput;
mod waits;
mod wrk;
/// The browser that the tests drive.
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support"]
mod support {
    pub mod browser;
    pub mod process;
    pub mod raw;
    pub mod wait;
}

use std::{
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;

/// Measures and prints; has nothing to hand on.
type Part = fn() -> anyhow::Result<()>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bare", kind, port, answer] => bare::serve(kind, port, answer),
        // Names of parts to run; `cargo bench` adds flags of its own.
        parts => measure(&parts.iter().copied().filter(|part| !part.starts_with('-')).collect::<Vec<_>>()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            note(format_args!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(wanted: &[&str]) -> anyhow::Result<()> {
    process::check_tools()?;
    let parts: [(&str, Part); 17] = [
        ("session", throughput::session),
        ("session-100k", throughput::session_100k),
        ("refused", throughput::refused),
        ("api-key", throughput::api_key),
        ("basic-repeat", throughput::basic_repeat),
        ("sso", throughput::sso),
        ("pack", throughput::pack),
        ("pack-1000", throughput::pack_1000),
        ("deny", throughput::deny),
        ("basic-first", waits::basic_first),
        ("upstream", waits::upstream),
        ("flood", flood::run),
        ("floods", floods::run),
        ("footprint", footprint::run),
        ("lists", lists::run),
        ("paint", paint::run),
        ("nginx", nginx::run),
    ];
    for (name, part) in parts {
        if wanted.is_empty() || wanted.contains(&name) {
            part().with_context(|| name.to_owned())?;
        }
    }
    Ok(())
}

/// A line for whoever collects the figures.
fn figure(name: &str, value: impl Display) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{name} {value}")?;
    Ok(out.flush()?)
}

/// A line for people. Nobody may be there to read it.
fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
