//! A torrent without trackers or peers, so that apps hold it and nothing more happens.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// The bytes of a `.torrent` file of one small file with this name.
pub fn file(name: &str) -> Vec<u8> {
    let info = format!(
        "d6:lengthi5e4:name{}:{name}12:piece lengthi16384e6:pieces20:{}e",
        name.len(),
        "12345678901234567890"
    );
    format!("d4:info{info}e").into_bytes()
}

/// The same as JSON can carry it.
pub fn base64(name: &str) -> String {
    BASE64_STANDARD.encode(file(name))
}
