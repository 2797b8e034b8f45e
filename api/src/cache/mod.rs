//! The cache in front of the database: typed, versioned keys, each with the TTL of its namespace.
//!
//! Values are kept as the JSON that is served, so that a hit is a pointer copied into the response, and so that a
//! second layer can hold the same bytes. Concurrent misses of one key are one fill.

mod key;
mod memory;

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
pub use key::{Key, Namespace};
use memory::{Entry, Memory};

/// How long one fill may take. A database that does not answer is an outage, not a reason to wait.
pub const FILL_TIMEOUT: Duration = Duration::from_secs(3);

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This process' memory.
    L1,
    /// The database.
    Filled,
}

impl Source {
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::L1 => "HIT-L1",
            Self::Filled => "MISS",
        })
    }
}

/// The one door to cached values. Clones share their contents.
#[derive(Debug, Clone)]
pub struct Cache {
    memory: Memory,
}

/// A value as JSON, ready to be served, with where it came from.
#[derive(Debug, Clone)]
pub struct Cached {
    /// The JSON document.
    pub json: Bytes,
    /// Where it came from.
    pub source: Source,
}

impl Cache {
    /// An empty cache that holds at most `max_bytes` of keys and values.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self { memory: Memory::new(max_bytes) }
    }

    /// The JSON under `key`, from `fill` when it is not there. A failed fill is not kept.
    ///
    /// # Errors
    /// What `fill` fails with, and [`Error::Unavailable`] when it takes longer than [`FILL_TIMEOUT`].
    pub async fn json<T: Serialize>(
        &self,
        key: &Key<T>,
        fill: impl Future<Output = Result<T, Error>>,
    ) -> Result<Cached, Error> {
        if let Some(json) = self.memory.get(key.as_str()).await {
            return Ok(Cached { json, source: Source::L1 });
        }
        let entry = async {
            let value = tokio::time::timeout(FILL_TIMEOUT, fill)
                .await
                .map_err(|_| Error::Unavailable("the database did not answer in time".into()))??;
            let json = serde_json::to_vec(&value).map_err(|e| Error::Internal(e.to_string().into()))?;
            Ok(Entry { json: json.into(), ttl: key.namespace().ttl() })
        };
        let json = self.memory.get_or_fill(key.as_str(), entry).await?;
        Ok(Cached { json, source: Source::Filled })
    }

    /// The value under `key`, from `fill` when it is not there.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub async fn value<T: Serialize + DeserializeOwned>(
        &self,
        key: &Key<T>,
        fill: impl Future<Output = Result<T, Error>>,
    ) -> Result<(T, Source), Error> {
        let Cached { json, source } = self.json(key, fill).await?;
        let value = serde_json::from_slice(&json).map_err(|e| Error::Internal(e.to_string().into()))?;
        Ok((value, source))
    }

    /// Whether nothing could be served from it.
    pub async fn is_empty(&self) -> bool {
        self.memory.is_empty().await
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

impl IntoResponse for Cached {
    fn into_response(self) -> Response {
        (self.source, [(header::CONTENT_TYPE, JSON)], self.json).into_response()
    }
}

impl IntoResponseParts for Source {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.headers_mut().insert(X_CACHE, self.header());
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{PlanId, UserId};
    use crate::domain::plan::Plan;
    use crate::domain::usage::MonthUsage;

    fn user(n: u32) -> Key<Vec<MonthUsage>> {
        Key::usage(&UserId::try_from(format!("user_{n}")).unwrap())
    }

    fn month(text: String) -> Vec<MonthUsage> {
        vec![MonthUsage { month: text, kwh: 1.0, cost_cents: 1 }]
    }

    #[tokio::test]
    async fn a_value_is_filled_once_and_a_failed_fill_is_not_kept() {
        let cache = Cache::new(1 << 20);
        let failed = cache.json(&user(1), async { Err(Error::NotFound("user")) }).await;
        assert!(matches!(failed, Err(Error::NotFound("user"))));
        assert!(cache.is_empty().await);
        let (value, source) = cache.value(&user(1), async { Ok(month("2026-10".into())) }).await.unwrap();
        assert_eq!((value[0].month.as_str(), source), ("2026-10", Source::Filled));
        let (value, source) = cache.value(&user(1), async { panic!("it is there") }).await.unwrap();
        assert_eq!((value[0].month.as_str(), source), ("2026-10", Source::L1));
        assert!(!cache.is_empty().await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fill_that_hangs_is_an_outage() {
        let hung = Cache::new(1 << 20).json(&user(1), std::future::pending()).await;
        assert!(matches!(hung, Err(Error::Unavailable(_))));
    }

    #[tokio::test]
    async fn it_holds_no_more_than_its_bytes() {
        let cache = Cache::new(100_000);
        for n in 0..100 {
            cache.json(&user(n), async { Ok(month("m".repeat(10_000))) }).await.unwrap();
        }
        let bytes = cache.memory.weight().await;
        assert!((10_000..=100_000).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn keys_are_named_and_kept_as_the_contract_says() {
        let plan: Key<Plan> = Key::plan(&PlanId::try_from("plan_0042".to_owned()).unwrap());
        assert_eq!((plan.as_str(), plan.namespace().ttl().as_secs()), ("plan_catalog:v1:plan_0042", 3_600));
        assert_eq!((user(7).as_str(), user(7).namespace().ttl().as_secs()), ("usage_analysis:v1:user_7", 604_800));
        let id = UserId::try_from("user_123".to_owned()).unwrap();
        let (profile, set) = (Key::profile(&id), Key::recommendations(&id));
        assert_eq!((profile.as_str(), profile.namespace().ttl().as_secs()), ("user_profile:v1:user_123", 86_400));
        assert_eq!((set.as_str(), set.namespace().ttl().as_secs()), ("recommendations:v1:user_123", 86_400));
        assert_eq!((Namespace::Response.prefix(), Namespace::Response.ttl().as_secs()), ("cache:response", 300));
    }
}
