//! One question for all who ask the same thing at the same time.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OnceCell;

use super::token::TokenDigest;

/// The questions under way.
pub struct SingleFlight<T> {
    under_way: Mutex<HashMap<TokenDigest, Arc<OnceCell<T>>>>,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self { under_way: Mutex::default() }
    }
}

impl<T: Clone> SingleFlight<T> {
    /// Asks, or waits for the answer of whoever asks the same already; `None` where `most` questions are under way.
    /// When the one who asks goes away, the next of those who wait asks.
    pub async fn share(&self, key: TokenDigest, most: usize, ask: impl Future<Output = T>) -> Option<T> {
        let cell = {
            let mut under_way = self.lock();
            let known = under_way.get(&key).cloned();
            if known.is_none() && under_way.len() >= most {
                return None;
            }
            let cell = known.unwrap_or_default();
            under_way.insert(key, Arc::clone(&cell));
            cell
        };
        let seat = Seat { flight: self, key, cell };
        Some(seat.cell.get_or_init(|| ask).await.clone())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenDigest, Arc<OnceCell<T>>>> {
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
        let ours = under_way.get(&self.key).is_some_and(|known| Arc::ptr_eq(known, &self.cell));
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

    fn key(byte: u8) -> TokenDigest {
        TokenDigest::from_bytes(&[byte; 32]).unwrap()
    }

    #[tokio::test]
    async fn those_who_ask_together_share_an_answer_and_the_next_asks_anew() {
        let (flight, asked) = (SingleFlight::default(), AtomicU32::new(0));
        let ask = || async {
            tokio::task::yield_now().await;
            asked.fetch_add(1, Ordering::Relaxed)
        };
        let both = tokio::join!(flight.share(key(1), 9, ask()), flight.share(key(1), 9, ask()));
        assert_eq!(both, (Some(0), Some(0)));
        assert_eq!(flight.share(key(1), 9, ask()).await, Some(1));
        assert!(flight.lock().is_empty());
    }

    #[tokio::test]
    async fn a_question_outlives_the_one_who_asked() {
        let flight = SingleFlight::default();
        let gone = Box::pin(flight.share(key(1), 9, std::future::pending::<u32>()));
        let waiting = flight.share(key(1), 9, async { 7 });
        tokio::select! {
            biased;
            _ = gone => unreachable!("it never answers"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(waiting.await, Some(7));
        assert!(flight.lock().is_empty());
    }

    #[tokio::test]
    async fn there_is_an_end_to_questions() {
        let flight = SingleFlight::default();
        let mut first = Box::pin(flight.share(key(1), 1, std::future::pending::<u32>()));
        tokio::select! {
            biased;
            _ = &mut first => unreachable!("it never answers"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(flight.share(key(2), 1, async { 7 }).await, None);
        drop(first);
        assert_eq!(flight.share(key(2), 1, async { 7 }).await, Some(7));
    }
}
