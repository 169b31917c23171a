//! `sessions`: everybody's, for administrators.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    body::{Id, Number, Query},
    caller::{Administrator, Caller},
    list::{Limit, Page, Span},
    problem::Problem,
    users::find,
};
use crate::{
    administration::sessions,
    store::{
        sessions::{self as table, Listed, SessionId},
        users::UserId,
    },
};

/// A session of a browser or a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    /// Its id.
    id: i64,
    /// The id of its user.
    user_id: i64,
    /// The name of its user.
    user: String,
    /// `browser`, `remembered` or `client`.
    kind: String,
    /// When it started.
    created: String,
    /// When it was last used, to a minute or two.
    last_used: String,
    /// The address that it was opened from.
    address: String,
    /// What it was opened with, such as `Firefox on Android`.
    device: Option<String>,
    /// Whether the request was sent in it.
    current: bool,
}

impl SessionView {
    fn of(listed: Listed, current: Option<SessionId>) -> Self {
        Self {
            id: listed.id.get(),
            user_id: listed.user_id.get(),
            user: listed.user,
            kind: listed.kind,
            created: listed.created.rfc3339(),
            last_used: listed.seen.rfc3339(),
            address: listed.address,
            device: listed.device,
            current: current == Some(listed.id),
        }
    }
}

/// Whose sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Only those of this user.
    #[param(value_type = Option<i64>, minimum = 1)]
    user_id: Option<Number>,
    /// `next` of the page before.
    #[param(value_type = Option<i64>, minimum = 1)]
    after: Option<Number>,
    /// How many entries, at most.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// The sessions, the youngest first.
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(Which),
    responses((status = 200, body = Page<SessionView>)))]
pub async fn list(
    Administrator(caller): Administrator,
    Query(which): Query<Which>,
) -> Result<HttpResponse, Problem> {
    let span = Span { after: which.after, limit: which.limit };
    Ok(super::ok(&page(&caller, which.user_id.map(|id| UserId::named(id.get())), &span).await?))
}

/// A page of the sessions of one user or of all.
pub async fn page(caller: &Caller, user: Option<UserId>, span: &Span) -> Result<Page<SessionView>, Problem> {
    let (before, limit) = (span.after.map(Number::get), span.limit.get());
    let read = move |state: &crate::state::State| {
        state.store.read(|connection| table::page(connection, user, before, limit + 1))
    };
    let listed =
        caller.blocking(move |state| read(state).map_err(crate::administration::Fault::from)).await?;
    let current = caller.session();
    let items = listed.into_iter().map(|listed| SessionView::of(listed, current)).collect();
    Ok(Page::of(items, limit, |session: &SessionView| session.id.to_string()))
}

/// Ends a session.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Ended")))]
pub async fn end(Administrator(caller): Administrator, Id(id): Id) -> Result<HttpResponse, Problem> {
    end_one(&caller, id, None).await
}

/// Ends every session of a user.
#[utoipa::path(delete, path = "/users/{id}/sessions", tag = "sessions", params(("id" = i64, Path, minimum = 1)),
    responses((status = 204, description = "Ended")))]
pub async fn end_all(Administrator(caller): Administrator, Id(id): Id) -> Result<HttpResponse, Problem> {
    let user = find(&caller, id)?;
    let ended: Vec<_> = caller.visit.state.store.view().sessions_of(user.id).collect();
    let actor = caller.actor();
    caller.blocking(move |state| sessions::end(state, &actor, &user, &ended)).await?;
    Ok(super::done())
}

/// Ends a session, where one is to be of one user only of theirs.
pub async fn end_one(caller: &Caller, id: i64, of: Option<UserId>) -> Result<HttpResponse, Problem> {
    let unknown = || Problem::not_found("session");
    let view = caller.visit.state.store.view();
    let (session, user) = view.session_by_id(id).ok_or_else(unknown)?;
    if of.is_some_and(|of| of != user) {
        return Err(unknown());
    }
    let user = find(caller, user.get())?;
    let actor = caller.actor();
    caller.blocking(move |state| sessions::end(state, &actor, &user, &[session])).await?;
    Ok(super::done())
}
