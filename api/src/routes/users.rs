//! `/api/v1/users`: for the caller.

use axum::Json;
use axum::extract::State;

use crate::auth::Caller;
use crate::cache::{Cached, Key, Source};
use crate::db;
use crate::domain::user::{Preferences, Profile};
use crate::error::{Error, ErrorResponse};
use crate::extract::JsonBody;
use crate::state::AppState;

/// The caller's profile.
#[utoipa::path(get, path = "/api/v1/users/profile", tag = "users", security(("bearer" = [])), responses(
    (status = 200, description = "The caller's profile", body = Profile),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 404, description = "The caller's account is gone", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn profile(State(state): State<AppState>, Caller(id): Caller) -> Result<Cached, Error> {
    state.cache.json(&Key::profile(&id), async move { db::users::profile(&state.db, &id).await }).await
}

/// What matters to the caller.
#[utoipa::path(get, path = "/api/v1/users/preferences", tag = "users", operation_id = "preferences",
    security(("bearer" = [])), responses(
    (status = 200, description = "What matters to the caller; the four sum to 100", body = Preferences),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 404, description = "The caller's account is gone", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn preferences(
    State(state): State<AppState>,
    Caller(id): Caller,
) -> Result<(Source, Json<Preferences>), Error> {
    // A part of the profile, from its cache entry.
    let key = Key::profile(&id);
    let fill = async move { db::users::profile(&state.db, &id).await };
    let (profile, source) = state.cache.value(&key, fill).await?;
    Ok((source, Json(profile.preferences)))
}

/// Says what matters to the caller. Recommendations that were computed with the old weights stay until they are
/// computed again.
#[utoipa::path(put, path = "/api/v1/users/preferences", tag = "users", operation_id = "set_preferences",
    security(("bearer" = [])), request_body = Preferences, responses(
    (status = 200, description = "What is stored now", body = Preferences),
    (status = 400, description = "The body is not JSON", body = ErrorResponse),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 404, description = "The caller's account is gone", body = ErrorResponse),
    (status = 413, description = "The body is too large", body = ErrorResponse),
    (status = 415, description = "The body is not declared as JSON", body = ErrorResponse),
    (status = 422, description = "A weight is missing, or the four do not sum to 100", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn set_preferences(
    State(state): State<AppState>,
    Caller(id): Caller,
    JsonBody(preferences): JsonBody<Preferences>,
) -> Result<Json<Preferences>, Error> {
    if !preferences.is_whole() {
        return Err(Error::Invalid("cost, flexibility, renewables and supplier_rating must sum to 100".to_owned()));
    }
    let written = db::users::set_preferences(&state.db, &id, preferences).await;
    state.cache.invalidate_user(&id).await; // also after a failure: the change may be committed, and only the answer lost
    written.map(|()| Json(preferences))
}
