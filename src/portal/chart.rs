//! Small bar charts, drawn as SVG on the server: one series each, so that nothing hangs on a colour, with the figures
//! themselves as labels and as a table.

mod columns;
mod rows;

use askama::{Template, filters::HtmlSafe};
use time::{OffsetDateTime, macros::format_description};

use crate::{
    clock::Timestamp,
    metrics::{
        sign_ins::Ending,
        traffic::{Day, SHOWN, What},
    },
};

/// The width of every drawing, in units that are CSS pixels on a phone.
const WIDTH: u32 = 312;
/// How wide a character of a label is, at most.
const CHARACTER: u32 = 7;

/// What a chart shows.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its id in the page.
    pub id: &'static str,
    /// What is counted.
    pub title: &'static str,
    /// What the bars stand for, over the table.
    pub by: &'static str,
}

/// A finished chart: its markup, escaped, is what it displays as.
#[derive(Debug, Template)]
#[template(path = "chart.html")]
pub struct Chart {
    subject: Subject,
    total: String,
    drawing: Option<Drawing>,
    figures: Vec<(String, String)>,
}

impl HtmlSafe for Chart {}

#[derive(Debug)]
struct Drawing {
    height: u32,
    /// What the picture says, in words.
    about: String,
    bars: Vec<Rectangle>,
    labels: Vec<Label>,
    /// Where the line lies on which columns stand.
    ground: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rectangle {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    x: u32,
    y: u32,
    anchor: &'static str,
    class: &'static str,
    text: String,
}

impl Chart {
    /// Columns, one for each hour; `hours` are their beginnings.
    pub fn by_hour(subject: Subject, hours: &[Timestamp; SHOWN], counts: &[u64; SHOWN]) -> Self {
        let names = hours.map(hour_of_day);
        let drawing = columns::draw(&names, counts);
        Self::new(subject, drawing, names.into_iter().zip(counts.iter().copied()))
    }

    /// Rows, one for each kind, in the order given.
    pub fn by_kind(subject: Subject, counts: &[(String, u64)]) -> Self {
        Self::new(subject, rows::draw(counts), counts.iter().cloned())
    }

    fn new(
        subject: Subject,
        drawing: Option<Drawing>,
        counts: impl Iterator<Item = (String, u64)> + Clone,
    ) -> Self {
        let total = counts.clone().map(|(_, count)| count).sum();
        let figures = counts.map(|(name, count)| (name, grouped(count))).collect();
        Self { subject, total: grouped(total), drawing, figures }
    }
}

/// The charts of the first page: requests, refusals by reason, sign-ins, and those that failed.
pub fn of_day(day: &Day) -> [Chart; 4] {
    let by_hour = |id, title, wanted: fn(What) -> bool| {
        Chart::by_hour(Subject { id, title, by: "Hour (UTC)" }, &day.hours(), &day.by_hour(wanted))
    };
    let refusals: Vec<_> =
        day.refusals().into_iter().map(|(reason, count)| (reason.in_words().to_owned(), count)).collect();
    [
        by_hour("requests", "Requests", |what| !matches!(what, What::SignIn(_))),
        Chart::by_kind(Subject { id: "refusals", title: "Refused requests", by: "Reason" }, &refusals),
        by_hour("sign-ins", "Sign-ins", |what| what == What::SignIn(Ending::Succeeded)),
        by_hour("failures", "Failed sign-ins", |what| {
            matches!(what, What::SignIn(Ending::Failed | Ending::Blocked | Ending::Busy))
        }),
    ]
}

/// A length in proportion to the greatest count. What is there at all can be seen.
fn scaled(count: u64, greatest: u64, length: u32) -> u32 {
    let scaled = u128::from(count) * u128::from(length) / u128::from(greatest.max(1));
    let scaled = u32::try_from(scaled).unwrap_or(length);
    if count == 0 { 0 } else { scaled.max(2) }
}

fn hour_of_day(hour: Timestamp) -> String {
    let time = OffsetDateTime::from_unix_timestamp(hour.secs()).ok();
    let text = time.and_then(|time| time.format(format_description!("[hour]:[minute]")).ok());
    text.unwrap_or_else(|| "-".to_owned())
}

/// A number with commas between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number that fits beside a bar: from ten thousand on in thousands, and so on, rounded down.
fn short(number: u64) -> String {
    let (unit, letter) = match number {
        0..10_000 => return number.to_string(),
        10_000..1_000_000 => (1_000, 'k'),
        1_000_000..1_000_000_000 => (1_000_000, 'M'),
        _ => (1_000_000_000, 'G'),
    };
    match (number / unit, number % unit * 10 / unit) {
        (whole @ 0..100, tenths @ 1..) => format!("{whole}.{tenths}{letter}"),
        (whole, _) => format!("{whole}{letter}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: Subject = Subject { id: "requests", title: "Requests", by: "Hour (UTC)" };

    fn hours() -> [Timestamp; SHOWN] {
        std::array::from_fn(|hour| Timestamp::from_secs(3_600 * i64::try_from(hour + 9).unwrap()))
    }

    #[test]
    fn the_markup_has_a_name_a_description_and_every_figure() {
        let mut counts = [0; SHOWN];
        (counts[3], counts[20]) = (1_200, 12_000);
        let html = Chart::by_hour(SUBJECT, &hours(), &counts).to_string();
        for part in [
            "role=\"img\"",
            "aria-labelledby=\"requests-title requests-about\"",
            "<title id=\"requests-title\">Requests</title>",
            "<desc id=\"requests-about\">",
            "<th scope=\"row\">12:00</th><td>1,200</td>",
            ">12k</text>",
            "13,200",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert_eq!(html.matches("<tr>").count(), 1 + SHOWN);
        assert_eq!(html.matches("class=\"bar\"").count(), 2, "an hour without any has no bar");
        for forbidden in ["style=", "<style", "<script", "fill=\"#"] {
            assert!(!html.contains(forbidden), "{forbidden} in {html}");
        }
    }

    #[test]
    fn whatever_a_label_holds_is_text() {
        let counts = [("<script>\"&'".to_owned(), 3)];
        let html = Chart::by_kind(SUBJECT, &counts).to_string();
        assert!(!html.contains("<script>") && html.contains("&#60;script&#62;"), "{html}");
    }

    #[test]
    fn nothing_is_said_and_not_drawn() {
        for chart in [Chart::by_hour(SUBJECT, &hours(), &[0; SHOWN]), Chart::by_kind(SUBJECT, &[])] {
            let html = chart.to_string();
            assert!(html.contains("None in 24 hours") && !html.contains("<svg"), "{html}");
        }
    }

    #[test]
    fn numbers_are_short_and_right() {
        for (number, short_form, grouped_form) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (9_999, "9999", "9,999"),
            (10_000, "10k", "10,000"),
            (12_345, "12.3k", "12,345"),
            (123_456, "123k", "123,456"),
            (1_999_999, "1.9M", "1,999,999"),
            (u64::MAX, "18446744073G", "18,446,744,073,709,551,615"),
        ] {
            assert_eq!((short(number).as_str(), grouped(number).as_str()), (short_form, grouped_form));
        }
        assert_eq!([scaled(0, 10, 100), scaled(1, 1_000, 100), scaled(u64::MAX, u64::MAX, 100)], [0, 2, 100]);
    }
}
