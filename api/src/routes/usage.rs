//! `/api/v1/usage`: for the caller.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Caller;
use crate::cache::{Key, Source};
use crate::db;
use crate::domain::usage::{DEFAULT_MONTHS, MAX_MONTHS, UsageHistory};
use crate::error::{Error, ErrorResponse};
use crate::state::AppState;

/// How much of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// How many months, up to the latest reading.
    #[param(minimum = 1, maximum = 24, default = 12)]
    months: Option<u32>,
}

/// The caller's use, month by month, oldest first.
#[utoipa::path(get, path = "/api/v1/usage/history", tag = "usage", params(HistoryQuery), responses(
    (status = 200, description = "The caller's months", body = UsageHistory),
    (status = 400, description = "A parameter cannot be read", body = ErrorResponse),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 422, description = "A parameter is out of bounds", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn history(
    State(state): State<AppState>,
    Caller(id): Caller,
    query: Result<Query<HistoryQuery>, QueryRejection>,
) -> Result<(Source, Json<UsageHistory>), Error> {
    let count = query?.months.unwrap_or(DEFAULT_MONTHS);
    if !(1..=MAX_MONTHS).contains(&count) {
        return Err(Error::Invalid(format!("months must be from 1 to {MAX_MONTHS}")));
    }
    // One cache entry a user, whatever the number of months asked for.
    let (months, source) = state.cache.value(&Key::usage(&id), db::usage::months(&state.db, &id)).await?;
    Ok((source, Json(UsageHistory::of(id.to_string(), months, count))))
}
