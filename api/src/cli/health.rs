//! `health`: for those who run the service, and what watches it for them.

use axum::http::Method;
use serde_json::{Value, json};

use super::Failure;
use super::admin::AdminOptions;

pub async fn run(options: &AdminOptions, as_json: bool) -> Result<String, Failure> {
    let health: Value = options.ask(Method::GET, "/health", &json!({})).await?;
    let word = |key: &str| health[key].as_str().unwrap_or("unknown").to_owned();
    let (status, database, cache) = (word("status"), word("database"), word("cache"));
    let text = format!("{status}: the database is {database}, the cache is {cache}");
    match status.as_str() {
        "healthy" | "degraded" if as_json => Ok(format!("{health}\n")),
        "healthy" | "degraded" => Ok(text + "\n"),
        _ => Err(Failure::new(text)),
    }
}
