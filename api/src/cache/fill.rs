//! What a flight brings from the source, or from another key.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::entry::{Body, Entry, Value};
use super::life::{Cacheable, Life};
use super::policy::{Policy, now};
use super::{Cached, Inner, Namespace, Source};
use crate::error::Error;

/// How long one fill may take. A database that does not answer is an outage, not a reason to wait.
pub const FILL_TIMEOUT: Duration = Duration::from_secs(3);

/// Where a flight gets its value from.
pub enum Fill {
    /// The database: a document, and for how long it holds.
    Source(Later<(Vec<u8>, Life)>),
    /// Another key.
    Copy(Later<Cached>),
}

type Later<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

impl Fill {
    pub fn from_source<T: Cacheable>(fill: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self::Source(Box::pin(async move {
            let value = fill.await?;
            let json = serde_json::to_vec(&value).map_err(|e| Error::Internal(e.to_string().into()))?;
            Ok((json, value.life()))
        }))
    }
}

impl Inner {
    /// An entry with what the source gives, or a copy of another key's.
    pub(super) async fn fill(
        &self,
        namespace: Namespace,
        generation: u64,
        fill: Fill,
    ) -> Result<(Entry, Source), Error> {
        let (start, filled) = (Instant::now(), now());
        let entry = |value, times| Entry::new(value, times, generation, filled);
        match fill {
            Fill::Source(fill) => {
                let answer = self.ask(fill).await;
                let times = self.policy.times(namespace, filled, start.elapsed(), fastrand::f64());
                let entry = match answer {
                    Ok((json, life)) => {
                        let value = Value::Document(Body::new(json));
                        match life {
                            Life::Usual => entry(value, times),
                            Life::Until(end) => {
                                let end = u64::try_from(end.timestamp_millis()).unwrap_or(0);
                                entry(value, times.within(end, end))
                            }
                            Life::Brief => entry(value, Policy::brief(filled)).kept_here(),
                        }
                    }
                    Err(Error::NotFound(what)) => entry(Value::Missing(what), Policy::brief(filled)),
                    Err(error) => return Err(error),
                };
                Ok((entry, Source::Filled))
            }
            Fill::Copy(original) => {
                let Cached { entry: of, source, .. } = timeout(FILL_TIMEOUT, original).await.map_err(late).flatten()?;
                let times = self.policy.times(namespace, filled, start.elapsed(), fastrand::f64());
                let times = times.within(of.times.fresh_until, of.times.stale_until);
                let copy = of.copy(times, generation);
                Ok((copy, if source == Source::Stale { Source::Stale } else { Source::Filled }))
            }
        }
    }

    /// Asks the source, unless it has been failing.
    async fn ask<T>(&self, source: Later<T>) -> Result<T, Error> {
        if !self.database.allows() {
            return Err(Error::Unavailable("the database is failing, and was not asked".into()));
        }
        let answer = timeout(FILL_TIMEOUT, source).await.map_err(late).flatten();
        match &answer {
            Err(Error::Unavailable(why)) => self.database.failed(why),
            _ => self.database.succeeded(),
        }
        answer
    }
}

fn late(_: Elapsed) -> Error {
    Error::Unavailable("the database did not answer in time".into())
}
