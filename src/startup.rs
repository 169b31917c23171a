//! Building the service: first everything that can be refused, then the socket starts to answer.

use std::{io, sync::Arc, thread, time::Duration};

use actix_web::dev::Server;
use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use secrecy::ExposeSecret;
use tracing::{info, warn};

use crate::{
    administration::setup::Checked,
    authn::{
        basic::Basic,
        chain::Authenticator,
        external::{Provisioner, Provisioning},
        lane::{Lane, Places},
        marker::MarkerKey,
        open::OpenDoor,
        password,
        session::SessionRules,
        sign_in::SignIn,
        sso::{Notices, Sso},
        upstream::Upstream,
    },
    clock::{self, Timestamp},
    config::{AuthConfig, Config, Flags},
    events::{
        deliveries::{Couriers, Deliveries},
        event::{By, Event},
        kind::Kind,
        log::{self, Log},
        stream::Streams,
    },
    metrics::{Meters, Metrics, traffic},
    outbound,
    policy::{capability::Capabilities, role::Role},
    portal::setup::SetupToken,
    proxy::{answer::AppValues, bodies::Bodies},
    server,
    state::{Current, State},
    store::{
        Store,
        background::{Background, Lifetimes, Turn},
        database::StoreError,
        events, known_networks, looks, secrets,
        sessions::{self, Lifetime},
        users::{self, NewUser, Standing},
    },
    throttle::{Throttle, known},
};

/// Sign-ins that may wait to be counted; each takes a millisecond at most.
const AT_THE_DOOR: Places = Places { known: 256, strangers: 1_024 };
/// Sign-ins that may wait to be hashed; each takes a quarter of a second at the default cost. A crowd that waits asks
/// no more, so there is room for one, while nobody waits for longer than a proxy does.
const HASHING: Places = Places { known: 64, strangers: 256 };
/// Users of other systems that may wait to be made; those systems know them.
const PROVISIONING: Places = Places { known: 64, strangers: 0 };
/// Failures take that long to be stored, each, at most; so much later they are stored again.
const FAILURE_PACE: Duration = Duration::from_millis(1);

/// A built service.
pub struct Service {
    /// Runs until it is stopped.
    pub server: Server,
    /// What it answers with.
    pub current: Arc<Current>,
    /// Where it listens, for the log.
    pub address: String,
    /// Stores what is left when dropped.
    pub background: Background,
    /// Stores the last events when dropped.
    pub events: log::Writer,
    /// Lets what is on its way arrive when dropped.
    pub couriers: Couriers,
}

/// Every open connection is a descriptor, and the usual soft limit of 1,024 is what few clients can fill.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(cause) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        warn!(%cause, "the limit of open files could not be raised");
    }
}

/// Builds the service. The socket is bound first, so that a second start on the same address changes nothing.
pub fn build(config: Config, flags: Flags) -> anyhow::Result<Service> {
    let (listener, address) = server::bind(&config.server.listen)?;
    raise_descriptor_limit();
    config.warnings.iter().for_each(|warning| warn!("{warning}"));
    let store = Arc::new(
        Store::open(&config.store.path)
            .with_context(|| format!("store.path: {}", config.store.path.display()))?,
    );
    apply_admin_password(&store, &config.auth).context("auth.admin_password")?;
    let setup = SetupToken::prepare(&config, &store)?;
    let throttle = Arc::new(Throttle::new(config.throttle.clone()));
    throttle.restore(store.load_failures()?, clock::monotonic(), clock::now());
    throttle.known().restore(store.read(known_networks::all)?, clock::now());
    let metrics = Arc::new(Metrics::new());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let (log, events) = Log::start(Arc::clone(&store)).context("the thread that stores events")?;
    let sign_in = SignIn {
        store: Arc::clone(&store),
        throttle: Arc::clone(&throttle),
        door: Arc::new(Lane::start("door", 1, AT_THE_DOOR).context("the thread at the door")?),
        hashing: Arc::new(Lane::start("hashing", cores.min(2), HASHING).context("the hashing threads")?),
        bcrypt_cost: config.auth.bcrypt_cost,
        log: log.clone(),
        metrics: Arc::clone(&metrics),
    };
    let workers = if config.server.workers == 0 { cores.min(4) } else { config.server.workers };
    let lane = Lane::start("provisioning", 1, PROVISIONING).context("the provisioning thread")?;
    let authenticator = authenticator(&config, &Arc::new(lane))?;
    let setup = setup.map(Arc::new);
    store.keep_events(config.audit.keep);
    let (deliveries, couriers) = Deliveries::start(&store, &config.events).context("[[event]]")?;
    let streams = Streams::start().context("the signals that end event streams")?;
    let traffic = traffic::Recorder::new(Arc::clone(&metrics));
    let meters = Meters::new(metrics, &config.apps);
    let app_values = AppValues::new(&config.apps);
    let checked = Arc::new(Checked::stored(store.read(looks::all)?));
    let markers =
        Arc::new(marker_key(&store).context("the key of the cookie that says whose an app's cookies are")?);
    let state = State {
        config,
        flags,
        store,
        authenticator,
        markers,
        sign_in,
        meters,
        app_values,
        log,
        deliveries,
        streams,
        bodies: Arc::new(Bodies::start().context("the thread that reads bodies")?),
        checked,
        probes: Arc::default(),
        setup,
    };
    let current = Arc::new(Current::new(state));
    let background = background(&current, throttle, traffic).context("the store's background thread")?;
    let server = server::serve(&current, listener, workers)?;
    Ok(Service { server, current, address, background, events, couriers })
}

