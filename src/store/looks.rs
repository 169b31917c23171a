//! What the last look at the proxy's lines before each app came to.

use rusqlite::{Connection, params};

use super::database::StoreError;
use crate::{clock::Timestamp, policy::app::AppName};

/// What a look at the proxy's lines came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that matters was seen to be right.
    Stands,
    /// Something is wrong.
    Wrong,
    /// Nothing wrong was seen, but something that matters could not be told.
    Untold,
}

/// A look, and when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// What came out.
    pub outcome: Outcome,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stands, Self::Wrong, Self::Untold];

    /// Its name in the store and for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stands => "stands",
            Self::Wrong => "wrong",
            Self::Untold => "untold",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// Notes a look, in the place of the one before.
pub fn note(connection: &Connection, app: &AppName, look: Look) -> Result<(), StoreError> {
    let sql = "INSERT INTO looks (app, at, outcome) VALUES (?1, ?2, ?3)
               ON CONFLICT (app) DO UPDATE SET at = excluded.at, outcome = excluded.outcome";
    connection.execute(sql, params![app.as_str(), look.at.secs(), look.outcome.name()])?;
    Ok(())
}

/// The last look of each app.
pub fn all(connection: &Connection) -> Result<Vec<(AppName, Look)>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT app, at, outcome FROM looks")?;
    let rows = statement.query_map([], |row| {
        let (app, at, outcome): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let look = Outcome::named(&outcome).map(|outcome| Look { at: Timestamp::from_secs(at), outcome });
        Ok(AppName::parse(&app).zip(look))
    })?;
    rows.filter_map(|row| row.map_err(StoreError::from).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::migrations, *};

    #[test]
    fn the_last_look_of_an_app_counts() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations::apply(&mut connection).unwrap();
        let [sonarr, radarr] = ["sonarr", "radarr"].map(|name| AppName::parse(name).unwrap());
        let look = |secs, outcome| Look { at: Timestamp::from_secs(secs), outcome };
        note(&connection, &sonarr, look(1, Outcome::Stands)).unwrap();
        note(&connection, &radarr, look(2, Outcome::Untold)).unwrap();
        note(&connection, &sonarr, look(3, Outcome::Wrong)).unwrap();
        let mut looks = all(&connection).unwrap();
        looks.sort_by_key(|(_, look)| look.at.secs());
        assert_eq!(looks, [(radarr, look(2, Outcome::Untold)), (sonarr, look(3, Outcome::Wrong))]);
    }
}
