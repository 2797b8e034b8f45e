//! Redis dies, hangs, fills up or is cut off: nobody waits, nobody gets an error, nothing old comes back.

use std::time::{Duration, Instant};

use treebeard_api::cache::{BreakerState, Namespace, Source};

use crate::support::{Database, Logs, Node, Proxy, Redis, Weather, key, within};

const SECOND: Duration = Duration::from_secs(1);

fn breaker(node: &Node) -> BreakerState {
    node.cache.breakers().into_iter().find(|(name, ..)| *name == "redis").unwrap().1
}

#[tokio::test]
async fn while_redis_hangs_nobody_waits_for_it() {
    let (redis, source) = (Redis::start(), Database::default());
    let node = Node::at(&redis.url(), &source).await;
    redis.pause();
    let mut waits = Vec::new();
    for n in 0..40 {
        let start = Instant::now();
        assert_eq!(node.read(&format!("user_{n}")).await.1, Source::Filled);
        waits.push(start.elapsed());
    }
    assert!(waits.iter().all(|wait| *wait < Duration::from_millis(450)), "{waits:?}");
    assert_eq!((breaker(&node), node.cache.redis_is_up()), (BreakerState::Open, Some(false)));
    let slow = waits.iter().filter(|wait| **wait > Duration::from_millis(50)).count();
    assert!(slow <= 5, "after five failures it is left alone: {waits:?}");

    redis.resume();
    within(SECOND * 5, "it is asked again", async || node.cache.redis_is_up() == Some(true)).await;
    within(SECOND * 5, "values are shared again", async || {
        node.read("after").await;
        Node::at(&redis.url(), &source).await.read("after").await.1 == Source::L2
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_dies_and_comes_back_empty_costs_no_request() {
    let (mut redis, source) = (Redis::start(), Database::default());
    let node = Node::at(&redis.url(), &source).await;
    node.read("u").await;
    redis.kill();
    assert_eq!(node.read("u").await, (0, Source::L1), "memory goes on");
    for n in 0..20 {
        assert_eq!(node.read(&format!("user_{n}")).await.1, Source::Filled);
    }
    within(SECOND * 2, "it is left alone", async || breaker(&node) == BreakerState::Open).await;
    redis.restart();
    within(SECOND * 5, "it is used again", async || node.cache.redis_is_up() == Some(true)).await;
}

#[tokio::test]
async fn a_service_without_its_redis_starts_and_finds_it_later() {
    let (mut redis, source) = (Redis::start(), Database::default());
    redis.kill();
    let start = Instant::now();
    let node = Node::at(&redis.url(), &source).await;
    assert!(start.elapsed() < SECOND * 2);
    assert_eq!(node.read("u").await, (0, Source::Filled));
    redis.restart();
    within(SECOND * 5, "it is found", async || node.cache.redis_is_up() == Some(true)).await;
}

#[tokio::test]
async fn a_change_that_redis_could_not_be_told_is_told_later_and_is_not_read_back_meanwhile() {
    let (redis, source) = (Redis::start(), Database::default());
    let proxy = Proxy::to(redis.port()).await;
    let (a, b) = (Node::at(&proxy.url(), &source).await, Node::at(&redis.url(), &source).await);
    within(SECOND, "the old value is shared", async || {
        a.read("u").await;
        Node::at(&redis.url(), &source).await.read("u").await.1 == Source::L2
    })
    .await;
    assert_eq!(b.read("u").await.0, 0);

    proxy.turns(Weather::Cut);
    let version = source.write();
    a.invalidate("u").await;
    assert_eq!(a.read("u").await.0, version);
    assert_eq!(b.read("u").await.0, 0, "b cannot know yet");

    proxy.turns(Weather::Fair);
    within(SECOND * 5, "the other node is told", async || b.read("u").await.0 == version).await;
    assert_eq!(a.read("u").await.0, version);
    assert_eq!(Node::at(&redis.url(), &source).await.read("u").await.0, version);
}

#[tokio::test]
async fn a_node_that_hears_nothing_serves_old_data_for_five_seconds_at_most() {
    let (redis, source) = (Redis::start(), Database::default());
    let proxy = Proxy::to(redis.port()).await;
    let (deaf, other) = (Node::at(&proxy.url(), &source).await, Node::at(&redis.url(), &source).await);
    within(SECOND * 2, "it follows", async || deaf.cache.redis_is_up() == Some(true)).await;
    deaf.read("u").await;
    proxy.turns(Weather::Silent);
    let version = source.write();
    other.invalidate("u").await;
    let took = within(SECOND * 6, "it stops believing its memory", async || deaf.read("u").await.0 == version).await;
    assert!(took <= Duration::from_millis(5_500), "{took:?}");
    assert_eq!(deaf.cache.redis_is_up(), Some(false));
    proxy.turns(Weather::Cut);
    proxy.turns(Weather::Fair);
    within(SECOND * 6, "it hears again", async || deaf.cache.redis_is_up() == Some(true)).await;
}

#[tokio::test]
async fn a_full_redis_refuses_values_and_still_forgets_them() {
    let redis = Redis::with(&["--maxmemory-policy", "noeviction"]);
    let (source, logs) = (Database::default(), Logs::collect("treebeard_api=info"));
    let node = Node::at(&redis.url(), &source).await;
    within(SECOND, "a value is shared", async || {
        node.read("u").await;
        Node::at(&redis.url(), &source).await.read("u").await.1 == Source::L2
    })
    .await;
    redis.cli(&["config", "set", "maxmemory", "1"]);
    for n in 0..20 {
        assert_eq!(node.read(&format!("user_{n}")).await.1, Source::Filled);
    }
    within(SECOND, "refusals are counted", async || node.cache.counts(Namespace::UsageAnalysis).errors >= 20).await;
    assert_eq!(breaker(&node), BreakerState::Closed, "what is there can still be read");
    assert!(node.cache.redis_refuses());
    assert_eq!(logs.text().matches("redis refuses").count(), 1, "{}", logs.text());

    let version = source.write();
    node.invalidate("u").await;
    assert_eq!(Node::at(&redis.url(), &source).await.read("u").await, (version, Source::Filled));

    redis.cli(&["config", "set", "maxmemory", "0"]);
    within(SECOND * 2, "it is noticed without a request", async || !node.cache.redis_refuses()).await;
    assert!(logs.text().contains("redis takes values again"));
    within(SECOND, "a value is shared", async || {
        node.read("u").await;
        Node::at(&redis.url(), &source).await.read("u").await == (version, Source::L2)
    })
    .await;
    redis.cli(&["config", "set", "maxmemory", "1"]);
    let version = source.write();
    node.cache.invalidate_prefix(Namespace::UsageAnalysis).await;
    assert_eq!(Node::at(&redis.url(), &source).await.read("u").await, (version, Source::Filled));
}

/// A node whose invalidations of these ids Redis could not be told.
async fn owing(proxy: &Proxy, redis: &Redis, ids: impl Iterator<Item = String>) -> Node {
    let node = Node::at(&proxy.url(), &Database::default()).await;
    let ids: Vec<String> = ids.collect();
    for id in &ids {
        node.read(id).await;
    }
    within(SECOND * 2, "values are shared", async || {
        ids.iter().all(|id| redis.cli(&["exists", key(id).as_str()]) == "1")
    })
    .await;
    proxy.turns(Weather::Cut);
    for id in &ids {
        node.invalidate(id).await;
    }
    proxy.turns(Weather::Fair);
    node
}

#[tokio::test]
async fn what_redis_refuses_keeps_nothing_else_waiting() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port()).await;
    let ids = (0..20).map(|n| format!("{}_{n}", if n % 2 == 0 { "refused" } else { "told" }));
    let node = owing(&proxy, &redis, ids).await;
    redis.cli(&["acl", "setuser", "default", "resetkeys", "~treebeard:*", "~*told*"]);
    within(SECOND * 5, "what may be told is", async || {
        (1..20).step_by(2).all(|n| redis.cli(&["exists", key(&format!("told_{n}")).as_str()]) == "0")
    })
    .await;
    redis.cli(&["acl", "setuser", "default", "allkeys"]);
    within(SECOND * 5, "the rest is told later", async || {
        (0..20).step_by(2).all(|n| redis.cli(&["exists", key(&format!("refused_{n}")).as_str()]) == "0")
    })
    .await;
    drop(node);
}

#[tokio::test]
async fn what_redis_is_owed_is_told_before_the_service_ends() {
    let redis = Redis::start();
    let proxy = Proxy::to(redis.port()).await;
    let node = owing(&proxy, &redis, ["u".to_owned()].into_iter()).await;
    node.cache.drain().await;
    assert_eq!(redis.cli(&["exists", key("u").as_str()]), "0");
}

#[tokio::test]
async fn a_slow_network_opens_the_breaker_and_a_flapping_one_costs_no_request() {
    let (redis, source) = (Redis::start(), Database::default());
    let proxy = Proxy::to(redis.port()).await;
    let node = Node::at(&proxy.url(), &source).await;
    proxy.turns(Weather::Slow(Duration::from_millis(300)));
    for n in 0..10 {
        assert_eq!(node.read(&format!("user_{n}")).await.1, Source::Filled);
    }
    assert_eq!(breaker(&node), BreakerState::Open);
    for n in 0..20 {
        proxy.turns(if n % 2 == 0 { Weather::Fair } else { Weather::Cut });
        let start = Instant::now();
        node.read(&format!("flap_{n}")).await;
        assert!(start.elapsed() < Duration::from_millis(450));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    proxy.turns(Weather::Fair);
    within(SECOND * 5, "it is used again", async || node.cache.redis_is_up() == Some(true)).await;
}
