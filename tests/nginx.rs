//! Sluice behind a real nginx with the shipped files.

#[expect(dead_code, reason = "each test binary uses a part of it")]
mod support;

use support::proxy::Kind;

crate::behind!(Kind::Nginx);
