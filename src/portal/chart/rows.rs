//! Rows below each other, a kind each.

use super::{CHARACTER, Drawing, Label, Rectangle, WIDTH, grouped, scaled, short};

/// More than these are drawn as one row; the table has them all.
const MOST: usize = 6;
/// From one row to the next: its name, and its bar below that.
const STEP: u32 = 36;
const NAME: u32 = 12;
const BAR: u32 = 12;
/// What is left to the right of the longest bar, for its count.
const BESIDE: u32 = 8 * CHARACTER;

/// Draws them; `None` where there is nothing.
pub(super) fn draw(counts: &[(String, u64)]) -> Option<Drawing> {
    let (first, rest) = counts.split_at(counts.len().min(MOST));
    let mut shown = first.to_vec();
    if !rest.is_empty() {
        shown.push(("all others".to_owned(), rest.iter().map(|(_, count)| count).sum()));
    }
    let greatest = shown.iter().map(|(_, count)| *count).max().filter(|&greatest| greatest > 0)?;
    let words: Vec<_> = shown.iter().map(|(name, count)| format!("{name} {}", grouped(*count))).collect();
    let about = format!("A bar for each: {}.", words.join(", "));
    let (mut bars, mut labels) = (Vec::new(), Vec::new());
    let mut top = 0;
    for (name, count) in shown {
        let width = scaled(count, greatest, WIDTH - BESIDE);
        let y = top + NAME + 5;
        bars.push(Rectangle { x: 0, y, width, height: BAR });
        labels.push(Label { x: 0, y: top + NAME, anchor: "start", class: "kind", text: name });
        labels.push(Label {
            x: width + 6,
            y: y + BAR - 2,
            anchor: "start",
            class: "value",
            text: short(count),
        });
        top += STEP;
    }
    Some(Drawing { height: top, about, bars, labels, ground: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_row_and_what_is_too_much_shares_one() {
        let counts: Vec<_> = (1..=9).map(|kind| (format!("kind {kind}"), 10 - kind)).collect();
        let drawing = draw(&counts).unwrap();
        assert_eq!((drawing.bars.len(), drawing.height), (7, 7 * STEP));
        let longest = WIDTH - BESIDE;
        assert_eq!(drawing.bars[0].width, longest);
        assert_eq!(drawing.bars[6].width, longest * 6 / 9);
        assert!(drawing.about.starts_with("A bar for each: kind 1 9, kind 2 8,"), "{}", drawing.about);
        assert!(drawing.about.ends_with("all others 6."), "{}", drawing.about);
        let texts: Vec<_> = drawing.labels.iter().map(|label| label.text.as_str()).collect();
        assert_eq!(texts[..4], ["kind 1", "9", "kind 2", "8"]);
    }
}
