//! Networks from which somebody has signed in lately.

use std::net::IpAddr;

use rusqlite::{Connection, params};

use super::database::StoreError;
use crate::clock::Timestamp;

/// A network, and when somebody last signed in from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownNetwork {
    /// The address; of IPv6 the first of a /64.
    pub network: IpAddr,
    /// The last sign-in.
    pub seen: Timestamp,
}

/// Stores these, and deletes what was last seen before `oldest`, or is past the newest `most`.
pub fn save(
    connection: &Connection,
    known: &[KnownNetwork],
    oldest: Timestamp,
    most: usize,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO known_networks (network, seen) VALUES (?1, ?2)
         ON CONFLICT (network) DO UPDATE SET seen = excluded.seen",
    )?;
    for known in known {
        statement.execute(params![known.network.to_string(), known.seen.secs()])?;
    }
    connection.execute("DELETE FROM known_networks WHERE seen < ?1", [oldest.secs()])?;
    connection.execute(
        "DELETE FROM known_networks WHERE network IN
         (SELECT network FROM known_networks ORDER BY seen DESC LIMIT -1 OFFSET ?1)",
        [i64::try_from(most).unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// All that are stored. What is no network is left out.
pub fn all(connection: &Connection) -> Result<Vec<KnownNetwork>, StoreError> {
    let mut statement = connection.prepare("SELECT network, seen FROM known_networks")?;
    let rows = statement.query_map([], |row| {
        let (network, seen): (String, i64) = (row.get(0)?, row.get(1)?);
        Ok(network.parse().ok().map(|network| KnownNetwork { network, seen: Timestamp::from_secs(seen) }))
    })?;
    Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn what_is_saved_is_read_until_it_is_old_or_too_much() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let known = |host: u8, seen| KnownNetwork {
            network: IpAddr::from([192, 0, 2, host]),
            seen: Timestamp::from_secs(seen),
        };
        let save = |known: &[KnownNetwork], oldest, most| {
            store.write(|tx| save(tx, known, Timestamp::from_secs(oldest), most)).unwrap();
            let mut all = store.read(all).unwrap();
            all.sort_by_key(|known| known.network);
            all
        };
        assert_eq!(save(&[known(1, 10), known(2, 20)], 0, 9), [known(1, 10), known(2, 20)]);
        assert_eq!(save(&[known(1, 30), known(3, 25)], 0, 9), [known(1, 30), known(2, 20), known(3, 25)]);
        assert_eq!(save(&[], 21, 9), [known(1, 30), known(3, 25)]);
        assert_eq!(save(&[known(4, 40)], 0, 2), [known(1, 30), known(4, 40)]);
    }
}
