//! What every request shares.

use sqlx::PgPool;

use crate::auth::Auth;
use crate::cache::Cache;

/// What every request shares; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// Connections to PostgreSQL.
    pub db: PgPool,
    /// What was read from it.
    pub cache: Cache,
    /// How callers are told apart.
    pub auth: Auth,
}
