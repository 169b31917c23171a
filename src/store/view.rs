//! What verify needs of the store, in memory. Readers take no lock: a writer swaps in a new map of a small
//! shard, and whoever still reads the old one is not held up.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use arc_swap::ArcSwap;
use foldhash::HashMap;
use rusqlite::Connection;
use secrecy::SecretString;

use super::{
    database::StoreError,
    keys::{self, ApiKey, KeyId},
    sessions::{self, Session, SessionId},
    users::{self, Standing, User, UserId},
};
use crate::{
    authn::{name::UserName, token::TokenDigest},
    clock::Timestamp,
    policy::role::Role,
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

/// The users, keys and sessions in memory.
pub struct View {
    users: ArcSwap<Users>,
    keys: ArcSwap<Keys>,
    sessions: Box<[ArcSwap<Shard>]>,
    health: AtomicU8,
}

/// The users at one moment.
#[derive(Clone, Default)]
pub struct Users {
    by_id: HashMap<UserId, Arc<User>>,
    by_name: HashMap<UserName, UserId>,
    active_admins: usize,
}

impl Users {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether nobody else could administer Sluice.
    pub fn is_only_admin(&self, user: &User) -> bool {
        is_active_admin(user) && self.active_admins == 1
    }

    /// Those whose name, display name, address or group holds a text, without regard to case; in the order of their
    /// names.
    pub fn search(&self, text: &str) -> Vec<Arc<User>> {
        let text = text.trim().to_lowercase();
        let holds = |known: &str| known.to_lowercase().contains(&text);
        let wanted = |user: &&Arc<User>| {
            text.is_empty()
                || holds(user.name.as_str())
                || user.display_name.as_ref().is_some_and(|name| holds(name.as_str()))
                || user.email.as_ref().is_some_and(|email| holds(email.as_str()))
                || user.groups.as_slice().iter().any(|group| holds(group))
        };
        let mut found: Vec<_> = self.by_id.values().filter(wanted).cloned().collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// The hashes of those who have a password.
    pub fn password_hashes(&self) -> impl Iterator<Item = &SecretString> {
        self.by_id.values().filter_map(|user| user.password_hash.as_ref())
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

/// The keys at one moment.
#[derive(Clone, Default)]
struct Keys {
    by_digest: HashMap<TokenDigest, Arc<ApiKey>>,
    by_id: HashMap<KeyId, Arc<ApiKey>>,
}

/// What is denied in memory although the database does not say so yet.
#[derive(Default)]
pub(super) struct Denied<'a> {
    pub(super) sessions: &'a [SessionId],
    pub(super) keys: &'a [KeyId],
    pub(super) users: &'a [UserId],
}

/// Last uses that the database does not have yet.
pub(super) struct Unstored {
    pub(super) sessions: Vec<(Timestamp, Arc<Session>)>,
    pub(super) keys: Vec<(Timestamp, Arc<ApiKey>)>,
    pub(super) users: Vec<(Timestamp, Arc<User>)>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            users: ArcSwap::default(),
            keys: ArcSwap::default(),
            sessions: (0..SHARDS).map(|_| ArcSwap::default()).collect(),
            health: AtomicU8::new(Health::Readable as u8),
        }
    }
}

fn is_active_admin(user: &User) -> bool {
    user.role == Role::Admin && user.standing == Standing::Enabled
}

fn shard_of(digest: &TokenDigest) -> usize {
    let [first, second, ..] = digest.as_bytes();
    (usize::from(*first) << 8 | usize::from(*second)) % SHARDS
}

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Users.
    pub users: usize,
    /// Keys that are not revoked.
    pub keys: usize,
    /// Sessions, with those that have ended unnoticed.
    pub sessions: usize,
}

impl View {
    /// How much there is at this moment.
    pub fn sizes(&self) -> Sizes {
        let live = |keys: &Keys| keys.by_id.values().filter(|key| !key.revoked).count();
        Sizes {
            users: self.users.load().by_id.len(),
            keys: live(&self.keys.load()),
            sessions: self.sessions.iter().map(|shard| shard.load().len()).sum(),
        }
    }

    /// The users at this moment.
    pub fn users(&self) -> arc_swap::Guard<Arc<Users>> {
        self.users.load()
    }

    /// The session of a cookie.
    pub fn session(&self, digest: &TokenDigest) -> Option<Arc<Session>> {
        self.sessions[shard_of(digest)].load().get(digest).cloned()
    }

    /// The key with this digest, revoked or not.
    pub fn key(&self, digest: &TokenDigest) -> Option<Arc<ApiKey>> {
        self.keys.load().by_digest.get(digest).cloned()
    }

