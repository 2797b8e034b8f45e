//! How long statements take: the driver says so in an event of each.

use std::sync::LazyLock;

use prometheus_client::metrics::histogram::Histogram;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Upper bounds in seconds; the slow log begins at a tenth.
const BUCKETS: [f64; 11] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.08, 0.1, 1.0];

/// The process has one: it is filled by the subscriber of the process' events.
static TIMES: LazyLock<Histogram> = LazyLock::new(|| Histogram::new(BUCKETS));

pub fn times() -> Histogram {
    TIMES.clone()
}

/// Reads the driver's events, whose target is `sqlx::query`.
#[derive(Debug)]
pub struct QueryTimes;

impl<S: Subscriber> Layer<S> for QueryTimes {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Elapsed);
    }
}

struct Elapsed;

impl Visit for Elapsed {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            TIMES.observe(value);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
