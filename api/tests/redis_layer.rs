//! Several nodes over one Redis, or over a Redis Cluster: what they share, and what they never serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{Days, Utc};
use futures_util::StreamExt;
use tokio::sync::oneshot;
use treebeard_api::cache::{Address, Cache, Key, Namespace, Policy, Settings, Source};
use treebeard_api::domain::catalog::{CatalogFilter, CatalogPage};
use treebeard_api::domain::id::UserId;
use treebeard_api::domain::recommendation::Recommendations;

use crate::support::{Cluster, Database, Node, Redis, key, within};

const SECOND: Duration = Duration::from_secs(1);

async fn stored(node: &Node, redis: &Redis, id: &str) {
    within(SECOND * 2, "the value is in Redis", async || {
        node.read(id).await;
        redis.cli(&["exists", key(id).as_str()]) == "1"
    })
    .await;
}

#[tokio::test]
async fn what_one_node_has_filled_the_others_find() {
    let (redis, source) = (Redis::start(), Database::default());
    let (a, b) = (Node::at(&redis.url(), &source).await, Node::at(&redis.url(), &source).await);
    assert_eq!(a.read("u").await, (0, Source::Filled));
    stored(&a, &redis, "u").await;
    assert_eq!(b.read("u").await, (0, Source::L2));
    assert_eq!(b.read("u").await, (0, Source::L1));
    assert_eq!(source.asked(), 1);

    let life: u64 = redis.cli(&["pttl", "usage_analysis:v1:u"]).parse().unwrap();
    let (week, day) = (7 * 24 * 3_600_000, 24 * 3_600_000);
    assert!((week * 9 / 10..=week + day).contains(&life), "{life} ms");
    let counts = b.cache.counts(Namespace::UsageAnalysis);
    assert_eq!((counts.l1, counts.l2, counts.misses, counts.errors), (1, 1, 0, 0));
}

/// Three invalidations, each on one node, each of which the other must hear.
async fn check_invalidations(a: &Node, b: &Node) {
    let source = a.source.clone();
    for (first, second) in [(a, b), (b, a)] {
        assert_eq!(first.read("u").await.0, second.read("u").await.0);
        let version = source.write();
        first.invalidate("u").await;
        assert_eq!(first.read("u").await.0, version, "whoever writes reads what was written");
        within(SECOND, "the other node sees it", async || second.read("u").await.0 == version).await;
    }
    let version = source.write();
    a.cache.invalidate_prefix(Namespace::UsageAnalysis).await;
    assert_eq!(a.read("u").await.0, version);
    within(SECOND, "the other node sees it", async || b.read("u").await.0 == version).await;
}

#[tokio::test]
async fn an_invalidation_on_one_node_reaches_the_others_within_a_second() {
    let (redis, source) = (Redis::start(), Database::default());
    let (a, b) = (Node::at(&redis.url(), &source).await, Node::at(&redis.url(), &source).await);
    within(SECOND * 2, "both follow", async || {
        a.cache.redis_is_up() == Some(true) && b.cache.redis_is_up() == Some(true)
    })
    .await;
    check_invalidations(&a, &b).await;
}

/// A fill reads the old value on one node, another node invalidates, and then the fill ends.
async fn check_late_fill(url: &str, id: &'static str, invalidate: impl AsyncFnOnce(&Node)) {
    let source = Database::default();
    let (a, b) = (Node::at(url, &source).await, Node::at(url, &source).await);
    let (release, released) = oneshot::channel::<()>();
    let late = tokio::spawn({
        let a = a.clone();
        async move { a.read_slowly(id, async { drop(released.await) }).await }
    });
    within(SECOND, "the fill has begun", async || source.asked() == 1).await;
    let version = source.write();
    invalidate(&b).await;
    release.send(()).unwrap();
    assert_eq!(late.await.unwrap().0, version - 1, "who asked before the change may see what was before it");
    tokio::time::sleep(Duration::from_millis(200)).await;
    let fresh = Node::at(url, &source).await;
    assert_eq!(fresh.read(id).await.0, version, "the late fill must not have reached Redis");
    within(SECOND * 5, "nor stay in the memory of its node", async || a.read(id).await.0 == version).await;
}

