//! Whom another system knows the client for: a look that lets nobody in, makes nobody and changes nobody.

use super::{
    chain::{Authenticator, Presented},
    external::ExternalIdentity,
    name::UserName,
};
use crate::{policy::role::Role, store::view::View};

impl Authenticator {
    /// Their name here and the role that they would have, where SSO or the other provider knows them.
    pub async fn known_elsewhere(&self, presented: &Presented<'_>, view: &View) -> Option<(UserName, Role)> {
        let known = |identity: ExternalIdentity, role: Option<Role>| Some((identity.name, role?));
        if let Some(sso) = &self.sso
            && let Some(identity) = sso.names(presented)
        {
            let role = sso.provisioner.role_of(&identity, view);
            return known(identity, role);
        }
        let upstream = self.upstream.as_ref()?;
        let identity = upstream.names(presented).await?;
        let role = upstream.provisioner.role_of(&identity, view);
        known(identity, role)
    }
}
