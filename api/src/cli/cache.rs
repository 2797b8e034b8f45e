//! `cache stats` and `cache invalidate`: both are about the running service.

use std::fmt::Write;

use axum::http::Method;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use super::admin::AdminOptions;
use crate::admin::{CacheStats, Forget, Forgotten, Layer};

#[derive(Debug, Subcommand)]
pub enum CacheCommand {
    /// Prints what became of requests to the cache since the service started
    Stats(AdminOptions),
    /// Forgets values, on every node
    Invalidate(InvalidateOptions),
}

#[derive(Debug, Args)]
pub struct InvalidateOptions {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    admin: AdminOptions,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Everything about a user, for example `user_123`
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Every kind of value with keys that start so, for example `plan_catalog`
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// One key, for example `recommendations:v1:user_123`
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

pub async fn run(command: &CacheCommand, as_json: bool) -> Result<String, Failure> {
    match command {
        CacheCommand::Stats(admin) => {
            let stats: CacheStats = admin.ask(Method::GET, "/cache/stats", &json!({})).await?;
            if as_json { Ok(serde_json::to_string(&stats)? + "\n") } else { Ok(text(&stats)?) }
        }
        CacheCommand::Invalidate(InvalidateOptions { what, admin }) => {
            let What { user, prefix, key } = what;
            let user = user.clone().map(Forget::User);
            let what = user.or(prefix.clone().map(Forget::Prefix)).or(key.clone().map(Forget::Key));
            let forgotten: Forgotten = admin.ask(Method::POST, "/cache/invalidate", &what).await?;
            if as_json {
                return Ok(serde_json::to_string(&forgotten)? + "\n");
            }
            Ok(forgotten.invalidated.iter().fold(String::new(), |text, name| text + "Invalidated " + name + "\n"))
        }
    }
}

fn text(stats: &CacheStats) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "General Stats:")?;
    writeln!(text, "  Enabled: {}", if stats.enabled { "True" } else { "False" })?;
    writeln!(text, "  Total Requests: {}", grouped(stats.total_requests))?;
    writeln!(text, "  Cache Hits: {}", grouped(stats.cache_hits))?;
    writeln!(text, "  Cache Misses: {}", grouped(stats.cache_misses))?;
    writeln!(text, "  Hit Rate: {:.2}%", stats.hit_rate)?;
    writeln!(text, "  Miss Rate: {:.2}%", stats.miss_rate)?;
    writeln!(text, "  Errors: {}", grouped(stats.errors))?;
    writeln!(text, "  Stale: {}", grouped(stats.stale))?;
    let redis = match stats.redis {
        Layer::None => "not used",
        Layer::Up => "up",
        Layer::Down => "down",
    };
    writeln!(text, "  Redis: {redis}")?;
    writeln!(text, "  Memory: {} bytes", grouped(stats.memory_bytes))?;
    if let Some(bytes) = stats.redis_memory_bytes {
        writeln!(text, "  Redis Memory: {} bytes", grouped(bytes))?;
    }
    writeln!(
        text,
        "\n{:<16}{:>12}{:>12}{:>12}{:>8}{:>12}{:>8}{:>9}{:>14}",
        "Namespace", "Requests", "Hits L1", "Hits L2", "Stale", "Misses", "Errors", "Hit Rate", "Memory"
    )?;
    for row in &stats.namespaces {
        writeln!(
            text,
            "{:<16}{:>12}{:>12}{:>12}{:>8}{:>12}{:>8}{:>8.2}%{:>14}",
            row.namespace,
            grouped(row.requests),
            grouped(row.hits_l1),
            grouped(row.hits_l2),
            grouped(row.stale),
            grouped(row.misses),
            grouped(row.errors),
            row.hit_rate,
            grouped(row.memory_bytes)
        )?;
    }
    Ok(text)
}

/// A number with a comma before each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn numbers_are_grouped_by_three_digits() {
        let texts = [0, 999, 1_000, 15_234, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "15,234", "1,234,567"]);
    }
}