#[tokio::test]
async fn a_fill_that_began_before_another_nodes_invalidation_never_writes_back() {
    let redis = Redis::start();
    check_late_fill(&redis.url(), "one", async |node| node.invalidate("one").await).await;
    check_late_fill(&redis.url(), "all", async |node| node.cache.invalidate_prefix(Namespace::UsageAnalysis).await)
        .await;
    let flush = async |node: &Node| {
        node.invalidate("flushed").await;
        redis.cli(&["flushall"]); // and what the invalidation left is gone
    };
    check_late_fill(&redis.url(), "flushed", flush).await;
}

#[tokio::test]
async fn plans_and_what_is_made_of_them_are_forgotten_in_one_step() {
    let (redis, source) = (Redis::start(), Database::default());
    let node = Node::at(&redis.url(), &source).await;
    let mut messages = redis::Client::open(redis.url()).unwrap().get_async_pubsub().await.unwrap();
    messages.subscribe("treebeard:invalidations").await.unwrap();
    node.cache.invalidate_prefix(Namespace::PlanCatalog).await;
    let messages = messages.into_on_message().map(|message| message.get_payload::<String>().unwrap());
    let told = messages.filter(|words| std::future::ready(words != "beat")).take_until(tokio::time::sleep(SECOND));
    assert_eq!(
        told.collect::<Vec<_>>().await,
        ["generations plan_catalog 2 user_profile 2 recommendations 2 response_cache 2"]
    );
}

#[tokio::test]
async fn many_nodes_are_told_no_more_often_than_one_that_the_connection_lives() {
    let (redis, source) = (Redis::start(), Database::default());
    let mut nodes = Vec::new();
    for _ in 0..8 {
        nodes.push(Node::at(&redis.url(), &source).await);
    }
    let mut messages = redis::Client::open(redis.url()).unwrap().get_async_pubsub().await.unwrap();
    messages.subscribe("treebeard:invalidations").await.unwrap();
    let told = messages.into_on_message().take_until(tokio::time::sleep(SECOND * 5)).count().await;
    assert!((2..=6).contains(&told), "{told} in 5 seconds");
}

#[tokio::test]
async fn pages_without_plans_stay_out_of_redis() {
    let (redis, source) = (Redis::start(), Database::default());
    let node = Node::at(&redis.url(), &source).await;
    let read = async |page: u32| {
        let (filter, cache) = (CatalogFilter::all(page), node.cache.clone());
        let page = async move {
            let (key, empty) = (Key::catalog_page(&filter), CatalogPage::new(&filter, Vec::new(), 120));
            cache.json(&key, async move { Ok(empty) }).await
        };
        node.cache.copy(&Key::catalog_response(&CatalogFilter::all(7)), page).await.unwrap().source()
    };
    assert_eq!((read(7).await, read(7).await), (Source::Filled, Source::L1));
    stored(&node, &redis, "u").await;
    assert_eq!(redis.cli(&["keys", "plan_catalog:*"]), "");
    assert_eq!(redis.cli(&["keys", "cache:response:*"]), "");
}

#[tokio::test]
async fn a_cluster_of_three_nodes_serves_as_one_redis() {
    let (cluster, source) = (Cluster::start(), Database::default());
    let (a, b) = (Node::at(&cluster.url(), &source).await, Node::at(&cluster.url(), &source).await);
    for n in 0..30 {
        a.read(&format!("user_{n}")).await;
    }
    for n in 0..30 {
        within(SECOND, "the value is shared", async || {
            let fresh = Node::at(&cluster.url(), &source).await;
            fresh.read(&format!("user_{n}")).await.1 == Source::L2
        })
        .await;
    }
    assert!(cluster.nodes.iter().all(|node| node.cli(&["dbsize"]) != "0"), "every node holds a part");
    within(SECOND * 2, "both follow", async || {
        a.cache.redis_is_up() == Some(true) && b.cache.redis_is_up() == Some(true)
    })
    .await;
    assert_eq!((a.cache.redis_answers().await, a.cache.redis_refuses()), (Some(true), false));
    check_invalidations(&a, &b).await;
    check_late_fill(&cluster.url(), "late", async |node| node.invalidate("late").await).await;
    assert_eq!(a.cache.counts(Namespace::UsageAnalysis).errors, 0);
}

