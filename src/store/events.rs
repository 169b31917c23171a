//! What happened, in the order in which it did: appended, read, and deleted when it is old.

pub mod pruning;

use std::fmt::Write;

use rusqlite::{Connection, Row, ToSql, named_params, params};

use super::database::StoreError;
use crate::{
    clock::Timestamp,
    events::{
        event::Event,
        kind::{Kind, Kinds},
    },
};

/// The place of an event among all; later events have greater ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(i64);

impl EventId {
    /// Before the first.
    pub const START: Self = Self(0);

    /// From a number that somebody was told.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// The id as a number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its place.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// Which events a list shows.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Of these kinds.
    pub kinds: Kinds,
    /// Done by this one.
    pub actor: Option<String>,
    /// About this user.
    pub subject: Option<String>,
    /// In this app.
    pub app: Option<String>,
    /// From this moment on.
    pub since: Option<Timestamp>,
    /// Up to this moment.
    pub until: Option<Timestamp>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { kinds: Kinds::ALL, actor: None, subject: None, app: None, since: None, until: None }
    }
}

const COLUMNS: &str = "id, at, type, actor, subject, app, address, detail";

/// Appends an event, in the transaction of the change that it tells of.
pub fn append(connection: &Connection, event: &Event, at: Timestamp) -> Result<EventId, StoreError> {
    let detail = serde_json::Value::Object(event.detail.clone()).to_string();
    connection
        .prepare_cached(
            "INSERT INTO events (at, type, actor, subject, app, address, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            at.secs(),
            event.kind.name(),
            event.actor,
            event.subject,
            event.app,
            event.address,
            detail
        ])?;
    Ok(EventId(connection.last_insert_rowid()))
}

/// The newest event there ever was, deleted or not.
pub fn newest(connection: &Connection) -> Result<EventId, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'")?;
    Ok(EventId(statement.query_row([], |row| row.get(0))?))
}

/// The oldest event that is kept.
pub fn oldest(connection: &Connection) -> Result<Option<EventId>, StoreError> {
    Ok(connection.query_row("SELECT min(id) FROM events", [], |row| {
        row.get(0).map(|id: Option<i64>| id.map(EventId))
    })?)
}

/// The events after one, of whatever kind, the oldest first.
pub fn after(connection: &Connection, after: EventId, limit: u32) -> Result<Vec<Recorded>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM events WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![after.0, limit], |row| Ok(read(row)))?;
    collect(rows)
}

/// A page of what `filter` lets through, the newest first, from the one before `before` on.
pub fn page(
    connection: &Connection,
    filter: &Filter,
    before: Option<EventId>,
    limit: usize,
) -> Result<Vec<Recorded>, StoreError> {
    let mut statement = connection.prepare_cached(&sql_of(filter))?;
    let values = named_params! {
        ":before": before.map_or(i64::MAX, EventId::get),
        ":limit": i64::try_from(limit).unwrap_or(i64::MAX),
        ":actor": filter.actor,
        ":subject": filter.subject,
        ":app": filter.app,
        ":since": filter.since.map(Timestamp::secs),
        ":until": filter.until.map(Timestamp::secs),
    };
    // SQLite refuses values that a statement does not name.
    let named: Vec<(&str, &dyn ToSql)> = values
        .iter()
        .copied()
        .filter(|(name, _)| statement.parameter_index(name).is_ok_and(|index| index.is_some()))
        .collect();
    let rows = statement.query_map(named.as_slice(), |row| Ok(read(row)))?;
    collect(rows)
}

