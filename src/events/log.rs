//! Where the service notes what happens while it answers: a bounded queue, and a thread that stores what is in it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing::{error, warn};

use super::event::Event;
use crate::{
    clock::{self, Timestamp},
    store::{Store, events},
};

/// Events that may wait to be stored.
const WAITING: usize = 4_096;
/// Events that one transaction stores at most.
const BATCH: usize = 512;
/// How long a batch that could not be stored waits for its next try.
const RETRY: Duration = Duration::from_secs(1);
/// How often a batch is tried before it is given up.
const TRIES: u32 = 10;
/// How often the thread looks up when nothing comes.
const PAUSE: Duration = Duration::from_millis(200);

enum Message {
    Happened(Event, Timestamp),
    Stop,
}

/// Takes events from those who answer requests. Clones share one queue.
#[derive(Clone)]
pub struct Log {
    queue: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

/// The thread that stores them; dropping it stores what is left and ends it.
pub struct Writer {
    queue: SyncSender<Message>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Log {
    /// Starts the thread.
    pub fn start(store: Arc<Store>) -> io::Result<(Self, Writer)> {
        let (queue, waiting) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        let thread = thread::Builder::new()
            .name("events".to_owned())
            .spawn(move || Writing { store, waiting, lost: counted, warned: 0 }.run())?;
        Ok((Self { queue: queue.clone(), lost }, Writer { queue, thread: Some(thread) }))
    }

    /// Notes what happened just now. Never waits: where too much waits already, it is left out and counted.
    pub fn record(&self, event: Event) {
        match self.queue.try_send(Message::Happened(event, clock::now())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How many events were left out since the start.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // An error says that the thread has ended already.
        let _ = self.queue.send(Message::Stop);
        if let Some(Err(_)) = self.thread.take().map(thread::JoinHandle::join) {
            error!("the thread that stores events had panicked; the last ones may be missing");
        }
    }
}

struct Writing {
    store: Arc<Store>,
    waiting: Receiver<Message>,
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
        while let (batch, Next::GoOn) = self.collect() {
            self.write(&batch);
            self.tell_of_lost();
        }
    }

    /// What waits, up to a batch; on stopping everything is stored first.
    fn collect(&mut self) -> (Vec<(Event, Timestamp)>, Next) {
        let mut batch = Vec::new();
        let mut message = match self.waiting.recv_timeout(PAUSE) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return (batch, Next::Stop),
        };
        while let Some(next) = message {
            match next {
                Message::Happened(event, at) => batch.push((event, at)),
                Message::Stop => {
                    self.write(&batch);
                    return (Vec::new(), Next::Stop);
                }
            }
            message = if batch.len() < BATCH { self.waiting.try_recv().ok() } else { None };
        }
        (batch, Next::GoOn)
    }

    fn write(&self, batch: &[(Event, Timestamp)]) {
        if batch.is_empty() {
            return;
        }
        for attempt in 1..=TRIES {
            let stored = self.store.write(|tx| {
                batch.iter().try_for_each(|(event, at)| events::append(tx, event, *at).map(|_| ()))
            });
            match stored {
                Ok(()) => return,
                Err(cause) if attempt == TRIES => {
                    error!(%cause, events = batch.len(), "events could not be stored and are lost");
                    self.lost.fetch_add(u64::try_from(batch.len()).unwrap_or(0), Ordering::Relaxed);
                }
                Err(_) => thread::sleep(RETRY),
            }
        }
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
