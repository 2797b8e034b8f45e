//! Whether the service works, for people, balancers and the deployer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::db;
use crate::state::AppState;

/// For how long an answer is given again: balancers ask often, and each look costs a statement.
const KEPT: Duration = Duration::from_secs(1);

/// How the service is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
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
    /// It answers, and takes no new values: Redis is full, for example.
    Refusing,
}

/// The latest look at the database and Redis. Who asks while another looks waits for what that finds.
#[derive(Debug, Clone, Default)]
pub struct Probe(Arc<Mutex<Option<(Instant, Health)>>>);

impl Probe {
    async fn health(&self, state: &AppState) -> Health {
        let mut latest = self.0.lock().await;
        match *latest {
            Some((at, health)) if at.elapsed() < KEPT => health,
            _ => {
                let health = examine(state).await;
                *latest = Some((Instant::now(), health));
                health
            }
        }
    }
}

async fn examine(state: &AppState) -> Health {
    let (database, redis) = tokio::join!(db::is_up(&state.db), state.cache.redis_answers());
    let database = if database { Reach::Up } else { Reach::Down };
    let cache = match redis {
        Some(false) => Reach::Down,
        Some(true) if state.cache.redis_refuses() => Reach::Refusing,
        // Without a Redis, the cache is this process' memory: it answers whenever the process does.
        _ => Reach::Up,
    };
    let status = match (database, cache) {
        (Reach::Up, Reach::Up) => Status::Healthy,
        (Reach::Down, _) if state.cache.is_empty() && redis != Some(true) => Status::Unhealthy,
        _ => Status::Degraded,
    };
    Health { status, database, cache }
}

impl Health {
    fn code(self) -> StatusCode {
        if self.status == Status::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    }
}

/// How the service is.
#[utoipa::path(get, path = "/health", tag = "health", responses(
    (status = 200, description = "Healthy or degraded", body = Health),
    (status = 503, description = "Unhealthy", body = Health),
))]
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let health = state.probe.health(&state).await;
    (health.code(), Json(health))
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
    state.probe.health(&state).await.code()
}
