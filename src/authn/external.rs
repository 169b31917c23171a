//! Users that another system names: who they are here, and how they come to be.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::Transaction;
use tracing::{error, info, warn};

use super::{
    chain::{Attempt, Question, Rejection, Settled},
    group::Groups,
    lane::{Lane, NotRun, Turn},
    name::UserName,
    principal::{Credential, Principal, Way},
    profile::{DisplayName, Email},
};
use crate::{
    clock,
    events::{
        event::{By, Event},
        kind::Kind,
    },
    policy::{capability::Capabilities, role::Role},
    store::{
        Store,
        database::StoreError,
        events,
        users::{self, ExternalRights, NewUser, Standing, User},
        view::View,
    },
};

/// New users within a minute; more are an attack or a mistake.
const NEW_PER_MINUTE: usize = 60;
/// Users past which none are made by themselves.
const MOST_USERS: i64 = 10_000;

/// Whom another system named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalIdentity {
    /// Their name.
    pub name: UserName,
    /// Their name for people, where it said one.
    pub display_name: Option<DisplayName>,
    /// Their address, where it said one.
    pub email: Option<Email>,
    /// Their groups.
    pub groups: Groups,
}

/// When users without a password follow what the other system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Once they are made, they are changed here only.
    Never,
    /// With every request.
    Always,
}

/// What a group brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// An administrator.
    Admin,
    /// These capabilities.
    Capabilities(Capabilities),
}

/// How users of another system become users here.
#[derive(Clone, Debug)]
pub struct Provisioning {
    /// Whether unknown ones are made.
    pub auto_provision: bool,
    /// Administrator or not, where no group says more.
    pub role: Role,
    /// What is granted, where no group says otherwise.
    pub granted: Capabilities,
    /// Whether they follow.
    pub sync: Sync,
    /// What groups bring, instead of `granted`.
    pub group_map: Vec<(String, Grant)>,
}

impl Provisioning {
    /// What these groups bring: administrator if any says so, and together what each grants.
    fn rights(&self, groups: &Groups) -> (Role, Capabilities) {
        let grants =
            self.group_map.iter().filter(|(group, _)| groups.contains(group)).map(|(_, grant)| grant);
        let (mut role, mut sum) = (self.role, None);
        for grant in grants {
            match grant {
                Grant::Admin => role = Role::Admin,
                Grant::Capabilities(set) => sum = Some(set.either(sum.unwrap_or(Capabilities::NONE))),
            }
        }
        (role, sum.unwrap_or(self.granted))
    }
}

/// Somebody whom the store must be brought up to first.
pub struct Provision {
    provisioner: Arc<Provisioner>,
    identity: ExternalIdentity,
    credential: Credential,
}

/// Finds the users that another system names, and makes those who are missing.
pub struct Provisioner {
    rules: Provisioning,
    lane: Arc<Lane>,
    /// When the latest users were made.
    made: Mutex<VecDeque<Duration>>,
}

impl Provisioner {
    /// Makes them on the threads of `lane`.
    pub fn new(rules: Provisioning, lane: Arc<Lane>) -> Self {
        Self { rules, lane, made: Mutex::default() }
    }

    /// Who they are here, where the store need not be written; `identity` reads what else is said about them.
    pub(super) fn attempt(
        self: &Arc<Self>,
        name: UserName,
        identity: impl FnOnce(UserName) -> ExternalIdentity,
        credential: Credential,
        view: &View,
    ) -> Attempt {
        let users = view.users();
        let user = match users.by_name(&name) {
            None if !self.rules.auto_provision => return Attempt::Rejected(Rejection::NoSuchUser),
            Some(user) if user.standing == Standing::Disabled => {
                return Attempt::Rejected(Rejection::NamedUserDisabled);
            }
            Some(user) if !self.follows(user) => {
                return Attempt::Accepted(Principal::new(Arc::clone(user), credential));
            }
            user => user,
        };
        let identity = identity(name);
        match user {
            Some(user) if !self.is_behind(user, &identity, users.is_only_admin(user)) => {
                Attempt::Accepted(Principal::new(Arc::clone(user), credential))
            }
            _ => {
                let provision = Provision { provisioner: Arc::clone(self), identity, credential };
                Attempt::Unsettled(Question::Provision(Box::new(provision)))
            }
        }
    }

    /// The role that somebody has here, or would have once they came; `None` where they would not come in.
    pub(super) fn role_of(&self, identity: &ExternalIdentity, view: &View) -> Option<Role> {
        let users = view.users();
        let (role, _) = self.rules.rights(&identity.groups);
        match users.by_name(&identity.name) {
            None => Some(role).filter(|_| self.rules.auto_provision),
            Some(user) if user.standing == Standing::Disabled => None,
            Some(user) if !self.follows(user) || users.is_only_admin(user) => Some(user.role),
            Some(_) => Some(role),
        }
    }

    /// Whether what the other system says holds for this user, who has been made before.
    fn follows(&self, user: &User) -> bool {
        self.rules.sync == Sync::Always && user.password_hash.is_none()
    }

    /// Whether the stored user says something else than the other system. The last active administrator stays one.
    fn is_behind(&self, user: &User, identity: &ExternalIdentity, only_admin: bool) -> bool {
        let (role, granted) = self.rules.rights(&identity.groups);
        (user.role != role && !only_admin)
            || user.granted != granted
            || user.groups != identity.groups
            || (identity.display_name.is_some() && user.display_name != identity.display_name)
            || (identity.email.is_some() && user.email != identity.email)
    }
}

impl Provision {
    pub(super) const fn way(&self) -> Way {
        self.credential.way()
    }

