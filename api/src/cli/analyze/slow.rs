//! `--mode slow`.

use std::fmt;

use serde::Serialize;
use sqlx::PgPool;

use crate::db::statistics::{self, Running, SlowQuery};
use crate::error::Error;

#[derive(Debug, Serialize)]
pub struct Report {
    threshold_ms: f64,
    /// From `pg_stat_statements`; `None` where it is not there.
    queries: Option<Vec<SlowQuery>>,
    /// What runs right now.
    running: Vec<Running>,
}

impl Report {
    pub async fn take(pool: &PgPool, threshold_ms: f64) -> Result<Self, Error> {
        let queries = statistics::slow_queries(pool, threshold_ms).await?;
        let running = statistics::running(pool, threshold_ms).await?;
        Ok(Self { threshold_ms, queries, running })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Slow Queries (mean of {} ms or more):", self.threshold_ms)?;
        for (n, query) in (1..).zip(self.queries.iter().flatten()) {
            let SlowQuery { query, calls, mean_ms, max_ms, total_ms, rows } = query;
            writeln!(
                f,
                "  {n}. {mean_ms:.2} ms mean, {max_ms:.2} ms max, {calls} calls, {total_ms:.2} ms total, {rows} rows"
            )?;
            writeln!(f, "     {}", one_line(query))?;
        }
        match self.queries.as_ref().map(Vec::len) {
            None => {
                writeln!(
                    f,
                    "  Not known: pg_stat_statements is not loaded. Set shared_preload_libraries to it, restart"
                )?;
                writeln!(
                    f,
                    "  PostgreSQL, and run CREATE EXTENSION pg_stat_statements. The service logs slow queries meanwhile."
                )?;
            }
            Some(0) => writeln!(f, "  none")?,
            Some(_) => {}
        }
        writeln!(f, "Running Now ({} ms or longer):", self.threshold_ms)?;
        for Running { pid, ms, waits_for, query } in &self.running {
            let waits = waits_for.as_ref().map_or_else(String::new, |what| format!(", waits for {what}"));
            writeln!(f, "  {ms:.0} ms, process {pid}{waits}")?;
            writeln!(f, "     {}", one_line(query))?;
        }
        if self.running.is_empty() {
            writeln!(f, "  none")?;
        }
        match (&self.queries, self.running.is_empty()) {
            (Some(queries), true) if queries.is_empty() => {
                writeln!(f, "✓ GOOD: No query is slower than {} ms.", self.threshold_ms)
            }
            (None, true) => writeln!(f, "? UNKNOWN: No slow query runs now; what ran before is not counted."),
            _ => writeln!(f, "⚠ WARNING: Run EXPLAIN (ANALYZE, BUFFERS) on these."),
        }
    }
}

fn one_line(query: &str) -> String {
    query.split_whitespace().collect::<Vec<_>>().join(" ")
}
