//! Everything that is SQL: one file a resource. Columns are named, joins replace loops, sums are the database's.

pub mod accounts;
mod breaking;
pub mod demo;
pub mod plans;
pub mod recommendations;
pub mod statistics;
pub mod usage;
pub mod users;
pub mod warming;

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;
use sqlx::migrate::{MigrateError, Migration, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgPool};
use tokio::time::timeout;
use tracing::log::LevelFilter;

use crate::config::PoolSettings;
use crate::error::Error;
pub use breaking::Breaking;

/// The migrations, compiled in.
static MIGRATIONS: Migrator = sqlx::migrate!();

/// Statements slower than this are logged.
const SLOW: Duration = Duration::from_millis(100);
/// How long a connection that is taken from the pool, or given back to it, may need to show that it lives.
const PING_TIMEOUT: Duration = Duration::from_millis(500);
/// How long a health probe waits.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// A pool that connects when it is first used, so that the service starts, and says so, without its database.
///
/// A connection is tested when it is taken and when it comes back, each time within half a second: one that went
/// silent is dropped at once, whatever a statement on it is still waiting for. The pool's own tests have no end.
///
/// The pool lives until it is closed, since its own rules refer to it.
#[must_use]
pub fn pool(options: PgConnectOptions, settings: &PoolSettings) -> PgPool {
    // RDS Proxy refuses whoever names options, even none.
    let options = match settings.statement_timeout {
        Some(timeout) => options.options([("statement_timeout", timeout.as_millis())]),
        None => options,
    };
    let options = options.log_statements(LevelFilter::Debug).log_slow_statements(LevelFilter::Warn, SLOW);
    let kept = settings.size as usize;
    let itself: Arc<OnceLock<PgPool>> = Arc::default();
    let own = Arc::clone(&itself);
    let pool = PgPoolOptions::new()
        .max_connections(settings.size + settings.overflow)
        .acquire_timeout(settings.timeout)
        .max_lifetime(settings.recycle)
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(async { ping(connection).await.map(|()| true) }))
        .after_release(move |connection, _| {
            let own = Arc::clone(&own);
            Box::pin(async move {
                ping(connection).await?;
                // What was opened beyond `size` is not kept once so many are idle.
                Ok(own.get().is_none_or(|pool| pool.num_idle() < kept))
            })
        })
        .connect_lazy_with(options);
    itself.get_or_init(|| pool).clone()
}

/// Fails unless the server answers at once. An error has the pool drop the connection without a word to the server.
async fn ping(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let silent = |_| io::Error::new(io::ErrorKind::TimedOut, "the database went silent");
    timeout(PING_TIMEOUT, connection.ping()).await.map_err(silent)?
}

/// One connection for migrations and seeding, whose statements may take their time.
#[must_use]
pub fn maintenance_pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).connect_lazy_with(options.disable_statement_logging())
}

/// Whether the database answers within a second.
pub async fn is_up(pool: &PgPool) -> bool {
    let probe = sqlx::query("SELECT 1").execute(pool);
    matches!(tokio::time::timeout(PROBE_TIMEOUT, probe).await, Ok(Ok(_)))
}

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// The migrations that were missing, for example `0001 schema`.
    pub applied: Vec<String>,
    /// Tables, and indexes that are not part of one, for example `index idx_active_plans`.
    pub created: Vec<String>,
}

/// Applies the migrations that are missing.
///
/// # Errors
/// When the database cannot be reached, or its history of migrations is not ours.
pub async fn migrate(pool: &PgPool) -> Result<Migrated, MigrateError> {
    let before = applied(pool).await?;
    let there = relations(pool).await?;
    MIGRATIONS.run(pool).await?;
    Ok(Migrated {
        applied: missing(&before).map(name).collect(),
        created: relations(pool).await?.into_iter().filter(|name| !there.contains(name)).collect(),
    })
}

/// What breaks the version that is running, in the migrations that are missing. With none applied yet, there is no such
/// version.
///
/// # Errors
/// When the database cannot be reached.
pub async fn breaking_migrations(pool: &PgPool) -> Result<Vec<Breaking>, sqlx::Error> {
    let before = applied(pool).await?;
    if before.is_empty() {
        return Ok(Vec::new());
    }
    let statements = missing(&before).map(|migration| (name(migration), migration.sql.as_str()));
    Ok(breaking::breaking(statements))
}

/// The versions that the database has.
async fn applied(pool: &PgPool) -> Result<Vec<i64>, sqlx::Error> {
    let table = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(table).fetch_one(pool).await? {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("SELECT version FROM _sqlx_migrations").fetch_all(pool).await
}

fn missing(before: &[i64]) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(|migration| !before.contains(&migration.version))
}

fn name(migration: &Migration) -> String {
    format!("{:04} {}", migration.version, migration.description)
}

/// Our tables, then our indexes that no constraint brings with it, by name.
async fn relations(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    let query = sqlx::query_scalar(
        "SELECT CASE c.relkind WHEN 'r' THEN 'table ' ELSE 'index ' END || c.relname \
         FROM pg_class c \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'i') \
             AND c.relname NOT LIKE '\\_sqlx\\_%' \
             AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid) \
         ORDER BY c.relkind DESC, c.relname",
    );
    query.fetch_all(pool).await
}

/// A stored value that our types cannot hold: the schema's checks and the code disagree.
fn corrupt(what: impl std::fmt::Display) -> Error {
    Error::Internal(format!("unexpected value in the database: {what}").into())
}
