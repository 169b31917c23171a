//! A strict reader of Prometheus's text format 0.0.4: what it takes, every scraper takes.

use std::collections::{BTreeMap, BTreeSet};

use super::raw::{Answer, Request};
use super::sluice::Sluice;

/// The labels of a sample.
pub type Labels = BTreeMap<String, String>;

/// One scrape: what kind each family is, and every sample.
#[derive(Debug, Default)]
pub struct Scrape {
    pub kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

/// Asks the service.
#[track_caller]
pub fn scrape(sluice: &Sluice) -> Scrape {
    let answer = Request::get("/metrics").send(sluice.address);
    Scrape::of(answer.assert_status(200))
}

impl Scrape {
    /// Reads an answer; panics at the first thing that the format does not allow.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let text = answer.text();
        assert!(text.ends_with('\n'), "the last line ends");
        let mut scrape = Self::default();
        let mut family = String::new();
        let mut described = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
                assert!(is_name(name) && !help.trim().is_empty(), "{line}");
                assert!(described.insert(name.to_owned()), "{name} is described twice");
                name.clone_into(&mut family);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
                assert_eq!(name, family, "the type follows the description");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
                assert_eq!(scrape.kinds.insert(name.to_owned(), kind.to_owned()), None, "{name} comes twice");
            } else {
                scrape.sample(line, &family);
            }
        }
        scrape.check_histograms();
        scrape
    }

    #[track_caller]
    fn sample(&mut self, line: &str, family: &str) {
        let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
        let (name, rest) = line.split_at(end);
        let kind = self.kinds.get(family).unwrap_or_else(|| panic!("{line} has no type"));
        let belongs = match kind.as_str() {
            "histogram" => ["_bucket", "_sum", "_count"].iter().any(|part| name == format!("{family}{part}")),
            _ => name == family,
        };
        assert!(is_name(name) && belongs, "{line} stands under {family}");
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => labels(rest),
            None => (Labels::new(), rest),
        };
        let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
        let value = number(value);
        let before = self.samples.insert((name.to_owned(), labels), value);
        assert_eq!(before, None, "{line} comes twice");
    }

    /// Buckets that grow, and a count that is the last of them.
    #[track_caller]
    fn check_histograms(&self) {
        for (name, _) in self.kinds.iter().filter(|(_, kind)| *kind == "histogram") {
            let bucket = format!("{name}_bucket");
            let mut buckets: Vec<(f64, f64)> =
                self.all(&bucket).map(|(labels, count)| (number(&labels["le"]), count)).collect();
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "{buckets:?}");
            let last = buckets.last().unwrap_or_else(|| panic!("{name} has no buckets"));
            assert_eq!(*last, (f64::INFINITY, self.value(&format!("{name}_count"), &[])));
            assert!(self.value(&format!("{name}_sum"), &[]) >= 0.0);
        }
    }

    /// Every sample of a name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = (&Labels, f64)> {
        self.samples
            .iter()
            .filter(move |((each, _), _)| each == name)
            .map(|((_, labels), value)| (labels, *value))
    }

    /// The names of all samples.
    pub fn names(&self) -> BTreeSet<&str> {
        self.samples.keys().map(|(name, _)| name.as_str()).collect()
    }

    /// The value of a sample with exactly these labels; 0 where there is none, as a counter begins.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels.iter().map(|(label, text)| ((*label).to_owned(), (*text).to_owned())).collect();
        self.samples.get(&(name.to_owned(), labels)).copied().unwrap_or_default()
    }

    /// The sum of a name's samples.
    pub fn sum(&self, name: &str) -> f64 {
        self.all(name).map(|(_, value)| value).sum()
    }
}

/// The labels up to the brace, and what follows it.
#[track_caller]
fn labels(text: &str) -> (Labels, &str) {
    let (mut labels, mut rest) = (Labels::new(), text);
    loop {
        let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{text}"));
        assert!(is_label(label), "{text}");
        let (value, after) = quoted(after);
        assert_eq!(labels.insert(label.to_owned(), value), None, "{label} comes twice in {text}");
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            None => return (labels, after.strip_prefix('}').unwrap_or_else(|| panic!("{text}"))),
        }
    }
}

/// A value up to its closing quote, and what follows that.
#[track_caller]
fn quoted(text: &str) -> (String, &str) {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices() {
        match (escaped, c) {
            (true, 'n') => value.push('\n'),
            (true, '\\' | '"') => value.push(c),
            (true, _) => panic!("\\{c} is no escape in {text}"),
            (false, '"') => return (value, &text[at + 1..]),
            (false, '\\') => {}
            (false, _) => value.push(c),
        }
        escaped = !escaped && c == '\\';
    }
    panic!("{text} has no closing quote")
}

#[track_caller]
fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        _ => {
            assert!(text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)), "{text}");
            text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
        }
    }
}

fn is_name(text: &str) -> bool {
    is_label(&text.replace(':', "_"))
}

fn is_label(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
