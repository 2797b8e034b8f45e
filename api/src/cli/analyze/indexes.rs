//! `--mode indexes`.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

use super::{age, since};
use crate::db::statistics::{self, BareReference, IndexUse, WholeReads};
use crate::error::Error;

#[derive(Debug, Serialize)]
pub struct Report {
    taken_at: DateTime<Utc>,
    /// Since when scans are counted; `None`: since the database was made.
    counted_since: Option<DateTime<Utc>>,
    indexes: Vec<IndexUse>,
    /// Never scanned, and not needed to keep values unique.
    unused: Vec<IndexUse>,
    /// Tables that are read whole.
    read_whole: Vec<WholeReads>,
    /// Foreign keys without an index.
    unindexed_foreign_keys: Vec<BareReference>,
}

impl Report {
    pub async fn take(pool: &PgPool, taken_at: DateTime<Utc>) -> Result<Self, Error> {
        let indexes = statistics::indexes(pool).await?;
        let unused = indexes.iter().filter(|index| index.scans == 0 && !index.is_unique).cloned().collect();
        Ok(Self {
            taken_at,
            counted_since: statistics::counted_since(pool).await?,
            unused,
            indexes,
            read_whole: statistics::whole_reads(pool).await?,
            unindexed_foreign_keys: statistics::bare_references(pool).await?,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Index Usage (since {}):", since(self.counted_since, self.taken_at))?;
        for IndexUse { table, index, scans, bytes, .. } in &self.indexes {
            writeln!(f, "  {table}.{index}: {scans} scans, {} KB", bytes / 1024)?;
        }
        writeln!(f, "Unused Indexes:")?;
        for IndexUse { table, index, bytes, .. } in &self.unused {
            writeln!(f, "  {table}.{index}: {} KB", bytes / 1024)?;
        }
        none(f, self.unused.is_empty())?;
        writeln!(f, "Tables Read Whole More Often Than by Index:")?;
        for table in &self.read_whole {
            let WholeReads { table, sequential_scans, rows_read, index_scans, rows, analyzed_at } = table;
            let analyzed =
                analyzed_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", age(self.taken_at - at)));
            write!(f, "  {table}: {sequential_scans} whole reads of {rows} rows, {index_scans} index scans")?;
            writeln!(f, ", {rows_read} rows read, analyzed {analyzed}")?;
        }
        none(f, self.read_whole.is_empty())?;
        writeln!(f, "Foreign Keys Without an Index:")?;
        for BareReference { table, constraint, definition } in &self.unindexed_foreign_keys {
            writeln!(f, "  {table}.{constraint}: {definition}")?;
        }
        none(f, self.unindexed_foreign_keys.is_empty())?;
        match (self.unused.len(), self.read_whole.len() + self.unindexed_foreign_keys.len()) {
            (0, 0) => writeln!(f, "✓ GOOD: Every index is used and none is missing."),
            (unused, 0) => writeln!(f, "ℹ INFO: {unused} indexes were not used. Judge by how long has been counted."),
            (_, missing) => writeln!(f, "⚠ WARNING: {missing} places where an index may be missing."),
        }
    }
}

fn none(f: &mut fmt::Formatter<'_>, none: bool) -> fmt::Result {
    if none { writeln!(f, "  none") } else { Ok(()) }
}
