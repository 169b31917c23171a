//! Where the service notes what happens while it answers: a bounded queue, and a thread that stores what is in it.

use std::{
    borrow::Cow,
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::Duration,
};

use rusqlite::Connection;
use tracing::{error, warn};

use super::{
    event::Event,
    kind::Kind,
    repeats::{self, Alike, Repeats},
    tally::{Due, Tally},
};
use crate::{
    clock,
    policy::app::AppName,
    store::{Store, database::StoreError, events, owners},
};

/// Events that may wait to be stored; as many again of those that anybody can cause, which so displace no others.
const WAITING: usize = 4_096;
/// Events that one transaction stores at most.
const BATCH: usize = 512;
/// How long a batch that could not be stored waits for its next try.
const RETRY: Duration = Duration::from_secs(1);
/// How often a batch is tried before it is given up; once more when the service stops.
const TRIES: u32 = 10;
/// How often the thread looks up when nothing comes.
const PAUSE: Duration = Duration::from_millis(200);

/// Boxed: a queue holds its places whether they are taken or not.
enum Message {
    Happened(Box<Due>),
    Stop,
}

/// Takes events from those who answer requests. Clones share one queue.
#[derive(Clone)]
pub struct Log {
    queue: SyncSender<Message>,
    anybodys: SyncSender<(Box<Due>, Option<Arc<Repeats>>)>,
    lost: Arc<AtomicU64>,
}

/// The thread that stores them; dropping it stores what is left, as far as that can be, and ends it.
pub struct Writer {
    queue: SyncSender<Message>,
    /// Dropped so that nothing is tried again for long.
    stop: Option<Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Log {
    /// Starts the thread.
    pub fn start(store: Arc<Store>) -> io::Result<(Self, Writer)> {
        let (queue, waiting) = sync_channel(WAITING);
        let (anybodys, waiting_of_anybody) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let (stop, stopped) = channel();
        let writing = Writing {
            store,
            stopped,
            stuck: false,
            waiting,
            waiting_of_anybody,
            tally: Tally::default(),
            lost: Arc::clone(&lost),
            warned: 0,
        };
        let thread = thread::Builder::new().name("events".to_owned()).spawn(move || writing.run())?;
        let writer = Writer { queue: queue.clone(), stop: Some(stop), thread: Some(thread) };
        Ok((Self { queue, anybodys, lost }, writer))
    }

    /// Notes what happened just now. Never waits: where too much waits already, it is left out and counted.
    pub fn record(&self, event: Event) {
        let due = Box::new((event, clock::now()));
        let sent = if due.0.kind.is_anybodys() {
            self.anybodys.try_send((due, None)).is_ok()
        } else {
            self.queue.try_send(Message::Happened(due)).is_ok()
        };
        if !sent {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes a refusal just now; `event` makes it, unless this thread noted one like it and it is only counted.
    pub fn record_refusal(&self, alike: &Alike<'_>, event: impl FnOnce() -> Event) {
        let now = clock::now();
        if repeats::again(&self.lost, alike, now) {
            return;
        }
        let again = Arc::<Repeats>::default();
        if self.anybodys.try_send((Box::new((event(), now)), Some(Arc::clone(&again)))).is_ok() {
            repeats::remember(&self.lost, alike, again);
        } else {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many events were left out since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.stop.take());
        // An error says that the thread has ended already.
        let _ = self.queue.send(Message::Stop);
        if let Some(Err(_)) = self.thread.take().map(thread::JoinHandle::join) {
            error!("the thread that stores events had panicked; the last ones may be missing");
        }
    }
}

struct Writing {
    store: Arc<Store>,
    stopped: Receiver<()>,
    /// Whether something could not be stored since the service stops.
    stuck: bool,
    waiting: Receiver<Message>,
    waiting_of_anybody: Receiver<(Box<Due>, Option<Arc<Repeats>>)>,
    tally: Tally,
    lost: Arc<AtomicU64>,
    /// The count of lost events that the log has told.
    warned: u64,
}

enum Next {
    GoOn,
    Stop,
}

impl Writing {
    fn run(mut self) {
        loop {
            let (mut batch, next) = self.collect();
            batch.extend(match next {
                Next::GoOn => self.tally.due(clock::monotonic()),
                Next::Stop => self.tally.close(),
            });
            self.write(&batch);
            self.tell_of_lost();
            if matches!(next, Next::Stop) {
                return;
            }
        }
    }

    /// What waits, up to a batch.
    fn collect(&mut self) -> (Vec<Due>, Next) {
        let mut batch = Vec::new();
        let mut message = match self.waiting.recv_timeout(PAUSE) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Message::Stop),
        };
        for (due, repeats) in self.waiting_of_anybody.try_iter().take(WAITING) {
            batch.extend(self.tally.take(*due, repeats));
        }
        while let Some(next) = message {
            match next {
                Message::Happened(due) => batch.extend(self.tally.take(*due, None)),
                Message::Stop => return (batch, Next::Stop),
            }
            message = if batch.len() < BATCH { self.waiting.try_recv().ok() } else { None };
        }
        (batch, Next::GoOn)
    }

    fn write(&mut self, batch: &[Due]) {
        if batch.is_empty() {
            return;
        }
        let mut tries = if self.stuck { 0 } else { TRIES };
        let mut last = None;
        while tries > 0 {
            let stored = self.store.write(|tx| {
                batch
                    .iter()
                    .try_for_each(|(event, at)| events::append(tx, &*owned(tx, event)?, *at).map(|_| ()))
            });
            let Err(cause) = stored else {
                self.stuck = false;
                return;
            };
            last = Some(cause);
            tries -= 1;
            if tries > 0 && self.stops_within(RETRY) {
                (tries, self.stuck) = (u32::from(!self.stuck), true);
            }
        }
        if let Some(cause) = last {
            error!(%cause, events = batch.len(), "events could not be stored and are lost");
        }
        self.lost.fetch_add(u64::try_from(batch.len()).unwrap_or(0), Ordering::Relaxed);
    }

    /// Waits for as long; whether the service stops.
    fn stops_within(&self, time: Duration) -> bool {
        matches!(self.stopped.recv_timeout(time), Err(RecvTimeoutError::Disconnected))
    }

    fn tell_of_lost(&mut self) {
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > self.warned {
            warn!(
                events = lost - self.warned,
                "more happened than could be stored; these events are missing"
            );
            self.warned = lost;
        }
    }
}

/// An action says whose the item is that its route names. Looked up here, since a verify request asks no database.
fn owned<'a>(connection: &Connection, event: &'a Event) -> Result<Cow<'a, Event>, StoreError> {
    let (Kind::Action, Some(app)) = (event.kind, event.app.as_deref().and_then(AppName::parse)) else {
        return Ok(Cow::Borrowed(event));
    };
    let route = event.detail.get("route").and_then(|route| route.as_str()).unwrap_or_default();
    Ok(match owners::of_path(connection, &app, route)? {
        Some(owner) => Cow::Owned(event.clone().with("owner", owner.as_str())),
        None => Cow::Borrowed(event),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trouble::Trouble;

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
}
