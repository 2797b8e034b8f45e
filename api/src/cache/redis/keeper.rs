//! The task that keeps the connection: it notices a server that fails when nobody asks, reaches it again, and delivers
//! what could not be delivered.

use std::collections::HashMap;
use std::io;
use std::sync::{PoisonError, Weak};
use std::time::Duration;

use redis::{Cmd, RedisResult};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::link::Link;
use super::{BEAT, CHANNEL, FRESH, GENERATIONS, Remote, TIMEOUT};
use crate::cache::{Inner, Namespace};

/// How often it looks.
const TICK: Duration = Duration::from_millis(250);
/// A sign of life every so many looks.
const TICKS_A_BEAT: u32 = 4;

/// Leased to see whether a server that refused something takes values again.
const PROBE: &str = "treebeard:probe";

/// What a server answers to a sign of life: each namespace's generation.
type Generations = HashMap<String, u64>;

/// Keeps the connection until the cache is dropped.
pub async fn keep(cache: Weak<Inner>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for tick in 0_u32.. {
        ticks.tick().await;
        let Some(cache) = cache.upgrade() else { return };
        let Some(remote) = &cache.remote else { return };
        if !remote.is_up() && remote.breaker.allows() {
            cache.reconnect(remote).await;
        }
        if remote.is_up() {
            cache.deliver(remote).await;
            if tick % TICKS_A_BEAT == 0 {
                if let Ok(generations) = remote.ask(&cache.beat()).await {
                    cache.learn(&generations);
                }
                if remote.refuses() {
                    let _ = remote.lease(PROBE).await; // it says itself when it works again
                }
            }
        }
    }
}

impl Inner {
    /// Replaces the connection. Requests use it when the server has answered, and its generations are known: a value
    /// of an earlier one may lie there.
    pub async fn reconnect(&self, remote: &Remote) {
        let replace = |link| *remote.link.write().unwrap_or_else(PoisonError::into_inner) = link;
        match remote.reach(&self.beat()).await {
            Ok((link, generations)) => {
                self.learn(&generations);
                replace(Some(link));
                remote.breaker.succeeded();
            }
            Err(error) => {
                replace(None);
                remote.breaker.broke(&error);
            }
        }
    }

    /// This node's sign of life, with the generations that it knows.
    fn beat(&self) -> Cmd {
        let mut script = redis::cmd("EVAL");
        script.arg(BEAT).arg(2).arg(GENERATIONS).arg(FRESH).arg(CHANNEL);
        for namespace in Namespace::ALL {
            script.arg(namespace.name()).arg(self.generation(namespace));
        }
        script
    }

    fn learn(&self, generations: &Generations) {
        let told = |namespace: Namespace| Some((namespace, *generations.get(namespace.name())?));
        let newer = |(namespace, generation): &(Namespace, u64)| *generation > self.generation(*namespace);
        let newer: Vec<_> = Namespace::ALL.into_iter().filter_map(told).filter(newer).collect();
        self.advance(&newer);
    }
}

impl Remote {
    async fn reach(&self, beat: &Cmd) -> RedisResult<(Link, Generations)> {
        let mut link = self.address.connect().await?;
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut).into());
        let generations = timeout(TIMEOUT, beat.query_async(&mut link)).await.unwrap_or_else(late)?;
        Ok((link, generations))
    }
}
