//! Questions about every byte of a text. All bytes are looked at, many at a time, which takes less than to stop at the
//! first that decides; so what is asked had better not branch.

/// Whether every byte is so.
pub fn all(text: &[u8], is_so: impl Fn(u8) -> bool) -> bool {
    text.iter().fold(true, |so_far, &b| so_far & is_so(b))
}

/// Whether some byte and the one after it are so.
pub fn any_pair(text: &[u8], are_so: impl Fn(u8, u8) -> bool) -> bool {
    let after = text.get(1..).unwrap_or_default();
    text.iter().zip(after).fold(false, |so_far, (&b, &next)| so_far | are_so(b, next))
}
