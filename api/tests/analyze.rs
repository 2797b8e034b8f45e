//! `analyze`: what it prints about a database in which something is wrong, and about one in which nothing is.

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgPool};
use treebeard_api::embedded::{Postgres, Settings, Source};

use crate::support::{Folder, PROGRAM, database};

async fn analyze(args: &[&str], options: &PgConnectOptions) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("analyze").args(args).env("DATABASE_URL", options.to_url_lossy().as_str());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

async fn text(args: &[&str], options: &PgConnectOptions) -> String {
    String::from_utf8(analyze(args, options).await.stdout).unwrap()
}

async fn json(args: &[&str], options: &PgConnectOptions) -> Value {
    serde_json::from_slice(&analyze(&[args, &["--json"]].concat(), options).await.stdout).unwrap()
}

/// Runs statements on a connection of their own.
async fn run(options: &PgConnectOptions, statements: &[&'static str]) {
    let mut connection = options.connect().await.unwrap();
    for &sql in statements {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_slow_query_is_found_while_it_runs_and_afterwards() {
    let options = database(true).await;
    let busy = options.clone();
    let sleeper = tokio::spawn(async move { run(&busy, &["SELECT pg_sleep(3)"]).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let report = json(&["--mode", "slow", "--threshold", "200"], &options).await;
    assert_eq!(report["threshold_ms"], 200.0);
    assert_eq!(report["running"][0]["query"], "SELECT pg_sleep(3)");
    assert!(report["running"][0]["ms"].as_f64() >= Some(200.0), "{report}");
    let words = text(&["--mode", "slow", "--threshold", "200"], &options).await;
    assert!(words.contains("SELECT pg_sleep(3)") && words.contains("waits for Timeout: PgSleep"), "{words}");
    sleeper.await.unwrap();

    let words = text(&["--mode", "slow"], &options).await;
    assert!(words.starts_with("Slow Queries (mean of 100 ms or more):\n"), "{words}");
    assert!(words.contains("Running Now (100 ms or longer):\n  none\n"), "{words}");
    let loaded = sqlx::raw_sql("CREATE EXTENSION pg_stat_statements");
    let loaded = loaded.execute(&mut options.connect().await.unwrap()).await.is_ok();
    let report = json(&["--mode", "slow"], &options).await;
    // The tests' own server does not preload it, so that what is said about that is all there is to check.
    assert!(report["queries"].is_null(), "loaded: {loaded}, {report}");
    assert!(words.contains("pg_stat_statements is not loaded") && words.contains("? UNKNOWN"), "{words}");
}

/// With the extension in a server of its own: it must be loaded when the server starts.
#[tokio::test(flavor = "multi_thread")]
async fn slow_queries_are_those_that_pg_stat_statements_counted() {
    let folder = Folder::new();
    let settings = Settings {
        folder: folder.path().to_owned(),
        source: Source::Auto,
        ephemeral: false,
        supervisor: Some(PROGRAM.into()),
    };
    let postgres = Postgres::start(&settings).await.unwrap();
    let preload = "ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements";
    run(&postgres.connect_options(), &[preload]).await;
    postgres.stop().await.unwrap();
    let postgres = Postgres::start(&settings).await.unwrap();
    let options = postgres.connect_options();
    let slow = "SELECT pg_sleep(0.15), length('hunter2')";
    run(&options, &["CREATE EXTENSION pg_stat_statements", slow, slow, "SELECT 1"]).await;

    let report = json(&["--mode", "slow"], &options).await;
    let [query] = &report["queries"].as_array().unwrap()[..] else { panic!("one is slow: {report}") };
    assert_eq!(query["query"], "SELECT pg_sleep($1), length($2)", "without its values");
    assert_eq!((&query["calls"], &query["rows"]), (&2.into(), &2.into()));
    let ms = |key: &str| query[key].as_f64().unwrap();
    assert!(ms("mean_ms") >= 150.0 && ms("max_ms") >= ms("mean_ms") && ms("total_ms") >= 300.0, "{query}");
    let words = text(&["--mode", "slow"], &options).await;
    for part in [
        format!("  1. {:.2} ms mean, {:.2} ms max, 2 calls, ", ms("mean_ms"), ms("max_ms")),
        "\n     SELECT pg_sleep($1), length($2)\n".to_owned(),
        "⚠ WARNING: Run EXPLAIN".to_owned(),
    ] {
        assert!(words.contains(&part), "{part:?} is missing in {words}");
    }
    let words = text(&["--mode", "slow", "--threshold", "60000"], &options).await;
    assert!(words.contains("  none\n") && words.contains("✓ GOOD: No query is slower than 60000 ms."), "{words}");
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn unused_and_missing_indexes_are_named_with_the_age_of_the_counts() {
    let options = database(true).await;
    run(
        &options,
        &[
            "SELECT pg_stat_reset()",
            "CREATE TABLE meters AS SELECT n AS meter_id, 'user_123' AS user_id FROM generate_series(1, 5000) n",
            "ALTER TABLE meters ADD FOREIGN KEY (user_id) REFERENCES users",
            "SELECT count(*) FROM meters WHERE user_id = 'nobody'; SELECT count(*) FROM meters",
            "SET enable_seqscan = off; SELECT kwh FROM usage_history WHERE user_id = 'user_123' AND usage_date > '2026-10-30'",
            "SELECT pg_stat_force_next_flush()",
        ],
    )
    .await;
    let report = json(&["--mode", "indexes"], &options).await;
    let names = |key: &str, name: &str| -> Vec<String> {
        report[key].as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    let unused = names("unused", "index");
    assert!(
        unused.contains(&"idx_active_plans".to_owned()) && !unused.contains(&"users_pkey".to_owned()),
        "{unused:?}"
    );
    assert!(!unused.contains(&"idx_usage_user_date".to_owned()), "{unused:?}");
    assert_eq!(names("read_whole", "table"), ["meters"]);
    assert!(report["read_whole"][0]["rows_read"].as_i64() >= Some(10_000), "{report}");
    assert_eq!(names("unindexed_foreign_keys", "table"), ["meters"], "and none of ours");
    assert!(report["counted_since"].is_string());

    let words = text(&["--mode", "indexes"], &options).await;
    for part in [
        "Index Usage (since 20",
        " ago):\n",
        "Unused Indexes:\n",
        "  plan_catalog.idx_active_plans: 16 KB\n",
        "  meters: ",
        " whole reads of 5000 rows, 0 index scans, ",
        "analyzed never",
        "  meters.meters_user_id_fkey: FOREIGN KEY (user_id) REFERENCES users(user_id)\n",
        "⚠ WARNING: 2 places where an index may be missing.\n",
    ] {
        assert!(words.contains(part), "{part:?} is missing in {words}");
    }
}

#[tokio::test]
async fn the_buffer_hit_rate_is_that_of_the_counts() {
    let options = database(true).await;
    let pool = PgPool::connect_with(options.clone()).await.unwrap();
    for _ in 0..20 {
        sqlx::query("SELECT sum(kwh) FROM usage_history").execute(&pool).await.unwrap();
    }
    pool.close().await;
    let report = json(&["--mode", "cache"], &options).await;
    let tables = report["tables"].as_array().unwrap();
    let sum =
        |keys: [&str; 2]| -> f64 { tables.iter().flat_map(|table| keys.map(|key| table[key].as_f64().unwrap())).sum() };
    let (hits, reads) = (sum(["heap_hits", "index_hits"]), sum(["heap_reads", "index_reads"]));
    assert!((report["hit_rate"].as_f64().unwrap() - hits / (hits + reads) * 100.0).abs() < 1e-6, "{report}");
    assert!(report["hit_rate"].as_f64() > Some(50.0), "{report}");
    let words = text(&["--mode", "cache"], &options).await;
    for part in
        ["Shared Buffers (since ", "  Table Hit Rate: ", "  Index Hit Rate: ", "  Hit Rate: ", "  usage_history: ", "%"]
    {
        assert!(words.contains(part), "{part:?} is missing in {words}");
    }
}

#[tokio::test]
async fn a_threshold_that_is_no_time_is_a_usage_error() {
    for threshold in ["-1", "NaN", "soon"] {
        let arg = format!("--threshold={threshold}");
        let output = Command::new(PROGRAM).args(["analyze", "--mode", "slow", &arg]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{output:?}");
    }
}
