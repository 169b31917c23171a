//! The users and what they may do.

mod external;
mod last_admin;

use std::sync::{Arc, OnceLock};

pub use external::{ExternalRights, may_follow, set_external, set_groups};
use last_admin::keep_an_admin;
pub use last_admin::{Entrance, keep_a_way_in};
use rusqlite::{Connection, OptionalExtension, Row, params};
use secrecy::{ExposeSecret, SecretString};

use super::{capabilities, database::StoreError, last_use::LastUse};
use crate::{
    authn::{
        group::Groups,
        name::UserName,
        profile::{DisplayName, Email},
    },
    clock::Timestamp,
    policy::{
        app::{AppName, PerApp},
        capability::Capabilities,
        role::Role,
    },
    proxy::answer::UserAnswer,
};

/// The stable id of a user; never given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(i64);

impl UserId {
    /// The id of the open administrator, whom no row stands for.
    pub const OPEN: Self = Self(0);

    /// Of a number that a client named; whether there is such a user is not said.
    pub const fn named(id: i64) -> Self {
        Self(id)
    }

    pub(super) const fn from_row(id: i64) -> Self {
        Self(id)
    }

    /// The id as a number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// Whether a user may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They may.
    Enabled,
    /// Kept, but refused everywhere.
    Disabled,
}

/// A user, as stored.
#[derive(Debug)]
pub struct User {
    /// Stable id.
    pub id: UserId,
    /// Name, unique.
    pub name: UserName,
    /// Name for people.
    pub display_name: Option<DisplayName>,
    /// Address.
    pub email: Option<Email>,
    /// Administrator or not.
    pub role: Role,
    /// Enabled or disabled.
    pub standing: Standing,
    /// What was granted for every app.
    pub granted: Capabilities,
    /// What was granted for single apps instead.
    pub per_app: PerApp,
    /// Groups that another system named.
    pub groups: Groups,
    /// The bcrypt hash; `None` where no password opens the account.
    pub password_hash: Option<SecretString>,
    /// When they were last let in anywhere.
    pub used: LastUse,
    /// What verify answers about them, made at the first answer.
    pub answer: OnceLock<UserAnswer>,
}

impl User {
    /// What they hold; an administrator everything.
    pub const fn held(&self) -> Capabilities {
        match self.role {
            Role::Admin => Capabilities::ALL,
            Role::User => self.granted,
        }
    }

    /// The same user, refused everywhere.
    pub(super) fn suspended(&self) -> Self {
        Self {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            email: self.email.clone(),
            per_app: self.per_app.clone(),
            groups: self.groups.clone(),
            password_hash: self.password_hash.clone(),
            used: LastUse::stored_at(self.used.get()),
            answer: OnceLock::new(),
            standing: Standing::Disabled,
            ..*self
        }
    }

    /// What they hold in one app.
    pub fn held_in(&self, app: &AppName) -> Capabilities {
        match self.role {
            Role::Admin => Capabilities::ALL,
            Role::User => self.per_app.get(app).unwrap_or(self.granted),
        }
    }
}

/// A user to be made.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// Name, unique.
    pub name: &'a UserName,
    /// Name for people.
    pub display_name: Option<&'a DisplayName>,
    /// Address.
    pub email: Option<&'a Email>,
    /// Administrator or not.
    pub role: Role,
    /// What is granted for every app.
    pub granted: Capabilities,
    /// The bcrypt hash, where a password shall open the account.
    pub password_hash: Option<&'a str>,
}

/// Whether there is any user.
pub fn any(connection: &Connection) -> Result<bool, StoreError> {
    Ok(connection.query_row("SELECT EXISTS (SELECT 1 FROM users)", [], |row| row.get(0))?)
}

