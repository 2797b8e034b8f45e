//! Structured logs on standard error: text for people, JSON lines with `LOG_FORMAT=json`; `RUST_LOG` selects.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts logging. Without `RUST_LOG`: what concerns the service as a whole, and every failure.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::env::var("LOG_FORMAT").is_ok_and(|format| format == "json") {
        logs.json().init();
    } else {
        logs.with_ansi(std::io::stderr().is_terminal()).with_target(false).init();
    }
}
