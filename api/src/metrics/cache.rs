//! The cache, by namespace and layer, and the breakers.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::cache::{BreakerState, Cache, Namespace};

#[derive(Debug)]
pub struct CacheCollector(pub Cache);

impl Collector for CacheCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let counts = Namespace::ALL.map(|namespace| (namespace.name(), self.0.counts(namespace)));

        let mut hits = encoder.encode_descriptor("cache_hits", "Answers by layer", None, MetricType::Counter)?;
        for (name, counts) in counts {
            for (layer, value) in [("l1", counts.l1), ("l2", counts.l2), ("stale", counts.stale)] {
                let labels = [("namespace", name), ("layer", layer)];
                ConstCounter::new(value).encode(hits.encode_family(&labels)?)?;
            }
        }
        let mut misses = encoder.encode_descriptor("cache_misses", "Reads of the source", None, MetricType::Counter)?;
        for (name, counts) in counts {
            ConstCounter::new(counts.misses).encode(misses.encode_family(&[("namespace", name)])?)?;
        }
        let mut errors = encoder.encode_descriptor("cache_errors", "Failures of Redis", None, MetricType::Counter)?;
        for (name, counts) in counts {
            ConstCounter::new(counts.errors).encode(errors.encode_family(&[("namespace", name)])?)?;
        }
        let mut bytes = encoder.encode_descriptor("cache_l1_bytes", "Bytes in memory", None, MetricType::Gauge)?;
        for namespace in Namespace::ALL {
            let labels = [("namespace", namespace.name())];
            ConstGauge::new(gauge(self.0.bytes(namespace))).encode(bytes.encode_family(&labels)?)?;
        }
        let entries = encoder.encode_descriptor("cache_l1_entries", "Entries in memory", None, MetricType::Gauge)?;
        ConstGauge::new(gauge(self.0.entries())).encode(entries)?;

        let help = "0: closed, 1: half-open, 2: open";
        let mut states = encoder.encode_descriptor("breaker_state", help, None, MetricType::Gauge)?;
        for (name, state, _) in self.0.breakers() {
            let state: i64 = match state {
                BreakerState::Closed => 0,
                BreakerState::HalfOpen => 1,
                BreakerState::Open => 2,
            };
            ConstGauge::new(state).encode(states.encode_family(&[("target", name)])?)?;
        }
        let help = "Changes of a breaker's state";
        let mut transitions = encoder.encode_descriptor("breaker_transitions", help, None, MetricType::Counter)?;
        for (name, _, changes) in self.0.breakers() {
            ConstCounter::new(changes).encode(transitions.encode_family(&[("target", name)])?)?;
        }
        Ok(())
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
