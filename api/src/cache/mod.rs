//! The cache in front of the database: typed, versioned keys, in memory (L1) and, where there is one, in Redis (L2).
//!
//! ```text
//! request → L1 ─ fresh ─▶ response
//!            │ else                      one flight a key
//!            └─▶ L2 ─ fresh ─▶ L1 ─▶ response
//!                 │ else
//!                 └─▶ fill ─▶ L2, L1 ─▶ response;  fails ─▶ what is out of date, within a limit
//! ```
//!
//! Values are kept as the JSON that is served, compressed once. Every rule that callers rely on is in
//! `docs/caching-strategy.md`.

mod breaker;
mod entry;
mod envelope;
mod fill;
mod flight;
mod invalidate;
mod key;
mod life;
mod memory;
mod namespace;
mod outbox;
mod policy;
mod read;
mod redis;
mod response;
mod stats;
#[cfg(test)]
mod tests;
mod trust;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use serde::de::DeserializeOwned;
use tokio_util::task::TaskTracker;

use crate::error::Error;
use breaker::Breaker;
use entry::{Body, Entry, Value};
use fill::Fill;
use flight::Flights;
use memory::Memory;
use outbox::Outbox;
use redis::Remote;
use stats::Stats;
use trust::Trust;

pub use breaker::State as BreakerState;
pub use fill::FILL_TIMEOUT;
pub use key::Key;
pub use life::{Cacheable, Life};
pub use namespace::Namespace;
pub use policy::Policy;
pub use redis::Address;
pub use response::Terms;
pub use stats::Counts;

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This process' memory.
    L1,
    /// Redis.
    L2,
    /// The database.
    Filled,
    /// Memory or Redis, and out of date.
    Stale,
}

/// How the cache is made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What this process' memory may hold, in bytes.
    pub max_bytes: u64,
    /// How long values live.
    pub policy: Policy,
    /// The Redis that all nodes share, if any.
    pub redis: Option<Address>,
}

/// The one door to cached values. Clones share their contents.
#[derive(Debug, Clone)]
pub struct Cache(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    memory: Memory,
    flights: Flights,
    policy: Policy,
    stats: Stats,
    generations: [AtomicU64; Namespace::ALL.len()],
    /// Fills under way, those behind responses included.
    tasks: TaskTracker,
    database: Breaker,
    remote: Option<Remote>,
    trust: Trust,
    outbox: Outbox,
}

/// A document, ready to be served, with where it came from.
#[derive(Debug, Clone)]
pub struct Cached {
    entry: Arc<Entry>,
    namespace: Namespace,
    source: Source,
}

/// What a flight brings: an entry and where it came from.
type Outcome = Result<(Arc<Entry>, Source), Error>;

impl Cached {
    /// The JSON document.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.body().json
    }

    /// Where it came from.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.source
    }

    fn body(&self) -> &Body {
        match &self.entry.value {
            Value::Document(body) => body,
            Value::Missing(_) => unreachable!("what is missing is an error, not a document"),
        }
    }
}