/// Every user in the order of their names. A row that cannot be read is left out, so refused, and logged.
pub fn all(connection: &Connection) -> Result<Vec<Arc<User>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT u.id, u.name, u.display_name, u.email, u.role, u.enabled, u.password_hash, c.capabilities,
                u.own_groups, u.seen
         FROM users u LEFT JOIN capabilities c ON c.user_id = u.id AND c.app = ?1 ORDER BY u.name",
    )?;
    let mut per_app = capabilities::of_single_apps(connection)?;
    let mut rows = statement.query([capabilities::EVERY_APP])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        // A set that cannot be read must not fall back to a wider one.
        let sets = per_app.remove(&row.get(0)?).unwrap_or_else(|| Some(PerApp::default()));
        match sets.and_then(|sets| Some(User { per_app: sets, ..read(row)? })) {
            Some(user) => users.push(Arc::new(user)),
            None => tracing::error!(
                user_id = row.get::<_, i64>(0).unwrap_or_default(),
                "a user's row in the database cannot be read, so that user is refused; correct or delete it"
            ),
        }
    }
    Ok(users)
}

fn read(row: &Row<'_>) -> Option<User> {
    let text = |column| row.get::<_, Option<String>>(column).ok();
    let name = text(1)??;
    Some(User {
        id: UserId(row.get(0).ok()?),
        name: UserName::parse(&name).ok().filter(|parsed| parsed.as_str() == name)?,
        display_name: text(2)?.map(|name| DisplayName::parse(&name)).transpose().ok()?,
        email: text(3)?.map(|address| Email::parse(&address)).transpose().ok()?,
        role: Role::named(&text(4)??)?,
        standing: if row.get(5).ok()? { Standing::Enabled } else { Standing::Disabled },
        password_hash: text(6)?.filter(|hash| !hash.is_empty()).map(SecretString::from),
        granted: text(7)?.unwrap_or_else(|| "none".to_owned()).parse().ok()?,
        per_app: PerApp::default(),
        groups: Groups::parse(&text(8)??, ','),
        used: LastUse::stored_at(row.get::<_, Option<i64>>(9).ok()?.map(Timestamp::from_secs)),
        answer: OnceLock::new(),
    })
}

/// Finds a user's id by name.
pub fn find(connection: &Connection, name: &UserName) -> Result<UserId, StoreError> {
    connection
        .query_row("SELECT id FROM users WHERE name = ?1", [name.as_str()], |row| row.get(0))
        .optional()?
        .map(UserId)
        .ok_or_else(|| StoreError::UnknownUser(name.to_string()))
}

/// Makes a user.
pub fn insert(connection: &Connection, user: &NewUser<'_>, now: Timestamp) -> Result<UserId, StoreError> {
    let taken = "SELECT EXISTS (SELECT 1 FROM users WHERE name = ?1)";
    if connection.query_row(taken, [user.name.as_str()], |row| row.get(0))? {
        return Err(StoreError::NameTaken(user.name.to_string()));
    }
    connection.execute(
        "INSERT INTO users (name, display_name, email, role, enabled, password_hash, created)
         VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6)",
        params![
            user.name.as_str(),
            user.display_name.map(DisplayName::as_str),
            user.email.map(Email::as_str),
            user.role.name(),
            user.password_hash,
            now.secs()
        ],
    )?;
    let id = UserId(connection.last_insert_rowid());
    capabilities::set(connection, id, user.granted)?;
    Ok(id)
}

/// Makes the first user; refused once there is any.
pub fn insert_first(
    connection: &Connection,
    user: &NewUser<'_>,
    now: Timestamp,
) -> Result<UserId, StoreError> {
    if any(connection)? {
        return Err(StoreError::NotEmpty);
    }
    insert(connection, user, now)
}

/// What a user is called and how they are reached.
#[derive(Debug)]
pub struct Details<'a> {
    /// Name, unique.
    pub name: &'a UserName,
    /// Name for people.
    pub display_name: Option<&'a DisplayName>,
    /// Address.
    pub email: Option<&'a Email>,
    /// Groups beside the role's.
    pub groups: &'a Groups,
}

