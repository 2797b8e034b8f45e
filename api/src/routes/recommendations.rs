//! `/api/v1/recommendations`: for the user whom they are for.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};

use crate::auth::Caller;
use crate::cache::{Cached, Key};
use crate::db;
use crate::domain::id::UserId;
use crate::domain::recommendation::Recommendations;
use crate::error::{Error, ErrorResponse};
use crate::state::AppState;

/// The plans that suit a user best.
#[utoipa::path(get, path = "/api/v1/recommendations/{user_id}", tag = "recommendations",
    operation_id = "recommendations",
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
    state.cache.json(&Key::recommendations(&id), db::recommendations::latest(&state.db, &id)).await
}
