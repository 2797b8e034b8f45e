//! What every request shares.

use std::sync::Arc;

use sqlx::PgPool;

use crate::auth::Auth;
use crate::cache::Cache;
use crate::metrics::Metrics;

/// What every request shares; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Connections to PostgreSQL.
    pub db: PgPool,
    /// What was read from it.
    pub cache: Cache,
    /// How callers are told apart.
    pub auth: Auth,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}
