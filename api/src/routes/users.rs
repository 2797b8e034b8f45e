//! `/api/v1/users`: for the caller.

use axum::extract::State;

use crate::auth::Caller;
use crate::cache::{Cached, Key};
use crate::db;
use crate::domain::user::Profile;
use crate::error::{Error, ErrorResponse};
use crate::state::AppState;

/// The caller's profile.
#[utoipa::path(get, path = "/api/v1/users/profile", tag = "users", responses(
    (status = 200, description = "The caller's profile", body = Profile),
    (status = 401, description = "Nobody is logged in", body = ErrorResponse),
    (status = 404, description = "The caller's account is gone", body = ErrorResponse),
    (status = 503, description = "The database does not answer", body = ErrorResponse),
))]
pub async fn profile(State(state): State<AppState>, Caller(id): Caller) -> Result<Cached, Error> {
    state.cache.json(&Key::profile(&id), db::users::profile(&state.db, &id)).await
}
