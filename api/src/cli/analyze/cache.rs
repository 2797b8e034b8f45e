//! `--mode cache`: PostgreSQL's shared buffers, not the cache of the service (that is `cache stats`).

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

use super::since;
use crate::db::statistics::{self, BufferUse};
use crate::error::Error;

/// What a database whose working set fits its memory reaches, in percent.
const GOOD: f64 = 99.0;
/// Below this, memory is short.
const FAIR: f64 = 90.0;

#[derive(Debug, Serialize)]
pub struct Report {
    taken_at: DateTime<Utc>,
    /// Since when pages are counted; `None`: since the database was made.
    counted_since: Option<DateTime<Utc>>,
    /// Percent of the tables' pages that were in memory; `None` before any was read.
    heap_hit_rate: Option<f64>,
    /// The same of the indexes' pages.
    index_hit_rate: Option<f64>,
    /// The same of both.
    hit_rate: Option<f64>,
    tables: Vec<BufferUse>,
}

impl Report {
    pub async fn take(pool: &PgPool, taken_at: DateTime<Utc>) -> Result<Self, Error> {
        let tables = statistics::buffers(pool).await?;
        let sum = |part: fn(&BufferUse) -> i64| tables.iter().map(part).sum::<i64>();
        let (heap_hits, heap_reads) = (sum(|t| t.heap_hits), sum(|t| t.heap_reads));
        let (index_hits, index_reads) = (sum(|t| t.index_hits), sum(|t| t.index_reads));
        Ok(Self {
            taken_at,
            counted_since: statistics::counted_since(pool).await?,
            heap_hit_rate: rate(heap_hits, heap_reads),
            index_hit_rate: rate(index_hits, index_reads),
            hit_rate: rate(heap_hits + index_hits, heap_reads + index_reads),
            tables,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a percentage")]
fn rate(hits: i64, reads: i64) -> Option<f64> {
    let pages = hits + reads;
    (pages > 0).then(|| hits as f64 / pages as f64 * 100.0)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent =
            |rate: Option<f64>| rate.map_or_else(|| "nothing read yet".to_owned(), |rate| format!("{rate:.2}%"));
        writeln!(f, "Shared Buffers (since {}):", since(self.counted_since, self.taken_at))?;
        writeln!(f, "  Table Hit Rate: {}", percent(self.heap_hit_rate))?;
        writeln!(f, "  Index Hit Rate: {}", percent(self.index_hit_rate))?;
        writeln!(f, "  Hit Rate: {}", percent(self.hit_rate))?;
        writeln!(f, "By Table:")?;
        for BufferUse { table, heap_hits, heap_reads, index_hits, index_reads } in &self.tables {
            let rate = percent(rate(heap_hits + index_hits, heap_reads + index_reads));
            writeln!(
                f,
                "  {table}: {rate} ({} pages from memory, {} from disk)",
                heap_hits + index_hits,
                heap_reads + index_reads
            )?;
        }
        match self.hit_rate {
            None => writeln!(f, "? UNKNOWN: Nothing has been read yet."),
            Some(rate) if rate >= GOOD => writeln!(f, "✓ GOOD: The working set fits in memory."),
            Some(rate) if rate >= FAIR => {
                writeln!(f, "ℹ INFO: Some pages come from disk. {GOOD}% is usual for a warm database.")
            }
            Some(_) => {
                writeln!(f, "⚠ WARNING: Too many pages come from disk. Raise shared_buffers, or look for whole reads.")
            }
        }
    }
}