/// Sets what a user is called and how they are reached.
pub fn set_details(connection: &Connection, user: UserId, details: &Details<'_>) -> Result<(), StoreError> {
    let taken = "SELECT EXISTS (SELECT 1 FROM users WHERE name = ?1 AND id <> ?2)";
    if connection.query_row(taken, params![details.name.as_str(), user.0], |row| row.get(0))? {
        return Err(StoreError::NameTaken(details.name.to_string()));
    }
    connection.execute(
        "UPDATE users SET name = ?2, display_name = ?3, email = ?4, own_groups = ?5 WHERE id = ?1",
        params![
            user.0,
            details.name.as_str(),
            details.display_name.map(DisplayName::as_str),
            details.email.map(Email::as_str),
            details.groups.to_text()
        ],
    )?;
    Ok(())
}

/// The user as stored.
pub fn get(connection: &Connection, user: UserId) -> Result<Arc<User>, StoreError> {
    let found = all(connection)?.into_iter().find(|found| found.id == user);
    found.ok_or_else(|| StoreError::UnknownUser(user.0.to_string()))
}

/// Fails unless the user is an administrator who may come in.
pub fn is_active_admin(connection: &Connection, user: UserId) -> Result<(), StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND role = 'admin' AND enabled)";
    let holds = connection.query_row(sql, [user.0], |row| row.get(0))?;
    if holds { Ok(()) } else { Err(StoreError::Overtaken) }
}

/// Sets or removes the password's hash.
pub fn set_password(connection: &Connection, user: UserId, hash: Option<&str>) -> Result<(), StoreError> {
    connection.execute("UPDATE users SET password_hash = ?2 WHERE id = ?1", params![user.0, hash])?;
    Ok(())
}

/// Whether a user may still come in by the hash that their password was compared with. Comparing takes a while,
/// in which they can be disabled or get another password.
pub fn still_proved(connection: &Connection, proved: &User) -> Result<(), StoreError> {
    let hash = proved.password_hash.as_ref().map(ExposeSecret::expose_secret);
    let sql = "SELECT EXISTS (SELECT 1 FROM users WHERE id = ?1 AND enabled AND password_hash IS ?2)";
    let holds = connection.query_row(sql, params![proved.id.0, hash], |row| row.get(0))?;
    if holds { Ok(()) } else { Err(StoreError::Overtaken) }
}

/// Replaces a hash by another of the same password, unless the password has changed meanwhile.
pub fn renew_hash(connection: &Connection, user: UserId, old: &str, new: &str) -> Result<(), StoreError> {
    connection.execute(
        "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2",
        params![user.0, old, new],
    )?;
    Ok(())
}

/// Makes an administrator or an ordinary user; never of the last active administrator.
pub fn set_role(connection: &Connection, user: UserId, role: Role) -> Result<(), StoreError> {
    keep_an_admin(connection, |connection| {
        connection.execute("UPDATE users SET role = ?2 WHERE id = ?1", params![user.0, role.name()])
    })
}

/// Enables or disables; disabling ends the sessions, and never the last active administrator.
pub fn set_standing(connection: &Connection, user: UserId, standing: Standing) -> Result<(), StoreError> {
    let enabled = standing == Standing::Enabled;
    keep_an_admin(connection, |connection| {
        connection.execute("UPDATE users SET enabled = ?2 WHERE id = ?1", params![user.0, enabled])?;
        connection.execute("DELETE FROM sessions WHERE user_id = ?1 AND NOT ?2", params![user.0, enabled])
    })
}

/// Deletes a user with all that is theirs; never the last active administrator.
pub fn delete(connection: &Connection, user: UserId) -> Result<(), StoreError> {
    keep_an_admin(connection, |connection| connection.execute("DELETE FROM users WHERE id = ?1", [user.0]))
}

/// Stores when a user was last let in; never an earlier moment than before.
pub(super) fn stamp(connection: &Connection, user: UserId, seen: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE users SET seen = ?2 WHERE id = ?1 AND coalesce(seen, 0) < ?2";
    connection.prepare_cached(sql)?.execute([user.0, seen.secs()])?;
    Ok(())
}

/// How many users there are.
pub fn count(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?)
}
