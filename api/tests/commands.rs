//! `migrate`, `seed`, and what the program refuses.

use std::net::TcpListener;
use std::process::{Command, Output};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgPool};

use crate::support::{PROGRAM, database};

const TABLES: [&str; 8] = [
    "suppliers",
    "plan_catalog",
    "users",
    "preferences",
    "current_plans",
    "usage_history",
    "recommendations",
    "recommended_plans",
];

/// What the first `migrate` prints: the guide's five indexes among it.
const MIGRATED: &str = "\
applied 0001 schema
applied 0002 accounts
applied 0003 performance indexes
applied 0004 savings
created table current_plans
created table demo_data
created table plan_catalog
created table preferences
created table recommendations
created table recommended_plans
created table suppliers
created table usage_history
created table users
created index idx_active_plans
created index idx_current_plans_plan
created index idx_plan_catalog_region_active
created index idx_plan_catalog_supplier
created index idx_plan_rate_structure_gin
created index idx_recommendations_user_expires
created index idx_recommended_plans_plan
created index idx_usage_user_date
the schema is up to date
";

async fn run(args: &[&str], options: &PgConnectOptions) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(args).env("DATABASE_URL", options.to_url_lossy().as_str());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A fingerprint of every row of every table.
async fn checksum(pool: &PgPool) -> Vec<String> {
    let mut sums = Vec::new();
    for table in TABLES {
        let sql = format!("SELECT count(*) || ' ' || md5(string_agg(t::text, '\n' ORDER BY t::text)) FROM {table} t");
        sums.push(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap());
    }
    sums
}

#[tokio::test]
async fn migrate_says_what_it_did_and_seed_writes_the_same_data_every_time() {
    let (first, second) = (database(false).await, database(false).await);
    let migrated = run(&["migrate"], &first).await;
    assert_eq!(text(&migrated.stdout), MIGRATED, "{migrated:?}");
    assert_eq!(text(&run(&["migrate"], &first).await.stdout), "the schema is up to date\n");
    let migrated = run(&["--json", "migrate"], &second).await;
    let report: serde_json::Value = serde_json::from_slice(&migrated.stdout).unwrap();
    let mut lines: Vec<String> = Vec::new();
    for key in ["applied", "created"] {
        lines.extend(report[key].as_array().unwrap().iter().map(|name| format!("{key} {}", name.as_str().unwrap())));
    }
    assert_eq!(lines, MIGRATED.lines().take(lines.len()).collect::<Vec<_>>());

    let seeded = run(&["seed"], &first).await;
    assert_eq!(text(&seeded.stdout), "12 suppliers, 124 plans, 20 users, 14600 daily readings\n", "{seeded:?}");
    let pool = PgPool::connect_with(first.clone()).await.unwrap();
    let once = checksum(&pool).await;

    // What a user changed is the demo's again, what is not the demo's stays.
    sqlx::query("UPDATE usage_history SET kwh = 0 WHERE user_id = 'user_123'").execute(&pool).await.unwrap();
    assert_ne!(checksum(&pool).await, once);
    assert!(run(&["seed", "--json"], &first).await.status.success());
    assert_eq!(checksum(&pool).await, once);

    assert!(run(&["seed"], &second).await.status.success());
    assert_eq!(checksum(&PgPool::connect_with(second).await.unwrap()).await, once);
}

fn refused(args: &[&str], database_url: &str) -> (Option<i32>, String) {
    let output = Command::new(PROGRAM).args(args).env("DATABASE_URL", database_url).output().unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn demo_mode_is_refused_on_an_address_that_others_can_reach() {
    for args in [&["serve", "--embedded", "--bind", "0.0.0.0"][..], &["serve", "--auth-mode", "demo", "--bind", "::"]] {
        let (code, words) = refused(args, "postgres://localhost/x");
        assert_eq!(code, Some(3));
        assert!(words.contains("demo mode lets everybody in"), "{words}");
    }
}

#[test]
fn a_bad_database_url_is_named_without_its_password() {
    for (url, expected) in
        [("mysql://user:hunter2@host/x", "not a postgres:// URL"), ("nonsense", "not a postgres:// URL")]
    {
        let (code, words) = refused(&["migrate"], url);
        assert!(code == Some(3) && words.contains(expected) && !words.contains("hunter2"), "{words}");
    }
    let output = Command::new(PROGRAM).args(["--json", "seed"]).env_remove("DATABASE_URL").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let error: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(error["error"]["message"], "no database: set DATABASE_URL, or serve with --embedded");
}

#[test]
fn a_port_that_is_taken_is_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (code, words) = refused(&["serve", "--embedded", "--port", &port], "");
    assert!(code == Some(3) && words.starts_with(&format!("error: cannot listen on 127.0.0.1:{port}")), "{words}");
}

#[test]
fn unknown_options_are_usage_errors() {
    assert_eq!(refused(&["serve", "--prot", "1"], "").0, Some(3));
}
