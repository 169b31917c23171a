//! Whether a text keeps to an alphabet.

/// Whether every byte is a letter of the alphabet. All of them are looked at, many at a time, which takes less than to
/// stop at the first that is none; so `is_letter` had better not branch.
pub fn holds_only(text: &[u8], is_letter: impl Fn(u8) -> bool) -> bool {
    text.iter().fold(true, |so_far, &b| so_far & is_letter(b))
}
