//! The second layer: a Redis, or a Redis Cluster, that all nodes share.
//!
//! Nothing here waits longer than [`TIMEOUT`], and a server that fails again and again is not asked any more until a
//! task behind the requests has reached it. A value is written by a script that compares the token of the key's last
//! invalidation with the one that was read before the fill: a fill that began before it never writes back.

mod address;
mod keeper;
mod link;
mod subscriber;

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
/// How long the token of an invalidation is kept, in seconds; no fill takes as long.
const TOKEN_LIFE: u64 = 60;
/// Where invalidations are announced.
const CHANNEL: &str = "treebeard:invalidations";
/// A hash with the generation of each namespace.
const GENERATIONS: &str = "treebeard:generations";

const BEGIN: &str = include_str!("begin.lua");
const STORE: &str = include_str!("store.lua");
const INVALIDATE: &str = include_str!("invalidate.lua");
const ADVANCE: &str = include_str!("advance.lua");
const BEAT: &str = include_str!("beat.lua");

/// Why Redis gave no answer. A cache error is a miss: callers count it and go on.
#[derive(Debug)]
pub struct Failed;

/// What was read before a fill began, and is compared when its value is written.
#[derive(Debug)]
pub struct Ticket {
    token: Vec<u8>,
    time: u64,
}

/// The shared Redis.
pub struct Remote {
    address: Address,
    link: RwLock<Option<Link>>,
    breaker: Breaker,
}

impl Remote {
    pub fn new(address: Address) -> Self {
        Self { address, link: RwLock::new(None), breaker: Breaker::new("redis") }
    }

    /// Whether it is asked at all.
    pub fn is_up(&self) -> bool {
        self.breaker.state() == State::Closed
    }

    pub const fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// The bytes under a key.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, Failed> {
        self.ask(redis::cmd("GET").arg(key)).await
    }

    /// Call it before a fill begins.
    pub async fn begin(&self, key: &str) -> Result<Ticket, Failed> {
        let (token, time) = self.ask(redis::cmd("EVAL").arg(BEGIN).arg(1).arg(token_of(key))).await?;
        Ok(Ticket { token, time })
    }

    /// Writes the value of a fill, unless its key was invalidated since the ticket was issued.
    pub async fn store(&self, key: &str, ticket: &Ticket, value: &[u8], life: u64) -> Result<(), Failed> {
        let mut script = redis::cmd("EVAL");
        script.arg(STORE).arg(2).arg(key).arg(token_of(key));
        script.arg(&ticket.token).arg(ticket.time).arg(TOKEN_LIFE).arg(value).arg(life.max(1));
        self.ask(&script).await
    }

    /// Forgets a key, refuses values that are being fetched for it, and tells every node.
    pub async fn invalidate(&self, key: &str) -> Result<(), Failed> {
        let mut script = redis::cmd("EVAL");
        script.arg(INVALIDATE).arg(2).arg(key).arg(token_of(key));
        script.arg(fastrand::u64(..)).arg(TOKEN_LIFE).arg(CHANNEL).arg(format!("key {key}"));
        self.ask(&script).await
    }

    /// Begins a namespace's next generation, tells every node, and gives its number.
    pub async fn advance(&self, namespace: Namespace, known: u64) -> Result<u64, Failed> {
        let mut script = redis::cmd("EVAL");
        script.arg(ADVANCE).arg(1).arg(GENERATIONS).arg(namespace.name()).arg(known).arg(CHANNEL);
        self.ask(&script).await
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
        let refused = matches!(error.code(), Some("OOM" | "WRONGTYPE" | "NOPERM" | "ERR"))
            || matches!(error.kind(), ErrorKind::UnexpectedReturnType);
        if gone {
            self.breaker.broke(error);
        } else if refused {
            tracing::debug!(%error, "redis refused a command");
        } else {
            self.breaker.failed(error);
        }
    }
}

/// Where the token of a key's last invalidation lies: in the key's own slot of a cluster, as the braces say.
fn token_of(key: &str) -> String {
    format!("{{{key}}}:inv")
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("address", &self.address).field("breaker", &self.breaker).finish_non_exhaustive()
    }
}
