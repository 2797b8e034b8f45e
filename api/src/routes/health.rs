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
    /// `degraded`: what is cached is served, the rest is not.
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
    let (code, status, database) = if db::is_up(&state.db).await {
        (StatusCode::OK, Status::Healthy, Reach::Up)
    } else if state.cache.is_empty() {
        (StatusCode::SERVICE_UNAVAILABLE, Status::Unhealthy, Reach::Down)
    } else {
        (StatusCode::OK, Status::Degraded, Reach::Down)
    };
    // The cache is this process' memory: it answers whenever the process does.
    (code, Health { status, database, cache: Reach::Up })
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
