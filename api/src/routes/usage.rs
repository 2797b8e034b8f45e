//! `/api/v1/usage`: for the caller.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use chrono::Utc;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::auth::Caller;
use crate::cache::{Cached, Key, Namespace, Source};
use crate::db;
use crate::domain::id::UserId;
use crate::domain::upload::{self, UploadReceipt, UsageUpload};
use crate::domain::usage::{DEFAULT_MONTHS, MAX_MONTHS, MonthUsage, UsageAnalysis, UsageHistory};
use crate::error::{Error, ErrorResponse};
use crate::extract::UploadBody;
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
#[utoipa::path(get, path = "/api/v1/usage/history", tag = "usage", params(HistoryQuery),
    security(("bearer" = [])), responses(
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
) -> Result<Cached, Error> {
    let count = query?.months.unwrap_or(DEFAULT_MONTHS);
    if !(1..=MAX_MONTHS).contains(&count) {
        return Err(Error::Invalid(format!("months must be from 1 to {MAX_MONTHS}")));
    }
    let (months, source) = months(&state, &id).await?;
    Cached::made(&UsageHistory::of(id.to_string(), months, count), Namespace::UsageAnalysis, source)
}

/// The caller's months: one cache entry a user, whatever is made of it.
async fn months(state: &AppState, id: &UserId) -> Result<(Vec<MonthUsage>, Source), Error> {
    let (db, of) = (state.db.clone(), id.clone());
    state.cache.value(&Key::usage(id), async move { db::usage::months(&db, &of).await }).await
}

/// The seasons of the caller's use and the year to expect.
#[utoipa::path(get, path = "/api/v1/usage/analysis", tag = "usage", security(("bearer" = [])), responses(
    (status = 200, description = "What the caller's months say", body = UsageAnalysis),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn analysis(State(state): State<AppState>, Caller(id): Caller) -> Result<Cached, Error> {
    let (months, source) = months(&state, &id).await?;
    Cached::made(&UsageAnalysis::of(id.to_string(), &months), Namespace::UsageAnalysis, source)
}

/// Adds readings to the caller's history, as JSON or as CSV with the header line `date,kwh` or `date,kwh,cost_cents`.
/// All of them or, when one is refused, none.
#[utoipa::path(post, path = "/api/v1/usage/upload", tag = "usage", security(("bearer" = [])),
    request_body(content((UsageUpload = "application/json"), (String = "text/csv"))),
    responses(
    (status = 200, description = "What was written", body = UploadReceipt),
    (status = 400, description = "The body is neither JSON nor CSV", body = ErrorResponse),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 404, description = "The caller's account is gone", body = ErrorResponse),
    (status = 413, description = "The body is too large", body = ErrorResponse),
    (status = 415, description = "The body is declared as something else", body = ErrorResponse),
    (status = 422, description = "A reading is out of bounds; the message has its number", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn upload(
    State(state): State<AppState>,
    Caller(id): Caller,
    UploadBody(entries): UploadBody,
) -> Result<Json<UploadReceipt>, Error> {
    let days = upload::days(&entries, Utc::now().date_naive())?;
    let written = db::usage::write(&state.db, &id, &days).await;
    state.cache.invalidate_user(&id).await; // also after a failure: the change may be committed, and only the answer lost
    written?;
    // There is one at least.
    let (from, to) = (days[0].usage_date, days[days.len() - 1].usage_date);
    Ok(Json(UploadReceipt { days: days.len(), from, to }))
}
