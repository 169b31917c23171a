//! What other systems say about users.

use rusqlite::{Connection, params};

use super::{UserId, set_role};
use crate::{
    authn::{
        group::Groups,
        profile::{DisplayName, Email},
    },
    policy::{capability::Capabilities, role::Role},
    store::{capabilities, database::StoreError},
};

/// What another system says about a user.
#[derive(Debug)]
pub struct ExternalRights<'a> {
    /// Name for people, where it said one.
    pub display_name: Option<&'a DisplayName>,
    /// Address, where it said one.
    pub email: Option<&'a Email>,
    /// Groups.
    pub groups: &'a Groups,
    /// Administrator or not, by those groups.
    pub role: Role,
    /// What is granted for every app, by those groups.
    pub granted: Capabilities,
}

/// Brings a user without a password to what another system says. The last active administrator stays one: `false`.
pub fn set_external(
    connection: &Connection,
    user: UserId,
    rights: &ExternalRights<'_>,
) -> Result<bool, StoreError> {
    connection.execute(
        "UPDATE users SET display_name = coalesce(?2, display_name), email = coalesce(?3, email), own_groups = ?4
         WHERE id = ?1 AND password_hash IS NULL",
        params![
            user.0,
            rights.display_name.map(DisplayName::as_str),
            rights.email.map(Email::as_str),
            rights.groups.to_text()
        ],
    )?;
    capabilities::set(connection, user, rights.granted)?;
    match set_role(connection, user, rights.role) {
        Ok(()) => Ok(true),
        Err(StoreError::LastAdmin) => {
            connection.execute("UPDATE users SET role = 'admin' WHERE id = ?1", [user.0])?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Sets the groups that another system named.
pub fn set_groups(connection: &Connection, user: UserId, groups: &Groups) -> Result<(), StoreError> {
    connection
        .execute("UPDATE users SET own_groups = ?2 WHERE id = ?1", params![user.0, groups.to_text()])?;
    Ok(())
}

/// Whether another system may change a user: one who is enabled, and whom no password opens.
pub fn may_follow(connection: &Connection, user: UserId) -> Result<bool, StoreError> {
    let sql = "SELECT password_hash IS NULL AND enabled FROM users WHERE id = ?1";
    Ok(connection.query_row(sql, [user.0], |row| row.get(0))?)
}
