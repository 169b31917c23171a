//! Where the service notes what happens while it answers: a bounded queue, and a thread that stores what is in it.

use std::{
    borrow::Cow,
    collections::hash_map::RandomState,
    hash::BuildHasher,
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
    line::{Line, Topic, Words},
    repeats::{self, Alike, Repeats},
    tally::{self, Minutes, Slot, Tally, Who},
};
use crate::{
    clock::{self, Timestamp},
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
/// Counts of workers that are read at the end of a minute; of what more there are, each one is told of.
const READ: usize = 4_096;
/// How often the thread looks up when nothing comes.
const PAUSE: Duration = Duration::from_millis(200);

type Due = tally::Due<Event>;

/// What is told of a refusal.
pub struct Refusal {
    /// The line of the log.
    pub words: Words,
    /// What is on record, where it is worth that.
    pub event: Option<Event>,
}

/// Something that anybody can bring about.
struct Anybodys {
    event: Option<Event>,
    line: Option<Line>,
    at: Timestamp,
    /// What its worker counts by itself from now on.
    repeats: Option<Arc<Repeats>>,
}

/// Boxed: a queue holds its places whether they are taken or not.
enum Message {
    Happened(Box<Due>),
    Stop,
}

/// Takes events from those who answer requests. Clones share one queue.
#[derive(Clone)]
pub struct Log {
    queue: SyncSender<Message>,
    anybodys: SyncSender<Box<Anybodys>>,
    hasher: RandomState,
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
            minutes: Minutes::default(),
            tally: Tally::default(),
            lines: Tally::default(),
            open: Vec::new(),
            lost: Arc::clone(&lost),
            warned: 0,
        };
        let thread = thread::Builder::new().name("events".to_owned()).spawn(move || writing.run())?;
        let writer = Writer { queue: queue.clone(), stop: Some(stop), thread: Some(thread) };
        Ok((Self { queue, anybodys, hasher: RandomState::new(), lost }, writer))
    }

    /// Notes what happened just now. Never waits: where too much waits already, it is left out and counted.
    pub fn record(&self, event: Event) {
        let at = clock::now();
        if event.kind.is_anybodys() {
            self.note(Anybodys { event: Some(event), line: None, at, repeats: None });
        } else if self.queue.try_send(Message::Happened(Box::new((event, at)))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes a refusal just now, and has it written to the log; `told` makes both, unless this thread noted one like it
    /// and it is only counted.
    pub fn record_refusal(&self, alike: &Alike<'_>, told: impl FnOnce() -> Refusal) {
        let at = clock::now();
        if repeats::again(&self.lost, alike, at) {
            return;
        }
        let Refusal { words, event } = told();
        let who = if alike.user.is_empty() { Who::Unknown } else { Who::Known };
        let sameness = self.hasher.hash_one(alike);
        let line = Some(Line { topic: alike.topic, who, sameness, words, more: None });
        let repeats = Arc::<Repeats>::default();
        if self.note(Anybodys { event, line, at, repeats: Some(Arc::clone(&repeats)) }) {
            repeats::remember(&self.lost, alike, repeats);
        }
    }

    /// Has a refusal written to the log that is not on record.
    pub fn line(&self, alike: &Alike<'_>, words: impl FnOnce() -> Words) {
        self.record_refusal(alike, || Refusal { words: words(), event: None });
    }

    fn note(&self, it: Anybodys) -> bool {
        let on_record = it.event.is_some();
        let sent = self.anybodys.try_send(Box::new(it)).is_ok();
        if !sent && on_record {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        sent
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
    waiting_of_anybody: Receiver<Box<Anybodys>>,
    minutes: Minutes,
    tally: Tally<Event>,
    lines: Tally<Line>,
    open: Vec<Open>,
    lost: Arc<AtomicU64>,
    /// The count of lost events that the log has told.
    warned: u64,
}

/// A count that a worker keeps, and where it belongs.
struct Open {
    repeats: Arc<Repeats>,
    event: Option<Slot<Kind>>,
    line: Option<Slot<Topic>>,
}

enum Next {
    GoOn,
    Stop,
}

impl Writing {
    fn run(mut self) {
        loop {
            let (mut batch, next) = self.collect();
            if self.minutes.is_over(clock::monotonic()) || matches!(next, Next::Stop) {
                batch.extend(self.close());
            }
            self.write(&batch);
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
        for _ in 0..WAITING {
            let Ok(it) = self.waiting_of_anybody.try_recv() else { break };
            batch.extend(self.take(*it));
        }
        while let Some(next) = message {
            match next {
                Message::Happened(due) => batch.extend(self.tally.take(*due).0),
                Message::Stop => return (batch, Next::Stop),
            }
            message = if batch.len() < BATCH { self.waiting.try_recv().ok() } else { None };
        }
        (batch, Next::GoOn)
    }

    /// Writes its line where that is due; its event comes back where it is to be stored now.
    fn take(&mut self, it: Anybodys) -> Option<Due> {
        let Anybodys { event, line, at, repeats } = it;
        let (event, of_event) = event.map_or((None, None), |event| self.tally.take((event, at)));
        let (line, of_line) = line.map_or((None, None), |line| self.lines.take((line, at)));
        if let Some((line, _)) = line {
            line.write();
        }
        if let Some(repeats) = repeats {
            let open = Open { repeats, event: of_event, line: of_line };
            if self.open.len() < READ { self.open.push(open) } else { self.count(&open) }
        }
        event
    }

    fn count(&mut self, open: &Open) {
        let (count, at) = open.repeats.close();
        if let Some(slot) = open.event {
            self.tally.add(slot, count, at);
        }
        if let Some(slot) = open.line {
            self.lines.add(slot, count, at);
        }
    }

    /// Ends the minute: tells what was only counted.
    fn close(&mut self) -> Vec<Due> {
        for open in std::mem::take(&mut self.open) {
            self.count(&open);
        }
        self.lines.close().iter().for_each(|(line, _)| line.write());
        self.tell_of_lost();
        self.tally.close()
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
                "more happened than could be noted; these refusals and events are missing"
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
mod tests;