/// One index finds the candidates and lists them by id: the one that is likely to find the fewest. A `+` keeps
/// SQLite from taking another. Kinds alone are found each by itself, so that no rare one is sought among the frequent.
fn sql_of(filter: &Filter) -> String {
    let mut rest = "id < :before".to_owned();
    let mut found_by_index = false;
    let exact = [("subject", &filter.subject), ("actor", &filter.actor), ("app", &filter.app)];
    for (column, _) in exact.iter().filter(|(_, wanted)| wanted.is_some()) {
        let plus = if found_by_index { "+" } else { "" };
        let _ = write!(rest, " AND {plus}{column} = :{column}");
        found_by_index = true;
    }
    // Times are not sorted where the clock was set back, so they only bound the ids.
    if filter.since.is_some() {
        rest += " AND +at >= :since AND id >= (SELECT min(id) FROM events INDEXED BY events_by_time WHERE at >= :since)";
    }
    if filter.until.is_some() {
        rest += " AND +at <= :until AND id <= (SELECT max(id) FROM events INDEXED BY events_by_time WHERE at <= :until)";
    }
    let select = format!("SELECT {COLUMNS} FROM events WHERE {rest}");
    let order = "ORDER BY id DESC LIMIT :limit";
    if filter.kinds == Kinds::ALL {
        return format!("{select} {order}");
    }
    let kinds = filter.kinds.iter().map(|kind| format!("'{}'", kind.name()));
    if found_by_index {
        return format!("{select} AND +type IN ({}) {order}", kinds.collect::<Vec<_>>().join(", "));
    }
    let each = kinds.map(|kind| format!("{select} AND type = {kind}"));
    format!("{} {order}", each.collect::<Vec<_>>().join(" UNION ALL "))
}

/// Deletes at most `limit` of those that are older than this; returns how many.
pub fn prune(connection: &Connection, oldest: Timestamp, limit: u32) -> Result<usize, StoreError> {
    let old = "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ?1 ORDER BY at LIMIT ?2)";
    Ok(connection.execute(old, params![oldest.secs(), limit])?)
}

/// How many are older than this.
pub fn count_before(connection: &Connection, oldest: Timestamp) -> Result<i64, StoreError> {
    let count = "SELECT count(*) FROM events WHERE at < ?1";
    Ok(connection.query_row(count, params![oldest.secs()], |row| row.get(0))?)
}

fn collect(
    rows: impl Iterator<Item = rusqlite::Result<Option<Recorded>>>,
) -> Result<Vec<Recorded>, StoreError> {
    rows.filter_map(Result::transpose).map(|row| Ok(row?)).collect()
}

