//! The pool of connections to PostgreSQL.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::config::PoolSettings;

/// How much of the pool is in use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PoolStatus {
    /// Connections that are kept.
    pub pool_size: u32,
    /// Connections beyond those, under load.
    pub max_overflow: u32,
    /// Both together.
    pub total_connections: u32,
    /// Connections in use.
    pub checked_out: u32,
    /// Connections that are open and not in use.
    pub checked_in: u32,
    /// Open connections beyond those that are kept.
    pub overflow: u32,
    /// Connections in use, in percent of all that there may be.
    pub utilization: f64,
}

impl PoolStatus {
    /// What a pool of those settings does at this moment.
    #[must_use]
    pub fn of(pool: &PgPool, settings: &PoolSettings) -> Self {
        let (open, idle) = (pool.size(), u32::try_from(pool.num_idle()).unwrap_or(u32::MAX));
        let (total, checked_out) = (settings.size + settings.overflow, open.saturating_sub(idle));
        Self {
            pool_size: settings.size,
            max_overflow: settings.overflow,
            total_connections: total,
            checked_out,
            checked_in: open.min(idle),
            overflow: open.saturating_sub(settings.size),
            utilization: f64::from(checked_out) * 100.0 / f64::from(total.max(1)),
        }
    }
}

#[derive(Debug)]
pub struct PoolCollector(pub PgPool);

impl Collector for PoolCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let idle = i64::try_from(self.0.num_idle()).unwrap_or(i64::MAX);
        let in_use = (i64::from(self.0.size()) - idle).max(0);
        let mut connections =
            encoder.encode_descriptor("db_pool_connections", "Open connections", None, MetricType::Gauge)?;
        for (state, value) in [("idle", idle), ("in_use", in_use)] {
            ConstGauge::new(value).encode(connections.encode_family(&[("state", state)])?)?;
        }
        let most = i64::from(self.0.options().get_max_connections());
        let limit = encoder.encode_descriptor("db_pool_limit", "Connections at most", None, MetricType::Gauge)?;
        ConstGauge::new(most).encode(limit)
    }
}
