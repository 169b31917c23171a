//! The life of a session.

use crate::support::sluice::{PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

fn status(sluice: &Sluice, session: &str) -> u16 {
    Dialect::Nginx.verify().session(session).send(sluice.address).status
}

#[test]
fn sessions_survive_a_restart() {
    let mut sluice = Sluice::start();
    let (kept, ended) = (sluice.sign_in("vera", PASSWORD), sluice.sign_in("vera", PASSWORD));
    sluice.sign_out(&ended).assert_status(303);
    assert_eq!(sluice.stop(), Some(0));
    sluice.restart();
    assert_eq!(status(&sluice, &kept), 200);
    assert_eq!(status(&sluice, &ended), 401);
}

#[test]
fn a_command_ends_the_sessions_of_one_user_in_the_running_service() {
    let sluice = Sluice::start();
    let (first, second) = (sluice.sign_in("vera", PASSWORD), sluice.sign_in("vera", PASSWORD));
    let other = sluice.sign_in("ada", PASSWORD);
    sluice.cli(&["session", "revoke", "vera"], "").assert_code(0);
    wait::until("the end of vera's sessions", || {
        status(&sluice, &first) == 401 && status(&sluice, &second) == 401
    });
    assert_eq!(status(&sluice, &other), 200);
    sluice.sign_in("vera", PASSWORD);
}

#[test]
fn a_command_ends_every_session() {
    let mut sluice = Sluice::start();
    let sessions = [sluice.sign_in("vera", PASSWORD), sluice.sign_in("ada", PASSWORD)];
    sluice.cli(&["session", "revoke-all"], "").assert_code(0);
    wait::until("the end of all sessions", || sessions.iter().all(|session| status(&sluice, session) == 401));
    sluice.kill9();
    sluice.restart();
    assert!(sessions.iter().all(|session| status(&sluice, session) == 401));
}

#[test]
fn sessions_are_listed_by_whose_they_are_and_never_by_their_secret() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    let list = || sluice.cli(&["session", "list", "--json"], "").assert_code(0).json();
    let said = wait::for_some("the session in the list", || {
        let list = list();
        list.as_array().is_some_and(|all| all.len() == 1).then_some(list)
    });
    assert!(said.to_string().contains("\"vera\""), "{said:#}");
    assert!(!said.to_string().contains(&session));
    let table = sluice.cli(&["session", "list"], "");
    assert!(table.assert_code(0).out.contains("vera") && !table.out.contains(&session));
    sluice.sign_out(&session).assert_status(303);
    assert_eq!(list().as_array().map(Vec::len), Some(0));
}

#[test]
fn revoking_the_sessions_of_nobody_is_an_error() {
    let sluice = Sluice::start();
    let said = sluice.cli(&["session", "revoke", "nobody"], "");
    assert!(said.assert_code(1).err.contains("nobody"), "{said:#?}");
}
