//! The pool: how many connections it keeps, and what becomes of those that die.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;
use treebeard_api::config::PoolSettings;
use treebeard_api::db;

use crate::support::{Proxy, database, within};

fn pool(options: PgConnectOptions, size: u32, overflow: u32) -> PgPool {
    let (timeout, recycle) = (Duration::from_secs(30), Duration::from_hours(1));
    db::pool(options, &PoolSettings { size, overflow, timeout, recycle, statement_timeout: None })
}

#[tokio::test]
async fn what_was_opened_beyond_the_size_is_not_kept() {
    let pool = pool(database(true).await, 1, 2);
    let mut taken = Vec::new();
    for _ in 0..3 {
        taken.push(pool.acquire().await.unwrap());
    }
    assert!(timeout(Duration::from_millis(100), pool.acquire()).await.is_err(), "three are all there are");
    for left in [3, 2, 1] {
        drop(taken.pop());
        let returned = async || pool.size() == left && pool.num_idle() == 1;
        within(Duration::from_secs(5), &format!("{left} connections are left"), returned).await;
    }
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
    pool.close().await;
}

/// The statement is given up as a request gives one up, and its connection never says another word.
#[tokio::test]
async fn a_connection_that_dies_while_it_is_used_does_not_keep_its_place() {
    let (proxy, url) = Proxy::to_database(&database(true).await).await;
    let pool = pool(url.parse().unwrap(), 1, 0);
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
    let statement = timeout(Duration::from_millis(200), sqlx::query("SELECT pg_sleep(0.3)").execute(&pool));
    let lost = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        proxy.loses_connections();
    };
    assert!(tokio::join!(statement, lost).0.is_err());
    let next = timeout(Duration::from_secs(2), sqlx::query("SELECT 1").execute(&pool)).await;
    next.expect("the only place is free again").unwrap();
}
