//! Signing in with a name and a password: throttled, hashed off the request threads, then a fresh session.

mod stored_password;

use std::{net::IpAddr, sync::Arc, thread, time::Duration};

use secrecy::SecretString;
use tracing::{error, info, warn};

use super::{
    chain::Rejection,
    device::Device,
    lane::{Class, Lane, NotRun, Turn},
    name::UserName,
    password,
    token::Token,
};
use crate::{
    clock,
    events::{event::Event, kind::Kind, line::Topic, log::Log, repeats::Alike},
    metrics::{Metrics, sign_ins::Ending},
    store::{
        Store,
        sessions::{Lifetime, NewSession, Opened, SessionId},
        users::User,
    },
    throttle::{self, Reserved, Throttle, Wait},
};

/// The door lets no more than one refusal out in this time. A flood from clients that ask again at once then
/// leaves the threads that answer verify alone; whoever may try waits no longer than those before them.
const REFUSAL_PACE: Duration = Duration::from_millis(1);

/// What signing in needs of the service.
#[derive(Clone)]
pub struct SignIn {
    /// Where users and sessions are.
    pub store: Arc<Store>,
    /// Who has to wait.
    pub throttle: Arc<Throttle>,
    /// Where tries are counted, and those refused that come too soon.
    pub door: Arc<Lane>,
    /// Where passwords are hashed.
    pub hashing: Arc<Lane>,
    /// The cost of new hashes.
    pub bcrypt_cost: u32,
    /// Where tries are noted.
    pub log: Log,
    /// Where the ends of tries are counted.
    pub metrics: Arc<Metrics>,
}

/// By what somebody signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A name and a password, on a page or through an app's own sign-in.
    Password,
    /// A name and a password with the request itself.
    Basic,
    /// An API key.
    Key,
    /// The token that makes the first administrator.
    SetupToken,
}

impl Proof {
    const fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Basic => "basic",
            Self::Key => "api-key",
            Self::SetupToken => "setup-token",
        }
    }
}

/// A name and a password, as they were sent.
pub struct Claim {
    /// The name; what is no name fails like an unknown one.
    pub username: String,
    /// The password.
    pub password: SecretString,
    /// The client's address.
    pub address: IpAddr,
}

/// The session to start.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// How long it shall live.
    pub lifetime: Lifetime,
    /// Who opens it, and by what.
    pub opened: Opened,
    /// The session that the client came with; it ends.
    pub replaced: Option<SessionId>,
    /// What it is opened with.
    pub device: Device,
}

/// Why a sign-in is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Name or password is wrong; so long is the wait before the next try.
    Wrong(Wait),
    /// Too many failures: nothing was compared.
    Throttled(Wait),
    /// Too many sign-ins at once: nothing was compared.
    Busy,
    /// Our own failure, in the log.
    Failed,
}

impl SignIn {
    /// Counts a wrong API key against the client's address, as any failure counts. Where too many wait to be counted,
    /// it is left out: guessing 256 bits gets nowhere.
    pub fn count_wrong_key(&self, address: IpAddr) {
        let this = self.clone();
        self.door.dispatch(self.turn(address), move || {
            if let Ok(reserved) = this.throttle.reserve(address, None, clock::monotonic()) {
                this.failed(reserved, (Proof::Key, None, address));
            }
        });
    }

    /// Notes that somebody proved who they are.
    pub fn succeeded(&self, user: &UserName, address: IpAddr, by: Proof) {
        let event = Event::new(Kind::SigninSucceeded).by_and_about(user).from(address);
        self.log.record(event.with("method", by.name()));
    }

    /// Counts a wrong setup token and notes it.
    pub fn wrong_setup_token(&self, reserved: Reserved, address: IpAddr) -> Wait {
        self.failed(reserved, (Proof::SetupToken, None, address))
    }

