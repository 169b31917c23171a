//! SIGKILL in the middle of sign-ins and sign-outs: what was acknowledged holds afterwards.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::support::raw;
use crate::support::sluice::{Home, PASSWORD, Sluice, session_of};
use crate::support::verify::Dialect;
use crate::support::wait;

const ROUNDS: usize = 6;
const CLIENTS: usize = 4;

#[derive(Default)]
struct Acknowledged {
    signed_in: Mutex<HashSet<String>>,
    /// Ended for sure, or perhaps: the answer never came.
    signed_out: Mutex<HashSet<String>>,
    in_doubt: Mutex<HashSet<String>>,
}

fn lock(set: &Mutex<HashSet<String>>) -> std::sync::MutexGuard<'_, HashSet<String>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Signs in again and again, and out every other time, until the service is gone.
fn press(sluice: &Sluice, done: &AtomicUsize, over: &AtomicBool, acknowledged: &Acknowledged) {
    let mut turn = 0;
    while !over.load(Ordering::Relaxed) {
        turn += 1;
        let sign_in = sluice.sign_in_form("vera", PASSWORD).bytes(sluice.address);
        let Ok(answer) = raw::try_send(sluice.address, &sign_in) else { return };
        let session = session_of(answer.assert_status(303));
        if turn % 2 == 0 {
            lock(&acknowledged.signed_in).insert(session);
            done.fetch_add(1, Ordering::Relaxed);
            continue;
        }
        lock(&acknowledged.in_doubt).insert(session.clone());
        let sign_out = sluice.portal_post("/sluice/logout").session(&session).bytes(sluice.address);
        let Ok(answer) = raw::try_send(sluice.address, &sign_out) else { return };
        answer.assert_status(303);
        lock(&acknowledged.signed_out).insert(session);
        done.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_no_ended_session_returns() {
    let mut sluice = Home::new().user("ada", &["--admin"]).user("vera", &[]).start();
    let acknowledged = Acknowledged::default();
    for round in 1..=ROUNDS {
        let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| press(&sluice, &done, &over, &acknowledged));
            }
            wait::until("sign-ins and sign-outs", || done.load(Ordering::Relaxed) >= 40);
            kill(&sluice);
            over.store(true, Ordering::Relaxed);
        });
        sluice.kill9();
        sluice.restart();
        let status = |session: &String| Dialect::Nginx.verify().session(session).send(sluice.address).status;
        let live: Vec<_> =
            lock(&acknowledged.signed_out).iter().map(status).filter(|code| *code != 401).collect();
        assert!(live.is_empty(), "round {round}: {} ended sessions returned", live.len());
        let lost: Vec<_> =
            lock(&acknowledged.signed_in).iter().map(status).filter(|code| *code != 200).collect();
        assert!(lost.is_empty(), "round {round}: {} acknowledged sign-ins were lost", lost.len());
    }
    assert!(lock(&acknowledged.signed_in).len() >= ROUNDS * 10);
    sluice.assert_no_panic();
}

/// SIGKILL while the clients still hold the service.
fn kill(sluice: &Sluice) {
    let id = i32::try_from(sluice.process.id()).expect("a process id");
    let id = rustix::process::Pid::from_raw(id).expect("a process id");
    rustix::process::kill_process(id, rustix::process::Signal::KILL).expect("SIGKILL");
}

#[test]
fn what_commands_acknowledged_survives_a_kill() {
    let mut sluice = Home::new().user("ada", &["--admin"]).user("vera", &[]).user("bob", &[]).start();
    let sessions =
        [sluice.sign_in("vera", PASSWORD), sluice.sign_in("bob", PASSWORD), sluice.sign_in("ada", PASSWORD)];
    sluice.cli(&["session", "revoke", "vera"], "").assert_code(0);
    sluice.cli(&["user", "disable", "bob"], "").assert_code(0);
    sluice.kill9();
    sluice.restart();
    let status = |session: &String| Dialect::Nginx.verify().session(session).send(sluice.address).status;
    assert_eq!(sessions.each_ref().map(status), [401, 401, 200]);
}
