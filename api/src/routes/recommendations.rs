//! `/api/v1/recommendations`: for the user whom they are for.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use chrono::{Days, SubsecRound, Utc};

use crate::auth::Caller;
use crate::cache::{Cached, Key};
use crate::db;
use crate::domain::id::UserId;
use crate::domain::projection::{MIN_MONTHS, Projection};
use crate::domain::recommendation::{Leaving, Recommendations, VALID_DAYS, recommend};
use crate::error::{Error, ErrorResponse};
use crate::state::AppState;

/// The plans that suit a user best.
#[utoipa::path(get, path = "/api/v1/recommendations/{user_id}", tag = "recommendations",
    operation_id = "recommendations", security(("bearer" = [])),
    params(("user_id" = String, Path, description = "For example user_123", pattern = "^[A-Za-z0-9_-]{1,64}$")),
    responses(
        (status = 200, description = "The top three", body = Recommendations),
        (status = 400, description = "That is not an id", body = ErrorResponse),
        (status = 401, description = "Nobody is logged in", body = ErrorResponse),
        (status = 403, description = "They are for another user", body = ErrorResponse),
        (status = 404, description = "There are none yet", body = ErrorResponse),
        (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn for_user(
    State(state): State<AppState>,
    caller: Caller,
    id: Result<Path<UserId>, PathRejection>,
) -> Result<Cached, Error> {
    let Path(id) = id?;
    caller.must_be(&id)?;
    state.cache.json(&Key::recommendations(&id), async move { db::recommendations::latest(&state.db, &id).await }).await
}

/// Computes the plans that suit the caller best, from their use, their preferences and the plans sold where they live,
/// in place of the earlier ones.
#[utoipa::path(post, path = "/api/v1/recommendations/generate", tag = "recommendations", operation_id = "generate",
    security(("bearer" = [])), responses(
    (status = 200, description = "The top three; fewer where fewer plans are sold", body = Recommendations),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 404, description = "The caller's account is gone", body = ErrorResponse),
    (status = 422, description = "Fewer than three months of use are known", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn generate(State(state): State<AppState>, Caller(id): Caller) -> Result<Json<Recommendations>, Error> {
    // From the database itself: what is written should not rest on what a cache remembers.
    let household = db::users::household(&state.db, &id).await?;
    let months = db::usage::months(&state.db, &id).await?;
    let year = Projection::from_history(&months).ok_or_else(|| {
        Error::Invalid(format!("recommendations need {MIN_MONTHS} months of usage; upload more of yours"))
    })?;
    let plans = db::plans::for_homes_in(&state.db, &household.zip_code[..3]).await?;

    let now = Utc::now().trunc_subsecs(6); // as exact as the database keeps it
    let current = household.current.as_ref().map(|(plan, ends)| Leaving { plan, contract_ends_on: *ends });
    let items = recommend(&plans, current, household.preferences, &year, now.date_naive());
    let set =
        Recommendations { user_id: id.to_string(), generated_at: now, expires_at: now + Days::new(VALID_DAYS), items };
    let written = db::recommendations::replace(&state.db, &set).await;
    state.cache.invalidate_user(&id).await; // also after a failure: the change may be committed, and only the answer lost
    written.map(|()| Json(set))
}
