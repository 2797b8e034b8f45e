//! Reading through the cache.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::timeout;
use tracing::Instrument;

use super::entry::{Body, Entry, Value};
use super::flight::{Arrival, Lead};
use super::policy::{Age, Policy, millis, now};
use super::redis::Remote;
use super::trust::SILENCE;
use super::{Cache, Cached, Inner, Key, Namespace, Outcome, Source, envelope};
use crate::error::Error;
use crate::middleware;

/// How long one fill may take. A database that does not answer is an outage, not a reason to wait.
pub const FILL_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a request waits for a fill when it could have what is out of date.
const PATIENCE: Duration = Duration::from_millis(250);
/// For how long a failed refresh is not repeated.
const RETRY: Duration = Duration::from_secs(1);

/// What may end a flight before the source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Any fresh value that Redis has.
    Any,
    /// One that is newer than what memory has: that one is about to expire, and Redis may have the same.
    Newer,
}

/// What a flight has to do.
struct Job {
    namespace: Namespace,
    held: Option<Arc<Entry>>,
    need: Need,
    fill: Fill,
    readable: Readable,
}

type Fill = Pin<Box<dyn Future<Output = Result<Vec<u8>, Error>> + Send>>;
/// Whether bytes from Redis can be read as the key's type.
type Readable = fn(&[u8]) -> bool;

impl Cache {
    pub(super) async fn read<T: Serialize + 'static>(
        &self,
        key: &Key<T>,
        fill: impl Future<Output = Result<T, Error>> + Send + 'static,
        readable: Readable,
    ) -> Result<Cached, Error> {
        let outcome = self.find(key, fill, readable).await;
        let namespace = key.namespace();
        self.0.stats.served(namespace, outcome.as_ref().map_or(Source::Filled, |(_, source)| *source));
        let (entry, source) = outcome?;
        if let Value::Missing(what) = entry.value {
            return Err(Error::NotFound(what));
        }
        Ok(Cached { entry, namespace, source })
    }

    async fn find<T: Serialize + 'static>(
        &self,
        key: &Key<T>,
        fill: impl Future<Output = Result<T, Error>> + Send + 'static,
        readable: Readable,
    ) -> Outcome {
        let now = now();
        let Some((entry, age)) = self.0.held(key.as_str(), key.namespace(), now) else {
            return arrived(self.fetch(key, None, Need::Any, fill, readable)).await;
        };
        match age {
            Age::Fresh => Ok((entry, Source::L1)),
            Age::Due => {
                self.fetch(key, Some(&entry), Need::Newer, fill, readable);
                Ok((entry, Source::L1))
            }
            Age::Stale | Age::Fallback if !entry.may_retry(now) => Ok((entry, Source::Stale)),
            Age::Stale => {
                self.fetch(key, Some(&entry), Need::Newer, fill, readable);
                Ok((entry, Source::Stale))
            }
            Age::Fallback | Age::Gone => {
                let arrival = self.fetch(key, Some(&entry), Need::Any, fill, readable);
                timeout(PATIENCE, arrived(arrival)).await.unwrap_or(Ok((entry, Source::Stale)))
            }
        }
    }

    /// Joins the key's flight, or starts it; `fill` is then run in a task of its own.
    fn fetch<T: Serialize + 'static>(
        &self,
        key: &Key<T>,
        held: Option<&Arc<Entry>>,
        need: Need,
        fill: impl Future<Output = Result<T, Error>> + Send + 'static,
        readable: Readable,
    ) -> Arrival {
        let namespace = key.namespace();
        let (arrival, lead) = self.0.flights.join(key.as_str(), namespace);
        if let Some(lead) = lead {
            let fill: Fill = Box::pin(async move {
                let value = fill.await?;
                serde_json::to_vec(&value).map_err(|e| Error::Internal(e.to_string().into()))
            });
            let job = Job { namespace, held: held.cloned(), need, fill, readable };
            let flight = Arc::clone(&self.0).fly(lead, job);
            self.0.tasks.spawn(flight.instrument(middleware::span()));
        }
        arrival
    }
}

/// Waits until the flight has landed.
async fn arrived(mut arrival: Arrival) -> Outcome {
    match arrival.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(outcome)) => outcome.clone(),
        _ => Err(Error::Internal("a cache fill ended without an outcome".into())),
    }
}

impl Inner {
    /// What memory has under a key, unless it may not be served any more. What another node may have invalidated
    /// unheard is served only when nothing better can be had.
    fn held(&self, key: &str, namespace: Namespace, now: u64) -> Option<(Arc<Entry>, Age)> {
        let entry = self.memory.get(key)?;
        if entry.generation < self.generation(namespace) {
            return None;
        }
        // What is made of other values may hold one that was believed until the silence was noticed.
        let since = if namespace.reads_source() { entry.since } else { entry.since.saturating_sub(millis(SILENCE)) };
        match entry.times.age(now, fastrand::f64) {
            Age::Gone => None,
            _ if !self.trust.covers(since, now) => Some((entry, Age::Fallback)),
            age => Some((entry, age)),
        }
    }

