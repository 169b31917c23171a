//! Events as they happen, for whoever follows (server-sent events, HTML standard 9.2). A follower who comes back says
//! which one they had last.

use std::{fmt::Write, future::poll_fn, io, pin::pin, sync::Arc, task::Poll, time::Duration};

use actix_web::web::{self, Bytes};
use futures_util::{
    future::{Either, select},
    stream::{self, Stream},
};
use rusqlite::Connection;
use serde_json::Value;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    time::timeout,
};
use tracing::{info, warn};

use super::{kind::Kinds, payload};
use crate::store::{
    Store,
    database::StoreError,
    events::{self, EventId, Recorded},
};

/// Followers at once.
const MOST: usize = 64;
/// How often a follower hears something when nothing happens.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A follower who takes nothing for this long is cut off.
const PATIENCE: Duration = Duration::from_secs(20);
/// Events that are read at once.
const BATCH: u32 = 100;
/// What may wait for a follower to take it, each at most a batch.
const WAITING: usize = 2;
/// How soon a follower comes back who lost the connection, in milliseconds.
const COME_BACK: u32 = 1_000;

/// Everybody's streams. Clones share one limit.
#[derive(Clone)]
pub struct Streams {
    places: Arc<Semaphore>,
    /// Its sender is dropped when the service is to stop.
    ending: watch::Receiver<()>,
}

/// A place for one follower.
pub struct Place {
    permit: OwnedSemaphorePermit,
    ending: watch::Receiver<()>,
}

/// What a follower wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Of these kinds.
    pub kinds: Kinds,
    /// The last that they had; without one, they begin with what happens next.
    pub after: Option<EventId>,
}

impl Streams {
    /// None yet; they end at the signals at which the service stops, since it waits for open requests.
    pub fn start() -> io::Result<Self> {
        let (going_on, ending) = watch::channel(());
        let mut signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()]
            .map(signal)
            .into_iter()
            .collect::<io::Result<Vec<_>>>()?;
        actix_web::rt::spawn(async move {
            poll_fn(|context| match signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            drop(going_on);
        });
        Ok(Self { places: Arc::new(Semaphore::new(MOST)), ending })
    }

    /// A place, where one is free.
    pub fn place(&self) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        Some(Place { permit, ending: self.ending.clone() })
    }
}

impl Place {
    /// The body of the answer. It ends once `holds` says that the follower may not follow any more.
    pub fn follow(
        self,
        store: Arc<Store>,
        wanted: Wanted,
        holds: impl Fn() -> bool + 'static,
    ) -> impl Stream<Item = Result<Bytes, io::Error>> {
        let (chunks, mut taken) = mpsc::channel(WAITING);
        let newest = store.newest_event();
        let follower = Follower { store, newest, ending: self.ending, chunks, kinds: wanted.kinds };
        let permit = self.permit;
        actix_web::rt::spawn(async move {
            follower.run(wanted.after, holds).await;
            drop(permit);
        });
        stream::poll_fn(move |context| taken.poll_recv(context).map(|chunk| chunk.map(Ok)))
    }
}

struct Follower {
    store: Arc<Store>,
    newest: watch::Receiver<EventId>,
    ending: watch::Receiver<()>,
    chunks: mpsc::Sender<Bytes>,
    kinds: Kinds,
}

/// The stream is over.
struct Over;

impl Follower {
    async fn run(mut self, after: Option<EventId>, holds: impl Fn() -> bool) {
        let Some(newest) = self.read(events::newest).await else { return };
        let mut had = after.filter(|&after| after <= newest).unwrap_or(newest);
        let mut text = format!("retry: {COME_BACK}\n");
        if after.is_some_and(|after| after > newest) {
            // The store was set back since then.
            gap(&mut text, had);
        }
        let _ = write!(text, "id: {}\n\n", had.get());
        if self.say(text).await.is_err() {
            return;
        }
        while holds() {
            // Marked before reading, so that nothing that comes between is missed.
            self.newest.mark_unchanged();
            let batch = self.read(move |connection| events::after(connection, had, BATCH)).await;
            let Some(batch) = batch else { return };
            let said = match batch.last() {
                Some(last) => {
                    let text = self.text(&batch, had);
                    had = last.id;
                    // What happened may be that the follower may not follow any more; they are told that much.
                    if text.is_empty() { Ok(()) } else { self.say(text).await }
                }
                None => match self.wait().await {
                    Ok(Woken::ByEvent) => Ok(()),
                    Ok(Woken::ByTime) => self.say(format!("id: {}\n\n", had.get())).await,
                    Err(over) => Err(over),
                },
            };
            if said.is_err() {
                return;
            }
        }
        info!("an event stream ends: what opened it does not hold any more");
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Option<T> {
        let store = Arc::clone(&self.store);
        let read = move || store.read(query);
        match web::block(read).await {
            Ok(Ok(read)) => Some(read),
            Ok(Err(cause)) => {
                warn!(%cause, "an event stream ends: events cannot be read");
                None
            }
            Err(_) => None,
        }
    }

    fn text(&self, batch: &[Recorded], had: EventId) -> String {
        let mut text = String::new();
        let before = std::iter::once(had).chain(batch.iter().map(|recorded| recorded.id));
        let missing = before.zip(batch).find(|(before, next)| next.id.get() > before.get() + 1);
        if let Some((before, _)) = missing {
            gap(&mut text, before);
        }
        for recorded in batch.iter().filter(|recorded| self.kinds.contains(recorded.event.kind)) {
            let (id, name) = (recorded.id.get(), recorded.event.kind.name());
            let json = Value::Object(payload::json(recorded));
            let _ = write!(text, "id: {id}\nevent: {name}\ndata: {json}\n\n");
        }
        text
    }

    async fn say(&self, text: String) -> Result<(), Over> {
        match timeout(PATIENCE, self.chunks.send(Bytes::from(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Over),
            Err(_) => {
                info!("an event stream is cut off: its follower takes nothing");
                Err(Over)
            }
        }
    }

    async fn wait(&mut self) -> Result<Woken, Over> {
        let (event, ending, left) = (self.newest.changed(), self.ending.changed(), self.chunks.closed());
        match timeout(HEARTBEAT, select(pin!(event), select(pin!(ending), pin!(left)))).await {
            Ok(Either::Left((Ok(()), _))) => Ok(Woken::ByEvent),
            Ok(_) => Err(Over),
            Err(_) => Ok(Woken::ByTime),
        }
    }
}

enum Woken {
    ByEvent,
    ByTime,
}

/// Says that events after this one are not kept any more, so that whoever builds on all of them asks for the whole.
fn gap(text: &mut String, after: EventId) {
    let _ = write!(text, "event: gap\ndata: {{\"after\":{}}}\n\n", after.get());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock,
        events::{event::Event, kind::Kind},
    };

    #[test]
    fn who_takes_nothing_is_cut_off_and_makes_room() {
        actix_web::rt::System::new().block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(Store::open(&folder.path().join("store")).unwrap());
            let streams = Streams::start().unwrap();
            tokio::time::pause();
            let wanted = Wanted { kinds: Kinds::ALL, after: None };
            let body = streams.place().unwrap().follow(Arc::clone(&store), wanted, || true);
            let mut seconds = 0;
            while streams.places.available_permits() < MOST {
                store.write(|tx| events::append(tx, &Event::new(Kind::Action), clock::now())).unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                seconds += 1;
                assert!(seconds < 1_000, "the place is never given back");
            }
            assert!(seconds >= 20, "{seconds}");
            drop(body);
        });
    }
}
