//! Who tells the targets: a thread with a task for each, so that a slow one slows no other.

use std::{collections::HashMap, sync::Arc, thread, time::Duration};

use anyhow::Context;
use futures_util::future::join_all;
use reqwest::Client;
use tokio::{
    runtime,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::timeout,
};
use tracing::error;

use super::{
    delivery::{Courier, Means},
    failing::Failing,
    target::{Target, To},
    webhook::Webhook,
};
use crate::{
    outbound::{self, ClientError},
    store::{
        Store,
        deliveries::{self, TargetDigest},
    },
};

/// A webhook answers within this time.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// What is on its way gets this long when the service stops.
const GRACE: Duration = Duration::from_secs(3);

enum Order {
    Tell(Vec<(Target, Means)>),
    Stop,
}

/// Says whom to tell. Clones speak to one thread.
#[derive(Clone)]
pub struct Deliveries {
    store: Arc<Store>,
    orders: mpsc::UnboundedSender<Order>,
    /// Who cannot be told now.
    pub failing: Failing,
}

/// The thread; dropping it lets what is on its way arrive, and ends it.
pub struct Couriers {
    orders: mpsc::UnboundedSender<Order>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Deliveries {
    /// Starts the thread.
    pub fn start(store: &Arc<Store>, targets: &[Target]) -> anyhow::Result<(Self, Couriers)> {
        let (orders, given) = mpsc::unbounded_channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let failing = Failing::default();
        let team = Team { store: Arc::clone(store), running: HashMap::new(), failing: failing.clone() };
        let thread = thread::Builder::new()
            .name("deliveries".to_owned())
            .spawn(move || runtime.block_on(team.work(given)))?;
        let deliveries = Self { store: Arc::clone(store), orders: orders.clone(), failing };
        deliveries.follow(targets)?;
        Ok((deliveries, Couriers { orders, thread: Some(thread) }))
    }

    /// Tells these from now on, and no others. A target that is new begins with what happens next.
    pub fn follow(&self, targets: &[Target]) -> anyhow::Result<()> {
        let digests: Vec<_> = targets.iter().map(Target::digest).collect();
        self.store
            .write(|tx| {
                deliveries::keep_only(tx, &digests)?;
                digests.iter().try_for_each(|digest| deliveries::delivered(tx, digest).map(|_| ()))
            })
            .context("how far each [[event]] was told")?;
        // Nobody listens once the service stops.
        let _ = self.orders.send(Order::Tell(with_means(targets)?));
        Ok(())
    }
}

/// How each is reached. A client is made only where one is needed, for it reads all certificates of the system.
fn with_means(targets: &[Target]) -> Result<Vec<(Target, Means)>, ClientError> {
    let mut client: Option<Client> = None;
    let mut means = |target: &Target| match &target.to {
        To::Command { words } => Ok(Means::Command(words.clone())),
        To::Webhook { url, secret } => {
            let client = match &client {
                Some(client) => client.clone(),
                None => client.insert(outbound::client(TIME_LIMIT)?).clone(),
            };
            Ok(Means::Webhook(Webhook { client, url: url.clone(), secret: secret.clone() }))
        }
    };
    targets.iter().map(|target| Ok((target.clone(), means(target)?))).collect()
}

impl Drop for Couriers {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Stop);
        if let Some(Err(_)) = self.thread.take().map(thread::JoinHandle::join) {
            error!(
                "the thread that tells of events had panicked; targets are told what they missed after the next start"
            );
        }
    }
}

struct Team {
    store: Arc<Store>,
    running: HashMap<TargetDigest, Running>,
    failing: Failing,
}

struct Running {
    target: Target,
    /// Dropped to stop it.
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Team {
    async fn work(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        while let Some(Order::Tell(targets)) = orders.recv().await {
            self.follow(targets);
        }
        let tasks: Vec<_> = self.running.into_values().map(|running| running.task).collect();
        // What is cut off here is told again after the next start.
        let _ = timeout(GRACE, join_all(tasks)).await;
    }

    fn follow(&mut self, targets: Vec<(Target, Means)>) {
        let mut before = std::mem::take(&mut self.running);
        for (target, means) in targets {
            let digest = target.digest();
            let running = match before.remove(&digest) {
                Some(running) if running.target.is(&target) => running,
                replaced => self.start((target, means), replaced),
            };
            self.running.insert(digest, running);
        }
    }

    /// Starts once the task that it replaces has ended, so that no event overtakes another.
    fn start(&self, told: (Target, Means), replaced: Option<Running>) -> Running {
        let (stop, stopped) = watch::channel(());
        let target = told.0.clone();
        let courier = Courier::new(told, Arc::clone(&self.store), stopped, self.failing.clone());
        let task = tokio::spawn(async move {
            if let Some(Running { stop, task, .. }) = replaced {
                drop(stop);
                let _ = task.await;
            }
            courier.run().await;
        });
        Running { target, stop, task }
    }
}
