//! What every request handler shares.

use std::sync::Arc;

use crate::{
    authn::{chain::Authenticator, sign_in::SignIn},
    config::Config,
    portal::setup::SetupToken,
    store::Store,
};

/// The running service. Verify reads `config`, `authenticator` and the store's view; the portal all of it.
pub struct State {
    /// The configuration.
    pub config: Config,
    /// The database and its view.
    pub store: Arc<Store>,
    /// Credentials and what they are compared with.
    pub authenticator: Authenticator,
    /// Signing in.
    pub sign_in: SignIn,
    /// The one-time token that makes the first administrator, until it has.
    pub setup: Option<SetupToken>,
}
