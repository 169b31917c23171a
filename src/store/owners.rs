//! Who owns an item of an app, such as a download by its hash. Sluice records what apps or their scripts say.

use percent_encoding::percent_decode_str;
use rusqlite::{Connection, OptionalExtension, params};

use super::{database::StoreError, users::UserId};
use crate::{
    authn::name::UserName,
    clock::Timestamp,
    policy::{app::AppName, item::ItemKey},
};

/// Segments of a path, from its end, that are looked up.
const SEGMENTS: usize = 16;

/// What recording an owner came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// Nobody owned the item before.
    First,
    /// The same user owned it already.
    Already,
    /// Somebody else owns it, and still does.
    Another(UserName),
}

/// Records who owns an item. The first writer wins.
pub fn record(
    connection: &Connection,
    (app, item): (&AppName, &ItemKey),
    user: UserId,
    now: Timestamp,
) -> Result<Recorded, StoreError> {
    let sql = "INSERT INTO owners (app, item, user_id, recorded) VALUES (?1, ?2, ?3, ?4)
               ON CONFLICT (app, item) DO NOTHING";
    let made = connection.prepare_cached(sql)?.execute(params![
        app.as_str(),
        item.as_str(),
        user.get(),
        now.secs()
    ])?;
    if made == 1 {
        return Ok(Recorded::First);
    }
    match find(connection, app, item)? {
        Some((owner, _)) if owner == user => Ok(Recorded::Already),
        Some((_, name)) => Ok(Recorded::Another(name)),
        None => Err(StoreError::Overtaken),
    }
}

/// Who owns an item.
pub fn find(
    connection: &Connection,
    app: &AppName,
    item: &ItemKey,
) -> Result<Option<(UserId, UserName)>, StoreError> {
    let sql = "SELECT u.id, u.name FROM owners o JOIN users u ON u.id = o.user_id
               WHERE o.app = ?1 AND o.item = ?2";
    let found = connection
        .prepare_cached(sql)?
        .query_row([app.as_str(), item.as_str()], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    Ok(found.and_then(|(id, name)| Some((UserId::from_row(id), UserName::parse(&name).ok()?))))
}

/// Who owns the item that a path of the app names in one of its segments; of several, the last that is somebody's.
pub fn of_path(connection: &Connection, app: &AppName, path: &str) -> Result<Option<UserName>, StoreError> {
    for segment in path.rsplit('/').filter(|segment| !segment.is_empty()).take(SEGMENTS) {
        let key = percent_decode_str(segment).decode_utf8().ok().and_then(|text| ItemKey::parse(&text));
        if let Some(key) = key
            && let Some((_, owner)) = find(connection, app, &key)?
        {
            return Ok(Some(owner));
        }
    }
    Ok(None)
}

/// Makes an item nobody's; `false` where it was that already.
pub fn forget(connection: &Connection, app: &AppName, item: &ItemKey) -> Result<bool, StoreError> {
    let sql = "DELETE FROM owners WHERE app = ?1 AND item = ?2";
    Ok(connection.execute(sql, [app.as_str(), item.as_str()])? == 1)
}

/// Makes all that is one user's another's; returns how many items that are.
pub fn hand_over(connection: &Connection, from: UserId, to: UserId) -> Result<usize, StoreError> {
    let sql = "UPDATE owners SET user_id = ?2 WHERE user_id = ?1";
    Ok(connection.execute(sql, [from.get(), to.get()])?)
}

/// How many items a user owns.
pub fn count_of(connection: &Connection, user: UserId) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) FROM owners WHERE user_id = ?1";
    let count: i64 = connection.query_row(sql, [user.get()], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}