#[tokio::test]
async fn what_is_not_ours_in_redis_is_a_miss_and_is_replaced() {
    let (redis, source) = (Redis::start(), Database::default());
    let name = key("u");
    stored(&Node::at(&redis.url(), &source).await, &redis, "other").await;
    redis.cli(&["copy", key("other").as_str(), "copied"]);
    let garbage: [&[&str]; 5] = [
        &["set", name.as_str(), "nonsense"],
        &["set", name.as_str(), ""],
        &["set", name.as_str(), "TBC1 and more nonsense, long enough for a header of an envelope, or so it may seem"],
        &["rpush", name.as_str(), "a list"],
        &["copy", "copied", name.as_str()],
    ];
    for command in garbage {
        redis.cli(&["del", name.as_str()]);
        redis.cli(command);
        let node = Node::at(&redis.url(), &source).await;
        let version = source.write();
        assert_eq!(node.read("u").await, (version, Source::Filled), "{command:?}");
        assert!(node.cache.counts(Namespace::UsageAnalysis).errors > 0, "{command:?}");
        assert_eq!(
            node.cache.redis_is_up().map(|_| node.cache.breakers()[1].1),
            Some(treebeard_api::cache::BreakerState::Closed)
        );
        within(SECOND, "it is replaced", async || {
            Node::at(&redis.url(), &source).await.read("u").await == (version, Source::L2)
        })
        .await;
    }
}

#[tokio::test]
async fn a_thousand_misses_of_a_cold_key_are_one_query_before_and_after_a_flush() {
    let (redis, source) = (Redis::start(), Database::default());
    for round in 1..=2 {
        let node = Node::at(&redis.url(), &source).await;
        let reads = (0..1_000).map(|_| {
            let node = node.clone();
            tokio::spawn(async move { node.read_slowly("cold", tokio::time::sleep(Duration::from_millis(50))).await })
        });
        for read in reads.collect::<Vec<_>>() {
            assert_eq!(read.await.unwrap().0, 0);
        }
        assert_eq!(source.asked(), round);
        redis.cli(&["flushall"]);
    }
}

#[tokio::test]
async fn a_key_that_is_asked_for_often_is_refreshed_behind_responses_and_nobody_waits() {
    let (redis, asked) = (Redis::start(), Arc::new(AtomicUsize::new(0)));
    let ttl = Duration::from_secs(2);
    let policy = Policy { default_ttl: ttl, stale_if_error: Duration::from_mins(1) };
    let redis = Some(Address::parse(&redis.url()).unwrap());
    let cache = Cache::connect(&Settings { max_bytes: 1 << 20, policy, redis }).await;
    let key = Key::recommendations(&UserId::try_from("u".to_owned()).unwrap());
    let (start, mut sources) = (Instant::now(), Vec::new());
    while start.elapsed() < ttl * 3 {
        let asked = Arc::clone(&asked);
        let fill = async move {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            let (user_id, now) = ("u".to_owned(), Utc::now());
            Ok(Recommendations { user_id, generated_at: now, expires_at: now + Days::new(1), items: Vec::new() })
        };
        sources.push(cache.json(&key, fill).await.unwrap().source());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let asked = asked.load(Ordering::SeqCst);
    assert!((3..=12).contains(&asked), "{asked} fills in three lifetimes");
    let waited = sources.iter().filter(|source| !matches!(source, Source::L1 | Source::Stale)).count();
    let stale = sources.iter().filter(|source| **source == Source::Stale).count();
    assert_eq!(waited, 1, "the first only");
    assert!(stale * 10 < sources.len(), "{stale} stale of {}", sources.len());
}
