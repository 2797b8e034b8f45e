//! `--mode pool`: the running service's connections, in the words of the guide.

use std::fmt;

use axum::http::Method;
use serde_json::json;

use crate::cli::Failure;
use crate::cli::admin::AdminOptions;
use crate::metrics::PoolStatus;

/// From here on, in percent, a burst may find no connection.
const HIGH: f64 = 70.0;
/// From here on, requests wait.
const FULL: f64 = 90.0;

pub async fn take(service: &AdminOptions) -> Result<Report, Failure> {
    service.ask(Method::GET, "/pool", &json!({})).await.map(Report)
}

#[derive(Debug, serde::Serialize)]
pub struct Report(PoolStatus);

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let PoolStatus { pool_size, total_connections, checked_out, checked_in, overflow, utilization, .. } = &self.0;
        writeln!(f, "Pool Configuration:")?;
        writeln!(f, "  Pool Size: {pool_size}")?;
        writeln!(f, "  Total Connections: {total_connections}")?;
        writeln!(f, "Current Usage:")?;
        writeln!(f, "  Checked Out: {checked_out}")?;
        writeln!(f, "  Checked In: {checked_in}")?;
        writeln!(f, "  Overflow: {overflow}")?;
        writeln!(f, "Utilization: {utilization:.1}%")?;
        match *utilization {
            used if used < HIGH => writeln!(f, "✓ GOOD: Pool utilization is healthy."),
            used if used < FULL => writeln!(f, "⚠ WARNING: Pool utilization is high."),
            _ => {
                writeln!(f, "✗ CRITICAL: The pool is nearly exhausted. Raise its size, or find what holds connections.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(checked_out: u32) -> String {
        let status = PoolStatus {
            pool_size: 20,
            max_overflow: 10,
            total_connections: 30,
            checked_out,
            checked_in: 18,
            overflow: 0,
            utilization: f64::from(checked_out) / 0.3,
        };
        Report(status).to_string()
    }

    #[test]
    fn the_text_is_the_guides() {
        let guide = "Pool Configuration:\n  Pool Size: 20\n  Total Connections: 30\nCurrent Usage:\n  Checked Out: 12\n  \
                     Checked In: 18\n  Overflow: 0\nUtilization: 40.0%\n✓ GOOD: Pool utilization is healthy.\n";
        assert_eq!(words(12), guide);
        assert!(words(21).ends_with("⚠ WARNING: Pool utilization is high.\n"));
        assert!(words(28).contains("✗ CRITICAL"));
    }
}
