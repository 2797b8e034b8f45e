//! Whether the service works, for people, balancers and the deployer.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::db;
use crate::state::AppState;

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `degraded`: without the database what is cached is served, without Redis everything is, at the database's cost.
    pub status: Status,
    /// Whether PostgreSQL answers.
    pub database: Reach,
    /// Whether the cache answers.
    pub cache: Reach,
}

/// The service as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything works.
    Healthy,
    /// Something can be served.
    Degraded,
    /// Nothing can be served.
    Unhealthy,
}

/// One of the things that the service needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// It answers.
    Up,
    /// It does not.
    Down,
}

async fn examine(state: &AppState) -> (StatusCode, Health) {
    let reach = |up| if up { Reach::Up } else { Reach::Down };
    let redis = state.cache.redis_is_up();
    // Without a Redis, the cache is this process' memory: it answers whenever the process does.
    let (database, cache) = (reach(db::is_up(&state.db).await), reach(redis.unwrap_or(true)));
    let status = match (database, cache) {
        (Reach::Up, Reach::Up) => Status::Healthy,
        (Reach::Down, _) if state.cache.is_empty() && redis != Some(true) => Status::Unhealthy,
        _ => Status::Degraded,
    };
    let code = if status == Status::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Health { status, database, cache })
}

/// How the service is.
#[utoipa::path(get, path = "/health", tag = "health", responses(
    (status = 200, description = "Healthy or degraded", body = Health),
    (status = 503, description = "Unhealthy", body = Health),
))]
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let (code, health) = examine(&state).await;
    (code, Json(health))
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/health/live", tag = "health", responses(
    (status = 200, description = "It does"),
))]
pub async fn live() -> StatusCode {
    StatusCode::OK
}

/// Whether requests should be sent here.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses(
    (status = 200, description = "Something can be served"),
    (status = 503, description = "Nothing can be served"),
))]
pub async fn ready(State(state): State<AppState>) -> StatusCode {
    examine(&state).await.0
}
