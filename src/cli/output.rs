//! What commands print: lines and tables for people, JSON for programs.

use std::io::{self, Write};

/// Prints a line; nobody reading it is no failure of the command.
pub(super) fn say(line: &str) {
    writeln!(io::stdout(), "{line}").ok();
}

/// Prints what is wrong.
pub(super) fn complain(line: &str) {
    writeln!(io::stderr(), "error: {line}").ok();
}

/// Prints what should be known beside the result.
pub(super) fn remark(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

/// Prints a JSON value.
pub(super) fn json(value: &serde_json::Value) {
    say(&format!("{value:#}"));
}

/// Prints rows in columns as wide as their widest cell.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|cell| cell.len())).max().unwrap_or(0)
    };
    let line = |cells: &[String]| {
        let padded: Vec<_> = cells
            .iter()
            .enumerate()
            .map(|(column, cell)| format!("{cell:<width$}", width = width(column)))
            .collect();
        say(padded.join("  ").trim_end());
    };
    line(&head.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>());
    rows.iter().for_each(|row| line(row));
}

/// A time for people, in UTC.
pub(super) fn time(at: crate::clock::Timestamp) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    time::OffsetDateTime::from_unix_timestamp(at.secs())
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_else(|| at.secs().to_string())
}
