//! Work for sign-ins, on threads of the lowest priority and with a short queue, so that a flood of sign-ins
//! cannot slow a verify.

use std::{
    io, panic,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::{error, warn};

/// The kernel's lowest priority.
const NICE: i32 = 19;

type Job = Box<dyn FnOnce() + Send>;

/// A few threads and the queue before them.
pub struct Lane {
    jobs: mpsc::Sender<Job>,
    free: Arc<Semaphore>,
    places: usize,
}

/// A place in the queue.
pub struct Place {
    jobs: mpsc::Sender<Job>,
    permit: OwnedSemaphorePermit,
}

/// Every place is taken.
#[derive(Debug, Error)]
#[error("too many sign-ins at once")]
pub struct Busy;

/// The job panicked; the log says so.
#[derive(Debug, Error)]
#[error("the sign-in panicked")]
pub struct Panicked;

impl Lane {
    /// Starts `threads` threads; `places` jobs may be under way or wait for one.
    pub fn start(name: &str, threads: usize, places: usize) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new().name(name.to_owned()).spawn(move || work(&queue))?;
        }
        Ok(Self { jobs, free: Arc::new(Semaphore::new(places)), places })
    }

    /// Takes a place, or refuses at once when none is free.
    pub fn place(&self) -> Result<Place, Busy> {
        let permit = Arc::clone(&self.free).try_acquire_owned().map_err(|_| Busy)?;
        Ok(Place { jobs: self.jobs.clone(), permit })
    }

    /// How many jobs may be under way or wait.
    pub const fn places(&self) -> usize {
        self.places
    }

    /// How many are.
    pub fn taken(&self) -> usize {
        self.places.saturating_sub(self.free.available_permits())
    }
}

impl Place {
    /// Runs `job` on one of the threads, and lets nobody wait for it.
    pub fn dispatch(self, job: impl FnOnce() + Send + 'static) {
        let permit = self.permit;
        // The threads live as long as the process.
        let _ = self.jobs.send(Box::new(move || {
            job();
            drop(permit);
        }));
    }

    /// Runs `job` on one of the threads. It runs to its end even when nobody waits for it any more.
    pub async fn run<T: Send + 'static>(
        self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (answer, answered) = oneshot::channel();
        let permit = self.permit;
        let job: Job = Box::new(move || {
            let result = job();
            drop(permit);
            // A client that has gone needs no answer.
            let _ = answer.send(result);
        });
        self.jobs.send(job).map_err(|_| Panicked)?;
        answered.await.map_err(|_| Panicked)
    }
}

fn work(queue: &Mutex<mpsc::Receiver<Job>>) {
    // Linux keeps this value for each thread.
    if let Err(cause) = rustix::process::nice(NICE) {
        warn!(%cause, "threads for sign-ins keep the normal priority; a flood of sign-ins may slow requests down");
    }
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if panic::catch_unwind(panic::AssertUnwindSafe(job)).is_err() {
            error!("a sign-in panicked; it was refused");
        }
    }
}
