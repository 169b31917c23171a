//! What can be wrong with a pack's file.

use thiserror::Error;

use crate::policy::{
    needs::{Needs, NeedsError},
    pack::TooOpen,
    route::RouteError,
    rpc::SameCall,
};

/// What is wrong with a pack.
#[derive(Debug, Error)]
pub(super) enum PackError {
    #[error("the file cannot be read: {0}")]
    Toml(#[from] Box<figment::Error>),
    #[error("{0}")]
    Route(#[from] RouteError),
    #[error("{0}")]
    Needs(#[from] NeedsError),
    #[error("the row `{0}` {1}")]
    TooOpen(String, TooOpen),
    #[error(
        "odd_paths = \"{0}\" is less than what some route needs, and another spelling would go round that; leave it out"
    )]
    OddPaths(Needs),
    #[error("{0}")]
    SameCall(#[from] SameCall),
    #[error("`{0}` is no path of an area; write it like /api/v2")]
    Area(String),
    #[error("`{0}` is no path of an endpoint; write it like /rpc")]
    Endpoint(String),
    #[error("`{0}` is no call; write NAME NEEDS, as in \"torrent_get view_all_downloads\"")]
    Call(String),
    #[error(
        "`{0}` lets anybody call an endpoint that can do everything; name what it needs instead of public"
    )]
    PublicCall(String),
    #[error(
        "the row `{0}` of `live` opens it to the public; name what the app needs to know who asks, at least any"
    )]
    PublicLive(String),
    #[error("cookies: {0}")]
    Cookies(String),
    #[error(
        "the row `{0}` lets anybody sign in to the app, whose cookies belong to one person each; name any instead of public"
    )]
    PublicSignIn(String),
    #[error("words.{0} names no capability that a route of the pack needs; correct the name or leave it out")]
    Words(String),
}
