//! How the service queries: a fixed number of statements a request, none without an end, and the slow ones are logged.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::PgPool;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use treebeard_api::config::PoolSettings;
use treebeard_api::db;
use treebeard_api::error::Error;

use crate::support::{App, Logs, database};

async fn pool() -> PgPool {
    db::pool(database(true).await, &settings(Some(Duration::from_secs(5))))
}

fn settings(statement_timeout: Option<Duration>) -> PoolSettings {
    let (timeout, recycle) = (Duration::from_secs(30), Duration::from_hours(1));
    PoolSettings { size: 1, overflow: 0, timeout, recycle, statement_timeout }
}

/// Statements that `request` sends, beginnings and ends of transactions included.
async fn statements(request: impl Future<Output = u16>) -> usize {
    let logs = Logs::collect("sqlx::query=debug");
    assert_eq!(request.await, 200);
    logs.text().lines().filter(|line| line.contains("sqlx::query")).count()
}

#[tokio::test]
async fn no_request_asks_more_when_there_is_more_to_answer() {
    let app = App::demo().await;
    let get = async |path: &'static str| app.get(path).await.status;
    for (path, expected) in [
        ("/api/v1/plans/catalog?page_size=1", 1),
        ("/api/v1/plans/catalog?page_size=100", 1),
        ("/api/v1/plans/plan_0042", 1),
        ("/api/v1/recommendations/user_123", 1),
        ("/api/v1/users/profile", 2),
        ("/api/v1/usage/history?months=24", 1),
    ] {
        assert_eq!(statements(get(path)).await, expected, "{path}");
        assert_eq!(statements(get(path)).await, 0, "{path} is cached");
    }
    let generate = async || app.post("/api/v1/recommendations/generate", &Value::Null).await.status;
    let all = statements(generate()).await;
    assert!(all <= 10, "{all}");
    sqlx::query("UPDATE plan_catalog SET is_active = plan_id < 'plan_0020'").execute(&app.db).await.unwrap();
    assert_eq!(statements(generate()).await, all, "whatever the number of plans");
}

#[tokio::test]
async fn a_slow_query_is_logged_with_its_text_and_without_its_values() {
    let pool = pool().await;
    let logs = Logs::collect("sqlx=warn");
    let ask = async |seconds: f64, secret: &'static str| {
        let query = sqlx::query("SELECT pg_sleep($1), length($2)").bind(seconds).bind(secret);
        query.execute(&pool).await.unwrap();
    };
    ask(0.0, "quick").await;
    assert_eq!(logs.text(), "");
    ask(0.15, "hunter2").await;
    let text = logs.text();
    assert!(text.contains("WARN") && text.contains("SELECT pg_sleep($1), length($2)"), "{text}");
    assert!(text.contains("elapsed"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_statement_without_an_end_is_ended_and_is_an_outage() {
    let pool = pool().await;
    let start = Instant::now();
    let error = sqlx::query("SELECT pg_sleep(60)").execute(&pool).await.unwrap_err();
    assert!((4..20).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert!(matches!(Error::from(error), Error::Unavailable(_)));
}

#[test]
fn no_statement_asks_for_every_column() {
    let sources = walk(concat!(env!("CARGO_MANIFEST_DIR"), "/src/db").as_ref());
    assert!(sources.len() > 5);
    for (path, text) in sources {
        assert!(!text.contains("SELECT *") && !text.contains(".* FROM"), "{path}");
    }
}

/// The files below a folder, with their text.
fn walk(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    files
}

/// A proxy that takes no options, as RDS Proxy, ends the connection of whoever names the parameter.
#[tokio::test]
async fn without_a_statement_timeout_of_its_own_a_connection_names_no_options() {
    for (statement_timeout, expected) in [(None, false), (Some(Duration::from_secs(5)), true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("postgres://user@{address}/name?sslmode=disable");
        let pool = db::pool(url.parse().unwrap(), &settings(statement_timeout));
        let asking = tokio::spawn(async move { pool.acquire().await.map(drop) });
        let (mut stream, _) = listener.accept().await.unwrap();
        let length = stream.read_i32().await.unwrap();
        let mut startup = vec![0; usize::try_from(length).unwrap() - 4];
        stream.read_exact(&mut startup).await.unwrap();
        let names = startup.split(|byte| *byte == 0).any(|word| word == b"options");
        assert_eq!(names, expected, "{}", String::from_utf8_lossy(&startup));
        asking.abort();
    }
}
