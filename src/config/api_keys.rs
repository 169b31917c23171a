//! `[api_keys]`: who may have keys.

use super::{reader::Reader, values::flag};
use crate::authn::api_key::KeyHolders;

pub(super) fn read(reader: &mut Reader) -> Option<KeyHolders> {
    let admin_only = reader.value("api_keys.admin_only", "false", flag)?;
    Some(if admin_only { KeyHolders::Admins } else { KeyHolders::Everybody })
}
