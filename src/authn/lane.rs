//! Work for sign-ins, on threads of the lowest priority and with a short queue in which networks take turns, so that a
//! flood of sign-ins can neither slow a verify nor keep others from signing in.

mod fair;

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    panic,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use fair::Fair;
pub use fair::{Class, Places, Turn};
use thiserror::Error;
use tokio::sync::oneshot;
use tracing::{error, warn};

/// The kernel's lowest priority.
const NICE: i32 = 19;
/// Jobs of a class that may wait until a thread looks up and gives them places; past that they are refused at once.
const UNSORTED: usize = 1_024;

/// What becomes of a job.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Run,
    GiveWay,
}

type Job = Box<dyn FnOnce(Order) + Send>;

/// A few threads and the queue before them. Whoever hands a job in takes no lock: the threads, which others may keep
/// from running, sort what came.
pub struct Lane {
    jobs: mpsc::Sender<Arrival>,
    known: Arc<AtomicUsize>,
    strangers: Arc<AtomicUsize>,
    taken: Arc<AtomicUsize>,
    places: Places,
}

struct Arrival {
    turn: Turn,
    job: Job,
    _unsorted: Counted,
}

/// One more of a number, until it is dropped.
struct Counted(Arc<AtomicUsize>);

/// Why a job was not done.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotRun {
    /// Every place is taken, by networks with as much right to one.
    #[error("too many sign-ins at once")]
    Busy,
    /// It panicked; the log says so.
    #[error("the sign-in panicked")]
    Panicked,
}

impl Turn {
    /// The turn of whoever is signed in already, or was named by another system.
    pub const INSIDE: Self = Self { class: Class::Known, network: IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
}

impl Counted {
    fn one_more(number: &Arc<AtomicUsize>) -> Self {
        number.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(number))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Lane {
    /// Starts `threads` threads; so many jobs may wait for one.
    pub fn start(name: &str, threads: usize, places: Places) -> io::Result<Self> {
        let (jobs, arrivals) = mpsc::channel();
        let queue = Arc::new(Mutex::new(Queue { arrivals, fair: Fair::new(places) }));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name(name.to_owned()).spawn(move || work(&queue))?;
        }
        Ok(Self { jobs, known: Arc::default(), strangers: Arc::default(), taken: Arc::default(), places })
    }

    /// How many jobs may wait.
    pub const fn places(&self) -> usize {
        self.places.known + self.places.strangers
    }

    /// How many are under way or wait.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Runs `job` on one of the threads, and lets nobody wait for it; left out where too much waits.
    pub fn dispatch(&self, turn: Turn, job: impl FnOnce() + Send + 'static) {
        // Who is left out has nobody to tell.
        let _ = self.send(
            turn,
            Box::new(move |order| {
                if order == Order::Run {
                    job();
                }
            }),
        );
    }

    /// Runs `job` on one of the threads when its turn comes. Once begun it runs to its end, even when nobody waits for
    /// it any more; before that it is dropped.
    pub async fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotRun> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |order| match order {
            _ if answer.is_closed() => {}
            Order::Run => {
                // A client that has gone meanwhile needs no answer.
                let _ = answer.send(Ok(job()));
            }
            Order::GiveWay => {
                drop(job);
                let _ = answer.send(Err(NotRun::Busy));
            }
        });
        self.send(turn, job)?;
        answered.await.unwrap_or(Err(NotRun::Panicked))
    }

    fn send(&self, turn: Turn, job: Job) -> Result<(), NotRun> {
        let unsorted = match turn.class {
            Class::Known => &self.known,
            Class::Stranger => &self.strangers,
        };
        if unsorted.load(Ordering::Relaxed) >= UNSORTED {
            return Err(NotRun::Busy);
        }
        let taken = Counted::one_more(&self.taken);
        let job: Job = Box::new(move |order| {
            let _taken = taken;
            job(order);
        });
        // The threads live as long as the process.
        self.jobs
            .send(Arrival { turn, job, _unsorted: Counted::one_more(unsorted) })
            .map_err(|_| NotRun::Panicked)
    }
}

struct Queue {
    arrivals: mpsc::Receiver<Arrival>,
    fair: Fair<Job>,
}

impl Queue {
    /// Waits for the next job; `None` when no more can come.
    fn next(&mut self) -> Option<Job> {
        loop {
            while let Ok(arrival) = self.arrivals.try_recv() {
                self.sort(arrival);
            }
            if let Some(job) = self.fair.pop() {
                return Some(job);
            }
            let arrival = self.arrivals.recv().ok()?;
            self.sort(arrival);
        }
    }

    fn sort(&mut self, Arrival { turn, job, _unsorted }: Arrival) {
        if let Some(job) = self.fair.push(turn, job) {
            job(Order::GiveWay);
        }
    }
}

fn work(queue: &Mutex<Queue>) {
    // Linux keeps this value for each thread.
    if let Err(cause) = rustix::process::nice(NICE) {
        warn!(%cause, "threads for sign-ins keep the normal priority; a flood of sign-ins may slow requests down");
    }
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(job) = job else { return };
        if panic::catch_unwind(panic::AssertUnwindSafe(|| job(Order::Run))).is_err() {
            error!("a sign-in panicked; it was refused");
        }
    }
}
