//! A password from a prompt without echo, or one line of standard input; never from an argument, which other
//! users of the machine can see.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};

use crate::authn::password;

/// Longer lines cannot be a password.
const MAX_LINE: u64 = 4_096;

/// Asks for a new password and checks it.
pub(super) fn new_password(user: &str) -> anyhow::Result<SecretString> {
    let typed = if io::stdin().is_terminal() { prompt(user)? } else { line()? };
    password::check_new(typed.expose_secret())?;
    Ok(typed)
}

fn prompt(user: &str) -> anyhow::Result<SecretString> {
    let ask = |text: String| rpassword::prompt_password(text).context("the prompt");
    let first = SecretString::from(ask(format!("New password for {user}: "))?);
    let second = SecretString::from(ask("Once more: ".to_owned())?);
    ensure!(first.expose_secret() == second.expose_secret(), "the two passwords differ; nothing was changed");
    Ok(first)
}

fn line() -> anyhow::Result<SecretString> {
    let mut line = Vec::new();
    io::Read::take(io::stdin().lock(), MAX_LINE).read_until(b'\n', &mut line).context("standard input")?;
    while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        line.pop();
    }
    if line.is_empty() {
        bail!("no password came on standard input; type one line, or use --no-password");
    }
    String::from_utf8(line).map(SecretString::from).context("the password on standard input is not UTF-8")
}
