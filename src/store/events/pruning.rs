//! Room for events. Each class has its own, and within a class everybody has the same: who does the most loses their
//! oldest events first, so that nobody can push out what others did.

use std::collections::HashMap;

use rusqlite::{Connection, named_params};

use super::EventId;
use crate::{
    events::kind::{Class, Kind},
    store::database::StoreError,
};

/// How many events of each class are kept.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Changes.
    pub changes: usize,
    /// Sign-ins and sessions.
    pub sign_ins: usize,
    /// The rest.
    pub routine: usize,
}

/// A million in all, which take some hundred megabytes.
pub const ROOM: Room = Room { changes: 100_000, sign_ins: 300_000, routine: 600_000 };

impl Room {
    /// All together.
    pub const fn total(self) -> usize {
        self.changes + self.sign_ins + self.routine
    }

    const fn of(self, class: Class) -> usize {
        match class {
            Class::Change => self.changes,
            Class::SignIn => self.sign_ins,
            Class::Routine => self.routine,
        }
    }
}

/// Somebody's events of a class up to one, for which there is no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surplus {
    class: Class,
    actor: Option<String>,
    through: EventId,
}

/// What there is no room for.
pub fn surplus(connection: &Connection, room: Room) -> Result<Vec<Surplus>, StoreError> {
    let mut all = Vec::new();
    for class in Class::ALL {
        let count = format!("SELECT count(*) FROM events WHERE type IN ({})", names(class));
        let count: i64 = connection.query_row(&count, [], |row| row.get(0))?;
        if usize::try_from(count).is_ok_and(|count| count > room.of(class)) {
            all.extend(of_class(connection, class, room.of(class))?);
        }
    }
    Ok(all)
}

fn of_class(connection: &Connection, class: Class, room: usize) -> Result<Vec<Surplus>, StoreError> {
    let counts =
        format!("SELECT actor, count(*) FROM events WHERE type IN ({}) GROUP BY actor", names(class));
    let mut statement = connection.prepare(&counts)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    let counts: HashMap<Option<String>, usize> = rows
        .map(|row| row.map(|(actor, count)| (actor, usize::try_from(count).unwrap_or(usize::MAX))))
        .collect::<Result<_, _>>()?;
    let share = share(counts.values().copied().collect(), room);
    let newest_past_share = format!(
        "SELECT id FROM events WHERE actor IS :actor AND type IN ({}) ORDER BY id DESC LIMIT 1 OFFSET :share",
        names(class)
    );
    let mut statement = connection.prepare(&newest_past_share)?;
    let over = counts.into_iter().filter(|(_, count)| *count > share);
    over.map(|(actor, _)| {
        let offset = i64::try_from(share).unwrap_or(i64::MAX);
        let through = statement
            .query_row(named_params! { ":actor": actor, ":share": offset }, |row| row.get(0).map(EventId))?;
        Ok(Surplus { class, actor, through })
    })
    .collect()
}

/// How many each may keep so that all together have room: who has fewer leaves the rest to the others.
fn share(mut counts: Vec<usize>, room: usize) -> usize {
    counts.sort_unstable();
    let (mut left, mut others) = (room, counts.len());
    for count in counts {
        let share = left / others;
        if count > share {
            return share;
        }
        (left, others) = (left - count, others - 1);
    }
    usize::MAX
}

/// Deletes at most `limit` of them, the oldest first; returns how many.
pub fn delete(connection: &Connection, surplus: &Surplus, limit: u32) -> Result<usize, StoreError> {
    let delete = format!(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE actor IS :actor AND type IN ({}) AND \
         id <= :through ORDER BY id LIMIT :limit)",
        names(surplus.class)
    );
    let values = named_params! {
        ":actor": surplus.actor,
        ":through": surplus.through.get(),
        ":limit": limit,
    };
    Ok(connection.prepare_cached(&delete)?.execute(values)?)
}

fn names(class: Class) -> String {
    class.kinds().map(Kind::name).map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        authn::name::UserName,
        clock::Timestamp,
        events::event::{By, Event},
        store::{events, migrations},
    };

    const SMALL: Room = Room { changes: 4, sign_ins: 4, routine: 10 };

    fn store() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::apply(&mut connection).unwrap();
        connection
    }

    fn add(connection: &Connection, kind: Kind, actor: Option<&str>, count: usize) {
        let name = actor.map(|actor| UserName::parse(actor).unwrap());
        for _ in 0..count {
            let event = Event::new(kind);
            let event = match &name {
                Some(name) => event.by(By::User(name)),
                None => event,
            };
            events::append(connection, &event, Timestamp::from_secs(0)).unwrap();
        }
    }

    fn prune(connection: &Connection) {
        for surplus in surplus(connection, SMALL).unwrap() {
            while delete(connection, &surplus, 3).unwrap() > 0 {}
        }
        assert_eq!(surplus(connection, SMALL).unwrap(), []);
    }

    /// How many events there are of a kind by somebody.
    fn left(connection: &Connection, kind: Kind, actor: Option<&str>) -> i64 {
        let count = "SELECT count(*) FROM events WHERE type = ?1 AND actor IS ?2";
        connection.query_row(count, (kind.name(), actor), |row| row.get(0)).unwrap()
    }

    #[test]
    fn no_flood_of_one_class_pushes_out_another() {
        let connection = store();
        add(&connection, Kind::UserDeleted, Some("ada"), 3);
        add(&connection, Kind::SessionStarted, Some("ada"), 2);
        for _ in 0..5 {
            add(&connection, Kind::Action, Some("bob"), 40);
            add(&connection, Kind::RequestRefused, Some("bob"), 40);
            add(&connection, Kind::SigninFailed, None, 40);
            prune(&connection);
        }
        assert_eq!(left(&connection, Kind::UserDeleted, Some("ada")), 3);
        assert_eq!(left(&connection, Kind::SessionStarted, Some("ada")), 2);
        assert_eq!(left(&connection, Kind::SigninFailed, None), 2);
        let of_bob = [Kind::Action, Kind::RequestRefused].map(|kind| left(&connection, kind, Some("bob")));
        assert_eq!(of_bob.iter().sum::<i64>(), 10);
    }

    #[test]
    fn nobody_pushes_out_what_others_did() {
        let connection = store();
        add(&connection, Kind::Action, Some("ada"), 2);
        add(&connection, Kind::RequestRefused, None, 9);
        add(&connection, Kind::Action, Some("bob"), 90);
        prune(&connection);
        assert_eq!(left(&connection, Kind::Action, Some("ada")), 2);
        assert_eq!(left(&connection, Kind::RequestRefused, None), 4);
        assert_eq!(left(&connection, Kind::Action, Some("bob")), 4);
        let newest = events::newest(&connection).unwrap().get();
        let kept = "SELECT min(id) FROM events WHERE actor = 'bob'";
        let oldest: i64 = connection.query_row(kept, [], |row| row.get(0)).unwrap();
        assert_eq!(oldest, newest - 3, "the newest are kept");
    }

    #[test]
    fn whoever_has_little_leaves_the_rest_to_the_others() {
        for (counts, room, expected) in [
            (&[][..], 10, usize::MAX),
            (&[5, 5], 10, usize::MAX),
            (&[1, 100, 100], 11, 5),
            (&[100], 10, 10),
            (&[3, 3, 3], 2, 0),
            (&[9, 1, 1], 10, 8),
        ] {
            assert_eq!(share(counts.to_vec(), room), expected, "{counts:?}");
        }
    }
}