impl Cache {
    /// An empty cache, and the connection to Redis where the settings name one. It starts without a Redis that does
    /// not answer within a second, and goes on trying.
    pub async fn connect(settings: &Settings) -> Self {
        let inner = Arc::new(Inner {
            memory: Memory::new(settings.max_bytes),
            flights: Flights::default(),
            policy: settings.policy.clone(),
            stats: Stats::default(),
            generations: [const { AtomicU64::new(0) }; Namespace::ALL.len()],
            tasks: TaskTracker::new(),
            database: Breaker::new("database"),
            remote: settings.redis.clone().map(Remote::new),
            trust: Trust::new(settings.redis.is_none()),
            outbox: Outbox::default(),
        });
        if let Some(remote) = &inner.remote {
            inner.reconnect(remote).await;
            tokio::spawn(redis::keep(Arc::downgrade(&inner)));
            tokio::spawn(redis::follow(Arc::downgrade(&inner)));
            let follows = async {
                while !inner.trust.hears(policy::now()) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            if remote.is_up() {
                let _ = tokio::time::timeout(Duration::from_secs(1), follows).await;
            }
        }
        Self(inner)
    }

    /// Whether Redis answers and its messages are heard; nothing without a Redis.
    #[must_use]
    pub fn redis_is_up(&self) -> Option<bool> {
        self.0.remote.as_ref().map(|remote| remote.is_up() && self.0.trust.hears(policy::now()))
    }

    /// Whether Redis answers at this moment, within a tenth of a second, and its messages are heard; nothing without a
    /// Redis.
    pub async fn redis_answers(&self) -> Option<bool> {
        let remote = self.0.remote.as_ref()?;
        Some(remote.answers().await && self.0.trust.hears(policy::now()))
    }

    /// Whether Redis answers and refuses what it is told: it is full, for example.
    #[must_use]
    pub fn redis_refuses(&self) -> bool {
        self.0.remote.as_ref().is_some_and(Remote::refuses)
    }

    /// Bytes that Redis uses, where it is one server that answers.
    pub async fn redis_memory(&self) -> Option<u64> {
        self.0.remote.as_ref()?.memory().await
    }

    /// The circuit breakers by what they stand before: their state, and how often it has changed.
    #[must_use]
    pub fn breakers(&self) -> Vec<(&'static str, BreakerState, u64)> {
        let remote = self.0.remote.as_ref().map(Remote::breaker);
        [Some(&self.0.database), remote].into_iter().flatten().map(Breaker::report).collect()
    }

    /// The document under `key`, from `fill` when it is not there.
    ///
    /// The fill runs in a task of its own: it goes on when the caller leaves, and refreshes behind a response that is
    /// already sent. [`Error::NotFound`] is remembered for a few seconds; other failures are not kept.
    ///
    /// # Errors
    /// What `fill` fails with, when nothing can be served in its place, and [`Error::Unavailable`] when it takes
    /// longer than [`FILL_TIMEOUT`].
    pub async fn json<T: Cacheable>(
        &self,
        key: &Key<T>,
        fill: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<Cached, Error> {
        self.read(key, || Fill::from_source(fill), |_| true).await
    }

    /// The document under `key`, which is a copy of the one that `original` reads from this cache. A copy is fresh for
    /// no longer than its original, is stale when that is, and is forgotten with it.
    ///
    /// # Errors
    /// What `original` fails with, when nothing can be served in its place.
    pub async fn copy<T: Cacheable>(
        &self,
        key: &Key<T>,
        original: impl Future<Output = Result<Cached, Error>> + Send + 'static,
    ) -> Result<Cached, Error> {
        self.read(key, || Fill::Copy(Box::pin(original)), |_| true).await
    }

    /// Fetches the value under `key` whatever is cached, and waits until Redis has it too.
    ///
    /// # Errors
    /// What `fill` fails with, and [`Error::Unavailable`] when there is a Redis and it did not take the value.
    pub async fn refresh<T: Cacheable>(
        &self,
        key: &Key<T>,
        fill: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<(), Error> {
        self.fetch_anew(key, Fill::from_source(fill)).await
    }

    /// The value under `key`, from `fill` when it is not there.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub async fn value<T: Cacheable + DeserializeOwned>(
        &self,
        key: &Key<T>,
        fill: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<(T, Source), Error> {
        let readable = |json: &[u8]| serde_json::from_slice::<T>(json).is_ok();
        let cached = self.read(key, || Fill::from_source(fill), readable).await?;
        let value = serde_json::from_slice(cached.json()).map_err(|e| Error::Internal(e.to_string().into()))?;
        Ok((value, cached.source))
    }

    /// Whether nothing could be served from it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.memory.len() == 0
    }

    /// Bytes that a namespace holds in this process' memory.
    #[must_use]
    pub fn bytes(&self, namespace: Namespace) -> u64 {
        self.0.memory.bytes(namespace)
    }

    /// Bytes that all namespaces hold in this process' memory.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.0.memory.weight()
    }

    /// How many entries this process' memory holds.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.0.memory.len()
    }

    /// Waits until fills under way are done, and Redis has what they brought and was told of every invalidation, if it
    /// can be reached.
    pub async fn drain(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
        if let Some(remote) = &self.0.remote
            && self.0.outbox.len() > 0
        {
            if !remote.is_up() {
                self.0.reconnect(remote).await;
            }
            self.0.deliver(remote).await;
        }
    }

    /// What became of requests for a namespace's values.
    #[must_use]
    pub fn counts(&self, namespace: Namespace) -> Counts {
        self.0.stats.of(namespace)
    }
}

impl Inner {
    /// The namespace's present generation; values of earlier ones are refused.
    fn generation(&self, namespace: Namespace) -> u64 {
        self.generations[namespace.index()].load(Ordering::Acquire)
    }
}
