//! The operators' side: a listener of its own, on a loopback address unless it is told otherwise, through which the
//! commands reach the running service. Nothing of it is reachable under `/api`.

mod cache;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::config::PoolSettings;
use crate::error::Error;
use crate::metrics::{self, Metrics, PoolStatus};
use crate::routes::health::{self, Health};
use crate::state::AppState;
use crate::warming::{self, Report, Warming};

pub use cache::{CacheStats, Forget, Forgotten, Layer, NamespaceStats};

/// What the operators' routes share.
#[derive(Debug, Clone)]
pub struct Admin {
    /// What the service's routes share.
    pub service: AppState,
    /// How the pool is meant to be.
    pub pool: PoolSettings,
}

/// The operators' routes.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .route("/cache/stats", get(cache::stats))
        .route("/cache/invalidate", post(cache::invalidate))
        .route("/health", get(health))
        .route("/pool", get(pool))
        .route("/warm", post(warm))
        .route("/metrics", get(async |State(admin): State<Admin>| expose(&admin.service.metrics)))
        .with_state(admin)
}

/// `/metrics`, on both listeners.
pub async fn metrics(State(state): State<AppState>) -> Response {
    expose(&state.metrics)
}

fn expose(metrics: &Arc<Metrics>) -> Response {
    match metrics.text() {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// As `/health` of the service, which may be closed to who does not come through its CDN. The status says it all.
async fn health(State(admin): State<Admin>) -> Json<Health> {
    health::health(State(admin.service)).await.1
}

async fn pool(State(admin): State<Admin>) -> Json<PoolStatus> {
    Json(PoolStatus::of(&admin.service.db, &admin.pool))
}

async fn warm(State(admin): State<Admin>, Json(what): Json<Warming>) -> Result<Json<Report>, Refused> {
    warming::warm(&admin.service, &what, |_, _| {}).await.map(Json).map_err(Refused)
}

/// An operator may read what a client of the API may not.
struct Refused(Error);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let message = self.0.detail().map_or_else(|| self.0.to_string(), ToOwned::to_owned);
        let status = self.0.clone().into_response().status();
        (status, Json(serde_json::json!({ "error": { "message": message } }))).into_response()
    }
}