    /// The key that a session was opened with.
    pub fn key_by_id(&self, id: KeyId) -> Option<Arc<ApiKey>> {
        self.keys.load().by_id.get(&id).cloned()
    }

    /// The live keys of a user, in the order in which they were made.
    pub fn keys_of(&self, user: UserId) -> Vec<Arc<ApiKey>> {
        self.live_keys(Some(user))
    }

    /// The live keys of a user or of everybody, in the order in which they were made.
    pub fn live_keys(&self, user: Option<UserId>) -> Vec<Arc<ApiKey>> {
        let live = |key: &&Arc<ApiKey>| user.is_none_or(|user| key.user == user) && !key.revoked;
        let mut keys: Vec<_> = self.keys.load().by_id.values().filter(live).cloned().collect();
        keys.sort_by_key(|key| key.id.get());
        keys
    }

    /// Refuses a user everywhere.
    pub(super) fn suspend(&self, user: UserId) {
        self.users.rcu(|users| {
            let mut users = Users::clone(users);
            if let Some(known) = users.by_id.get_mut(&user) {
                *known = Arc::new(known.suspended());
            }
            users.active_admins = users.by_id.values().filter(|user| is_active_admin(user)).count();
            users
        });
    }

    /// Takes a key, and with it the sessions that it opened, out of memory.
    pub(super) fn deny_key(&self, key: KeyId) {
        self.keys.rcu(|keys| {
            let mut keys = Keys::clone(keys);
            keys.by_digest.retain(|_, known| known.id != key);
            keys.by_id.remove(&key);
            keys
        });
    }

    /// The sessions of a user.
    pub fn sessions_of(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        self.all_sessions().filter(move |session| session.user == user).map(|session| session.id)
    }

    /// The session of an id, and whose it is.
    pub fn session_by_id(&self, id: i64) -> Option<(SessionId, UserId)> {
        self.all_sessions().find(|session| session.id.get() == id).map(|session| (session.id, session.user))
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

    /// What was used since the database last heard of it.
    pub(super) fn unstored(&self) -> Unstored {
        let (users, keys) = (self.users.load(), self.keys.load());
        let sessions = self.all_sessions();
        Unstored {
            sessions: sessions.filter_map(|session| Some((session.used.unstored()?, session))).collect(),
            keys: keys
                .by_id
                .values()
                .filter_map(|key| Some((key.used.unstored()?, Arc::clone(key))))
                .collect(),
            users: users
                .by_id
                .values()
                .filter_map(|user| Some((user.used.unstored()?, Arc::clone(user))))
                .collect(),
        }
    }

    /// Every session, those that have ended by themselves too.
    pub fn all_sessions(&self) -> impl Iterator<Item = Arc<Session>> {
        self.sessions.iter().flat_map(|shard| shard.load().values().cloned().collect::<Vec<_>>())
    }

    /// Takes over what the database says, but for what is `denied`.
    pub(super) fn fill(&self, connection: &Connection, denied: &Denied<'_>) -> Result<(), StoreError> {
        let mut users = Users::default();
        let before = self.users();
        for user in users::all(connection)? {
            if let Some(known) = before.by_id(user.id) {
                user.used.take_over(&known.used);
            }
            let user = if denied.users.contains(&user.id) { Arc::new(user.suspended()) } else { user };
            users.by_name.insert(user.name.clone(), user.id);
            users.active_admins += usize::from(is_active_admin(&user));
            users.by_id.insert(user.id, user);
        }
        let mut keys = Keys::default();
        keys::for_each(connection, |digest, key| {
            if !denied.keys.contains(&key.id) {
                // What changed is taken over, but when it was last used is known best here.
                if let Some(known) = self.key(&digest) {
                    key.used.take_over(&known.used);
                }
                let key = Arc::new(key);
                keys.by_id.insert(key.id, Arc::clone(&key));
                keys.by_digest.insert(digest, key);
            }
        })?;
        let mut shards: Vec<Shard> = vec![Shard::default(); SHARDS];
        sessions::for_each(connection, |digest, session| {
            if !denied.sessions.contains(&session.id) {
                // A session that is known keeps its object, and with it the stamps of its last use.
                let known = self.session(&digest).filter(|known| known.id == session.id);
                shards[shard_of(&digest)].insert(digest, known.unwrap_or_else(|| Arc::new(session)));
            }
        })?;
        self.users.store(Arc::new(users));
        self.keys.store(Arc::new(keys));
        for (current, mut shard) in self.sessions.iter().zip(shards) {
            shard.shrink_to_fit();
            current.store(Arc::new(shard));
        }
        Ok(())
    }
}
