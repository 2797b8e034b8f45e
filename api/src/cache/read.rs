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
use super::{Cache, Cached, Inner, Key, Namespace, Outcome, Source};
use crate::error::Error;

/// How long one fill may take. A database that does not answer is an outage, not a reason to wait.
pub const FILL_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a request waits for a fill when it could have what is out of date.
const PATIENCE: Duration = Duration::from_millis(250);
/// For how long a failed refresh is not repeated.
const RETRY: Duration = Duration::from_secs(1);

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
            return arrived(self.fetch(key, None, fill, readable)).await;
        };
        match age {
            Age::Fresh => Ok((entry, Source::L1)),
            Age::Due => {
                self.fetch(key, Some(&entry), fill, readable);
                Ok((entry, Source::L1))
            }
            Age::Stale | Age::Fallback if !entry.may_retry(now) => Ok((entry, Source::Stale)),
            Age::Stale => {
                self.fetch(key, Some(&entry), fill, readable);
                Ok((entry, Source::Stale))
            }
            Age::Fallback | Age::Gone => {
                let arrival = self.fetch(key, Some(&entry), fill, readable);
                timeout(PATIENCE, arrived(arrival)).await.unwrap_or(Ok((entry, Source::Stale)))
            }
        }
    }

    /// Joins the key's flight, or starts it; `fill` is then run in a task of its own.
    fn fetch<T: Serialize + 'static>(
        &self,
        key: &Key<T>,
        held: Option<&Arc<Entry>>,
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
            let flight = Arc::clone(&self.0).fly(lead, namespace, held.cloned(), fill, readable);
            tokio::spawn(flight.in_current_span());
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
    /// What memory has under a key, unless it may not be served any more.
    fn held(&self, key: &str, namespace: Namespace, now: u64) -> Option<(Arc<Entry>, Age)> {
        let entry = self.memory.get(key)?;
        if entry.generation < self.generation(namespace) {
            return None;
        }
        match entry.times.age(now, fastrand::f64) {
            Age::Gone => None,
            age => Some((entry, age)),
        }
    }

    async fn fly(self: Arc<Self>, lead: Lead, namespace: Namespace, held: Option<Arc<Entry>>, fill: Fill, _: Readable) {
        let generation = self.generation(namespace);
        let outcome = match self.fill(namespace, generation, fill).await {
            Ok(entry) => Ok((Arc::new(entry), Source::Filled)),
            Err(failure) => fall_back(held, failure),
        };
        lead.land(outcome, |key, outcome| {
            if let Ok((entry, Source::Filled | Source::L2)) = outcome {
                self.memory.insert(Arc::clone(key), Arc::clone(entry));
            }
        });
    }

    /// Asks the source, unless it has been failing.
    async fn fill(&self, namespace: Namespace, generation: u64, fill: Fill) -> Result<Entry, Error> {
        if !self.database.allows() {
            return Err(Error::Unavailable("the database is failing, and was not asked".into()));
        }
        let (start, filled) = (Instant::now(), now());
        let late = |_| Error::Unavailable("the database did not answer in time".into());
        let result = timeout(FILL_TIMEOUT, fill).await.map_err(late).flatten();
        match &result {
            Err(Error::Unavailable(why)) => self.database.failed(why),
            _ => self.database.succeeded(),
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
