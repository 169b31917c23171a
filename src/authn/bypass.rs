//! Addresses on the own network that need no credential: the host asked for and the client's network must both match.

use std::{net::IpAddr, sync::Arc};

use cidr::IpCidr;

use super::{
    chain::{Attempt, Presented, Rejection},
    name::UserName,
    principal::{Credential, Principal},
};
use crate::{
    policy::{app::HostEntry, origin::Origin},
    store::{users::Standing, view::View},
};

/// Who comes in without a credential.
#[derive(Clone, Debug)]
pub struct Bypass {
    /// Hosts; any port, unless the entry names one.
    pub hosts: Vec<HostEntry>,
    /// Networks of clients.
    pub networks: Vec<IpCidr>,
    /// Whom they act as.
    pub user: UserName,
}

impl Bypass {
    /// Proves `user` by the client's place; who matches while that user cannot be is refused.
    pub fn attempt(&self, presented: &Presented<'_>, view: &View) -> Attempt {
        if !self.names(presented.origin)
            || !(presented.client)().named().is_some_and(|client| self.holds(client))
        {
            return Attempt::NotPresented;
        }
        match view.users().by_name(&self.user) {
            None => Attempt::Rejected(Rejection::BypassUserMissing),
            Some(user) if user.standing == Standing::Disabled => Attempt::Rejected(Rejection::UserDisabled),
            Some(user) => Attempt::Accepted(Principal::new(Arc::clone(user), Credential::Bypass)),
        }
    }

    fn names(&self, origin: &Origin) -> bool {
        self.hosts
            .iter()
            .any(|(host, port)| host == &origin.host && port.is_none_or(|port| port == origin.port))
    }

    fn holds(&self, client: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&client))
    }
}
