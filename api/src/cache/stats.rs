//! What became of requests to the cache, by namespace.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Namespace, Source};

/// Counts since the process started.
#[derive(Debug, Default)]
pub struct Stats([Counters; Namespace::ALL.len()]);

#[derive(Debug, Default)]
struct Counters {
    l1: AtomicU64,
    l2: AtomicU64,
    stale: AtomicU64,
    misses: AtomicU64,
    errors: AtomicU64,
}

/// A namespace's counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Answered from this process' memory.
    pub l1: u64,
    /// Answered from Redis.
    pub l2: u64,
    /// Answered with what was out of date.
    pub stale: u64,
    /// Asked of the source.
    pub misses: u64,
    /// Failures of Redis: unreachable, slow, full, or holding what is not ours.
    pub errors: u64,
}

impl Counts {
    /// Requests that the source did not have to answer.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.l1 + self.l2 + self.stale
    }

    /// All requests.
    #[must_use]
    pub const fn requests(&self) -> u64 {
        self.hits() + self.misses
    }
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            l1: self.l1 + other.l1,
            l2: self.l2 + other.l2,
            stale: self.stale + other.stale,
            misses: self.misses + other.misses,
            errors: self.errors + other.errors,
        }
    }
}

impl Stats {
    pub fn served(&self, namespace: Namespace, source: Source) {
        let counters = &self.0[namespace.index()];
        let counter = match source {
            Source::L1 => &counters.l1,
            Source::L2 => &counters.l2,
            Source::Stale => &counters.stale,
            Source::Filled => &counters.misses,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub fn failed(&self, namespace: Namespace) {
        self.0[namespace.index()].errors.fetch_add(1, Ordering::Relaxed);
    }

    pub fn of(&self, namespace: Namespace) -> Counts {
        let Counters { l1, l2, stale, misses, errors } = &self.0[namespace.index()];
        let [l1, l2, stale, misses, errors] = [l1, l2, stale, misses, errors].map(|n| n.load(Ordering::Relaxed));
        Counts { l1, l2, stale, misses, errors }
    }
}
