//! The cache's figures, and forgetting.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::{Admin, Refused};
use crate::cache::{Cache, Counts, Namespace};
use crate::domain::id::UserId;
use crate::error::Error;

/// What became of requests to the cache since the process started.
#[derive(Debug, Serialize, Deserialize)]
pub struct CacheStats {
    /// Whether there is a cache at all.
    pub enabled: bool,
    /// The shared layer.
    pub redis: Layer,
    /// Requests to all namespaces.
    pub total_requests: u64,
    /// Those that memory or Redis answered, stale answers included.
    pub cache_hits: u64,
    /// Those that the database had to answer.
    pub cache_misses: u64,
    /// Hits that were out of date.
    pub stale: u64,
    /// In percent.
    pub hit_rate: f64,
    /// In percent.
    pub miss_rate: f64,
    /// Failures of Redis.
    pub errors: u64,
    /// Bytes in this process' memory.
    pub memory_bytes: u64,
    /// Bytes that Redis uses, where it is one server that answers.
    pub redis_memory_bytes: Option<u64>,
    /// The same by namespace.
    pub namespaces: Vec<NamespaceStats>,
}

/// How a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// There is none.
    None,
    /// It answers.
    Up,
    /// It does not.
    Down,
}

/// A namespace's figures.
#[derive(Debug, Serialize, Deserialize)]
pub struct NamespaceStats {
    /// Its name.
    pub namespace: String,
    /// All requests.
    pub requests: u64,
    /// Answered from memory.
    pub hits_l1: u64,
    /// Answered from Redis.
    pub hits_l2: u64,
    /// Answered with what was out of date.
    pub stale: u64,
    /// Answered by the database.
    pub misses: u64,
    /// Failures of Redis.
    pub errors: u64,
    /// In percent.
    pub hit_rate: f64,
    /// Bytes in this process' memory.
    pub memory_bytes: u64,
}

fn percent(part: u64, whole: u64) -> f64 {
    // Counts below 2^52 are exact.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = part as f64 * 100.0 / whole.max(1) as f64;
    rate
}

impl CacheStats {
    async fn of(cache: &Cache) -> Self {
        let all = Namespace::ALL.iter().map(|namespace| cache.counts(*namespace)).fold(Counts::default(), |a, b| a + b);
        let redis = match cache.redis_is_up() {
            None => Layer::None,
            Some(true) => Layer::Up,
            Some(false) => Layer::Down,
        };
        Self {
            enabled: true,
            redis,
            total_requests: all.requests(),
            cache_hits: all.hits(),
            cache_misses: all.misses,
            stale: all.stale,
            hit_rate: percent(all.hits(), all.requests()),
            miss_rate: percent(all.misses, all.requests()),
            errors: all.errors,
            memory_bytes: cache.memory(),
            redis_memory_bytes: cache.redis_memory().await,
            namespaces: Namespace::ALL.iter().map(|namespace| NamespaceStats::of(cache, *namespace)).collect(),
        }
    }
}

impl NamespaceStats {
    fn of(cache: &Cache, namespace: Namespace) -> Self {
        let counts = cache.counts(namespace);
        Self {
            namespace: namespace.name().to_owned(),
            requests: counts.requests(),
            hits_l1: counts.l1,
            hits_l2: counts.l2,
            stale: counts.stale,
            misses: counts.misses,
            errors: counts.errors,
            hit_rate: percent(counts.hits(), counts.requests()),
            memory_bytes: cache.bytes(namespace),
        }
    }
}

pub async fn stats(State(admin): State<Admin>) -> Json<CacheStats> {
    Json(CacheStats::of(&admin.service.cache).await)
}

/// What to forget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forget {
    /// Everything about a user.
    User(String),
    /// Every namespace with keys that start so.
    Prefix(String),
    /// One key.
    Key(String),
}

/// What was forgotten: a user, namespaces or a key.
#[derive(Debug, Serialize, Deserialize)]
pub struct Forgotten {
    /// Their names.
    pub invalidated: Vec<String>,
}

pub async fn invalidate(State(admin): State<Admin>, Json(what): Json<Forget>) -> Result<Json<Forgotten>, Refused> {
    let cache = &admin.service.cache;
    let invalidated = match what {
        Forget::User(id) => {
            let id = UserId::try_from(id).map_err(|e| refused(e.to_string()))?;
            cache.invalidate_user(&id).await;
            vec![id.to_string()]
        }
        Forget::Prefix(prefix) => {
            let namespaces = Namespace::matching(&prefix);
            if namespaces.is_empty() {
                let all: Vec<&str> = Namespace::ALL.iter().map(|namespace| namespace.prefix()).collect();
                return Err(refused(format!("no key starts with {prefix:?}; keys start with {}", all.join(", "))));
            }
            for namespace in &namespaces {
                cache.invalidate_prefix(*namespace).await;
            }
            let derived = namespaces.iter().flat_map(|namespace| namespace.derived());
            let mut names: Vec<String> =
                namespaces.iter().chain(derived).map(|namespace| namespace.prefix().to_owned()).collect();
            names.dedup();
            names
        }
        Forget::Key(key) => {
            if !cache.invalidate_named(&key).await {
                return Err(refused(format!("{key:?} is not a key, such as plan_catalog:v1:plan_0042")));
            }
            vec![key]
        }
    };
    Ok(Json(Forgotten { invalidated }))
}

fn refused(words: String) -> Refused {
    Refused(Error::Invalid(words))
}
