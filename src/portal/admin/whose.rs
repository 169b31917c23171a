//! Whose things a list shows: everybody's, or one user's.

use std::sync::Arc;

use crate::{
    authn::name::UserName,
    portal::visit::Visit,
    store::users::{User, UserId},
};

/// What was asked for.
pub struct Whose {
    /// The list's address.
    pub action: String,
    /// The name in the field.
    pub typed: String,
    /// The user; [`None`] for everybody, and for nobody where something is wrong.
    pub user: Option<Arc<User>>,
    /// What is wrong with the name.
    pub wrong: Option<String>,
}

impl Whose {
    /// As the query says: by `name`, which people type, or by `user`, the id that links have.
    pub fn of(visit: &Visit, list: &str) -> Self {
        let users = visit.state.store.view().users();
        let action = visit.page(list);
        if let Some(typed) = visit.query("name") {
            let user = UserName::parse(typed.trim()).ok().and_then(|name| users.by_name(&name).cloned());
            let unknown = user.is_none() && !typed.trim().is_empty();
            let wrong = unknown.then(|| "There is no user of this name.".to_owned());
            let typed = user.as_ref().map_or(typed, |user| user.name.to_string());
            return Self { action, typed, user, wrong };
        }
        let Some(id) = visit.query("user") else {
            return Self { action, typed: String::new(), user: None, wrong: None };
        };
        let user = id.parse().ok().and_then(|id| users.by_id(UserId::named(id)).cloned());
        let wrong = user.is_none().then(|| "This user is not there any more.".to_owned());
        let typed = user.as_ref().map_or_else(String::new, |user| user.name.to_string());
        Self { action, typed, user, wrong }
    }

    /// The user's id.
    pub fn id(&self) -> Option<UserId> {
        self.user.as_ref().map(|user| user.id)
    }

    /// Its part of a query, with `&` before what follows.
    pub fn query(&self) -> String {
        self.id().map_or_else(String::new, |id| format!("user={}&", id.get()))
    }
}
