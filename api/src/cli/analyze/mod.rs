//! `analyze`: what PostgreSQL and the running service have counted, and what follows from it.

mod cache;
mod indexes;
mod pool;
mod slow;

use std::fmt::Display;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::admin::AdminOptions;
use super::{Failure, database};
use crate::config::DatabaseOptions;
use crate::db;

/// Options of `analyze`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// What to look at
    #[arg(long, value_enum)]
    mode: Mode,
    /// From which mean time on a query is slow, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 100.0, value_parser = threshold)]
    threshold: f64,
    #[command(flatten)]
    pub database: DatabaseOptions,
    #[command(flatten)]
    service: AdminOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Queries that take long
    Slow,
    /// Indexes that are unused, and those that are missing
    Indexes,
    /// How often PostgreSQL finds its pages in memory
    Cache,
    /// How many of the running service's connections are in use
    Pool,
}

/// A time in milliseconds.
fn threshold(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|ms: &f64| ms.is_finite() && *ms >= 0.0)
        .ok_or_else(|| "a number of milliseconds is expected".to_owned())
}

pub async fn run(options: &Options, as_json: bool) -> Result<String, Failure> {
    let now = Utc::now();
    let database = || database::connect_options(&options.database).map(db::maintenance_pool);
    match options.mode {
        Mode::Slow => slow::Report::take(&database()?, options.threshold).await.map(|report| print(&report, as_json)),
        Mode::Indexes => indexes::Report::take(&database()?, now).await.map(|report| print(&report, as_json)),
        Mode::Cache => cache::Report::take(&database()?, now).await.map(|report| print(&report, as_json)),
        Mode::Pool => return pool::take(&options.service).await.map(|report| print(&report, as_json)),
    }
    .map_err(|e| database::explain(&e))
}

fn print(report: &(impl Serialize + Display), as_json: bool) -> String {
    if as_json { format!("{}\n", serde_json::json!(report)) } else { report.to_string() }
}

/// Since when PostgreSQL counts, in words.
fn since(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    since.map_or_else(
        || "the database was made".to_owned(),
        |since| format!("{}, {} ago", since.format("%Y-%m-%d %H:%M UTC"), age(now - since)),
    )
}

/// A length of time by its largest unit.
fn age(age: chrono::TimeDelta) -> String {
    let units = [(age.num_days(), "day"), (age.num_hours(), "hour"), (age.num_minutes(), "minute")];
    let (count, unit) = units.into_iter().find(|&(count, _)| count > 0).unwrap_or((age.num_seconds().max(0), "second"));
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn ages_are_told_by_their_largest_unit() {
        assert_eq!(age(TimeDelta::seconds(-3)), "0 seconds");
        assert_eq!(age(TimeDelta::seconds(61)), "1 minute");
        assert_eq!(age(TimeDelta::hours(47)), "1 day");
        assert_eq!(age(TimeDelta::days(400)), "400 days");
    }
}
