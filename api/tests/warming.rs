//! `warm` on a schedule: what it filled before is fetched anew, and what Redis did not take is not called warm.

use std::process::{Command, Output};

use sqlx::{ConnectOptions, PgPool};

use crate::support::{Folder, PROGRAM, Process, Redis, database};

async fn warm(database: &str, redis: &Redis) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["warm", "--mode", "plans"]).envs([("DATABASE_URL", database), ("REDIS_URL", &redis.url())]);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn lines(output: &Output) -> Vec<&str> {
    std::str::from_utf8(&output.stdout).unwrap().lines().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_warm_already_is_fetched_anew() {
    let (options, redis, folder) = (database(true).await, Redis::start(), Folder::new());
    let url = options.to_url_lossy().to_string();
    assert!(warm(&url, &redis).await.status.success());
    let plans = PgPool::connect_with(options).await.unwrap();
    sqlx::query("UPDATE plan_catalog SET plan_name = 'Renamed'").execute(&plans).await.unwrap();
    assert_eq!(lines(&warm(&url, &redis).await)[..2], ["Warmed 100 popular plans", "Warmed 5 catalogue pages"]);

    let api = Process::over(folder.path(), &url, &redis.url());
    for path in ["/api/v1/plans/plan_0042", "/api/v1/plans/catalog", "/api/v1/plans/catalog?page=5"] {
        assert!(api.get(path).contains(r#""plan_name":"Renamed""#), "{path}");
    }
    let metrics = api.get("/metrics");
    assert!(metrics.contains("cache_misses_total{namespace=\"plan_catalog\"} 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_redis_does_not_take_is_not_warm() {
    let (options, redis) =
        (database(true).await, Redis::with(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]));
    let output = warm(options.to_url_lossy().as_str(), &redis).await;
    let lines = lines(&output);
    assert_eq!(lines[..3], ["Warmed 0 popular plans", "Warmed 0 catalogue pages", "Failed: 105"], "{output:?}");
}
