//! The audit log as a table for spreadsheets, read and sent piece by piece, so that it may be of any length.

use std::{error::Error, sync::Arc};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS},
    web::{self, Bytes},
};
use futures_util::stream;

use crate::{
    administration::Fault,
    events::csv,
    store::{
        Store,
        database::StoreError,
        events::{self, EventId, Filter, Recorded},
    },
};

/// Events that are read and sent at once.
const PIECE: usize = 1_000;

/// What is still to be sent.
enum Rest {
    /// This, and what is older.
    Read(Vec<Recorded>),
    /// What is older than this.
    After(EventId),
    Nothing,
}

/// The whole table, the newest first; an error where not even its beginning can be read.
pub async fn answer(store: &Arc<Store>, filter: Filter) -> Result<HttpResponse, Fault> {
    let (store, filter) = (Arc::clone(store), Arc::new(filter));
    let first = read(&store, &filter, None).await.map_err(|_| Fault::Busy)??;
    let pieces = stream::try_unfold((Some(csv::HEADER), Rest::Read(first)), move |(header, rest)| {
        let (store, filter) = (Arc::clone(&store), Arc::clone(&filter));
        async move {
            let events = match rest {
                Rest::Read(events) => events,
                Rest::After(last) => read(&store, &filter, Some(last)).await??,
                Rest::Nothing => return Ok::<_, Box<dyn Error>>(None),
            };
            let rest = match events.last() {
                Some(last) if events.len() >= PIECE => Rest::After(last.id),
                _ => Rest::Nothing,
            };
            let mut text = header.unwrap_or_default().to_owned();
            text.extend(events.iter().map(csv::line));
            Ok(Some((Bytes::from(text), (None, rest))))
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"sluice-audit.csv\""))
        .streaming(Box::pin(pieces)))
}

async fn read(
    store: &Arc<Store>,
    filter: &Arc<Filter>,
    before: Option<EventId>,
) -> Result<Result<Vec<Recorded>, StoreError>, actix_web::error::BlockingError> {
    let (store, filter) = (Arc::clone(store), Arc::clone(filter));
    web::block(move || store.read(|connection| events::page(connection, &filter, before, PIECE))).await
}