    /// Brings the store up to what the other system says.
    pub(super) async fn settle(self, store: &Arc<Store>) -> Settled {
        let Self { provisioner, identity, credential } = self;
        let (lane, store) = (Arc::clone(&provisioner.lane), Arc::clone(store));
        let store_it = move || store_identity(&provisioner.rules, &identity, &provisioner.made, &store);
        match lane.run(Turn::INSIDE, store_it).await {
            Ok(Ok(user)) if user.standing == Standing::Disabled => {
                Settled::Rejected(Rejection::NamedUserDisabled)
            }
            Ok(Ok(user)) => Settled::Proven(Principal::new(user, credential)),
            Ok(Err(StoreError::TooManyUsers)) => Settled::Rejected(Rejection::TooManyNew),
            Ok(Err(cause)) => {
                error!(%cause, "a user that another system named could not be stored");
                Settled::Unavailable
            }
            Err(NotRun::Busy) => Settled::Busy,
            Err(NotRun::Panicked) => Settled::Unavailable,
        }
    }
}

fn store_identity(
    rules: &Provisioning,
    identity: &ExternalIdentity,
    made: &Mutex<VecDeque<Duration>>,
    store: &Store,
) -> Result<Arc<User>, StoreError> {
    let (role, granted) = rules.rights(&identity.groups);
    let rights = ExternalRights {
        display_name: identity.display_name.as_ref(),
        email: identity.email.as_ref(),
        groups: &identity.groups,
        role,
        granted,
    };
    store.write_users(|tx| match users::find(tx, &identity.name) {
        // Another request may have made them meanwhile; what holds then is theirs.
        Ok(id) => match rules.sync {
            Sync::Always => bring_up(tx, (id, &identity.name), &rights, store.view()),
            Sync::Never => Ok(()),
        },
        Err(StoreError::UnknownUser(_)) => {
            reserve_new(made, users::count(tx)?, &identity.name)?;
            make(tx, identity, &rights)
        }
        Err(error) => Err(error),
    })?;
    let user = store.view().users().by_name(&identity.name).cloned();
    user.ok_or_else(|| StoreError::UnknownUser(identity.name.to_string()))
}

fn make(
    tx: &Transaction<'_>,
    identity: &ExternalIdentity,
    rights: &ExternalRights<'_>,
) -> Result<(), StoreError> {
    let user = NewUser {
        name: &identity.name,
        display_name: rights.display_name,
        email: rights.email,
        role: rights.role,
        granted: rights.granted,
        password_hash: None,
    };
    let id = users::insert(tx, &user, clock::now())?;
    users::set_groups(tx, id, rights.groups)?;
    let told = Event::new(Kind::UserAdded).by(By::Provider).about(&identity.name);
    events::append(tx, &told.with("role", rights.role.name()).granting(rights.granted), clock::now())?;
    info!(user = %identity.name, role = rights.role.name(), granted = %rights.granted, "added a user that another system named");
    Ok(())
}

fn bring_up(
    tx: &Transaction<'_>,
    (id, name): (users::UserId, &UserName),
    rights: &ExternalRights<'_>,
    view: &View,
) -> Result<(), StoreError> {
    if !users::may_follow(tx, id)? {
        return Ok(());
    }
    let role = if users::set_external(tx, id, rights)? {
        info!(user = %name, role = rights.role.name(), granted = %rights.granted, "brought a user to what another system says");
        rights.role
    } else {
        warn!(user = %name, "another system says that the last active administrator is none; make another one first");
        Role::Admin
    };
    let before = view.users().by_id(id).map(|user| (user.role, user.granted));
    let told = match before == Some((role, rights.granted)) {
        true => Event::new(Kind::UserChanged),
        false => Event::new(Kind::UserCapabilitiesChanged).with("role", role.name()).granting(rights.granted),
    };
    events::append(tx, &told.by(By::Provider).about(name), clock::now())?;
    Ok(())
}

/// Counts a new user, or refuses one too many.
fn reserve_new(made: &Mutex<VecDeque<Duration>>, users: i64, name: &UserName) -> Result<(), StoreError> {
    let now = clock::monotonic();
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    while made.front().is_some_and(|&at| now.saturating_sub(at) > Duration::from_secs(60)) {
        made.pop_front();
    }
    if users >= MOST_USERS || made.len() >= NEW_PER_MINUTE {
        warn!(user = %name, users, "no user is made: another system named more than {NEW_PER_MINUTE} new ones in a minute, or there are {MOST_USERS}");
        return Err(StoreError::TooManyUsers);
    }
    made.push_back(now);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_bring_together_what_each_grants() {
        let set = |list: &str| list.parse::<Capabilities>().unwrap();
        let rules = Provisioning {
            auto_provision: true,
            role: Role::User,
            granted: Capabilities::NONE,
            sync: Sync::Always,
            group_map: vec![
                ("wheel".to_owned(), Grant::Admin),
                ("family".to_owned(), Grant::Capabilities(Capabilities::READ_ONLY)),
                ("adders".to_owned(), Grant::Capabilities(set("add_downloads"))),
            ],
        };
        for (groups, role, granted) in [
            ("", Role::User, Capabilities::NONE),
            ("Family", Role::User, Capabilities::NONE),
            ("adders,other", Role::User, set("add_downloads")),
            ("family,adders", Role::User, Capabilities::READ_ONLY.either(set("add_downloads"))),
            ("wheel", Role::Admin, Capabilities::NONE),
            ("wheel,family", Role::Admin, Capabilities::READ_ONLY),
        ] {
            assert_eq!(rules.rights(&Groups::parse(groups, ',')), (role, granted), "{groups}");
        }
    }
}
