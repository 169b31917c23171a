//! Running a program for an event: no shell, the JSON as its input, and hardly an environment.

use std::{io, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    time::timeout,
};

use super::{delivery::Outcome, payload};
use crate::store::events::Recorded;

/// A program that runs longer is killed.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Where a script finds the usual programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs it once.
pub(super) async fn run(words: &[String], recorded: &Recorded) -> Outcome {
    let Some((program, arguments)) = words.split_first() else {
        return Outcome::Refused("there is no program".to_owned());
    };
    let spawned = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("EVENT_TYPE", recorded.event.kind.name())
        .env("EVENT_OWNER", payload::owner(recorded).unwrap_or_default())
        .env("EVENT_TRIGGERED_BY", recorded.event.actor.as_deref().unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(cause) => return Outcome::Down(format!("it does not start: {cause}")),
    };
    let body = Value::Object(payload::json(recorded)).to_string();
    match timeout(TIME_LIMIT, feed(&mut child, &body)).await {
        Ok(Ok(status)) if status.success() => Outcome::Delivered,
        Ok(Ok(status)) => Outcome::Refused(format!("it ended with {status}")),
        Ok(Err(cause)) => Outcome::Down(format!("it cannot be waited for: {cause}")),
        Err(_) => {
            kill(&mut child).await;
            Outcome::Refused(format!("it ran for more than {} seconds and was killed", TIME_LIMIT.as_secs()))
        }
    }
}

async fn feed(child: &mut Child, body: &str) -> io::Result<std::process::ExitStatus> {
    if let Some(mut input) = child.stdin.take() {
        // A program may not want to read it.
        let _ = input.write_all(body.as_bytes()).await;
    }
    child.wait().await
}

/// Kills it with all that it has started.
async fn kill(child: &mut Child) {
    if let Some(group) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        // It may have ended by itself this moment.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait().await;
}
