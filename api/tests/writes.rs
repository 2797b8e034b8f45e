//! What is written is seen, also when the answer to the write is lost.

use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};

use crate::support::{Folder, Process, Proxy, Redis, Weather, answer, database, until};

const PREFERENCES: &str = "/api/v1/users/preferences";
const PROFILE: &str = "/api/v1/users/profile";

fn weights(cost: u32) -> Value {
    json!({ "cost": cost, "flexibility": 100 - cost, "renewables": 0, "supplier_rating": 0 })
}

/// The stored weight of cost, changed or not.
async fn stored(options: &PgConnectOptions) -> i32 {
    let mut connection = options.connect().await.unwrap();
    let query = sqlx::query("SELECT cost FROM preferences WHERE user_id = 'user_123'");
    let cost = query.fetch_one(&mut connection).await.unwrap().get(0);
    connection.close().await.unwrap();
    cost
}

/// A transaction that has the user's preferences locked.
async fn lock(options: &PgConnectOptions) -> PgConnection {
    let mut connection = options.connect().await.unwrap();
    let lock = "BEGIN; SELECT cost FROM preferences WHERE user_id = 'user_123' FOR UPDATE";
    sqlx::raw_sql(lock).execute(&mut connection).await.unwrap();
    connection
}

/// Waits until a statement of somebody else's waits for the lock.
async fn waited_for(connection: &mut PgConnection) {
    let waits = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query(waits).fetch_optional(&mut *connection).await.unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn cost(reply: &str) -> i64 {
    let profile: Value = serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
    profile["preferences"]["cost"].as_i64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_confirmation_is_lost_is_seen() {
    let (options, redis, folder) = (database(true).await, Redis::start(), Folder::new());
    let (proxy, url) = Proxy::to_database(&options).await;
    let api = Process::over(folder.path(), &url, &redis.url());
    assert_eq!(cost(&api.get(PROFILE)), 40);
    let mut locked = lock(&options).await;
    let put = api.begin("PUT", PREFERENCES, &[], &weights(90));
    waited_for(&mut locked).await;
    proxy.turns(Weather::Silent);
    sqlx::raw_sql("COMMIT").execute(&mut locked).await.unwrap();
    while stored(&options).await != 90 {}
    proxy.turns(Weather::Cut);
    let reply = answer(put);
    assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
    proxy.turns(Weather::Fair);
    until("the database is asked again", || api.get("/health").contains(r#""database":"up""#).then_some(()));
    assert_eq!(cost(&api.get(PROFILE)), 90);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_whose_client_has_gone_is_seen() {
    let (options, redis, folder) = (database(true).await, Redis::start(), Folder::new());
    let api = Process::over(folder.path(), options.to_url_lossy().as_str(), &redis.url());
    assert_eq!(cost(&api.get(PROFILE)), 40);
    let mut locked = lock(&options).await;
    let put = api.begin("PUT", PREFERENCES, &[], &weights(90));
    waited_for(&mut locked).await;
    drop(put);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await; // the service learns of it
    sqlx::raw_sql("COMMIT").execute(&mut locked).await.unwrap();
    while stored(&options).await != 90 {}
    until("the change is seen", || (cost(&api.get(PROFILE)) == 90).then_some(()));
}

/// As a standby, or during a failover.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_only_reads_is_an_outage_for_writes() {
    let (options, redis, folder) = (database(true).await, Redis::start(), Folder::new());
    let name = options.get_database().unwrap();
    let only_reads = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    sqlx::query(AssertSqlSafe(only_reads)).execute(&mut options.connect().await.unwrap()).await.unwrap();
    let api = Process::over(folder.path(), options.to_url_lossy().as_str(), &redis.url());
    let refused = api.send("PUT", PREFERENCES, &[], &weights(90));
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 2"), "{refused}");
    assert_eq!(cost(&api.get(PROFILE)), 40);
}
