//! `[origins]`: which pages may act.

use super::{
    reader::Reader,
    values::{flag, origin},
};
use crate::policy::origin::{MissingOrigin, OriginRule};

pub(super) fn read(reader: &mut Reader) -> Option<OriginRule> {
    let allowed = reader.list("origins.allowed", &[], origin);
    let allow_missing = reader.value("origins.allow_missing", "false", flag);
    let missing = if allow_missing? { MissingOrigin::Allowed } else { MissingOrigin::Refused };
    Some(OriginRule { allowed: allowed?, missing })
}
