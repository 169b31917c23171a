//! Room for the bodies that are being read, so that nobody fills the memory, and a thread on which long ones are read, so
//! that no other question waits for them.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    dev::{Payload, RequestHead},
    http::header::{CONTENT_ENCODING, CONTENT_LENGTH},
};
use futures_util::StreamExt;

use super::body::{Called, called};
use crate::{
    authn::lane::{Lane, Places, Turn},
    policy::rpc::Rpc,
    store::users::UserId,
};

/// Bytes of a body that are read; a longer one is unclear. The proxy's lines hand over as many.
const MOST: usize = 8 << 20;
/// Bytes of all that are being read.
const ROOM: usize = 64 << 20;
/// Of these, one user's.
const SHARE: usize = 2 * MOST;
/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// One that is no longer than this is read sooner than a thread could be woken for it.
const SHORT: usize = 16 << 10;
/// Bodies that may wait for the thread.
const WAITING: Places = Places { known: 64, strangers: 0 };

/// There is no room for one more.
#[derive(Debug)]
pub struct Full;

/// Those that are being read.
pub struct Bodies {
    /// The bytes of each user.
    held: Mutex<HashMap<UserId, usize>>,
    /// The thread.
    pub lane: Lane,
}

/// Room that is held for a body.
struct Held<'a> {
    bodies: &'a Bodies,
    user: UserId,
    bytes: usize,
}

impl Bodies {
    /// None yet.
    pub fn start() -> io::Result<Self> {
        Ok(Self { held: Mutex::default(), lane: Lane::start("bodies", 1, WAITING)? })
    }

    /// Reads what the body calls that `user` sends.
    pub(super) async fn read(
        &self,
        request: &RequestHead,
        payload: Payload,
        (rpc, user): (&Rpc, UserId),
    ) -> Result<Called, Full> {
        let length = match request.headers.get(CONTENT_LENGTH) {
            Some(length) => length.to_str().ok().and_then(|length| length.parse().ok()),
            None => Some(MOST),
        };
        let length = length.filter(|&length| length <= MOST);
        let Some(length) = length.filter(|_| !request.headers.contains_key(CONTENT_ENCODING)) else {
            return Ok(Called::Unclear);
        };
        let _held = self.hold(user, length)?;
        let collecting = tokio::time::timeout(PATIENCE, collect(payload, length));
        let Ok(Some(body)) = collecting.await else { return Ok(Called::Unclear) };
        let (form, field) = (rpc.form, rpc.field.clone());
        if body.len() <= SHORT {
            return Ok(called(form, &field, &body));
        }
        let reading = self.lane.run(Turn::INSIDE, move || called(form, &field, &body));
        reading.await.map_err(|_| Full)
    }

    fn hold(&self, user: UserId, bytes: usize) -> Result<Held<'_>, Full> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (held.values().sum::<usize>(), held.get(&user).copied().unwrap_or_default());
        if all + bytes > ROOM || own + bytes > SHARE {
            return Err(Full);
        }
        held.insert(user, own + bytes);
        Ok(Held { bodies: self, user, bytes })
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut held = self.bodies.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = held.get_mut(&self.user) {
            *bytes -= self.bytes;
            if *bytes == 0 {
                held.remove(&self.user);
            }
        }
    }
}

async fn collect(mut payload: Payload, most: usize) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.ok()?;
        if body.len() + chunk.len() > most {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_the_room_and_all_together_no_more_than_there_is() {
        let bodies = Bodies::start().unwrap();
        let user = |number| UserId::named(number);
        let mut held: Vec<_> = (0..2).map(|_| bodies.hold(user(1), MOST).unwrap()).collect();
        assert!(bodies.hold(user(1), 1).is_err(), "one user has a share");
        held.extend((2..8).map(|number| bodies.hold(user(number), MOST).unwrap()));
        assert!(bodies.hold(user(9), 1).is_err(), "there is no more room");
        held.clear();
        assert!(bodies.hold(user(9), MOST).is_ok() && bodies.held.lock().unwrap().is_empty());
    }
}
