//! `warm`: fills Redis before it is asked, or has a running service fill its own memory too.

use std::fmt::Write;
use std::io::{IsTerminal, Write as _};

use axum::http::Method;
use clap::Args;

use super::admin::AdminOptions;
use super::{Failure, database};
use crate::auth::{Auth, AuthMode};
use crate::cache::Cache;
use crate::config::{CacheOptions, DatabaseOptions};
use crate::db;
use crate::state::AppState;
use crate::warming::{Mode, Report, Warming, warm};

#[derive(Debug, Args)]
pub struct WarmOptions {
    /// Which values
    #[arg(long, value_enum, default_value = "full")]
    mode: Mode,
    /// How many of each kind at most [default: 100 plans, 50 profiles, 50 recommendations]
    #[arg(long)]
    limit: Option<u32>,
    /// A user is active with readings of the last so many days
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(..=36_500))]
    days: u32,
    #[command(flatten)]
    admin: AdminOptions,
    #[command(flatten)]
    pub cache: CacheOptions,
    #[command(flatten)]
    pub database: DatabaseOptions,
}

pub async fn run(options: &WarmOptions, as_json: bool) -> Result<String, Failure> {
    let what = Warming { mode: options.mode, limit: options.limit, days: options.days };
    let report = if options.admin.url.is_some() {
        options.admin.ask(Method::POST, "/warm", &what).await?
    } else {
        fill_redis(options, &what).await?
    };
    if as_json { Ok(serde_json::to_string(&report)? + "\n") } else { Ok(text(&report)?) }
}

/// Fills Redis from here, as the service would.
async fn fill_redis(options: &WarmOptions, what: &Warming) -> Result<Report, Failure> {
    let settings = options.cache.settings().map_err(Failure::usage)?;
    if settings.redis.is_none() {
        let words = "nothing to fill: set REDIS_URL, or name a running service's admin listener with --url";
        return Err(Failure::usage(words));
    }
    let pool = db::pool(database::connect_options(&options.database)?, &options.database.pool());
    let cache = Cache::connect(&settings).await;
    if cache.breakers().iter().any(|(name, state, _)| *name == "redis" && *state != crate::cache::BreakerState::Closed)
    {
        return Err(Failure::new("Redis does not answer"));
    }
    let auth = Auth::new(AuthMode::Demo, None, 0).map_err(Failure::usage)?; // nobody calls
    let state = AppState::new(pool, cache.clone(), auth);
    let report = warm(&state, what, show).await.map_err(|e| database::explain(&e))?;
    cache.drain().await;
    Ok(report)
}

/// How far it is, on a terminal.
fn show(done: usize, all: usize) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        let end = if done == all { "\r\x1b[K" } else { "" };
        // A terminal that is gone is no reason to stop.
        let _ = write!(out, "\rwarming {done}/{all}{end}");
    }
}

fn text(report: &Report) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let kinds = [
        (report.plans, "popular plans"),
        (report.pages, "catalogue pages"),
        (report.profiles, "active user profiles"),
        (report.recommendations, "recent recommendations"),
    ];
    for (count, kind) in kinds {
        if let Some(count) = count {
            writeln!(text, "Warmed {count} {kind}")?;
        }
    }
    if report.failed > 0 {
        writeln!(text, "Failed: {}", report.failed)?;
    }
    writeln!(text, "Total: {} items in {:.1}s", report.total, report.seconds)?;
    Ok(text)
}
