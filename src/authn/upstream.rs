//! Another provider (Tinyauth, Authelia, authentik or any that speaks like them): nginx can ask one service only, so
//! Sluice asks the provider itself, and takes the user from its answer.

mod answer;
pub mod dialect;
pub mod question;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use reqwest::Client;
use tracing::{error, warn};
use url::Url;

use self::{answer::Answer, dialect::Dialect, question::Question};
use super::{
    chain::{self, Attempt, Presented, Settled},
    external::{ExternalIdentity, Provisioner},
    principal::Credential,
    single_flight::SingleFlight,
    sso::IdentityHeaders,
    token::{RandomError, TokenDigest},
};
use crate::{clock, store::Store, telemetry::Seldom};

/// Questions under way; more would only wait for the same provider.
const UNDER_WAY: usize = 256;
/// Of these, different ones of one network of clients.
const EACH: usize = 32;
/// Answers that are kept; past that, all are forgotten.
const KEPT: usize = 10_000;

/// The provider, and what it said.
pub struct Upstream {
    dialect: Dialect,
    headers: IdentityHeaders,
    client: Client,
    url: Url,
    /// How long an answer is kept.
    cache_ttl: Duration,
    /// Without it, what is kept says nothing about credentials.
    key: [u8; 32],
    pub(super) provisioner: Arc<Provisioner>,
    kept: Mutex<HashMap<TokenDigest, (ExternalIdentity, Duration)>>,
    under_way: SingleFlight<Answer>,
    failure: Seldom,
    crowd: Seldom,
}

impl Upstream {
    /// A provider at `url` that nothing has been asked of yet.
    pub fn new(
        (dialect, headers): (Dialect, IdentityHeaders),
        (client, url): (Client, Url),
        cache_ttl: Duration,
        provisioner: Arc<Provisioner>,
    ) -> Result<Self, RandomError> {
        Ok(Self {
            dialect,
            headers,
            client,
            url,
            cache_ttl,
            provisioner,
            key: super::token::random()?,
            kept: Mutex::default(),
            under_way: SingleFlight::new(UNDER_WAY, EACH),
            failure: Seldom::default(),
            crowd: Seldom::default(),
        })
    }

    /// Asks for the provider to be asked: it knows even of those who send nothing where they sign in.
    pub(super) fn attempt(&self, presented: &Presented<'_>) -> Attempt {
        let question = Question::new(presented, &self.key);
        Attempt::Unsettled(chain::Question::Upstream(Box::new(question)))
    }

    /// Whom the provider knows the client for.
    pub(super) async fn names(&self, presented: &Presented<'_>) -> Option<ExternalIdentity> {
        let question = Question::new(presented, &self.key);
        match self.ask(&question).await {
            Answer::User(identity) => Some(identity),
            Answer::SignIn(_) | Answer::Forbidden | Answer::Useless => None,
        }
    }

    /// Takes the user from the provider's answer.
    pub(super) async fn settle(&self, question: Question, store: &Arc<Store>) -> Settled {
        let credential = Credential::Upstream(question.by);
        let answer = match self.recall(&question) {
            Some(identity) => Answer::User(identity),
            None => self.ask(&question).await,
        };
        match answer {
            Answer::User(identity) => {
                let name = identity.name.clone();
                match self.provisioner.attempt(name, |_| identity, credential, store.view()) {
                    Attempt::Accepted(principal) => Settled::Proven(principal),
                    Attempt::Rejected(rejection) => Settled::Rejected(rejection),
                    Attempt::Unsettled(chain::Question::Provision(provision)) => {
                        provision.settle(store).await
                    }
                    Attempt::NotPresented | Attempt::Unsettled(_) => Settled::Unavailable,
                }
            }
            Answer::SignIn(address) => Settled::SignInElsewhere(address),
            Answer::Forbidden => Settled::ForbiddenElsewhere,
            Answer::Useless => Settled::Unavailable,
        }
    }

    async fn ask(&self, question: &Question) -> Answer {
        let ask = async {
            let answered =
                answer::receive(self.dialect.request(&self.client, &self.url, question), self, question)
                    .await;
            match answered {
                Ok(answer) => answer,
                Err(cause) => {
                    if self.failure.is_due(clock::monotonic()) {
                        error!(
                            provider = %self.url,
                            cause,
                            "the provider cannot be asked, so whoever depends on it is refused; further failures \
                             within a minute are not logged"
                        );
                    }
                    Answer::Useless
                }
            }
        };
        let Some(answer) = self.under_way.share(question.shared, question.client, ask).await else {
            if self.crowd.is_due(clock::monotonic()) {
                warn!(provider = %self.url, "too many questions to the provider at once; some requests are refused");
            }
            return Answer::Useless;
        };
        if let Answer::User(identity) = &answer {
            self.keep(question, identity);
        }
        answer
    }

    fn recall(&self, question: &Question) -> Option<ExternalIdentity> {
        if self.cache_ttl.is_zero() {
            return None;
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (identity, until) = kept.get(&question.credential)?;
        (clock::monotonic() < *until).then(|| identity.clone())
    }

    fn keep(&self, question: &Question, identity: &ExternalIdentity) {
        if self.cache_ttl.is_zero() {
            return;
        }
        let now = clock::monotonic();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.retain(|_, (_, until)| now < *until);
        }
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(question.credential, (identity.clone(), now + self.cache_ttl));
    }
}
