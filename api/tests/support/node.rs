//! A cache as one node of several has it, over a source that counts how often it is asked.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;
use treebeard_api::cache::{Address, Cache, Key, Policy, Settings, Source};
use treebeard_api::domain::id::UserId;
use treebeard_api::domain::usage::MonthUsage;
use treebeard_api::error::Error;

/// A node: its own memory, and a Redis that it may share.
#[derive(Clone)]
pub struct Node {
    pub cache: Cache,
    pub source: Database,
}

/// What the nodes' fills read: one number, of everybody.
#[derive(Clone, Default)]
pub struct Database {
    version: Arc<AtomicI64>,
    asked: Arc<AtomicUsize>,
}

pub fn user(id: &str) -> UserId {
    UserId::try_from(id.to_owned()).unwrap()
}

pub fn key(id: &str) -> Key<Vec<MonthUsage>> {
    Key::usage(&user(id))
}

/// The settings of a node at that URL.
pub fn settings(url: &str) -> Settings {
    let day = Duration::from_hours(24);
    let redis = Some(Address::parse(url).unwrap());
    Settings { max_bytes: 1 << 20, policy: Policy { default_ttl: day, stale_if_error: day }, redis }
}

impl Node {
    pub async fn at(url: &str, source: &Database) -> Self {
        Self { cache: Cache::connect(&settings(url)).await, source: source.clone() }
    }

    /// What a request sees: the version, and where it came from.
    pub async fn read(&self, id: &str) -> (i64, Source) {
        self.read_slowly(id, async {}).await
    }

    /// As [`read`](Self::read); a fill reads the source at once, and gives its value after `delay`.
    pub async fn read_slowly(&self, id: &str, delay: impl Future<Output = ()> + Send + 'static) -> (i64, Source) {
        let source = self.source.clone();
        let fill = async move {
            let version = source.read();
            delay.await;
            Ok::<_, Error>(vec![MonthUsage { month: "2026-10".to_owned(), days: 31, kwh: 1.0, cost_cents: version }])
        };
        let (months, source) = self.cache.value(&key(id), fill).await.unwrap();
        (months[0].cost_cents, source)
    }

    pub async fn invalidate(&self, id: &str) {
        self.cache.invalidate_user(&user(id)).await;
    }
}

impl Database {
    pub fn read(&self) -> i64 {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.version()
    }

    pub fn version(&self) -> i64 {
        self.version.load(Ordering::SeqCst)
    }

    /// Commits a change, and gives the new version.
    pub fn write(&self) -> i64 {
        self.version.fetch_add(1, Ordering::SeqCst) + 1
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// Tries until it is so, and gives how long that took; fails after `limit`.
pub async fn within(limit: Duration, what: &str, mut so: impl AsyncFnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !so().await {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(Duration::from_millis(10)).await;
    }
    start.elapsed()
}
