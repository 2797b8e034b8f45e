//! What Prometheus is told: requests by route, the cache by namespace and layer, the pool, query times, the breakers.
//!
//! Counts that others keep (the cache's, the pool's) are read when they are asked for, so that a request pays for its
//! own histogram only.

mod cache;
mod pool;
mod queries;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use sqlx::PgPool;

use crate::cache::Cache;

pub use pool::PoolStatus;
pub use queries::QueryTimes;

/// Upper bounds in seconds, from a hit in memory to a request that times out.
const BUCKETS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// The format of what [`Metrics::text`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels<const N: usize> = [(&'static str, String); N];

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    latency: Family<Labels<1>, Histogram, fn() -> Histogram>,
    responses: Family<Labels<2>, Counter>,
    routes: RwLock<HashMap<String, Arc<Route>>>,
}

/// What is counted of one route.
#[derive(Debug)]
pub struct Route {
    latency: Histogram,
    responses: [Counter; 5],
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

impl Metrics {
    /// Counts from zero.
    #[must_use]
    pub fn new(cache: Cache, pool: PgPool) -> Self {
        let mut registry = Registry::default();
        let latency = Family::new_with_constructor(histogram as fn() -> Histogram);
        let responses = Family::default();
        registry.register("http_request_duration_seconds", "Time from request to response, by route", latency.clone());
        registry.register("http_responses", "Responses, by route and class of status", responses.clone());
        registry.register("db_query_duration_seconds", "Time of each statement", queries::times());
        registry.register_collector(Box::new(cache::CacheCollector(cache)));
        registry.register_collector(Box::new(pool::PoolCollector(pool)));
        Self { registry, latency, responses, routes: RwLock::default() }
    }

    /// The counters of a route, by its pattern.
    #[must_use]
    pub fn route(&self, pattern: &str) -> Arc<Route> {
        if let Some(route) = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(pattern) {
            return Arc::clone(route);
        }
        let class = |class: &str| {
            self.responses.get_or_create_owned(&[("route", pattern.to_owned()), ("status", class.to_owned())])
        };
        let route = Arc::new(Route {
            latency: self.latency.get_or_create_owned(&[("route", pattern.to_owned())]),
            responses: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(class),
        });
        self.routes.write().unwrap_or_else(PoisonError::into_inner).insert(pattern.to_owned(), Arc::clone(&route));
        route
    }

    /// All of it, in the format of [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// When a collector fails.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Route {
    /// Counts a response.
    pub fn served(&self, status: u16, elapsed: Duration) {
        self.latency.observe(elapsed.as_secs_f64());
        if let Some(counter) = self.responses.get(usize::from(status / 100).wrapping_sub(1)) {
            counter.inc();
        }
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
