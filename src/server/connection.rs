//! Connections, which end once nobody uses them, or the service stops. A worker looks after all of its own at once: a
//! timer for each would have to be set and cleared with every request.

use std::{
    cell::{Cell, RefCell},
    io,
    pin::{Pin, pin},
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_web::rt;
use futures_util::future::{Either, select};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::interval,
};

/// How often a worker looks at its connections.
const ROUND: Duration = Duration::from_secs(30);
/// One over which nothing came or went for more rounds is at its end: after 90 to 120 seconds, longer than the proxies
/// hold idle ones (nginx: 60), so that they never write to a closed one.
const MAX_UNUSED: u32 = 3;

/// The open connections of a worker.
#[derive(Clone, Default)]
pub struct Connections(Rc<All>);

#[derive(Default)]
struct All {
    open: RefCell<Vec<Weak<Usage>>>,
    /// Whether the service stops.
    stopping: Cell<bool>,
}

/// A connection to a client.
pub struct Connection<I> {
    io: I,
    usage: Rc<Usage>,
    all: Rc<All>,
}

#[derive(Default)]
struct Usage {
    /// Rounds since something came or went.
    unused: Cell<u32>,
    /// Whether something came that is not answered yet.
    owes: Cell<bool>,
    /// The task that waits for the client.
    reader: RefCell<Option<Waker>>,
}

impl Connections {
    /// None yet; looks after them until the service stops.
    pub fn until(stops: impl Future<Output = ()> + 'static) -> Self {
        let connections = Self::default();
        let all = Rc::clone(&connections.0);
        rt::spawn(async move {
            let mut stops = pin!(stops);
            let mut rounds = interval(ROUND);
            while let Either::Left(_) = select(pin!(rounds.tick()), stops.as_mut()).await {
                all.each(|usage| usage.unused.set(usage.unused.get().saturating_add(1)));
            }
            all.stopping.set(true);
            all.each(|_| {});
        });
        connections
    }

    /// One more.
    pub fn add<I>(&self, io: I) -> Connection<I> {
        let usage = Rc::new(Usage::default());
        let mut open = self.0.open.borrow_mut();
        if open.len() == open.capacity() {
            open.retain(|usage| usage.strong_count() > 0);
        }
        open.push(Rc::downgrade(&usage));
        Connection { io, usage, all: Rc::clone(&self.0) }
    }
}

impl All {
    /// Does something about each, and wakes those that are at their end.
    fn each(&self, act: impl Fn(&Usage)) {
        for usage in self.open.borrow().iter().filter_map(Weak::upgrade) {
            act(&usage);
            if self.are_through_with(&usage)
                && let Some(reader) = usage.reader.take()
            {
                reader.wake();
            }
        }
    }

    fn are_through_with(&self, usage: &Usage) -> bool {
        usage.unused.get() > MAX_UNUSED || (self.stopping.get() && !usage.owes.get())
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Connection<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { io, usage, all } = self.get_mut();
        let polled = Pin::new(io).poll_read(context, buffer);
        if polled.is_ready() {
            usage.unused.set(0);
            usage.owes.set(true);
        } else if all.are_through_with(usage) {
            // As if the client had ended it.
            return Poll::Ready(Ok(()));
        } else {
            match &mut *usage.reader.borrow_mut() {
                Some(known) => known.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
        }
        polled
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Connection<I> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { io, usage, .. } = self.get_mut();
        let polled = Pin::new(io).poll_write(context, bytes);
        if polled.is_ready() {
            usage.unused.set(0);
            usage.owes.set(false);
        }
        polled
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        sync::oneshot,
        time::{Instant, timeout},
    };

    use super::*;

    fn run(test: impl AsyncFnOnce()) {
        rt::System::new().block_on(async {
            tokio::time::pause();
            test().await;
        });
    }

    fn connected(connections: &Connections) -> (DuplexStream, Connection<DuplexStream>) {
        let (client, ours) = duplex(64);
        (client, connections.add(ours))
    }

    /// Whether the client seems to have ended it within so many seconds.
    async fn ends_within(ours: &mut Connection<DuplexStream>, seconds: u64) -> bool {
        let (begun, limit) = (Instant::now(), Duration::from_secs(seconds));
        let read = timeout(limit, ours.read(&mut [0; 8])).await;
        // At the limit it is asked once more, also where nobody woke it.
        read.is_ok_and(|read| read.unwrap() == 0) && begun.elapsed() < limit
    }

    #[test]
    fn an_unused_one_ends_after_a_time_that_each_use_begins_anew() {
        run(async || {
            let connections = Connections::until(std::future::pending());
            let (mut client, mut ours) = connected(&connections);
            assert!(!ends_within(&mut ours, 89).await);
            client.write_all(b"ask").await.unwrap();
            assert_eq!(ours.read(&mut [0; 8]).await.unwrap(), 3);
            assert!(!ends_within(&mut ours, 89).await);
            ours.write_all(b"answer").await.unwrap();
            assert!(!ends_within(&mut ours, 89).await);
            assert!(ends_within(&mut ours, 31).await);
        });
    }

    #[test]
    fn when_the_service_stops_only_who_waits_for_an_answer_stays() {
        run(async || {
            let (stop, stops) = oneshot::channel::<()>();
            let connections = Connections::until(async { drop(stops.await) });
            let (_idle_client, mut idle) = connected(&connections);
            let (mut client, mut busy) = connected(&connections);
            client.write_all(b"ask").await.unwrap();
            assert_eq!(busy.read(&mut [0; 8]).await.unwrap(), 3);
            let (ended, ()) = join(ends_within(&mut idle, 1), async { drop(stop) }).await;
            assert!(ended);
            assert!(!ends_within(&mut busy, 80).await);
            busy.write_all(b"answer").await.unwrap();
            assert!(ends_within(&mut busy, 1).await);
            let (_late_client, mut late) = connected(&connections);
            assert!(ends_within(&mut late, 1).await);
        });
    }

    #[test]
    fn what_is_closed_is_forgotten() {
        let connections = Connections::default();
        let (_client, _kept) = connected(&connections);
        for _ in 0..1_000 {
            drop(connected(&connections));
        }
        assert!(connections.0.open.borrow().len() <= 8);
    }
}
