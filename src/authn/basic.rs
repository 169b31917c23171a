//! A name and a password with the request itself (RFC 7617). What was right is remembered, so that bcrypt runs once.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{
    chain::{Attempt, Presented, Question, Settled},
    name::UserName,
    principal::{Credential, Principal},
    sign_in::{Claim, Proof as SignedInBy, Refused, SignIn},
    single_flight::SingleFlight,
    token::{RandomError, TokenDigest},
};
use crate::store::{
    users::{Standing, User, UserId},
    view::View,
};

/// Pairs that are remembered; past that, all are forgotten and proved anew.
const REMEMBERED: usize = 1_024;
/// Different pairs that are compared or wait for it: more than the queues before the hashing threads hold, since they
/// know whom to refuse.
const UNDER_WAY: usize = 8_192;

/// Names and passwords that were right.
pub struct Basic {
    /// Without it, what is remembered says nothing about passwords.
    key: [u8; 32],
    right: ArcSwap<HashMap<TokenDigest, Proof>>,
    under_way: SingleFlight<Result<UserId, Refused>>,
}

/// Whom a pair proved, while they have this hash.
#[derive(Clone)]
struct Proof {
    user: UserId,
    hash: SecretString,
}

/// A pair that must be compared first.
pub struct Guess {
    claim: Claim,
    digest: TokenDigest,
}

impl Basic {
    /// Nothing remembered.
    pub fn new() -> Result<Self, RandomError> {
        Ok(Self {
            key: super::token::random()?,
            right: ArcSwap::default(),
            under_way: SingleFlight::new(UNDER_WAY, UNDER_WAY),
        })
    }

    /// Proves the user where the pair is remembered, else asks for it to be compared. With `others` asked about
    /// names that no password opens here, such a name is no credential of ours.
    pub fn attempt(
        &self,
        (user, password): (String, SecretString),
        presented: &Presented<'_>,
        view: &View,
    ) -> Attempt {
        let named = UserName::parse(&user).ok();
        let users = view.users();
        let known = named.and_then(|name| users.by_name(&name));
        let has_password = known.is_some_and(|user| user.password_hash.is_some());
        if presented.foreign_authorization_is_asked && !has_password {
            return Attempt::NotPresented;
        }
        let digest = self.digest(&user, &password);
        if let (Some(known), Some(proof)) = (known, self.right.load().get(&digest))
            && proof.holds(known)
        {
            return Attempt::Accepted(Principal::new(Arc::clone(known), Credential::Basic));
        }
        let claim = Claim { username: user, password, address: (presented.client)().address() };
        Attempt::Unsettled(Question::Password(Box::new(Guess { claim, digest })))
    }

    /// Compares; many requests with one pair share one comparison.
    pub async fn settle(&self, guess: Guess, sign_in: &SignIn) -> Settled {
        let Guess { claim, digest } = guess;
        let client = claim.address;
        let compare = sign_in.prove(claim, SignedInBy::Basic, |user| user);
        let ask = async {
            let user = compare.await?;
            sign_in.succeeded(&user.name, client, SignedInBy::Basic);
            self.remember(digest, &user);
            Ok(user.id)
        };
        let view = sign_in.store.view();
        match self.under_way.share(digest, client, ask).await {
            Some(Ok(id)) => {
                // Comparing takes a while, in which they can be disabled or get another password.
                let users = view.users();
                let holds =
                    |user: &&Arc<User>| self.right.load().get(&digest).is_some_and(|proof| proof.holds(user));
                match users.by_id(id).filter(holds) {
                    Some(user) => Settled::Proven(Principal::new(Arc::clone(user), Credential::Basic)),
                    None => Settled::Busy,
                }
            }
            Some(Err(refused)) => Settled::Password(refused),
            None => Settled::Busy,
        }
    }

    fn remember(&self, digest: TokenDigest, user: &User) {
        let Some(hash) = user.password_hash.clone() else { return };
        let proof = Proof { user: user.id, hash };
        self.right.rcu(|right| {
            let mut right = HashMap::clone(right);
            if right.len() >= REMEMBERED {
                right.clear();
            }
            right.insert(digest, proof.clone());
            right
        });
    }

    /// Of name and password under our key, each with its length, so that no two pairs read alike.
    fn digest(&self, user: &str, password: &SecretString) -> TokenDigest {
        let password = password.expose_secret();
        let digest = Sha256::new()
            .chain_update(self.key)
            .chain_update(user.len().to_le_bytes())
            .chain_update(user)
            .chain_update(password)
            .finalize();
        TokenDigest::from_array(digest.into())
    }
}

impl Proof {
    fn holds(&self, user: &User) -> bool {
        let same =
            user.password_hash.as_ref().map(ExposeSecret::expose_secret) == Some(self.hash.expose_secret());
        user.id == self.user && user.standing == Standing::Enabled && same
    }
}
