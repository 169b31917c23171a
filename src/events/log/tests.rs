use std::{net::IpAddr, sync::Mutex};

use super::*;
use crate::store::trouble::Trouble;

/// By which network a line was written, and how often it says that it happened again.
type Lines = Vec<(u8, Option<u64>)>;

/// The thread's side, without the thread, and what its lines said.
struct Told {
    writing: Writing,
    lines: Arc<Mutex<Lines>>,
    _folder: tempfile::TempDir,
}

impl Told {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&folder.path().join("store")).unwrap());
        let (_, waiting) = sync_channel(1);
        let (_, waiting_of_anybody) = sync_channel(1);
        let writing = Writing {
            store,
            stopped: channel().1,
            stuck: false,
            waiting,
            waiting_of_anybody,
            minutes: Minutes::default(),
            tally: Tally::default(),
            lines: Tally::default(),
            open: Vec::new(),
            lost: Arc::default(),
            warned: 0,
        };
        Self { writing, lines: Arc::default(), _folder: folder }
    }

    fn refuse(&mut self, host: u8, repeats: Option<&Arc<Repeats>>) {
        let lines = Arc::clone(&self.lines);
        let words: Words = Arc::new(move |more| lines.lock().unwrap().push((host, more)));
        let line =
            Line { topic: Topic::Request, who: Who::Unknown, sameness: host.into(), words, more: None };
        let event = Event::new(Kind::RequestRefused).from(IpAddr::from([192, 0, 2, host]));
        self.writing.take(Anybodys {
            event: Some(event),
            line: Some(line),
            at: Timestamp::from_secs(0),
            repeats: repeats.cloned(),
        });
    }

    fn lines(&self) -> Lines {
        std::mem::take(&mut *self.lines.lock().unwrap())
    }
}

fn counts(due: &[Due]) -> Vec<Option<u64>> {
    due.iter().map(|(event, _)| event.detail.get("count").and_then(serde_json::Value::as_u64)).collect()
}

#[test]
fn a_refusal_is_one_line_then_a_count_a_minute_and_the_record_has_the_same_count() {
    let mut told = Told::new();
    let [first, second] = [(); 2].map(|()| Arc::<Repeats>::default());
    let now = Timestamp::from_secs(1);
    assert!(first.again(now), "counted before its event is read");
    told.refuse(1, Some(&first));
    told.refuse(1, Some(&second));
    told.refuse(2, None);
    assert_eq!(told.lines(), [(1, None), (2, None)]);
    assert!(first.again(now) && second.again(now));
    assert_eq!(counts(&told.writing.close()), [Some(4)]);
    assert_eq!(told.lines(), [(1, Some(4))]);
    assert!(!first.again(now) && !second.again(now), "the next one is told of");
    told.refuse(1, None);
    assert_eq!(told.lines(), [], "it was told at the end of the minute");
    assert_eq!(counts(&told.writing.close()), [Some(1)]);
}

#[test]
fn strangers_from_everywhere_write_a_hundred_lines_a_minute() {
    let mut told = Told::new();
    for host in 0..=255 {
        told.refuse(host, None);
    }
    assert_eq!(told.lines().len(), 100);
    told.writing.close();
    assert_eq!(told.lines(), [], "the others are one line, of the log's own words");
}

#[test]
fn the_counts_that_are_read_are_bounded_and_none_is_lost() {
    let mut told = Told::new();
    let repeats: Vec<_> = (0..READ + 2).map(|_| Arc::<Repeats>::default()).collect();
    for one in &repeats {
        told.refuse(1, Some(one));
    }
    let open = repeats.iter().filter(|one| one.again(Timestamp::from_secs(1))).count();
    assert_eq!(open, READ);
    let all = u64::try_from(READ + 1 + READ).unwrap();
    assert_eq!(counts(&told.writing.close()), [Some(all)]);
    assert_eq!(told.lines().last(), Some(&(1, Some(all))));
}

#[test]
fn a_service_that_stops_does_not_go_on_trying_what_cannot_be_stored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = Arc::new(Store::open(&path).unwrap());
    std::fs::remove_file(&path).unwrap();
    let (log, writer) = Log::start(Arc::clone(&store)).unwrap();
    for _ in 0..2 * BATCH {
        log.record(Event::new(Kind::UserAdded));
    }
    drop(writer);
    assert_eq!(log.lost(), 2 * BATCH as u64);
    let tried = store.troubles().get(Trouble::Lost);
    assert!((1..=3).contains(&tried), "tried {tried} times");
}
