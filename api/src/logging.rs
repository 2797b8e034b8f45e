//! Structured logs on standard error: text for people, JSON lines with `LOG_FORMAT=json`, or where a Lambda function's
//! log format is JSON; `RUST_LOG` selects.

use std::io::IsTerminal;

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::metrics::QueryTimes;

/// Starts logging. Without `RUST_LOG`: what concerns the service as a whole, and every failure.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let json = |variable| std::env::var(variable).is_ok_and(|format| format.eq_ignore_ascii_case("json"));
    let logs = if json("LOG_FORMAT") || json("AWS_LAMBDA_LOG_FORMAT") {
        logs.json().with_filter(filter).boxed()
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).with_filter(filter).boxed()
    };
    let queries = QueryTimes.with_filter(Targets::new().with_target("sqlx::query", Level::DEBUG));
    tracing_subscriber::registry().with(logs).with(queries).init();
}
