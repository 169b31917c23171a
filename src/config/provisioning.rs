//! The keys of `[sso]` and `[upstream]` that say how users of another system become users here.

use super::{reader::Reader, values::flag};
use crate::{
    authn::{
        external::{Grant, Provisioning, Sync},
        group,
    },
    policy::{capability::Capabilities, preset::Preset, role::Role},
};

/// Reads those of `section`.
pub(super) fn read(reader: &mut Reader, section: &str) -> Option<Provisioning> {
    let key = |name: &str| format!("{section}.{name}");
    let auto_provision = reader.value(&key("auto_provision"), "false", flag);
    let role = reader.value(&key("role"), "user", |text| match text {
        "user" => Ok(Role::User),
        "admin" => Ok(Role::Admin),
        _ => Err("is neither user nor admin".to_owned()),
    });
    let permission = reader.value(&key("permission"), "default", permission);
    let capabilities = capabilities(reader, &key("capabilities"));
    let sync = reader.value(&key("sync"), "never", |text| match text {
        "never" => Ok(Sync::Never),
        "always" => Ok(Sync::Always),
        _ => Err("is neither never nor always".to_owned()),
    });
    let group_map =
        reader.map_of_lists(&key("group_map"), |group, grant| Ok((named(group)?, self::grant(grant)?)));
    if let (Some(Some(_)), Some(permission)) = (capabilities, permission)
        && permission != Capabilities::SSO_DEFAULT
    {
        reader.problem(
            &key("capabilities"),
            &format!("{section}.permission is set too, and both say what is granted; keep one of the two"),
        );
    }
    Some(Provisioning {
        auto_provision: auto_provision?,
        role: role?,
        granted: capabilities?.unwrap_or(permission?),
        sync: sync?,
        group_map: group_map?,
    })
}

/// A list, which is given or not.
#[expect(clippy::option_option, reason = "a list that is wrong is not one that is left out")]
fn capabilities(reader: &mut Reader, key: &str) -> Option<Option<Capabilities>> {
    let words = reader.list(key, &[], |word| Ok(word.to_owned()))?.join(",");
    match words.parse() {
        _ if words.is_empty() => Some(None),
        Ok(set) => Some(Some(set)),
        Err(error) => {
            reader.problem(key, &format!("`{words}` is no list of capabilities: {error}"));
            None
        }
    }
}

fn permission(text: &str) -> Result<Capabilities, String> {
    match text {
        "none" => Ok(Capabilities::NONE),
        "ro" => Ok(Capabilities::READ_ONLY),
        "rw" | "full" => Ok(Capabilities::ALL),
        "default" => Ok(Capabilities::SSO_DEFAULT),
        _ => Err("is none of none, ro, rw, full, default".to_owned()),
    }
}

fn named(group: &str) -> Result<String, String> {
    if group::is_group(group) {
        Ok(group.to_owned())
    } else {
        Err(format!("`{group}` is no group's name; one has 1 to 64 printable characters without , and |"))
    }
}

/// `admin`, a preset, or a list of capabilities.
fn grant(text: &str) -> Result<Grant, String> {
    match text {
        "admin" => return Ok(Grant::Admin),
        "" => return Err("grants nothing; write \"none\" for a group without a capability".to_owned()),
        _ => {}
    }
    let preset = Preset::ALL.into_iter().find(|preset| preset.name() == text).map(Preset::capabilities);
    match preset.map_or_else(|| text.parse(), Ok) {
        Ok(set) => Ok(Grant::Capabilities(set)),
        Err(error) => {
            Err(format!("`{text}` is neither admin, nor a preset, nor a list of capabilities: {error}"))
        }
    }
}
