//! Runs `wrk` on the core of the load, and reads what it counted.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{
    http::Headers,
    process::{Core, command_on},
};

/// Prints the counts in a form that [`Counts::parse`] reads.
const DONE: &str = "
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format('counts %d %d %d %d %d\\n', summary.requests, summary.duration, e.status,
        e.connect + e.read + e.write, e.timeout))
end
";

/// What `wrk` sends.
pub struct Script(PathBuf);

impl Script {
    /// One request over and over; `extra` is Lua.
    pub fn new(path: PathBuf, headers: &Headers, extra: &str) -> anyhow::Result<Self> {
        let mut text = String::new();
        for (name, value) in headers {
            writeln!(text, "wrk.headers['{name}'] = '{value}'")?;
        }
        text.push_str(extra);
        text.push_str(DONE);
        fs::write(&path, text)?;
        Ok(Self(path))
    }

    /// Requests that differ in their cookies and addresses, made beforehand and sent in turn.
    pub fn cycle<'a>(
        path: PathBuf,
        headers: &Headers,
        cookies: impl Iterator<Item = &'a str>,
    ) -> anyhow::Result<Self> {
        let list = path.with_extension("cookies");
        fs::write(&list, cookies.collect::<Vec<_>>().join("\n"))?;
        let lua = format!(
            "local prepared, at = {{}}, 0
             init = function(args)
                 local cookie, url = wrk.headers['Cookie'], wrk.headers['X-Original-URL']
                 for line in io.lines('{}') do
                     wrk.headers['Cookie'] = cookie:gsub('sluice_session=.*', 'sluice_session=' .. line)
                     wrk.headers['X-Original-URL'] = url .. #prepared
                     prepared[#prepared + 1] = wrk.format()
                 end
             end
             request = function()
                 at = at % #prepared + 1
                 return prepared[at]
             end",
            list.display()
        );
        Self::new(path, headers, &lua)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

/// How hard to press.
#[derive(Clone, Copy)]
pub struct Pressure {
    pub connections: u32,
    pub seconds: u32,
}

/// What `wrk` counted.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub answers: f64,
    pub seconds: f64,
    /// Answers of 400 and above.
    pub refusals: f64,
    /// Connections that failed.
    pub broken: f64,
}

impl Counts {
    fn parse(output: &str) -> anyhow::Result<Self> {
        let line = output.lines().find_map(|line| line.strip_prefix("counts "));
        let line = line.with_context(|| format!("wrk said: {output}"))?;
        let numbers: Vec<f64> = line.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let [answers, micros, refusals, broken, _] = numbers[..] else { anyhow::bail!("wrk said: {output}") };
        ensure!(answers > 0.0 && micros > 0.0, "wrk had no answers: {output}");
        Ok(Self { answers, seconds: micros / 1e6, refusals, broken })
    }

    pub fn per_second(&self) -> f64 {
        self.answers / self.seconds
    }
}

fn arguments(command: &mut Command, script: &Script, url: &str, pressure: Pressure) {
    command
        .args(["-t1", &format!("-c{}", pressure.connections), &format!("-d{}s", pressure.seconds), "-s"])
        .arg(script.path())
        .arg(url);
}

/// Presses and waits for the end.
pub fn run(script: &Script, url: &str, pressure: Pressure) -> anyhow::Result<Counts> {
    let mut command = command_on(Core::Load, "timeout");
    command.args(["30", "wrk"]);
    arguments(&mut command, script, url, pressure);
    let output = command.output().context("wrk")?;
    Counts::parse(&String::from_utf8_lossy(&output.stdout))
}

/// Pressure beside a measurement on the same core: it runs only while the measurement has nothing to do.
pub struct Flood(Option<Child>);

impl Flood {
    pub fn start(script: &Script, url: &str, pressure: Pressure) -> anyhow::Result<Self> {
        let mut command = command_on(Core::Load, "chrt");
        command.args(["--idle", "0", "wrk"]);
        arguments(&mut command, script, url, pressure);
        Ok(Self(Some(command.stdout(Stdio::piped()).spawn().context("wrk")?)))
    }

    /// Waits for the end, which must not have come before.
    pub fn finish(mut self) -> anyhow::Result<Counts> {
        let mut child = self.0.take().context("a flood ends once")?;
        let early = child.try_wait();
        let output = child.wait_with_output()?;
        ensure!(matches!(early, Ok(None)), "the flood ended before the measurement");
        Counts::parse(&String::from_utf8_lossy(&output.stdout))
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
