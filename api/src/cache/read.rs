//! Reading through the cache.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tracing::{Instrument, Span};

use super::breaker::State;
use super::entry::{Entry, Value};
use super::fill::Fill;
use super::flight::{Arrival, Lead};
use super::policy::{Age, millis, now};
use super::redis::{Lease, Remote};
use super::{Cache, Cached, Inner, Key, Namespace, Outcome, Source, envelope};
use crate::error::Error;
use crate::middleware::{self, Origin};

/// How long a request waits for a fill when it could have what is out of date, and the database is not known to fail.
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
    /// Nothing: the source is asked.
    Source,
}

/// What a flight has to do.
struct Job {
    namespace: Namespace,
    held: Option<Arc<Entry>>,
    need: Need,
    fill: Fill,
    readable: Readable,
    /// The request that it is for.
    origin: Option<Origin>,
}

/// Whether bytes from Redis can be read as the key's type.
type Readable = fn(&[u8]) -> bool;

impl Cache {
    pub(super) async fn read<T>(
        &self,
        key: &Key<T>,
        fill: impl FnOnce() -> Fill,
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

    async fn find<T>(&self, key: &Key<T>, fill: impl FnOnce() -> Fill, readable: Readable) -> Outcome {
        let now = now();
        let Some((entry, age)) = self.0.held(key.as_str(), key.namespace(), now) else {
            return arrived(self.fetch(key, None, Need::Any, fill, readable)).await;
        };
        match age {
            Age::Fresh => Ok((entry, Source::L1)),
            Age::Due => {
                self.fetch(key, Some(entry.clone()), Need::Newer, fill, readable);
                Ok((entry, Source::L1))
            }
            Age::Stale | Age::Fallback if !entry.may_retry(now) => Ok((entry, Source::Stale)),
            Age::Stale => {
                self.fetch(key, Some(entry.clone()), Need::Newer, fill, readable);
                Ok((entry, Source::Stale))
            }
            Age::Fallback | Age::Gone => arrived(self.fetch(key, Some(entry), Need::Any, fill, readable)).await,
        }
    }

    /// Joins the key's flight, or starts it; the fill is then run in a task of its own.
    fn fetch<T>(
        &self,
        key: &Key<T>,
        held: Option<Arc<Entry>>,
        need: Need,
        fill: impl FnOnce() -> Fill,
        readable: Readable,
    ) -> Arrival {
        let namespace = key.namespace();
        let (arrival, lead) = self.0.flights.join(key.as_str(), namespace);
        if let Some(lead) = lead {
            let job = Job { namespace, held, need, fill: fill(), readable, origin: middleware::origin() };
            self.0.tasks.spawn(Arc::clone(&self.0).fly(lead, job));
        }
        arrival
    }

    /// Asks the source whatever is cached, after a flight that is under way.
    pub(super) async fn fetch_anew<T>(&self, key: &Key<T>, fill: Fill) -> Result<(), Error> {
        let (name, namespace) = (key.as_str(), key.namespace());
        let lead = loop {
            match self.0.flights.join(name, namespace) {
                (_, Some(lead)) => break lead,
                (mut arrival, None) => while arrival.changed().await.is_ok() {},
            }
        };
        let held = self.0.held(name, namespace, now()).map(|(entry, _)| entry);
        let origin = middleware::origin();
        let job = Job { namespace, held, need: Need::Source, fill, readable: |_| true, origin };
        let flight = self.0.tasks.spawn(Arc::clone(&self.0).fly(lead, job));
        flight.await.map_err(|_| Error::Internal("a cache fill ended without an outcome".into())).flatten()
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
        match entry.times.age(now, fastrand::f64) {
            Age::Gone => None,
            _ if !self.trust.covers(entry.since, now) => Some((entry, Age::Fallback)),
            age => Some((entry, age)),
        }
    }

    /// Redis, then the source, then what is out of date. What the source gave is written to Redis after those who
    /// wait have got it; fails when it has not come to be there.
    async fn fly(self: Arc<Self>, lead: Lead, job: Job) -> Result<(), Error> {
        let Job { namespace, held, need, fill, readable, origin } = job;
        let (key, generation) = (Arc::clone(&lead.key), self.generation(namespace));
        let remote = self.remote.as_ref().filter(|remote| remote.is_up() && !self.outbox.concerns(&key, namespace));
        let found = match remote {
            Some(remote) if need != Need::Source => {
                self.find_remote(remote, &key, namespace, generation, readable).await
            }
            _ => None,
        };
        let newer = |entry: &Entry| held.as_ref().is_none_or(|held| entry.times.filled > held.times.filled);
        if let Some((entry, Age::Fresh | Age::Due)) = &found
            && (need == Need::Any || newer(entry))
        {
            let entry = Arc::clone(entry);
            self.land(lead, Ok((entry, Source::L2)));
            return Ok(());
        }
        let span = origin.map_or_else(Span::current, |origin| origin.span());
        let found = found.map(|(entry, _)| entry);
        self.ask_source(lead, namespace, [found, held], fill, remote).instrument(span).await
    }

    /// The source, then the newest of what is at hand.
    async fn ask_source(
        &self,
        lead: Lead,
        namespace: Namespace,
        [found, held]: [Option<Arc<Entry>>; 2],
        fill: Fill,
        remote: Option<&Remote>,
    ) -> Result<(), Error> {
        let (key, generation) = (Arc::clone(&lead.key), self.generation(namespace));
        let lease = match remote {
            Some(remote) => remote.lease(&key).await.inspect_err(|_| self.stats.failed(namespace)).ok(),
            None => None,
        };
        let out_of_date = || {
            // What was invalidated since it was looked up has left memory, and is no better than nothing.
            let held = held.as_ref().filter(|held| self.memory.get(&key).is_some_and(|now| Arc::ptr_eq(&now, held)));
            let all = found.iter().chain(held);
            all.filter(|entry| now() < entry.times.stale_until).max_by_key(|entry| entry.times.filled).cloned()
        };
        // Nobody who can have what is out of date waits for a source that is slow, or known to fail.
        let patience = if self.database.state() == State::Closed { PATIENCE } else { Duration::ZERO };
        let mut filling = pin!(self.fill(namespace, generation, fill));
        let filled = if let Ok(filled) = timeout(patience, &mut filling).await {
            filled
        } else {
            if let Some(entry) = out_of_date() {
                lead.announce(Ok((entry, Source::Stale)));
            }
            filling.await
        };
        match filled {
            Ok((entry, source)) => {
                let entry = Arc::new(entry);
                self.land(lead, Ok((Arc::clone(&entry), source)));
                self.share(&key, namespace, &entry, remote.zip(lease)).await
            }
            Err(failure) => {
                self.land(lead, fall_back(out_of_date(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Writes what a fill brought to Redis, if others may have it.
    async fn share(
        &self,
        key: &str,
        namespace: Namespace,
        entry: &Entry,
        leased: Option<(&Remote, Lease)>,
    ) -> Result<(), Error> {
        let Value::Document(body) = &entry.value else { return Ok(()) };
        if self.remote.is_none() || !entry.shared || entry.times.fresh_until <= now() {
            return Ok(());
        }
        let refused = || Error::Unavailable("Redis does not take values".into());
        let (remote, lease) = leased.filter(|_| !self.outbox.concerns(key, namespace)).ok_or_else(refused)?;
        let life = entry.times.stale_until.saturating_sub(now());
        let bytes = envelope::seal(key, body, &entry.times, entry.generation);
        remote.store(key, &lease, &bytes, life).await.map_err(|_| {
            self.stats.failed(namespace);
            refused()
        })
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
}

/// What is out of date, in place of a failure of ours or of the database.
fn fall_back(out_of_date: Option<Arc<Entry>>, failure: Error) -> Outcome {
    match (out_of_date, failure) {
        (Some(entry), Error::Unavailable(_) | Error::Internal(_)) => {
            entry.retry_at(now() + millis(RETRY));
            Ok((entry, Source::Stale))
        }
        (_, failure) => Err(failure),
    }
}
