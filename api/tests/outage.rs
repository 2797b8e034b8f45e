//! The database goes away: what is cached is served, the rest is 503, nothing is 500 and nothing hangs.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::Value;
use tokio::time::sleep;

use crate::support::{App, Folder, Logs, Process, Proxy, Redis, Weather, database, until};

#[test]
fn without_its_database_the_service_is_degraded_and_says_when_to_come_back() {
    let folder = Folder::new();
    let mut api = Process::start(folder.path(), &[]);
    assert!(api.get("/health").ends_with(r#"{"status":"healthy","database":"up","cache":"up"}"#));
    assert!(api.get("/api/v1/plans/plan_0042").contains("x-cache: MISS"));

    api.kill_database();

    let start = Instant::now();
    let refused = api.get("/api/v1/users/profile");
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 2"), "{refused}");
    assert!(refused.contains(r#""code":"unavailable""#), "{refused}");
    assert!(start.elapsed() < Duration::from_secs(8), "it took {:?}", start.elapsed());

    let cached = api.get("/api/v1/plans/plan_0042");
    assert!(cached.starts_with("HTTP/1.1 200 ") && cached.contains("x-cache: HIT-L1"), "{cached}");
    let health = api.get("/health");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    assert!(health.ends_with(r#"{"status":"degraded","database":"down","cache":"up"}"#), "{health}");
    assert!(api.get("/health/ready").starts_with("HTTP/1.1 200 "));
    assert!(api.get("/health/live").starts_with("HTTP/1.1 200 "));

    api.signal(Signal::TERM);
    assert!(api.wait().success());
}

#[test]
fn with_nothing_cached_either_the_service_is_unhealthy() {
    let folder = Folder::new();
    let api = Process::start(folder.path(), &[("REDIS_URL", "redis://127.0.0.1:1")]);
    assert!(api.get("/health").ends_with(r#"{"status":"degraded","database":"up","cache":"down"}"#));
    api.kill_database();
    assert!(api.get("/api/v1/plans/plan_0042").starts_with("HTTP/1.1 503 "));
    let health = api.get("/health");
    assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
    assert!(health.ends_with(r#"{"status":"unhealthy","database":"down","cache":"down"}"#), "{health}");
    assert!(api.get("/health/ready").starts_with("HTTP/1.1 503 "));
}

/// The API over a database that is reached through a relay, and a Redis. Their clients wait no longer than a second.
async fn behind_a_relay(folder: &Folder) -> (Process, Proxy, Redis) {
    let (proxy, url) = Proxy::to_database(&database(true).await).await;
    let redis = Redis::start();
    (Process::over(folder.path(), &url, &redis.url()), proxy, redis)
}

fn status(reply: &str) -> &str {
    &reply[9..12]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_or_is_full_is_seen_in_health_without_a_request_for_it() {
    let folder = Folder::new();
    let (api, _proxy, redis) = behind_a_relay(&folder).await;
    let health = |cache: &str| api.get("/health").contains(&format!(r#""database":"up","cache":"{cache}""#));
    until("both are up", || health("up").then_some(()));
    redis.cli(&["config", "set", "maxmemory", "1"]);
    assert_eq!(status(&api.get("/api/v1/plans/plan_0042")), "200");
    until("it is full", || health("refusing").then_some(()));
    assert!(api.get("/health").starts_with("HTTP/1.1 200 ") && api.get("/health").contains("degraded"));
    redis.cli(&["config", "set", "maxmemory", "0"]);
    until("it is not", || health("up").then_some(()));

    redis.pause();
    let start = Instant::now();
    until("it hangs", || health("down").then_some(()));
    assert!(start.elapsed() < Duration::from_millis(1_500), "{:?}", start.elapsed());
    redis.resume();
    until("it answers", || health("up").then_some(()));
}

#[tokio::test]
async fn however_often_health_is_asked_the_database_is_asked_once_a_second() {
    let (app, logs) = (App::demo().await, Logs::collect("sqlx::query=debug"));
    for _ in 0..3 {
        let asked = join_all((0..50).map(|_| app.get("/health"))).await;
        assert!(asked.iter().all(|reply| reply.status == 200));
    }
    assert_eq!(logs.text().matches("SELECT 1").count(), 1);
    sleep(Duration::from_secs(1)).await;
    app.get("/health/ready").await;
    assert_eq!(logs.text().matches("SELECT 1").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_cut_off_or_silent_is_never_a_500_or_a_hang() {
    let folder = Folder::new();
    let (api, proxy, _redis) = behind_a_relay(&folder).await;
    assert_eq!(status(&api.get("/api/v1/plans/plan_0042")), "200");
    for weather in [Weather::Cut, Weather::Silent] {
        proxy.turns(weather);
        for n in 1..=12 {
            let start = Instant::now();
            let reply = api.get(&format!("/api/v1/plans/plan_01{n:02}"));
            assert!(status(&reply) == "503" && reply.contains("retry-after: 2"), "{weather:?}: {reply}");
            assert!(start.elapsed() < Duration::from_secs(4), "{weather:?}: {:?}", start.elapsed());
            assert_eq!(status(&api.get("/api/v1/plans/plan_0042")), "200", "what is cached is served");
        }
        let start = Instant::now();
        assert_eq!(status(&api.get("/api/v1/plans/plan_0099")), "503");
        assert!(start.elapsed() < Duration::from_millis(500), "it is left alone by now: {:?}", start.elapsed());
        assert!(api.get("/health").contains(r#"{"status":"degraded","database":"down","cache":"up"}"#));
    }
    proxy.loses_connections(); // those that went silent stay so
    proxy.turns(Weather::Fair);
    let start = Instant::now();
    while status(&api.get("/api/v1/plans/catalog")) != "200" {
        assert!(start.elapsed() < Duration::from_secs(3), "it recovers");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_slow_to_reach_is_used_while_it_answers_in_time() {
    let folder = Folder::new();
    let (api, proxy, _redis) = behind_a_relay(&folder).await;
    assert_eq!(status(&api.get("/api/v1/plans/plan_0042")), "200");
    proxy.turns(Weather::Slow(Duration::from_millis(50)));
    for path in ["/api/v1/plans/plan_0001", "/api/v1/users/profile", "/api/v1/usage/history"] {
        let reply = api.get(path);
        assert!(status(&reply) == "200" && reply.contains("x-cache: MISS"), "{reply}");
    }
    assert!(api.get("/health").contains(r#""database":"up""#));

    proxy.turns(Weather::Slow(Duration::from_secs(4)));
    let start = Instant::now();
    let reply = api.get("/api/v1/plans/plan_0002");
    assert!(status(&reply) == "503" && reply.contains("retry-after: 2"), "{reply}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(status(&api.get("/api/v1/plans/plan_0042")), "200", "what is cached is served");
    assert!(api.get("/health").contains(r#"{"status":"degraded","database":"down","cache":"up"}"#));

    proxy.turns(Weather::Fair);
    let start = Instant::now();
    while status(&api.get("/api/v1/plans/plan_0002")) != "200" {
        assert!(start.elapsed() < Duration::from_secs(3), "it recovers");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Each of many connections that died unseen costs its finder a moment, not an answer.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_died_unseen_fail_no_request() {
    let folder = Folder::new();
    let (api, proxy, _redis) = behind_a_relay(&folder).await;
    proxy.turns(Weather::Slow(Duration::from_millis(50))); // so that requests need connections of their own
    let crowd = |from: usize| {
        std::thread::scope(|scope| {
            let ask = |n| api.get(&format!("/api/v1/plans/plan_00{:02}", from + n));
            let crowd: Vec<_> = (0..12).map(|n| scope.spawn(move || ask(n))).collect();
            crowd.into_iter().map(|asked| status(&asked.join().unwrap()).to_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(crowd(10), ["200"; 12]);
    let open = |key: &str| -> u64 {
        let reply = api.ask_admin("/pool");
        let pool: Value = serde_json::from_str(reply.split_once("\r\n\r\n").unwrap().1).unwrap();
        pool[key].as_u64().unwrap()
    };
    until("they are back in the pool", || (open("checked_out") == 0).then_some(()));
    assert!(open("checked_in") >= 8, "{}", open("checked_in"));
    proxy.turns(Weather::Fair);
    proxy.loses_connections();
    assert_eq!(crowd(30), ["200"; 12]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_database_and_redis_what_is_in_memory_is_served_as_stale_and_nothing_fails() {
    let folder = Folder::new();
    let (api, proxy, mut redis) = behind_a_relay(&folder).await;
    let profile = "/api/v1/users/profile";
    assert_eq!(status(&api.get(profile)), "200");
    proxy.turns(Weather::Cut);
    redis.kill();
    let start = Instant::now();
    let mut seen_stale = false;
    while start.elapsed() < Duration::from_secs(8) {
        let asked = Instant::now();
        let reply = api.get(profile);
        assert_eq!(status(&reply), "200", "{reply}");
        assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
        seen_stale |= reply.contains("x-cache: STALE");
        sleep(Duration::from_millis(50)).await;
    }
    assert!(seen_stale, "memory that may be out of date says so");
    assert!(api.get("/health").contains(r#"{"status":"degraded","database":"down","cache":"down"}"#));

    redis.restart();
    sleep(Duration::from_secs(2)).await;
    assert_eq!(status(&api.get(profile)), "200", "an empty Redis takes nothing away");
    proxy.turns(Weather::Fair);
    let start = Instant::now();
    while !api.get(profile).contains("x-cache: HIT-L1") {
        assert!(start.elapsed() < Duration::from_secs(15), "it recovers");
        sleep(Duration::from_millis(100)).await;
    }
}
