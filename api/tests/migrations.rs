//! `migrate` over a database that a running version uses.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, PgPool};

use crate::support::{PROGRAM, database};

/// A database that has these migrations.
async fn with(versions: &[usize]) -> PgConnectOptions {
    let options = database(false).await;
    let some = tempfile::tempdir().unwrap();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<_> = fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in versions.iter().map(|version| &files[version - 1]) {
        fs::copy(file, some.path().join(file.file_name().unwrap())).unwrap();
    }
    let pool = PgPool::connect_with(options.clone()).await.unwrap();
    Migrator::new(some.path()).await.unwrap().run(&pool).await.unwrap();
    pool.close().await;
    options
}

async fn migrate(options: &PgConnectOptions, args: &[&str], allow: Option<&str>) -> (Option<i32>, String, String) {
    let mut command = Command::new(PROGRAM);
    command.arg("migrate").args(args).env("DATABASE_URL", options.to_url_lossy().as_str());
    if let Some(allow) = allow {
        command.env("ALLOW_BREAKING", allow);
    }
    let Output { status, stdout, stderr } =
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[tokio::test]
async fn what_breaks_the_running_version_is_refused_until_somebody_insists() {
    let options = with(&[1]).await;
    let (code, _, words) = migrate(&options, &[], Some("")).await;
    assert_eq!(code, Some(8), "{words}");
    for expected in [
        "error: these migrations break the version of the service that is running:",
        "0002 accounts: ALTER TABLE users ADD CONSTRAINT users_email_lower CHECK (email = lower(email))",
        "the running version may write what it forbids",
        "0002 accounts: ALTER TABLE usage_history DROP CONSTRAINT usage_history_pkey",
        "--allow-breaking",
    ] {
        assert!(words.contains(expected), "{expected:?} is not in: {words}");
    }
    let (code, report, _) = migrate(&options, &["--json"], Some("0")).await;
    let error = &serde_json::from_str::<Value>(&report).unwrap()["error"];
    assert_eq!((code, &error["exit_code"], error["rule"].as_str()), (Some(8), &8.into(), Some("breaking-migration")));
    let migrations =
        error["breaking"].as_array().unwrap().iter().map(|breaking| breaking["migration"].as_str().unwrap());
    let migrations: Vec<&str> = migrations.take(4).collect();
    assert_eq!(migrations, ["0002 accounts", "0002 accounts", "0002 accounts", "0004 savings"]);

    // Nothing of it was applied.
    let pool = PgPool::connect_with(options.clone()).await.unwrap();
    let versions: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations").fetch_one(&pool).await.unwrap();
    assert_eq!(versions, 1);

    let (code, done, words) = migrate(&options, &["--allow-breaking"], None).await;
    assert!(code == Some(0) && done.starts_with("applied 0002 accounts\n"), "{done}{words}");
    assert_eq!(migrate(&with(&[1]).await, &[], Some("1")).await.0, Some(0), "ALLOW_BREAKING=1");
}

#[tokio::test]
async fn what_only_adds_is_applied_and_a_new_database_has_nothing_to_break() {
    // One that was merged later than its successor.
    let (code, done, words) = migrate(&with(&[1, 2, 4]).await, &[], None).await;
    assert!(code == Some(0) && done.starts_with("applied 0003 performance indexes\n"), "{done}{words}");
    assert_eq!(migrate(&database(false).await, &[], None).await.0, Some(0));
}
