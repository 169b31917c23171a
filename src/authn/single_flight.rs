//! One question for all who ask the same thing at the same time.

use std::{
    collections::HashMap,
    future::Future,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

use super::token::TokenDigest;
use crate::throttle;

/// The questions under way.
pub struct SingleFlight<T> {
    under_way: Mutex<HashMap<TokenDigest, UnderWay<T>>>,
    /// How many there may be.
    most: usize,
    /// How many one network of clients may ask, so that it cannot take every place.
    each: usize,
}

struct UnderWay<T> {
    cell: Arc<OnceCell<T>>,
    asked_by: IpAddr,
}

impl<T: Clone> SingleFlight<T> {
    /// Nothing under way.
    pub fn new(most: usize, each: usize) -> Self {
        Self { under_way: Mutex::default(), most, each }
    }

    /// Asks, or waits for the answer of whoever asks the same already; `None` where too much is under way. When the
    /// one who asks goes away, the next of those who wait asks.
    pub async fn share(&self, key: TokenDigest, client: IpAddr, ask: impl Future<Output = T>) -> Option<T> {
        let cell = self.cell(key, throttle::network(client))?;
        let seat = Seat { flight: self, key, cell };
        Some(seat.cell.get_or_init(|| ask).await.clone())
    }

    fn cell(&self, key: TokenDigest, asked_by: IpAddr) -> Option<Arc<OnceCell<T>>> {
        let mut under_way = self.lock();
        if let Some(known) = under_way.get(&key) {
            return Some(Arc::clone(&known.cell));
        }
        let theirs = || under_way.values().filter(|one| one.asked_by == asked_by).count();
        if under_way.len() >= self.most || (self.each < self.most && theirs() >= self.each) {
            return None;
        }
        let cell = Arc::<OnceCell<T>>::default();
        under_way.insert(key, UnderWay { cell: Arc::clone(&cell), asked_by });
        Some(cell)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenDigest, UnderWay<T>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among those who wait; the last to leave, or the first with an answer, ends the question.
struct Seat<'a, T: Clone> {
    flight: &'a SingleFlight<T>,
    key: TokenDigest,
    cell: Arc<OnceCell<T>>,
}

impl<T: Clone> Drop for Seat<'_, T> {
    fn drop(&mut self) {
        let mut under_way = self.flight.lock();
        let ours = under_way.get(&self.key).is_some_and(|known| Arc::ptr_eq(&known.cell, &self.cell));
        // The table and this seat hold the cell when nobody else waits.
        if ours && (self.cell.initialized() || Arc::strong_count(&self.cell) <= 2) {
            under_way.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn key(byte: u8) -> TokenDigest {
        TokenDigest::from_bytes(&[byte; 32]).unwrap()
    }

    #[tokio::test]
    async fn those_who_ask_together_share_an_answer_and_the_next_asks_anew() {
        let (flight, asked) = (SingleFlight::new(9, 9), AtomicU32::new(0));
        let ask = || async {
            tokio::task::yield_now().await;
            asked.fetch_add(1, Ordering::Relaxed)
        };
        let both = tokio::join!(flight.share(key(1), HERE, ask()), flight.share(key(1), HERE, ask()));
        assert_eq!(both, (Some(0), Some(0)));
        assert_eq!(flight.share(key(1), HERE, ask()).await, Some(1));
        assert!(flight.lock().is_empty());
    }

    #[tokio::test]
    async fn a_question_outlives_the_one_who_asked() {
        let flight = SingleFlight::new(9, 9);
        let gone = Box::pin(flight.share(key(1), HERE, std::future::pending::<u32>()));
        let waiting = flight.share(key(1), HERE, async { 7 });
        tokio::select! {
            biased;
            _ = gone => unreachable!("it never answers"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(waiting.await, Some(7));
        assert!(flight.lock().is_empty());
    }

    #[tokio::test]
    async fn there_is_an_end_to_questions_and_nobody_takes_every_place() {
        let there = IpAddr::from([192, 0, 2, 7]);
        for (flight, from_there) in [(SingleFlight::new(1, 1), None), (SingleFlight::new(9, 1), Some(7))] {
            let mut first = Box::pin(flight.share(key(1), HERE, std::future::pending::<u32>()));
            tokio::select! {
                biased;
                _ = &mut first => unreachable!("it never answers"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(flight.share(key(2), HERE, async { 7 }).await, None);
            assert_eq!(flight.share(key(3), there, async { 7 }).await, from_there);
            drop(first);
            assert_eq!(flight.share(key(2), HERE, async { 7 }).await, Some(7));
        }
    }
}
