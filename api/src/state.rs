//! What every request shares.

use std::sync::Arc;

use sqlx::PgPool;
use tokio_util::task::TaskTracker;

use crate::auth::Auth;
use crate::cache::Cache;
use crate::metrics::Metrics;
use crate::routes::health::Probe;

/// What every request shares. Each request clones it: all that costs is a count a part.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Connections to PostgreSQL.
    pub db: PgPool,
    /// What was read from it.
    pub cache: Cache,
    /// How callers are told apart.
    pub auth: Arc<Auth>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Requests that change something, those included whose client has left.
    pub writes: TaskTracker,
    /// Whether what the service needs answers.
    pub probe: Probe,
}

impl AppState {
    /// A service over these.
    #[must_use]
    pub fn new(db: PgPool, cache: Cache, auth: Auth) -> Self {
        let metrics = Arc::new(Metrics::new(cache.clone(), db.clone()));
        Self { db, cache, auth: Arc::new(auth), metrics, writes: TaskTracker::new(), probe: Probe::default() }
    }

    /// Waits until what was begun is done: requests that change something, then cache fills.
    pub async fn drain(&self) {
        self.writes.close();
        self.writes.wait().await;
        self.cache.drain().await;
    }
}
