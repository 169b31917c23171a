//! The schema as an append-only list, counted in SQLite's `user_version`.
//!
//! A step that has been released is never changed; a new need is a new step at the end.

use rusqlite::{Connection, TransactionBehavior};

use super::database::StoreError;

/// Marks the file as ours (`SLCE`), so that another program's database is never touched.
const APPLICATION_ID: i32 = 0x534c_4345;

const STEPS: &[&str] = &[
    // People. AUTOINCREMENT, because an id must never come back to another user.
    "CREATE TABLE users (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        name          TEXT NOT NULL UNIQUE,
        display_name  TEXT,
        email         TEXT,
        role          TEXT NOT NULL CHECK (role IN ('admin', 'user')),
        enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
        password_hash TEXT,
        created       INTEGER NOT NULL
    ) STRICT;
    -- What a user may do in an app; the app `*` stands for every app without a row of its own.
    CREATE TABLE capabilities (
        user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        app           TEXT NOT NULL,
        capabilities  TEXT NOT NULL,
        PRIMARY KEY (user_id, app)
    ) STRICT, WITHOUT ROWID;
    -- Signed-in browsers, by the SHA-256 of their cookie.
    CREATE TABLE sessions (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        digest        BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
        user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        lifetime      TEXT NOT NULL CHECK (lifetime IN ('browser', 'remembered')),
        created       INTEGER NOT NULL,
        seen          INTEGER NOT NULL,
        address       TEXT NOT NULL
    ) STRICT;
    CREATE INDEX sessions_by_user ON sessions (user_id);
    -- Failed sign-ins by address (IPv6 by /64), and by account and address; an empty account is the first kind.
    CREATE TABLE signin_failures (
        address       TEXT NOT NULL,
        account       TEXT NOT NULL,
        failures      INTEGER NOT NULL,
        last_failed   INTEGER NOT NULL,
        PRIMARY KEY (address, account)
    ) STRICT, WITHOUT ROWID;",
    // Groups that another system named for a user, a comma list.
    "ALTER TABLE users ADD COLUMN own_groups TEXT NOT NULL DEFAULT '';
    -- API keys, by their SHA-256. NULL sets no limit; a revoked one is kept for a while, to be known again.
    CREATE TABLE api_keys (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        digest        BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
        user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        name          TEXT NOT NULL,
        capabilities  TEXT,
        apps          TEXT,
        networks      TEXT,
        expires       INTEGER,
        revoked       INTEGER,
        created       INTEGER NOT NULL,
        seen          INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX api_keys_by_name ON api_keys (user_id, name) WHERE revoked IS NULL;
    -- Who opened a session: a person on the sign-in page, or a client, perhaps with a key.
    ALTER TABLE sessions ADD COLUMN client INTEGER NOT NULL DEFAULT 0 CHECK (client IN (0, 1));
    ALTER TABLE sessions ADD COLUMN key_id INTEGER REFERENCES api_keys (id) ON DELETE CASCADE;
    CREATE INDEX sessions_by_key ON sessions (key_id) WHERE key_id IS NOT NULL;",
    // When a user was last let in.
    "ALTER TABLE users ADD COLUMN seen INTEGER;
    -- Who owns an item of an app, such as a download by its hash.
    CREATE TABLE owners (
        app           TEXT NOT NULL,
        item          TEXT NOT NULL,
        user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        recorded      INTEGER NOT NULL,
        PRIMARY KEY (app, item)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX owners_by_user ON owners (user_id);",
    // What happened, for the audit log and for whoever is told. Each index lists by id, and holds what else a list that it
    // finds can be filtered by, so that only what is shown is looked up.
    "CREATE TABLE events (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        at            INTEGER NOT NULL,
        type          TEXT NOT NULL,
        actor         TEXT,
        subject       TEXT,
        app           TEXT,
        address       TEXT,
        detail        TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_time ON events (at);
    CREATE INDEX events_by_type ON events (type, id, at);
    CREATE INDEX events_by_actor ON events (actor, id, type, at, app) WHERE actor IS NOT NULL;
    CREATE INDEX events_by_subject ON events (subject, id, type, at, actor, app) WHERE subject IS NOT NULL;
    CREATE INDEX events_by_app ON events (app, id, type, at) WHERE app IS NOT NULL;
    -- The last event that each webhook or command was told, by the SHA-256 of its address or program.
    CREATE TABLE deliveries (
        target        BLOB PRIMARY KEY CHECK (length(target) = 32),
        delivered     INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;",
    // What was counted in each hour since the epoch, for the charts.
    "CREATE TABLE traffic (
        hour          INTEGER NOT NULL,
        what          TEXT NOT NULL,
        count         INTEGER NOT NULL,
        PRIMARY KEY (hour, what)
    ) STRICT, WITHOUT ROWID;",
    // What administrators saved in the portal, as JSON; the newest version holds.
    "CREATE TABLE settings (
        version       INTEGER PRIMARY KEY AUTOINCREMENT,
        at            INTEGER NOT NULL,
        author        TEXT NOT NULL,
        saved         TEXT NOT NULL
    ) STRICT;",
    // What a session was opened with, in words of ours.
    "ALTER TABLE sessions ADD COLUMN device TEXT;",
    // What the last look at the proxy's lines before an app came to.
    "CREATE TABLE looks (
        app           TEXT PRIMARY KEY,
        at            INTEGER NOT NULL,
        outcome       TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;",
    // When the person behind a session last proved who they are; NULL for a client's.
    "ALTER TABLE sessions ADD COLUMN proved INTEGER;
    UPDATE sessions SET proved = created WHERE client = 0;",
    // Keys that every process on this database shares.
    "CREATE TABLE secrets (
        name          TEXT PRIMARY KEY,
        key           BLOB NOT NULL CHECK (length(key) = 32)
    ) STRICT, WITHOUT ROWID;",
    // Networks from which somebody signed in, IPv6 by /64, and when last.
    "CREATE TABLE known_networks (
        network       TEXT PRIMARY KEY,
        seen          INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;",
];

/// How many steps the file has seen; refuses another program's file and a newer Sluice's.
pub(super) fn version(connection: &Connection) -> Result<usize, StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (tables > 0 || version != 0) {
        return Err(StoreError::Foreign(
            "the file is another program's database; set store.path to a file of Sluice's own".to_owned(),
        ));
    }
    usize::try_from(version).ok().filter(|&done| done <= STEPS.len()).ok_or_else(|| {
        StoreError::Foreign(format!(
            "the database was made by a newer Sluice (schema {version}, this one knows {}); update Sluice",
            STEPS.len()
        ))
    })
}

/// Brings the schema up to date.
pub(super) fn apply(connection: &mut Connection) -> Result<(), StoreError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = version(&tx)?;
    for step in &STEPS[done..] {
        tx.execute_batch(step)?;
    }
    if done < STEPS.len() {
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", i64::try_from(STEPS.len()).unwrap_or(i64::MAX))?;
    }
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applying_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        apply(&mut connection).unwrap();
        connection.execute("INSERT INTO signin_failures VALUES ('a', '', 1, 1)", []).unwrap();
        apply(&mut connection).unwrap();
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM signin_failures", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn anothers_database_and_a_newer_one_are_refused() {
        let mut other = Connection::open_in_memory().unwrap();
        other.execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(apply(&mut other), Err(StoreError::Foreign(_))));
        let mut newer = Connection::open_in_memory().unwrap();
        apply(&mut newer).unwrap();
        newer.pragma_update(None, "user_version", 1_000).unwrap();
        assert!(matches!(apply(&mut newer), Err(StoreError::Foreign(_))));
    }
}