fn background(
    current: &Arc<Current>,
    throttle: Arc<Throttle>,
    mut traffic: traffic::Recorder,
) -> io::Result<Background> {
    let of_sessions = Arc::clone(current);
    let lifetimes = move || {
        let rules = &of_sessions.get().authenticator.sessions;
        Lifetimes {
            browser: rules.idle_limit(Lifetime::Browser),
            remembered: rules.idle_limit(Lifetime::Remembered),
            longest: rules.longest(),
        }
    };
    let store = Arc::clone(&current.get().store);
    let mut not_before = Duration::ZERO;
    Background::start(store, lifetimes, move |store, turn| {
        let now = clock::monotonic();
        if now >= not_before || turn == Turn::Last {
            not_before = now + FAILURE_PACE * store_failures(store, &throttle);
        }
        store_known(store, &throttle);
        traffic.turn(store, turn);
    })
}

/// The state of a running service with another configuration; nothing is written.
pub fn renew(before: &State, config: Config) -> anyhow::Result<State> {
    let authenticator = authenticator(&config, &before.authenticator.provisioning)?;
    let sign_in = SignIn {
        throttle: Arc::new(before.sign_in.throttle.with_limits(config.throttle.clone())),
        bcrypt_cost: config.auth.bcrypt_cost,
        ..before.sign_in.clone()
    };
    let meters = Meters::new(Arc::clone(&before.meters.all), &config.apps);
    let app_values = AppValues::new(&config.apps);
    Ok(State {
        config,
        flags: before.flags.clone(),
        store: Arc::clone(&before.store),
        authenticator,
        markers: Arc::clone(&before.markers),
        sign_in,
        meters,
        app_values,
        log: before.log.clone(),
        deliveries: before.deliveries.clone(),
        streams: before.streams.clone(),
        bodies: Arc::clone(&before.bodies),
        checked: Arc::clone(&before.checked),
        probes: Arc::clone(&before.probes),
        setup: before.setup.clone(),
    })
}

/// The store's key; the first start makes it.
fn marker_key(store: &Store) -> anyhow::Result<MarkerKey> {
    let fresh = MarkerKey::generate()?;
    Ok(MarkerKey::new(&store.write(|tx| secrets::keep(tx, secrets::PERSON_MARKERS, &fresh))?))
}

fn session_rules(config: &Config) -> SessionRules {
    let sessions = &config.session;
    SessionRules::new(&sessions.cookie_name, sessions.ttl, sessions.remember_ttl, sessions.max_lifetime)
}

