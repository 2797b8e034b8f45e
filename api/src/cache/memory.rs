//! The first layer: this process' memory, bounded by bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::notification::RemovalCause;

use super::Namespace;
use super::entry::Entry;
use super::key::namespace_of;
use super::policy::now;

/// What an entry costs beside its key and value: the map's and the policy's own records, roughly.
const OVERHEAD_BYTES: usize = 512;

/// A map with least-frequently-used eviction and per-entry expiry.
#[derive(Debug, Clone)]
pub struct Memory {
    entries: moka::sync::Cache<Arc<str>, Arc<Entry>>,
    bytes: Arc<[AtomicI64; Namespace::ALL.len()]>,
}

#[derive(Debug)]
struct UntilGone;

impl Expiry<Arc<str>, Arc<Entry>> for UntilGone {
    fn expire_after_create(&self, _: &Arc<str>, entry: &Arc<Entry>, _: Instant) -> Option<Duration> {
        Some(Duration::from_millis(entry.times.stale_until.saturating_sub(now())))
    }

    fn expire_after_update(
        &self,
        _: &Arc<str>,
        entry: &Arc<Entry>,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(Duration::from_millis(entry.times.stale_until.saturating_sub(now())))
    }
}

fn weight(key: &Arc<str>, entry: &Arc<Entry>) -> u32 {
    u32::try_from(key.len() + entry.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX)
}

impl Memory {
    pub fn new(max_bytes: u64) -> Self {
        let bytes = Arc::new([const { AtomicI64::new(0) }; Namespace::ALL.len()]);
        let held = Arc::clone(&bytes);
        let left = move |key: Arc<Arc<str>>, entry: Arc<Entry>, _: RemovalCause| {
            add(held.as_slice(), &key, -i64::from(weight(&key, &entry)));
        };
        let entries = moka::sync::Cache::builder()
            .max_capacity(max_bytes)
            .weigher(weight)
            .expire_after(UntilGone)
            .eviction_listener(left)
            .build();
        Self { entries, bytes }
    }

    pub fn get(&self, key: &str) -> Option<Arc<Entry>> {
        self.entries.get(key)
    }

    pub fn insert(&self, key: Arc<str>, entry: Arc<Entry>) {
        if self.entries.policy().max_capacity() == Some(0) {
            return; // it would be dropped without a word to the eviction listener
        }
        add(self.bytes.as_slice(), &key, i64::from(weight(&key, &entry)));
        self.entries.insert(key, entry);
    }

    pub fn remove(&self, key: &str) {
        self.entries.invalidate(key);
    }

    /// How many entries there are, after the evictions that are due.
    pub fn len(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }

    /// Bytes held, as they are counted against the bound.
    pub fn weight(&self) -> u64 {
        self.entries.weighted_size()
    }

    /// Bytes held by a namespace.
    pub fn bytes(&self, namespace: Namespace) -> u64 {
        self.bytes[namespace.index()].load(Ordering::Relaxed).max(0).unsigned_abs()
    }
}

fn add(bytes: &[AtomicI64], key: &str, change: i64) {
    if let Some(namespace) = namespace_of(key) {
        bytes[namespace.index()].fetch_add(change, Ordering::Relaxed);
    }
}
