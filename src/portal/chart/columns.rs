//! Columns side by side, an hour each.

use super::{CHARACTER, Drawing, Label, Rectangle, WIDTH, grouped, scaled, short};
use crate::metrics::traffic::SHOWN;

/// From one column to the next; the last ends a gap before the right edge.
const STEP: u32 = WIDTH / 24;
const COLUMN: u32 = STEP - 3;
/// Where the highest column begins, below its label, and where all stand.
const TOP: u32 = 18;
const GROUND: u32 = 112;
const HEIGHT: u32 = 130;

/// Draws them; `None` where every count is zero.
pub(super) fn draw(names: &[String; SHOWN], counts: &[u64; SHOWN]) -> Option<Drawing> {
    let greatest = counts.iter().copied().max().filter(|&greatest| greatest > 0)?;
    let busiest = counts.iter().position(|&count| count == greatest)?;
    let about = format!(
        "A bar for each of the last 24 hours, the one that runs on the right. The highest: {} in the hour from {} UTC.",
        grouped(greatest),
        names[busiest],
    );
    let mut labels = values(counts, greatest);
    labels.extend(axis(names));
    let bars = places().zip(counts).filter(|(_, count)| **count > 0);
    let bars = bars.map(|(x, &count)| {
        let height = scaled(count, greatest, GROUND - TOP);
        Rectangle { x, y: GROUND - height, width: COLUMN, height }
    });
    Some(Drawing { height: HEIGHT, about, bars: bars.collect(), labels, ground: Some(GROUND) })
}

/// Where each column begins.
fn places() -> impl Iterator<Item = u32> {
    (0..WIDTH).step_by(STEP as usize)
}

/// The counts over their columns, the greatest first, as long as each stands clear of higher columns and other labels.
fn values(counts: &[u64; SHOWN], greatest: u64) -> Vec<Label> {
    let mut columns: Vec<_> = places().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect();
    columns.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut labels: Vec<Label> = Vec::new();
    let mut taken: Vec<(u32, u32)> = Vec::new();
    for (x, count) in columns {
        let text = short(count);
        let label = label(x, &text, GROUND - scaled(count, greatest, GROUND - TOP) - 4, "value");
        let (left, right) = extent(&label);
        let higher = places()
            .zip(counts)
            .any(|(other, &others)| others > count && other < right && other + COLUMN > left);
        if !higher && taken.iter().all(|&(from, to)| right + CHARACTER <= from || to + CHARACTER <= left) {
            taken.push((left, right));
            labels.push(label);
        }
    }
    labels
}

/// The hours at which a quarter of a day begins, and *now*.
fn axis(names: &[String; SHOWN]) -> Vec<Label> {
    let quarters = ["00:00", "06:00", "12:00", "18:00"];
    let last = WIDTH - STEP;
    let clear = |x: &u32| x + 5 * STEP <= last;
    let ticks = places().zip(names).filter(|(x, name)| quarters.contains(&name.as_str()) && clear(x));
    let zone = |place| if place == 0 { " UTC" } else { "" };
    let named = ticks.enumerate().map(|(place, (x, name))| (x, format!("{name}{}", zone(place))));
    let mut labels: Vec<_> = named.map(|(x, name)| label(x, &name, HEIGHT - 3, "hour")).collect();
    labels.push(label(last, "now", HEIGHT - 3, "hour"));
    labels
}

/// A label in the middle of a column, or at the edge where it would cross that.
fn label(column: u32, text: &str, y: u32, class: &'static str) -> Label {
    let middle = column + COLUMN / 2;
    let half = width(text) / 2;
    let (x, anchor) = if middle < half {
        (0, "start")
    } else if middle + half > WIDTH {
        (WIDTH, "end")
    } else {
        (middle, "middle")
    };
    Label { x, y, anchor, class, text: text.to_owned() }
}

fn width(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(WIDTH).saturating_mul(CHARACTER)
}

/// From where to where a label reaches.
fn extent(label: &Label) -> (u32, u32) {
    let width = width(&label.text);
    let left = match label.anchor {
        "start" => label.x,
        "end" => label.x.saturating_sub(width),
        _ => label.x.saturating_sub(width / 2),
    };
    (left, left + width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> [String; SHOWN] {
        std::array::from_fn(|hour| format!("{:02}:00", (hour + 9) % 24))
    }

    fn values_of(counts: &[u64; SHOWN]) -> Vec<(u32, &'static str, String)> {
        let drawing = draw(&names(), counts).unwrap();
        let values = drawing.labels.into_iter().filter(|label| label.class == "value");
        values.map(|label| (label.x, label.anchor, label.text)).collect()
    }

    #[test]
    fn columns_stand_on_the_ground_and_the_highest_reaches_the_top() {
        let mut counts = [0; SHOWN];
        (counts[0], counts[5], counts[23]) = (1, 50, 100);
        let drawing = draw(&names(), &counts).unwrap();
        let at = |x, height| Rectangle { x, y: GROUND - height, width: COLUMN, height };
        assert_eq!(drawing.bars, [at(0, 2), at(65, 47), at(299, GROUND - TOP)]);
        assert!(drawing.about.contains("100 in the hour from 08:00 UTC"), "{}", drawing.about);
    }

    #[test]
    fn labels_stay_inside_and_clear_of_each_other() {
        let mut counts = [0; SHOWN];
        (counts[0], counts[12], counts[23]) = (9_000, 5, 1_234);
        let text = |x, anchor, text: &str| (x, anchor, text.to_owned());
        let expected = [text(0, "start", "9000"), text(WIDTH, "end", "1234"), text(161, "middle", "5")];
        assert_eq!(values_of(&counts), expected);
        counts = [7; SHOWN];
        counts[10] = 4_000;
        let all = values_of(&counts);
        assert_eq!(all[0].2, "4000");
        assert!(
            all.len() > 4 && all[1..].iter().all(|(x, ..)| x.abs_diff(all[0].0) > 2 * CHARACTER),
            "{all:?}"
        );
    }

    #[test]
    fn the_axis_names_quarters_of_a_day_and_now() {
        let axis: Vec<_> = axis(&names()).into_iter().map(|label| label.text).collect();
        assert_eq!(axis, ["12:00 UTC", "18:00", "00:00", "now"], "06:00 would touch the last");
    }
}
