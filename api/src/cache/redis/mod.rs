//! The second layer: a Redis, or a Redis Cluster, that all nodes share.
//!
//! Nothing here waits longer than [`TIMEOUT`], and a server that fails again and again is not asked any more until a
//! task behind the requests has reached it. A value is written under a lease that was taken before its fill began, and
//! that an invalidation takes away: a fill that began before it never writes back. ("Scaling Memcache at Facebook",
//! Nishtala et al., NSDI 2013, section 3.2.1.)

mod address;
mod keeper;
mod link;
mod subscriber;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::body::Bytes;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError};

use super::Namespace;
use super::breaker::{Breaker, State};
use link::Link;

pub use address::Address;
pub use keeper::keep;
pub use subscriber::follow;

/// How long a command may take.
pub const TIMEOUT: Duration = Duration::from_millis(100);
/// How long a lease lasts, in seconds; no fill takes as long.
const LEASE: u64 = 10;
/// Where invalidations are announced.
const CHANNEL: &str = "treebeard:invalidations";
/// A hash with the generation of each namespace.
const GENERATIONS: &str = "treebeard:generations";
/// There while a sign of life is fresh; in the slot of [`GENERATIONS`].
const FRESH: &str = "treebeard:beat:{treebeard:generations}";

const LEASE_KEY: &str = include_str!("lease.lua");
const STORE: &str = include_str!("store.lua");
const INVALIDATE: &str = include_str!("invalidate.lua");
const ADVANCE: &str = include_str!("advance.lua");
const BEAT: &str = include_str!("beat.lua");

/// Why Redis gave no answer. A cache error is a miss: callers count it and go on.
#[derive(Debug)]
pub struct Failed;

/// What a fill is given before it begins, and gives back with its value.
#[derive(Debug)]
pub struct Lease(Vec<u8>);

/// The shared Redis.
pub struct Remote {
    address: Address,
    link: RwLock<Option<Link>>,
    breaker: Breaker,
    refuses: AtomicBool,
}

impl Remote {
    pub fn new(address: Address) -> Self {
        let (link, breaker) = (RwLock::new(None), Breaker::new("redis"));
        Self { address, link, breaker, refuses: AtomicBool::new(false) }
    }

    /// Whether it is asked at all.
    pub fn is_up(&self) -> bool {
        self.breaker.state() == State::Closed
    }

    pub const fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Whether it answers, and does not take values: it is full, or its rules do not let us.
    pub fn refuses(&self) -> bool {
        self.refuses.load(Ordering::Relaxed)
    }

    /// Whether it answers now.
    pub async fn answers(&self) -> bool {
        self.ask::<()>(redis::cmd("EXISTS").arg(GENERATIONS)).await.is_ok()
    }

    /// The bytes under a key.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, Failed> {
        self.ask(redis::cmd("GET").arg(key)).await
    }

    /// Call it before a fill begins.
    pub async fn lease(&self, key: &str) -> Result<Lease, Failed> {
        let mut script = redis::cmd("EVAL");
        script.arg(LEASE_KEY).arg(1).arg(lease_of(key)).arg(fastrand::u64(..)).arg(LEASE);
        let token = self.ask(&script).await?;
        if self.refuses.swap(false, Ordering::Relaxed) {
            tracing::info!("redis takes values again");
        }
        Ok(Lease(token))
    }

    /// Writes the value of a fill, unless its key was invalidated since the lease was taken.
    pub async fn store(&self, key: &str, lease: &Lease, value: &[u8], life: u64) -> Result<(), Failed> {
        let mut script = redis::cmd("EVAL");
        script.arg(STORE).arg(2).arg(key).arg(lease_of(key)).arg(&lease.0).arg(value).arg(life.max(1));
        self.ask(&script).await
    }

    /// Forgets a key, refuses values that are being fetched for it, and tells every node.
    pub async fn invalidate(&self, key: &str) -> Result<(), Failed> {
        let mut script = redis::cmd("EVAL");
        script.arg(INVALIDATE).arg(2).arg(key).arg(lease_of(key)).arg(CHANNEL).arg(format!("key {key}"));
        self.ask(&script).await
    }

    /// Begins the next generation of namespaces, in one step, tells every node, and gives the numbers.
    pub async fn advance(&self, known: &[(Namespace, u64)]) -> Result<Vec<(Namespace, u64)>, Failed> {
        let mut script = redis::cmd("EVAL");
        script.arg(ADVANCE).arg(1).arg(GENERATIONS).arg(CHANNEL);
        for (namespace, generation) in known {
            script.arg(namespace.name()).arg(generation);
        }
        let next: String = self.ask(&script).await?;
        Ok(generations(&next))
    }

    /// Bytes that the server uses; nothing for a cluster, whose nodes count for themselves.
    pub async fn memory(&self) -> Option<u64> {
        if self.address.is_cluster() {
            return None;
        }
        let info: String = self.ask(redis::cmd("INFO").arg("memory")).await.ok()?;
        info.lines().find_map(|line| line.strip_prefix("used_memory:")?.trim().parse().ok())
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Failed> {
        let link = self.link.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(mut link) = link.filter(|_| self.is_up()) else { return Err(Failed) };
        match tokio::time::timeout(TIMEOUT, command.query_async(&mut link)).await {
            Ok(Ok(answer)) => {
                self.breaker.succeeded();
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.judge(&error);
                Err(Failed)
            }
            Err(_) => {
                self.breaker.failed(&format_args!("no answer within {TIMEOUT:?}"));
                Err(Failed)
            }
        }
    }

    /// What an error says about the server: it is gone, it cannot work at the moment, or it refuses this command only
    /// (it is full, or something else lies under the key).
    fn judge(&self, error: &RedisError) {
        let gone = error.is_unrecoverable_error() && !self.address.is_cluster();
        let foreign = error.code() == Some("WRONGTYPE") || error.kind() == ErrorKind::UnexpectedReturnType;
        if gone {
            self.breaker.broke(error);
        } else if foreign {
            tracing::debug!(%error, "redis holds what is not ours");
        } else if matches!(error.code(), Some("OOM" | "MISCONF" | "NOPERM" | "ERR")) {
            if !self.refuses.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, "redis refuses what it is told; values are not shared until it does not");
            }
        } else {
            self.breaker.failed(error);
        }
    }
}

/// Where the lease of a key lies: in the key's own slot of a cluster, as the braces say.
fn lease_of(key: &str) -> String {
    format!("{{{key}}}:lease")
}

/// Reads `name number name number …`; what is not known is left out.
fn generations(pairs: &str) -> Vec<(Namespace, u64)> {
    let words: Vec<&str> = pairs.split(' ').collect();
    let (pairs, _) = words.as_chunks::<2>();
    pairs.iter().filter_map(|[name, number]| Some((Namespace::named(name)?, number.parse().ok()?))).collect()
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("address", &self.address).field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
