//! A database that is full, locked, damaged, emptied or replaced.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use rusqlite::Connection;

use crate::support::raw::Request;
use crate::support::sluice::{Home, PASSWORD, Sluice};
use crate::support::verify::Dialect;
use crate::support::wait;

fn verify(sluice: &Sluice, session: &str) -> u16 {
    Dialect::Nginx.verify().session(session).send(sluice.address).status
}

fn ready(sluice: &Sluice) -> u16 {
    Request::get("/readyz").send(sluice.address).status
}

/// Writes until nothing more fits.
#[track_caller]
fn fill(directory: &Path) {
    let mut file =
        OpenOptions::new().create(true).append(true).open(directory.join("fill")).expect("a file to fill");
    for size in [4_096, 1] {
        while file.write_all(&vec![b'x'; size]).is_ok() {}
    }
}

#[test]
fn on_a_full_disk_signing_out_denies_at_once_and_says_that_it_was_not_stored() {
    let mut sluice = Home::new().with("auth.admin_password = \"Correct-horse-1\"").disk(1_024).start();
    let (ended, kept) = (sluice.sign_in("admin", PASSWORD), sluice.sign_in("admin", PASSWORD));
    let data = sluice.home.file("data");
    fill(&sluice.seen_from_inside(&data));

    let answer = sluice.sign_out(&ended);
    assert!(answer.assert_status(503).text().contains("could not be stored"), "{}", answer.text());
    assert_eq!(verify(&sluice, &ended), 401);
    assert_eq!(verify(&sluice, &kept), 200, "verify writes nothing");
    let sign_in = sluice.sign_in_form("admin", PASSWORD).send(sluice.address);
    assert_eq!(sign_in.assert_status(503).set_cookie("sluice_session"), None);

    std::fs::remove_file(sluice.seen_from_inside(&data).join("fill")).expect("the disk is freed");
    wait::until("a sign-in on the freed disk", || {
        sluice.sign_in_form("admin", PASSWORD).send(sluice.address).status == 303
    });
    assert_eq!(verify(&sluice, &ended), 401);
    sluice.assert_no_panic();
}

#[test]
fn a_full_disk_forgets_no_failed_sign_in() {
    let home = Home::new().with("auth.admin_password = \"Correct-horse-1\"\nthrottle.max_failures = 1");
    let sluice = home.disk(1_024).start();
    let data = sluice.home.file("data");
    fill(&sluice.seen_from_inside(&data));
    sluice.sign_in_form("admin", "wrong").send(sluice.address).assert_status(401);
    sluice.sign_in_form("admin", PASSWORD).send(sluice.address).assert_status(429);
}

#[test]
fn a_locked_database_stops_no_verify_and_lets_nobody_in_unstored() {
    let mut sluice = Sluice::start();
    let (ended, kept) = (sluice.sign_in("vera", PASSWORD), sluice.sign_in("vera", PASSWORD));
    let lock = Connection::open(sluice.home.store()).expect("the database");
    lock.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    assert_eq!(verify(&sluice, &kept), 200);
    let sign_in = sluice.sign_in_form("vera", PASSWORD).send(sluice.address);
    assert_eq!(sign_in.assert_status(503).set_cookie("sluice_session"), None);
    let sign_out = sluice.sign_out(&ended);
    assert!(sign_out.assert_status(503).text().contains("could not be stored"));
    assert_eq!(verify(&sluice, &ended), 401);
    assert_eq!(verify(&sluice, &kept), 200);
    lock.execute_batch("ROLLBACK").expect("the lock is gone");
    sluice.sign_in("vera", PASSWORD);
    // What could not be stored is stored now, and survives.
    wait::until("the ended session to be gone from the store", || {
        let list = sluice.cli(&["session", "list", "--json"], "").assert_code(0).json();
        list.as_array().map(Vec::len) == Some(2)
    });
    sluice.kill9();
    sluice.restart();
    assert_eq!((verify(&sluice, &ended), verify(&sluice, &kept)), (401, 200));
}

