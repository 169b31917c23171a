//! What `/metrics` says: every metric has its name here.

use super::{
    exposition::{Exposition, Kind},
    latency,
    sign_ins::Ending,
};
use crate::{
    state::State,
    store::{trouble::Trouble, view::Health},
};

/// The text of one scrape.
pub fn text(state: &State) -> String {
    let mut out = Exposition::default();
    verdicts(&mut out, state);
    latency(&mut out, state);
    sign_ins(&mut out, state);
    store(&mut out, state);
    queues(&mut out, state);
    process(&mut out, state);
    out.finish()
}

fn verdicts(out: &mut Exposition, state: &State) {
    const NAME: &str = "sluice_verdicts_total";
    out.family(
        NAME,
        Kind::Counter,
        "Verify requests answered, by app (empty where none was found), result, reason of a refusal, and kind of credential.",
    );
    state.meters.all.each_app(|app, verdicts| {
        for (reason, way, count) in verdicts.counted() {
            let (result, reason) = match reason {
                None => ("allowed", ""),
                Some(reason) => ("refused", reason.name()),
            };
            let labels = [("app", app), ("result", result), ("reason", reason), ("credential", way.name())];
            out.sample(NAME, &labels, count);
        }
    });
}

fn latency(out: &mut Exposition, state: &State) {
    const NAME: &str = "sluice_verify_duration_seconds";
    const BUCKET: &str = "sluice_verify_duration_seconds_bucket";
    let latency = &state.meters.all.latency;
    out.family(NAME, Kind::Histogram, "Time from the start of a verify request to its answer.");
    let within = latency.within();
    for ((_, bound), count) in latency::BOUNDS.iter().zip(within) {
        out.sample(BUCKET, &[("le", bound)], count);
    }
    let all = within.last().copied().unwrap_or_default() + latency.beyond();
    out.sample(BUCKET, &[("le", "+Inf")], all);
    out.sample("sluice_verify_duration_seconds_sum", &[], latency.total().as_secs_f64());
    out.sample("sluice_verify_duration_seconds_count", &[], all);
}

fn sign_ins(out: &mut Exposition, state: &State) {
    const NAME: &str = "sluice_sign_ins_total";
    out.family(
        NAME,
        Kind::Counter,
        "Tries to sign in, by result; blocked ones came too soon after failures.",
    );
    for ending in Ending::ALL {
        out.sample(NAME, &[("result", ending.name())], state.meters.all.sign_ins.get(ending));
    }
}

fn store(out: &mut Exposition, state: &State) {
    const ERRORS: &str = "sluice_store_errors_total";
    let sizes = state.store.view().sizes();
    out.single("sluice_sessions", Kind::Gauge, "Sessions that are stored.", sizes.sessions);
    out.single("sluice_users", Kind::Gauge, "Users.", sizes.users);
    out.single("sluice_api_keys", Kind::Gauge, "API keys that are not revoked.", sizes.keys);
    let readable = u8::from(state.store.view().health() == Health::Readable);
    out.single(
        "sluice_store_readable",
        Kind::Gauge,
        "1 while the database can be trusted; else everybody is refused.",
        readable,
    );
    out.family(ERRORS, Kind::Counter, "Failures of the database, by kind.");
    for trouble in Trouble::ALL {
        out.sample(ERRORS, &[("kind", trouble.name())], state.store.troubles().get(trouble));
    }
    out.single(
        "sluice_events_dropped_total",
        Kind::Counter,
        "Events that were lost: too many at once, or the database failed for too long.",
        state.log.lost(),
    );
    out.single(
        "sluice_event_targets_failing",
        Kind::Gauge,
        "Who is to be told of events and could not be, at the last try.",
        state.deliveries.failing.all().len(),
    );
}

fn queues(out: &mut Exposition, state: &State) {
    const JOBS: &str = "sluice_queue_jobs";
    const CAPACITY: &str = "sluice_queue_capacity";
    let queues = [
        ("door", &*state.sign_in.door),
        ("hashing", &*state.sign_in.hashing),
        ("provisioning", &*state.authenticator.provisioning),
        ("bodies", &state.bodies.lane),
    ];
    out.family(
        JOBS,
        Kind::Gauge,
        "Jobs under way or waiting: sign-ins at the door, hashing, new users, long bodies.",
    );
    for (name, lane) in queues {
        out.sample(JOBS, &[("queue", name)], lane.taken());
    }
    out.family(CAPACITY, Kind::Gauge, "Jobs that there is room for; one more is refused.");
    for (name, lane) in queues {
        out.sample(CAPACITY, &[("queue", name)], lane.places());
    }
}

fn process(out: &mut Exposition, state: &State) {
    let started = state.meters.all.started;
    out.single("process_start_time_seconds", Kind::Gauge, "When the service started.", started.secs());
    out.single(
        "sluice_uptime_seconds",
        Kind::Gauge,
        "How long it has run.",
        state.meters.all.uptime().as_secs(),
    );
    out.family("sluice_build_info", Kind::Gauge, "The version, as a label.");
    out.sample("sluice_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
}