    /// Counts a failure and notes it. Of names only those of users are noted: others may be passwords in the wrong field.
    fn failed(&self, reserved: Reserved, (by, user, address): (Proof, Option<&User>, IpAddr)) -> Wait {
        let wait = reserved.failed(clock::monotonic());
        let failed = failure(by, user, address);
        if self.throttle.blocks(wait) {
            let blocked = Event { kind: Kind::SigninBlocked, ..failed.clone() };
            self.log.record(blocked.with("seconds", wait.seconds()));
        }
        self.log.record(failed);
        wait
    }

    /// Proves the owner of a key by `prove`, counted like a password. A key that is known but opens nothing any more
    /// is no guess.
    pub async fn prove_key<T: Send + 'static>(
        &self,
        address: IpAddr,
        prove: impl FnOnce() -> Result<T, Rejection> + Send + 'static,
    ) -> Result<T, Refused> {
        let sign_in = self.clone();
        let proved = self.door.run(self.turn(address), move || {
            let mut reserved = sign_in.admit(address, None)?;
            reserved.compare();
            let rejection = match prove() {
                Ok(proved) => {
                    reserved.succeeded();
                    return Ok(proved);
                }
                Err(rejection) => rejection,
            };
            let words =
                move |more| info!(%address, cause = %rejection, more, "a client's sign-in with an API key is refused");
            sign_in.tell(address, ("", "a key's sign-in"), words);
            sign_in.metrics.sign_ins.count(Ending::Failed);
            if matches!(rejection, Rejection::KeyUnknown | Rejection::KeyOfAnother) {
                return Err(Refused::Wrong(sign_in.failed(reserved, (Proof::Key, None, address))));
            }
            reserved.cancelled();
            Err(Refused::Wrong(Wait::NONE))
        });
        self.ran(address, proved.await)
    }

    /// Starts a session for whoever knows the password.
    pub async fn sign_in(&self, claim: Claim, wanted: Wanted) -> Result<Token, Refused> {
        self.sign_in_where(claim, wanted, |_| Ok(())).await
    }

    /// The same where only some may enter: to the others a right password looks like a wrong one, but counts as no
    /// guess.
    pub async fn sign_in_where(
        &self,
        claim: Claim,
        wanted: Wanted,
        may_enter: impl FnOnce(&User) -> Result<(), Rejection> + Send + 'static,
    ) -> Result<Token, Refused> {
        let (this, address) = (self.clone(), claim.address);
        let start = move |user: Arc<User>| {
            this.succeeded(&user.name, address, Proof::Password);
            this.start_session(&user, address, wanted)
        };
        self.prove_where(claim, Proof::Password, may_enter, start).await?.ok_or(Refused::Failed)
    }

    /// Compares the password with the named user's, and runs `then` for that user when it is right. The try is
    /// counted before it is hashed.
    pub async fn prove<T: Send + 'static>(
        &self,
        claim: Claim,
        by: Proof,
        then: impl FnOnce(Arc<User>) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        self.prove_where(claim, by, |_| Ok(()), then).await
    }

    async fn prove_where<T: Send + 'static>(
        &self,
        claim: Claim,
        by: Proof,
        may_enter: impl FnOnce(&User) -> Result<(), Rejection> + Send + 'static,
        then: impl FnOnce(Arc<User>) -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let address = claim.address;
        let name = UserName::parse(&claim.username).ok();
        let (sign_in, account, turn) = (self.clone(), name.clone(), self.turn(address));
        let admitted = self.door.run(turn, move || sign_in.admit(address, account.as_ref())).await;
        let mut reserved = self.ran(address, admitted)?;
        let sign_in = self.clone();
        let proved = self.hashing.run(turn, move || {
            reserved.compare();
            let (user, work) = {
                let users = sign_in.store.view().users();
                let user = name.and_then(|name| users.by_name(&name).cloned());
                (user, password::work(users.password_hashes(), sign_in.bcrypt_cost))
            };
            let right = stored_password::is_right(user.as_ref(), &claim.password, work);
            // Settled on this thread, so that a client that hangs up cannot undo the count.
            let Some(user) = user.as_ref().filter(|_| right) else {
                let words = move |more| info!(%address, more, "sign-in refused: wrong name or password");
                sign_in.tell(address, ("", "wrong"), words);
                sign_in.metrics.sign_ins.count(Ending::Failed);
                return Err(Refused::Wrong(sign_in.failed(reserved, (by, user.as_deref(), address))));
            };
            if let Err(rejection) = may_enter(user) {
                let user_name = user.name.clone();
                let words = move |more| info!(%address, user = %user_name, cause = %rejection, more, "sign-in refused");
                sign_in.tell(address, (user.name.as_str(), "not admitted"), words);
                sign_in.metrics.sign_ins.count(Ending::Failed);
                sign_in.log.record(failure(by, Some(user), address));
                reserved.cancelled();
                return Err(Refused::Wrong(Wait::NONE));
            }
            reserved.succeeded();
            let done = then(Arc::clone(user));
            stored_password::renew(&sign_in.store, user, &claim.password, sign_in.bcrypt_cost);
            Ok(done)
        });
        self.ran(address, proved.await)
    }

    /// Whose turn a try takes: a network that is known has its own, all strangers of a /48 share one.
    fn turn(&self, address: IpAddr) -> Turn {
        if self.throttle.known().knows(address, clock::now()) {
            Turn { class: Class::Known, network: throttle::network(address) }
        } else {
            Turn { class: Class::Stranger, network: throttle::site(address) }
        }
    }

    fn ran<T>(&self, address: IpAddr, outcome: Result<Result<T, Refused>, NotRun>) -> Result<T, Refused> {
        outcome.unwrap_or_else(|not_run| match not_run {
            NotRun::Busy => Err(self.busy(address)),
            NotRun::Panicked => Err(Refused::Failed),
        })
    }

    /// Has a refusal written to the log, of this user where they are known.
    fn tell(
        &self,
        address: IpAddr,
        (user, cause): (&str, &'static str),
        words: impl Fn(Option<u64>) + Send + Sync + 'static,
    ) {
        let network = throttle::network(address);
        let alike = Alike { topic: Topic::SignIn, network, user, app: "", cause };
        self.log.line(&alike, || Arc::new(words));
    }

    fn busy(&self, address: IpAddr) -> Refused {
        let words = move |more| warn!(%address, more, "sign-in refused: too many at once; try again");
        self.tell(address, ("", "busy"), words);
        self.metrics.sign_ins.count(Ending::Busy);
        Refused::Busy
    }

    /// Takes a place for one try, or refuses, at a pace.
    fn admit(&self, address: IpAddr, account: Option<&UserName>) -> Result<Reserved, Refused> {
        self.throttle.reserve(address, account, clock::monotonic()).map_err(|wait| {
            let seconds = wait.seconds();
            let words =
                move |more| info!(%address, seconds, more, "sign-in refused: too many failures before it; wait");
            self.tell(address, ("", "throttled"), words);
            self.metrics.sign_ins.count(Ending::Blocked);
            thread::sleep(REFUSAL_PACE);
            Refused::Throttled(wait)
        })
    }

    /// Starts a session for a user who has just proved themselves; `None`, with a log line, where it cannot be
    /// stored.
    pub fn start_session(&self, user: &User, address: IpAddr, wanted: Wanted) -> Option<Token> {
        let address = address.to_string();
        let session = NewSession {
            user,
            lifetime: wanted.lifetime,
            opened: wanted.opened,
            now: clock::now(),
            address: &address,
            device: wanted.device,
        };
        let token = Token::generate().inspect_err(|cause| error!(%cause, "sign-in refused")).ok()?;
        match self.store.start_session(&token, &session, wanted.replaced) {
            Ok(()) => {
                user.used.note(session.now);
                info!(user = %user.name, address, "signed in");
                self.metrics.sign_ins.count(Ending::Succeeded);
                Some(token)
            }
            Err(cause) => {
                error!(%cause, "sign-in refused: the session could not be stored");
                None
            }
        }
    }
}

fn failure(by: Proof, user: Option<&User>, address: IpAddr) -> Event {
    let failed = Event::new(Kind::SigninFailed).from(address).with("method", by.name());
    match user {
        Some(user) => failed.about(&user.name),
        None => failed,
    }
}