#[test]
fn a_command_on_a_locked_database_says_so_and_fails() {
    let home = Home::new().user("ada", &["--admin"]);
    let lock = Connection::open(home.store()).expect("the database");
    lock.execute_batch("BEGIN EXCLUSIVE").expect("a lock");
    let said = home.cli(&["user", "add", "bob"], PASSWORD);
    assert!(said.assert_code(1).err.contains("lock") || said.err.contains("busy"), "{said:#?}");
}

/// Loses the database file at a path.
type Loss = fn(&Path);

/// Ways in which a database file can be lost.
const LOSSES: [(&str, Loss); 4] = [
    ("zero bytes", |path| std::fs::write(path, b"").expect("a file")),
    ("garbage", |path| std::fs::write(path, vec![b'x'; 20_000]).expect("a file")),
    ("another database", |path| {
        std::fs::remove_file(path).expect("a file");
        let other = Connection::open(path).expect("a database");
        other.execute_batch("CREATE TABLE t (x); PRAGMA user_version = 7;").expect("a table");
    }),
    ("a damaged page", |path| {
        let mut bytes = std::fs::read(path).expect("a file");
        let length = bytes.len();
        bytes[length / 3..].fill(0x5a);
        std::fs::write(path, bytes).expect("a file");
    }),
];

#[test]
fn a_damaged_database_stops_the_start_with_one_clear_line() {
    for (loss, lose) in LOSSES {
        let mut sluice = Sluice::start();
        assert_eq!(sluice.stop(), Some(0));
        for suffix in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(sluice.home.file(&format!("data/sluice.db{suffix}")));
        }
        lose(&sluice.home.store());
        let before = std::fs::read(sluice.home.store()).expect("a file");
        let said = sluice.home.fail();
        assert_eq!(said.code, 2, "{loss}: {said:#?}");
        assert!(said.err.contains("sluice.db") && !said.err.contains("panicked"), "{loss}: {}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{loss}: {}", said.err);
        assert_eq!(
            std::fs::read(sluice.home.store()).expect("a file"),
            before,
            "{loss}: nothing is repaired away"
        );
        assert!(!sluice.home.file("data/sluice.db.setup-token").exists(), "{loss}");
    }
}

/// Moves everything from the write-ahead log into the file: a log that is whole would heal the loss.
fn checkpoint(database: &Path) {
    let connection = Connection::open(database).expect("the database");
    let busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).expect("a checkpoint");
    assert_eq!(busy, 0);
}

#[test]
fn a_database_lost_under_a_running_service_closes_it() {
    for (loss, lose) in &LOSSES[..3] {
        let mut sluice = Sluice::start();
        let session = sluice.sign_in("vera", PASSWORD);
        checkpoint(&sluice.home.store());
        lose(&sluice.home.store());
        wait::until(&format!("a refusal after {loss}"), || verify(&sluice, &session) == 503);
        assert_eq!(ready(&sluice), 503, "{loss}");
        assert_eq!(Request::get("/healthz").send(sluice.address).status, 200, "{loss}");
        let sign_in = sluice.sign_in_form("vera", PASSWORD).send(sluice.address);
        assert_eq!(sign_in.assert_status(503).set_cookie("sluice_session"), None);
        let setup = Request::get("/sluice/setup").send(sluice.address);
        assert!(!setup.text().contains("name=\"token\""), "{loss} reopened setup");
        sluice.assert_no_panic();
    }
}

#[test]
fn a_deleted_database_file_closes_a_running_service() {
    let sluice = Sluice::start();
    let session = sluice.sign_in("vera", PASSWORD);
    std::fs::remove_file(sluice.home.store()).expect("the file");
    wait::until("a refusal", || verify(&sluice, &session) == 503);
    assert_eq!(ready(&sluice), 503);
}

#[test]
fn a_store_that_cannot_be_opened_stops_the_start() {
    for (setting, part) in [
        ("store.path = \"/proc/nowhere/sluice.db\"", "/proc/nowhere"),
        ("store.path = \"/dev/null/sluice.db\"", "/dev/null"),
        ("store.path = \"data\"", "data"),
    ] {
        let said = Home::new().with(setting).fail();
        assert_eq!(said.code, 2, "{said:#?}");
        assert!(said.err.contains("store.path") && said.err.contains(part), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
}
