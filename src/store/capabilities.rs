//! What users were granted, for every app and for single ones.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::{database::StoreError, users::UserId};
use crate::policy::{
    app::{AppName, PerApp},
    capability::Capabilities,
};

/// Stands for every app for which a user has no set of their own.
pub(super) const EVERY_APP: &str = "*";

/// What each user was granted for single apps; `None` where that cannot be read.
pub(super) fn of_single_apps(connection: &Connection) -> Result<HashMap<i64, Option<PerApp>>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT user_id, app, capabilities FROM capabilities WHERE app <> ?1")?;
    let mut rows = statement.query([EVERY_APP])?;
    let mut sets = HashMap::new();
    while let Some(row) = rows.next()? {
        let all: &mut Option<PerApp> = sets.entry(row.get(0)?).or_insert_with(|| Some(PerApp::default()));
        let text = |column| row.get::<_, String>(column).ok();
        let one = || Some((AppName::parse(&text(1)?)?, text(2)?.parse().ok()?));
        match (one(), all.as_mut()) {
            (Some((app, granted)), Some(all)) => all.set(app, granted),
            _ => *all = None,
        }
    }
    Ok(sets)
}

/// Sets what is granted for every app.
pub fn set(connection: &Connection, user: UserId, granted: Capabilities) -> Result<(), StoreError> {
    put(connection, user, EVERY_APP, granted)
}

fn put(connection: &Connection, user: UserId, app: &str, granted: Capabilities) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO capabilities (user_id, app, capabilities) VALUES (?1, ?2, ?3)
         ON CONFLICT (user_id, app) DO UPDATE SET capabilities = excluded.capabilities",
        params![user.get(), app, granted.to_string()],
    )?;
    Ok(())
}

/// Sets what is granted for one app; with nothing, what holds for every app holds there, too.
pub fn set_in(
    connection: &Connection,
    user: UserId,
    app: &AppName,
    granted: Option<Capabilities>,
) -> Result<(), StoreError> {
    if let Some(granted) = granted {
        return put(connection, user, app.as_str(), granted);
    }
    let sql = "DELETE FROM capabilities WHERE user_id = ?1 AND app = ?2";
    connection.execute(sql, params![user.get(), app.as_str()])?;
    Ok(())
}
