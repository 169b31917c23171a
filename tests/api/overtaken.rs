//! What was compared while somebody changed the user must not be acted on. The default cost of hashing keeps the
//! window open for a quarter of a second; whatever falls into it, the outcome is the same.

use std::thread;

use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

const NEW: &str = "Another-horse-2";
const TRIES: usize = 5;

fn slow() -> Sluice {
    Home::new().with("auth.bcrypt_cost = 12").user("ada", &["--admin"]).user("vera", &[]).start()
}

fn verify(sluice: &Sluice, session: &str) -> u16 {
    Dialect::Nginx.verify().session(session).send(sluice.address).status
}

/// Signs in from several addresses while `command` runs; gives the sessions that came of it.
fn sign_in_during(sluice: &Sluice, command: &[&str], input: &str) -> Vec<String> {
    thread::scope(|scope| {
        let tries: Vec<_> = (0..TRIES)
            .map(|number| {
                scope.spawn(move || {
                    let form = sluice.sign_in_form("vera", PASSWORD);
                    let answer =
                        form.header("X-Forwarded-For", format!("192.0.2.{number}")).send(sluice.address);
                    let cookie = answer.set_cookie("sluice_session")?;
                    Some(cookie.split(';').next()?.trim_start_matches("sluice_session=").to_owned())
                })
            })
            .collect();
        sluice.cli(command, input).assert_code(0);
        tries.into_iter().filter_map(|each| each.join().expect("a try")).collect()
    })
}

fn none_lives(sluice: &Sluice, sessions: &[String]) {
    wait::until("every session of the old password to be refused", || {
        sessions.iter().all(|session| verify(sluice, session) == 401)
    });
    let listed = sluice.cli(&["session", "list", "--json"], "").assert_code(0).json();
    assert_eq!(listed, serde_json::json!([]), "a session outlived the change");
}

#[test]
fn no_session_of_the_old_password_outlives_a_new_one() {
    let sluice = slow();
    let sessions = sign_in_during(&sluice, &["user", "set-password", "vera"], NEW);
    none_lives(&sluice, &sessions);
    sluice.sign_in("vera", NEW);
}

#[test]
fn no_session_outlives_disabling() {
    let sluice = slow();
    let sessions = sign_in_during(&sluice, &["user", "disable", "vera"], "");
    none_lives(&sluice, &sessions);
    sluice.cli(&["user", "enable", "vera"], "").assert_code(0);
    none_lives(&sluice, &sessions);
}

#[test]
fn a_password_that_was_reset_is_not_overwritten_from_a_session_that_it_ended() {
    let sluice = slow();
    let session = sluice.sign_in("vera", PASSWORD);
    thread::scope(|scope| {
        for _ in 0..TRIES {
            scope.spawn(|| {
                let fields = [
                    ("current_password", PASSWORD),
                    ("new_password", PASSWORD),
                    ("new_password_again", PASSWORD),
                ];
                let form = sluice.portal_post("/sluice/account/password").session(&session).form(&fields);
                form.send(sluice.address);
            });
        }
        sluice.cli(&["user", "set-password", "vera"], NEW).assert_code(0);
    });
    // From addresses of their own, since the tries above may have to wait.
    let sign_in = |password: &str, address: &str| {
        sluice.sign_in_form("vera", password).header("X-Forwarded-For", address).send(sluice.address).status
    };
    assert_eq!(sign_in(PASSWORD, "192.0.2.77"), 401);
    assert_eq!(sign_in(NEW, "192.0.2.78"), 303);
}
