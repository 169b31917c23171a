//! Questions about every byte of a text. All bytes are looked at, which takes less than to stop at the first that
//! decides.

/// Whether every byte is so. Many are looked at at a time, where the question does not branch.
pub fn all(text: &[u8], is_so: impl Fn(u8) -> bool) -> bool {
    text.iter().fold(true, |so_far, &b| so_far & is_so(b))
}

/// The kinds of each byte, as bits.
pub type Kinds = [u8; 256];

/// A table of the kinds of bytes: those of the lists have the list's bits, any other `else_kind`.
pub const fn kinds<const N: usize>(lists: [(&[u8], u8); N], else_kind: u8) -> Kinds {
    let mut table = [0; 256];
    let mut list = 0;
    while list < N {
        let (bytes, kind) = lists[list];
        let mut at = 0;
        while at < bytes.len() {
            table[bytes[at] as usize] |= kind;
            at += 1;
        }
        list += 1;
    }
    let mut b = 0;
    while b < table.len() {
        if table[b] == 0 {
            table[b] = else_kind;
        }
        b += 1;
    }
    table
}

/// The kinds that occur in a text, and those that occur right after a byte of kind `before`.
pub fn occurring(text: &[u8], kinds: &Kinds, before: u8) -> (u8, u8) {
    let (mut all, mut after, mut last) = (0, 0, 0);
    for &b in text {
        let kind = kinds[usize::from(b)];
        all |= kind;
        after |= if last & before == 0 { 0 } else { kind };
        last = kind;
    }
    (all, after)
}