/// What credentials are compared with.
fn authenticator(config: &Config, lane: &Arc<Lane>) -> anyhow::Result<Authenticator> {
    let provisioner = |rules: &Provisioning| Arc::new(Provisioner::new(rules.clone(), Arc::clone(lane)));
    let sso = config.sso.as_ref().map(|sso| Sso {
        headers: sso.headers.clone(),
        uncommon: sso.headers.uncommon(),
        proof: sso.proof.clone(),
        trusted: sso.trusted.clone(),
        provisioner: provisioner(&sso.provisioning),
        notice: Notices::default(),
    });
    let upstream = match &config.upstream {
        None => None,
        Some(upstream) => Some(Upstream::new(
            (upstream.dialect, upstream.headers.clone()),
            (outbound::client(upstream.timeout)?, upstream.url.clone()),
            upstream.cache_ttl,
            provisioner(&upstream.provisioning),
        )?),
    };
    Ok(Authenticator {
        keys: config.api_keys,
        basic: Basic::new()?,
        sso,
        sessions: session_rules(config),
        upstream,
        bypass: config.bypass.clone(),
        open: match config.auth.enabled {
            true => OpenDoor::closed(),
            false => {
                OpenDoor::for_everybody(config.auth.admin_user.clone(), config.hosts().cloned().collect())
            }
        },
        provisioning: Arc::clone(lane),
    })
}

/// Makes or updates the administrator whose password the configuration sets.
pub fn apply_admin_password(store: &Store, auth: &AuthConfig) -> anyhow::Result<()> {
    let Some(secret) = &auth.admin_password else { return Ok(()) };
    if password::check_new(secret.expose_secret()).is_err() {
        warn!(
            "auth.admin_password is weak: use 8 or more characters with a letter, a digit and a special character"
        );
    }
    let known = store.view().users().by_name(&auth.admin_user).cloned();
    let same = known.as_ref().is_some_and(|user| {
        password::verify(secret, user.password_hash.as_ref(), auth.bcrypt_cost)
            && user.role == Role::Admin
            && user.standing == Standing::Enabled
    });
    if same {
        return Ok(());
    }
    let hash = password::hash(secret, auth.bcrypt_cost)?;
    let told = |kind| {
        let told = Event::new(kind).by(By::Configuration).about(&auth.admin_user);
        told.with("role", Role::Admin.name())
    };
    match known {
        Some(user) => {
            store.write_users(|tx| {
                users::set_role(tx, user.id, Role::Admin)?;
                users::set_standing(tx, user.id, Standing::Enabled)?;
                users::set_password(tx, user.id, Some(&hash))?;
                events::append(tx, &told(Kind::UserPasswordChanged), clock::now())?;
                sessions::delete_all(tx, Some(user.id))
            })?;
        }
        None => {
            let admin = NewUser {
                name: &auth.admin_user,
                display_name: None,
                email: None,
                role: Role::Admin,
                granted: Capabilities::ALL,
                password_hash: Some(&hash),
            };
            store.write_users(|tx| {
                users::insert(tx, &admin, clock::now())?;
                events::append(tx, &told(Kind::UserAdded), clock::now())
            })?;
        }
    }
    info!(user = %auth.admin_user, "the administrator has the configured password");
    Ok(())
}

/// Stores the failures where they have changed; returns how many they are.
fn store_failures(store: &Store, throttle: &Throttle) -> u32 {
    let (monotonic, wall) = (clock::monotonic(), clock::now());
    let Some(failures) = throttle.changed(monotonic, wall) else { return 0 };
    match store.save_failures(&failures, wall) {
        Ok(()) => {}
        Err(StoreError::Busy | StoreError::Full) => throttle.not_stored(),
        Err(cause) => {
            warn!(%cause, "failed sign-ins are counted in memory only for now");
            throttle.not_stored();
        }
    }
    u32::try_from(failures.len()).unwrap_or(u32::MAX)
}

fn store_known(store: &Store, throttle: &Throttle) {
    let known = throttle.known().take_unstored();
    if known.is_empty() {
        return;
    }
    let oldest = Timestamp::from_secs(clock::now().secs() - known::MEMORY);
    if let Err(cause) = store.save_known_networks(&known, oldest, known::CAPACITY) {
        if !matches!(cause, StoreError::Busy | StoreError::Full) {
            warn!(%cause, "from where people sign in is remembered in memory only for now");
        }
        throttle.known().not_stored(known);
    }
}