    /// Redis, then the source, then what is out of date. What the source gave is written to Redis after those who
    /// wait have got it.
    async fn fly(self: Arc<Self>, lead: Lead, job: Job) {
        let Job { namespace, held, need, fill, readable } = job;
        let (key, generation) = (Arc::clone(&lead.key), self.generation(namespace));
        let remote = self.remote.as_ref().filter(|remote| remote.is_up() && !self.outbox.concerns(&key, namespace));
        let found = match remote {
            Some(remote) => self.find_remote(remote, &key, namespace, generation, readable).await,
            None => None,
        };
        let newer = |entry: &Entry| held.as_ref().is_none_or(|held| entry.times.filled > held.times.filled);
        if let Some((entry, Age::Fresh | Age::Due)) = &found
            && (need == Need::Any || newer(entry))
        {
            let entry = Arc::clone(entry);
            return self.land(lead, Ok((entry, Source::L2)));
        }
        let ticket = match remote {
            Some(remote) => remote.begin(&key).await.ok(),
            None => None,
        };
        let filled = match self.fill(namespace, generation, fill).await {
            Ok(entry) => Arc::new(entry),
            Err(failure) => {
                // What was invalidated since it was looked up has left memory, and is no better than nothing.
                let held = held.filter(|held| self.memory.get(&key).is_some_and(|now| Arc::ptr_eq(&now, held)));
                let found = found.map(|(entry, _)| entry);
                let newest = found.into_iter().chain(held).max_by_key(|entry| entry.times.filled);
                return self.land(lead, fall_back(newest, failure));
            }
        };
        self.land(lead, Ok((Arc::clone(&filled), Source::Filled)));
        if let (Some(remote), Some(ticket), Value::Document(body)) = (remote, ticket, &filled.value)
            && !self.outbox.concerns(&key, namespace)
        {
            let life = filled.times.stale_until.saturating_sub(now());
            let bytes = envelope::seal(&key, body, &filled.times, generation);
            if remote.store(&key, &ticket, &bytes, life).await.is_err() {
                self.stats.failed(namespace);
            }
        }
    }

    /// What Redis has under a key, when it is of the present generation and may be served at all.
    async fn find_remote(
        &self,
        remote: &Remote,
        key: &str,
        namespace: Namespace,
        generation: u64,
        readable: Readable,
    ) -> Option<(Arc<Entry>, Age)> {
        let since = now();
        let Ok(answer) = remote.get(key).await else {
            self.stats.failed(namespace);
            return None;
        };
        let Some(entry) = envelope::open(key, answer?, since).filter(|entry| entry.is_readable(readable)) else {
            self.stats.failed(namespace); // not ours, or damaged: the fill replaces it
            return None;
        };
        match entry.times.age(now(), fastrand::f64) {
            Age::Gone => None,
            _ if entry.generation < generation => None,
            age => Some((Arc::new(entry), age)),
        }
    }

    /// Ends a flight; memory takes what it brought unless it was invalidated meanwhile.
    fn land(&self, lead: Lead, outcome: Outcome) {
        lead.land(outcome, |key, outcome| {
            if let Ok((entry, _)) = outcome {
                self.memory.insert(Arc::clone(key), Arc::clone(entry));
            }
        });
    }

    /// Asks the source, unless it has been failing.
    async fn fill(&self, namespace: Namespace, generation: u64, fill: Fill) -> Result<Entry, Error> {
        let guarded = namespace.reads_source();
        if guarded && !self.database.allows() {
            return Err(Error::Unavailable("the database is failing, and was not asked".into()));
        }
        let (start, filled) = (Instant::now(), now());
        let late = |_| Error::Unavailable("the database did not answer in time".into());
        let result = timeout(FILL_TIMEOUT, fill).await.map_err(late).flatten();
        match &result {
            Err(Error::Unavailable(why)) if guarded => self.database.failed(why),
            _ if guarded => self.database.succeeded(),
            _ => {}
        }
        match result {
            Ok(json) => {
                let times = self.policy.times(namespace, filled, start.elapsed(), fastrand::f64());
                Ok(Entry::new(Value::Document(Body::new(json)), times, generation, filled))
            }
            Err(Error::NotFound(what)) => {
                Ok(Entry::new(Value::Missing(what), Policy::negative(filled), generation, filled))
            }
            Err(error) => Err(error),
        }
    }
}

/// What is out of date, in place of a failure of ours or of the database.
fn fall_back(held: Option<Arc<Entry>>, failure: Error) -> Outcome {
    let now = now();
    match held {
        Some(entry)
            if now < entry.times.stale_until && matches!(failure, Error::Unavailable(_) | Error::Internal(_)) =>
        {
            entry.retry_at(now + millis(RETRY));
            Ok((entry, Source::Stale))
        }
        _ => Err(failure),
    }
}
