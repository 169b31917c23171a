//! Recording who owns an item of an app: apps and their scripts say so, and the first to say so is believed.

use super::{Actor, Fault, about};
use crate::{
    clock,
    events::kind::Kind,
    policy::{app::AppName, item::ItemKey},
    state::State,
    store::{
        database::StoreError,
        owners::{self, Recorded},
        users::{User, UserId},
    },
};

/// Records that an item is `owner`'s, unless it is somebody's already.
pub fn record(
    state: &State,
    actor: &Actor,
    (app, item): (&AppName, &ItemKey),
    owner: &User,
) -> Result<Recorded, Fault> {
    Ok(state.store.write(|tx| {
        let recorded = owners::record(tx, (app, item), owner.id, clock::now())?;
        if recorded == Recorded::First {
            let event = about(Kind::OwnerRecorded, &owner.name).in_app(app);
            actor.record(tx, event.with("item", item.as_str()))?;
        }
        Ok(recorded)
    })?)
}

/// Makes an item nobody's; `false` where it was that already.
pub fn forget(state: &State, actor: &Actor, app: &AppName, item: &ItemKey) -> Result<bool, Fault> {
    Ok(state.store.write(|tx| {
        let Some((_, owner)) = owners::find(tx, app, item)? else { return Ok(false) };
        owners::forget(tx, app, item)?;
        let event = about(Kind::OwnerDropped, &owner).in_app(app);
        actor.record(tx, event.with("item", item.as_str()))?;
        Ok(true)
    })?)
}

/// The owners of those items that have one, by name.
pub fn of(state: &State, app: &AppName, items: &[ItemKey]) -> Result<Vec<(ItemKey, String)>, StoreError> {
    state.store.read(|connection| {
        let mut found = Vec::new();
        for item in items {
            if let Some((_, owner)) = owners::find(connection, app, item)? {
                found.push((item.clone(), owner.to_string()));
            }
        }
        Ok(found)
    })
}

/// How many items a user owns.
pub fn count_of(state: &State, user: UserId) -> Result<usize, StoreError> {
    state.store.read(|connection| owners::count_of(connection, user))
}
