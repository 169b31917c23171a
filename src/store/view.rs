//! What verify needs of the store, in memory. Readers take no lock: a writer swaps in a new map of a small
//! shard, and whoever still reads the old one is not held up.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use arc_swap::ArcSwap;
use rusqlite::Connection;

use super::{
    database::StoreError,
    sessions::{self, Session, SessionId},
    users::{self, User, UserId},
};
use crate::{
    authn::{name::UserName, token::TokenDigest},
    clock::Timestamp,
};

/// With 100,000 sessions a shard holds about a hundred, which is what starting a session copies.
const SHARDS: usize = 1024;

type Shard = HashMap<TokenDigest, Arc<Session>>;

/// Whether the truth behind the view can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Readable = 0,
    /// The database is damaged, gone or replaced: nobody is let in.
    Lost = 1,
}

/// The users and sessions in memory.
pub struct View {
    users: ArcSwap<Users>,
    sessions: Box<[ArcSwap<Shard>]>,
    health: AtomicU8,
}

/// The users at one moment.
#[derive(Default)]
pub struct Users {
    by_id: HashMap<UserId, Arc<User>>,
    by_name: HashMap<UserName, UserId>,
}

impl Users {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// By id.
    pub fn by_id(&self, id: UserId) -> Option<&Arc<User>> {
        self.by_id.get(&id)
    }

    /// By name.
    pub fn by_name(&self, name: &UserName) -> Option<&Arc<User>> {
        self.by_name.get(name).and_then(|id| self.by_id.get(id))
    }
}

impl Default for View {
    fn default() -> Self {
        Self {
            users: ArcSwap::default(),
            sessions: (0..SHARDS).map(|_| ArcSwap::default()).collect(),
            health: AtomicU8::new(Health::Readable as u8),
        }
    }
}

fn shard_of(digest: &TokenDigest) -> usize {
    let [first, second, ..] = digest.as_bytes();
    (usize::from(*first) << 8 | usize::from(*second)) % SHARDS
}

impl View {
    /// The users at this moment.
    pub fn users(&self) -> arc_swap::Guard<Arc<Users>> {
        self.users.load()
    }

    /// The session of a cookie.
    pub fn session(&self, digest: &TokenDigest) -> Option<Arc<Session>> {
        self.sessions[shard_of(digest)].load().get(digest).cloned()
    }

    /// The sessions of a user.
    pub fn sessions_of(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        self.all_sessions().filter(move |session| session.user == user).map(|session| session.id)
    }

    /// Whether the truth behind the view can be trusted.
    pub fn health(&self) -> Health {
        if self.health.load(Ordering::Relaxed) == Health::Readable as u8 {
            Health::Readable
        } else {
            Health::Lost
        }
    }

    pub(super) fn set_health(&self, health: Health) {
        self.health.store(health as u8, Ordering::Relaxed);
    }

    pub(super) fn add_session(&self, digest: TokenDigest, session: Arc<Session>) {
        self.sessions[shard_of(&digest)].rcu(|shard| {
            let mut shard = Shard::clone(shard);
            shard.insert(digest, Arc::clone(&session));
            shard
        });
    }

    pub(super) fn forget_sessions(&self, ended: &[SessionId]) {
        let ended: HashSet<_> = ended.iter().copied().collect();
        for shard in self.sessions.iter().filter(|_| !ended.is_empty()) {
            if shard.load().values().any(|session| ended.contains(&session.id)) {
                shard.rcu(|shard| {
                    let mut shard = Shard::clone(shard);
                    shard.retain(|_, session| !ended.contains(&session.id));
                    shard
                });
            }
        }
    }

    /// The stamps that the database does not have yet.
    pub(super) fn unstored_stamps(&self) -> Vec<(Arc<Session>, Timestamp)> {
        self.all_sessions()
            .filter_map(|session| session.unstored_stamp().map(|stamp| (session, stamp)))
            .collect()
    }

    fn all_sessions(&self) -> impl Iterator<Item = Arc<Session>> {
        self.sessions.iter().flat_map(|shard| shard.load().values().cloned().collect::<Vec<_>>())
    }

    /// Takes over what the database says, but for the sessions in `denied`.
    pub(super) fn fill(&self, connection: &Connection, denied: &[SessionId]) -> Result<(), StoreError> {
        let mut users = Users::default();
        for user in users::all(connection)? {
            users.by_name.insert(user.name.clone(), user.id);
            users.by_id.insert(user.id, user);
        }
        let mut shards: Vec<Shard> = vec![Shard::new(); SHARDS];
        sessions::for_each(connection, |digest, session| {
            if !denied.contains(&session.id) {
                // A session that is known keeps its object, and with it the stamps of its last use.
                let known = self.session(&digest).filter(|known| known.id == session.id);
                shards[shard_of(&digest)].insert(digest, known.unwrap_or_else(|| Arc::new(session)));
            }
        })?;
        self.users.store(Arc::new(users));
        for (current, mut shard) in self.sessions.iter().zip(shards) {
            shard.shrink_to_fit();
            current.store(Arc::new(shard));
        }
        Ok(())
    }
}