/// `None` for a row that a newer or a foreign program wrote.
fn read(row: &Row<'_>) -> Option<Recorded> {
    let detail: serde_json::Value = serde_json::from_str(row.get_ref(7).ok()?.as_str().ok()?).ok()?;
    let serde_json::Value::Object(detail) = detail else { return None };
    Some(Recorded {
        id: EventId(row.get(0).ok()?),
        at: Timestamp::from_secs(row.get(1).ok()?),
        event: Event {
            kind: Kind::named(row.get_ref(2).ok()?.as_str().ok()?)?,
            actor: row.get(3).ok()?,
            subject: row.get(4).ok()?,
            app: row.get(5).ok()?,
            address: row.get(6).ok()?,
            detail,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{authn::name::UserName, events::event::By, policy::app::AppName, store::migrations};

    fn store() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::apply(&mut connection).unwrap();
        connection
    }

    fn name(text: &str) -> UserName {
        UserName::parse(text).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    /// Every combination of what a list can be filtered by.
    fn filters() -> Vec<Filter> {
        let kinds = [Kinds::ALL, Kind::UserDeleted.into(), "user.*,action".parse().unwrap()];
        let text = |bit: u32, mask: u32, text: &str| (mask & bit != 0).then(|| text.to_owned());
        let time = |bit: u32, mask: u32, seconds| (mask & bit != 0).then(|| at(seconds));
        (0..32)
            .flat_map(|mask| {
                kinds.map(|kinds| Filter {
                    kinds,
                    actor: text(1, mask, "admin"),
                    subject: text(2, mask, "bob"),
                    app: text(4, mask, "films"),
                    since: time(8, mask, 20),
                    until: time(16, mask, 60),
                })
            })
            .collect()
    }

    fn lets_through(filter: &Filter, recorded: &Recorded) -> bool {
        let event = &recorded.event;
        let is = |wanted: &Option<String>, had: &Option<String>| wanted.is_none() || wanted == had;
        filter.kinds.contains(event.kind)
            && is(&filter.actor, &event.actor)
            && is(&filter.subject, &event.subject)
            && is(&filter.app, &event.app)
            && filter.since.is_none_or(|since| recorded.at >= since)
            && filter.until.is_none_or(|until| recorded.at <= until)
    }

    #[test]
    fn every_filter_lists_what_it_lets_through_the_newest_first_in_pages() {
        let connection = store();
        let apps = [AppName::parse("films").unwrap(), AppName::parse("books").unwrap()];
        let users = [name("admin"), name("bob"), name("eve")];
        let kinds = [Kind::UserAdded, Kind::UserDeleted, Kind::Action, Kind::KeyMade];
        let mut all = Vec::new();
        for number in 0..96_usize {
            let event = Event::new(kinds[number % 4])
                .by(By::User(&users[number / 4 % 3]))
                .about(&users[number / 2 % 3])
                .in_app(&apps[number % 2])
                .with("number", number);
            // The clock is set back now and then.
            let at = at(i64::try_from(number * 37 % 80).unwrap());
            let id = append(&connection, &event, at).unwrap();
            all.insert(0, Recorded { id, at, event });
        }
        for filter in filters() {
            let expected: Vec<_> = all.iter().filter(|event| lets_through(&filter, event)).cloned().collect();
            let mut listed = Vec::new();
            loop {
                let before = listed.last().map(|last: &Recorded| last.id);
                let page = page(&connection, &filter, before, 7).unwrap();
                if page.is_empty() {
                    break;
                }
                listed.extend(page);
            }
            assert_eq!(listed, expected, "{filter:?}");
        }
    }

    #[test]
    fn no_list_sorts_or_walks_more_than_an_index_finds() {
        let connection = store();
        for filter in filters() {
            let sql = format!("EXPLAIN QUERY PLAN {}", sql_of(&filter));
            let mut statement = connection.prepare(&sql).unwrap();
            let mut rows = statement.raw_query();
            let mut steps: Vec<String> = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                steps.push(row.get(3).unwrap());
            }
            let exact = [("subject", &filter.subject), ("actor", &filter.actor), ("app", &filter.app)];
            let index = match exact.iter().find(|(_, wanted)| wanted.is_some()) {
                Some((column, _)) => format!("USING INDEX events_by_{column} ({column}=?"),
                None if filter.kinds == Kinds::ALL => "USING INTEGER PRIMARY KEY (rowid".to_owned(),
                None => "USING INDEX events_by_type (type=?".to_owned(),
            };
            for step in &steps {
                let searched = step.starts_with("SEARCH events") && step.contains("USING ");
                // Lists of single kinds are merged as they come.
                let merges =
                    filter.kinds != Kinds::ALL && ["MERGE (UNION ALL)", "LEFT", "RIGHT"].contains(&&**step);
                assert!(
                    searched || merges || step.starts_with("SCALAR SUBQUERY"),
                    "{step} in {steps:?} for {sql}"
                );
            }
            assert!(steps.iter().any(|step| step.contains(&index)), "{steps:?} for {sql}");
        }
    }

    #[test]
    fn what_is_old_goes_and_no_id_comes_back() {
        let connection = store();
        assert_eq!(newest(&connection).unwrap(), EventId::START);
        for seconds in [10, 20, 30] {
            append(&connection, &Event::new(Kind::Action), at(seconds)).unwrap();
        }
        let last = newest(&connection).unwrap();
        assert_eq!(prune(&connection, at(100), 2).unwrap(), 2);
        assert_eq!(oldest(&connection).unwrap(), Some(last));
        assert_eq!(prune(&connection, at(100), 2).unwrap(), 1);
        assert_eq!((oldest(&connection).unwrap(), newest(&connection).unwrap()), (None, last));
        assert!(append(&connection, &Event::new(Kind::Action), at(40)).unwrap() > last);
    }
}
