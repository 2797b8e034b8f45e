//! The first layer: this process' memory, bounded by bytes.

use std::future::Future;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use moka::Expiry;

use crate::error::Error;

/// What an entry costs beside its key and value: the map's and the policy's own records, roughly.
const OVERHEAD_BYTES: usize = 256;

/// A value and how long it may be served.
#[derive(Debug, Clone)]
pub struct Entry {
    pub json: Bytes,
    pub ttl: Duration,
}

/// A map with least-frequently-used eviction, per-entry expiry and one fill a key at a time.
#[derive(Debug, Clone)]
pub struct Memory(moka::future::Cache<String, Entry>);

#[derive(Debug)]
struct PerEntry;

impl Expiry<String, Entry> for PerEntry {
    fn expire_after_create(&self, _key: &String, entry: &Entry, _now: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }
}

impl Memory {
    pub fn new(max_bytes: u64) -> Self {
        let weigh = |key: &String, entry: &Entry| {
            u32::try_from(key.len() + entry.json.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX)
        };
        Self(moka::future::Cache::builder().max_capacity(max_bytes).weigher(weigh).expire_after(PerEntry).build())
    }

    pub async fn get(&self, key: &str) -> Option<Bytes> {
        self.0.get(key).await.map(|entry| entry.json)
    }

    pub async fn get_or_fill(
        &self,
        key: &str,
        fill: impl Future<Output = Result<Entry, Error>>,
    ) -> Result<Bytes, Error> {
        let filled = Box::pin(self.0.try_get_with_by_ref(key, fill)).await;
        filled.map(|entry| entry.json).map_err(|shared| (*shared).clone())
    }

    pub async fn is_empty(&self) -> bool {
        self.0.run_pending_tasks().await;
        self.0.entry_count() == 0
    }

    /// Bytes held, as they are counted against the bound.
    #[cfg(test)]
    pub async fn weight(&self) -> u64 {
        self.0.run_pending_tasks().await;
        self.0.weighted_size()
    }
}
