//! What PostgreSQL has counted about itself.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{FromRow, PgPool};

use crate::error::Error;

/// Queries that are listed at most.
const LISTED: i64 = 20;
/// A table that is smaller is read faster whole than by an index.
const MIN_ROWS: i64 = 1_000;

/// Since when PostgreSQL counts, for this database; `None`: since it was made.
pub async fn counted_since(pool: &PgPool) -> Result<Option<DateTime<Utc>>, Error> {
    let query = sqlx::query_scalar("SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()");
    Ok(query.fetch_one(pool).await?)
}

/// A query that is slow, with its values replaced by `$1`, `$2`, ….
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct SlowQuery {
    /// The normalised text.
    pub query: String,
    /// How often it ran.
    pub calls: i64,
    /// Mean time, in milliseconds.
    pub mean_ms: f64,
    /// Longest time, in milliseconds.
    pub max_ms: f64,
    /// Time altogether, in milliseconds.
    pub total_ms: f64,
    /// Rows altogether.
    pub rows: i64,
}

/// Queries of this database whose mean time is `threshold_ms` or more, those that took most altogether first; `None`
/// where the extension `pg_stat_statements` is not there, or not loaded.
pub async fn slow_queries(pool: &PgPool, threshold_ms: f64) -> Result<Option<Vec<SlowQuery>>, Error> {
    let query = sqlx::query_as(
        "SELECT query, calls, mean_exec_time AS mean_ms, max_exec_time AS max_ms, total_exec_time AS total_ms, rows \
         FROM pg_stat_statements \
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mean_exec_time >= $1 \
         ORDER BY total_exec_time DESC LIMIT $2",
    );
    match query.bind(threshold_ms).bind(LISTED).fetch_all(pool).await {
        Ok(rows) => Ok(Some(rows)),
        // undefined_table: not created; object_not_in_prerequisite_state: not in shared_preload_libraries.
        Err(sqlx::Error::Database(e)) if e.code().is_some_and(|code| code == "42P01" || code == "55000") => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// A statement that has been running for a while.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct Running {
    /// The server process.
    pub pid: i32,
    /// For how long, in milliseconds.
    pub ms: f64,
    /// What it waits for, if it waits.
    pub waits_for: Option<String>,
    /// Its text, with placeholders where the program sent values apart.
    pub query: String,
}

/// Statements of this database that have been running for `threshold_ms` or longer, the longest first.
pub async fn running(pool: &PgPool, threshold_ms: f64) -> Result<Vec<Running>, Error> {
    let query = sqlx::query_as(
        "SELECT pid, ms, waits_for, query FROM (SELECT pid, (extract(epoch FROM clock_timestamp() - query_start) * 1000)::float8 AS ms, \
                wait_event_type || ': ' || wait_event AS waits_for, query \
         FROM pg_stat_activity \
         WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()) a \
         WHERE ms >= $1 ORDER BY ms DESC LIMIT $2",
    );
    Ok(query.bind(threshold_ms).bind(LISTED).fetch_all(pool).await?)
}

/// An index and how much it is used.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct IndexUse {
    /// Its table.
    pub table: String,
    /// Its name.
    pub index: String,
    /// How often it was scanned.
    pub scans: i64,
    /// Its size, in bytes.
    pub bytes: i64,
    /// Whether it keeps values unique, so that it is needed even when it is never scanned.
    pub is_unique: bool,
}

/// Every index, by table and name.
pub async fn indexes(pool: &PgPool) -> Result<Vec<IndexUse>, Error> {
    let query = sqlx::query_as(
        "SELECT s.relname AS table, s.indexrelname AS index, s.idx_scan AS scans, \
                pg_relation_size(s.indexrelid) AS bytes, i.indisunique AS is_unique \
         FROM pg_stat_user_indexes s JOIN pg_index i USING (indexrelid) \
         ORDER BY s.relname, s.indexrelname",
    );
    Ok(query.fetch_all(pool).await?)
}

/// A table that is read whole more often than by an index.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct WholeReads {
    /// The table.
    pub table: String,
    /// How often it was read whole.
    pub sequential_scans: i64,
    /// Rows that were read so.
    pub rows_read: i64,
    /// How often it was read by an index.
    pub index_scans: i64,
    /// Rows that it holds, roughly.
    pub rows: i64,
    /// When the planner's statistics were made; `None`: never.
    pub analyzed_at: Option<DateTime<Utc>>,
}

/// Tables of some size that are read whole more often than by an index, those with most rows read first.
pub async fn whole_reads(pool: &PgPool) -> Result<Vec<WholeReads>, Error> {
    let query = sqlx::query_as(
        "SELECT relname AS table, seq_scan AS sequential_scans, seq_tup_read AS rows_read, \
                coalesce(idx_scan, 0) AS index_scans, n_live_tup AS rows, \
                greatest(last_analyze, last_autoanalyze) AS analyzed_at \
         FROM pg_stat_user_tables \
         WHERE n_live_tup >= $1 AND seq_scan > coalesce(idx_scan, 0) \
         ORDER BY seq_tup_read DESC LIMIT $2",
    );
    Ok(query.bind(MIN_ROWS).bind(LISTED).fetch_all(pool).await?)
}

/// A reference to another table without an index on its side: deleting there reads this table whole.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct BareReference {
    /// The table.
    pub table: String,
    /// The foreign key.
    pub constraint: String,
    /// Its definition.
    pub definition: String,
}

/// Foreign keys that no index begins with.
pub async fn bare_references(pool: &PgPool) -> Result<Vec<BareReference>, Error> {
    let query = sqlx::query_as(
        "SELECT k.conrelid::regclass::text AS table, k.conname AS constraint, pg_get_constraintdef(k.oid) AS definition \
         FROM pg_constraint k \
         WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace \
             AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indpred IS NULL \
                 AND k.conkey <@ (string_to_array(i.indkey::text, ' ')::int2[])[1:cardinality(k.conkey)]) \
         ORDER BY 1, 2",
    );
    Ok(query.fetch_all(pool).await?)
}

/// How often pages were found in PostgreSQL's shared buffers.
#[derive(Debug, Clone, PartialEq, Serialize, FromRow)]
pub struct BufferUse {
    /// The table.
    pub table: String,
    /// Pages of the table that were in memory.
    pub heap_hits: i64,
    /// Pages of the table that were not.
    pub heap_reads: i64,
    /// Pages of its indexes that were in memory.
    pub index_hits: i64,
    /// Pages of its indexes that were not.
    pub index_reads: i64,
}

/// Every table that was read, most first.
pub async fn buffers(pool: &PgPool) -> Result<Vec<BufferUse>, Error> {
    let query = sqlx::query_as(
        "SELECT relname AS table, heap_blks_hit AS heap_hits, heap_blks_read AS heap_reads, \
                coalesce(idx_blks_hit, 0) AS index_hits, coalesce(idx_blks_read, 0) AS index_reads \
         FROM pg_statio_user_tables WHERE heap_blks_hit + heap_blks_read > 0 \
         ORDER BY heap_blks_hit + heap_blks_read DESC",
    );
    Ok(query.fetch_all(pool).await?)
}
