//! `[auth]`: whether people must sign in, and the administrator that the configuration makes.

use secrecy::{ExposeSecret, SecretString};

use super::{
    reader::Reader,
    values::{flag, number},
};
use crate::authn::{name::UserName, password};

/// The section.
#[derive(Debug)]
pub struct AuthConfig {
    /// Whether anybody has to prove who they are.
    pub enabled: bool,
    /// The name of the administrator that `admin_password` makes, and of the open one.
    pub admin_user: UserName,
    /// Makes that administrator at start and sets the password, which then cannot be changed elsewhere.
    pub admin_password: Option<SecretString>,
    /// The cost of new bcrypt hashes.
    pub bcrypt_cost: u32,
}

impl AuthConfig {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let enabled = reader.value("auth.enabled", "true", flag);
        let admin_user = reader.value("auth.admin_user", "admin", |text| {
            UserName::parse(text).map_err(|error| format!("is no user name: {error}"))
        });
        if let (Some(false), Some(name)) = (enabled, &admin_user) {
            reader.warning(
                "auth.enabled",
                &format!("nobody is asked who they are: everybody who reaches the proxy is the administrator `{name}`"),
            );
        }
        let admin_password = reader.secret("auth.admin_password");
        if let Some(Some(secret)) = &admin_password
            && let Err(error) = password::fits(secret.expose_secret())
        {
            reader.problem("auth.admin_password", &error.to_string());
        }
        let bcrypt_cost = reader.value("auth.bcrypt_cost", "12", number(4..=password::MAX_COST));
        Some(Self {
            enabled: enabled?,
            admin_user: admin_user?,
            admin_password: admin_password?,
            bcrypt_cost: bcrypt_cost?,
        })
    }
}
