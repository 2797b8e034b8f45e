//! The cache within one process.

use std::future::pending;
use std::sync::atomic::AtomicUsize;

use tokio::sync::oneshot;

use chrono::{TimeDelta, Utc};

use super::entry::Body;
use super::policy::{Times, millis, now};
use super::*;
use crate::domain::catalog::{CatalogFilter, CatalogPage};
use crate::domain::id::PlanId;
use crate::domain::id::UserId;
use crate::domain::plan::Plan;
use crate::domain::recommendation::Recommendations;
use crate::domain::usage::MonthUsage;

async fn cache(max_bytes: u64) -> Cache {
    let day = Duration::from_hours(24);
    let policy = Policy { default_ttl: day, stale_if_error: day };
    Cache::connect(&Settings { max_bytes, policy, redis: None }).await
}

fn id(n: u32) -> UserId {
    UserId::try_from(format!("user_{n}")).unwrap()
}

fn user(n: u32) -> Key<Vec<MonthUsage>> {
    Key::usage(&id(n))
}

fn month(text: &str) -> Vec<MonthUsage> {
    vec![MonthUsage { month: text.to_owned(), days: 1, kwh: 1.0, cost_cents: 1 }]
}

/// Reads user 1's months; `fill` gives `text` when it is asked.
async fn read(cache: &Cache, text: &'static str) -> (String, Source) {
    let (value, source) = cache.value(&user(1), async move { Ok(month(text)) }).await.unwrap();
    (value[0].month.clone(), source)
}

#[tokio::test]
async fn a_value_is_filled_once_and_a_failed_fill_is_not_kept() {
    let cache = cache(1 << 20).await;
    let failed = cache.json(&user(1), async { Err(Error::Internal("bug".into())) }).await;
    assert!(matches!(failed, Err(Error::Internal(_))));
    assert!(cache.is_empty());
    assert_eq!(read(&cache, "first").await, ("first".to_owned(), Source::Filled));
    assert_eq!(read(&cache, "second").await, ("first".to_owned(), Source::L1));
    assert!(!cache.is_empty());
    let counts = cache.counts(Namespace::UsageAnalysis);
    assert_eq!((counts.l1, counts.misses, counts.requests()), (1, 2, 3));
}

#[tokio::test]
async fn what_is_not_there_is_remembered_until_it_is_made() {
    let cache = cache(1 << 20).await;
    let missing = async |fill: Result<Vec<MonthUsage>, Error>| cache.json(&user(1), async { fill }).await;
    assert!(matches!(missing(Err(Error::NotFound("user"))).await, Err(Error::NotFound("user"))));
    assert!(matches!(missing(Ok(month("2026-10"))).await, Err(Error::NotFound("user"))));
    cache.invalidate_user(&id(1)).await;
    assert!(missing(Ok(month("2026-10"))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_fill_that_hangs_is_an_outage() {
    let hung = cache(1 << 20).await.json(&user(1), pending()).await;
    assert!(matches!(hung, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn a_source_that_fails_again_and_again_is_left_alone() {
    let (cache, asked) = (cache(1 << 20).await, Arc::new(AtomicUsize::new(0)));
    for n in 0..20 {
        let asked = Arc::clone(&asked);
        let fill = async move {
            asked.fetch_add(1, Ordering::Relaxed);
            Err(Error::Unavailable("down".into()))
        };
        assert!(matches!(cache.json(&user(n), fill).await, Err(Error::Unavailable(_))));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_fill_goes_on_when_the_caller_leaves_and_whoever_waits_gets_it() {
    let cache = cache(1 << 20).await;
    let (release, released) = oneshot::channel::<()>();
    let leader = tokio::spawn({
        let cache = cache.clone();
        async move {
            let fill = async {
                let _ = released.await;
                Ok(month("first"))
            };
            cache.value(&user(1), fill).await
        }
    });
    tokio::task::yield_now().await;
    leader.abort();
    let _ = leader.await;
    let (answer, ()) = tokio::join!(read(&cache, "second"), async { release.send(()).unwrap() });
    assert_eq!(answer, ("first".to_owned(), Source::Filled));
}

#[tokio::test]
async fn a_fill_that_panics_is_an_error_of_ours_and_the_next_one_runs() {
    let cache = cache(1 << 20).await;
    let panicked = cache.json(&user(1), async { panic!("as planned") }).await;
    assert!(matches!(panicked, Err(Error::Internal(_))));
    assert_eq!(read(&cache, "next").await.1, Source::Filled);
}

/// Starts a fill, lets `meanwhile` happen while it runs, and gives what the next read sees.
async fn read_after(meanwhile: impl AsyncFnOnce(&Cache)) -> (String, Source) {
    let cache = cache(1 << 20).await;
    let (release, released) = oneshot::channel::<()>();
    let old = async {
        let fill = async {
            let _ = released.await;
            Ok(month("old"))
        };
        cache.value(&user(1), fill).await.unwrap()
    };
    let change = async {
        tokio::task::yield_now().await;
        meanwhile(&cache).await;
        // Whoever asks after the invalidation neither waits for the old fill nor gets its value.
        assert_eq!(read(&cache, "new").await.0, "new");
        release.send(()).unwrap();
    };
    tokio::join!(old, change);
    tokio::task::yield_now().await;
    read(&cache, "newer").await
}

#[tokio::test]
async fn a_fill_that_began_before_an_invalidation_never_writes_back() {
    let new = ("new".to_owned(), Source::L1);
    assert_eq!(read_after(async |cache| cache.invalidate(&user(1)).await).await, new);
    assert_eq!(read_after(async |cache| cache.invalidate_user(&id(1)).await).await, new);
    assert_eq!(read_after(async |cache| cache.invalidate_prefix(Namespace::UsageAnalysis).await).await, new);
}

#[tokio::test]
async fn it_holds_no_more_than_its_bytes() {
    let cache = cache(100_000).await;
    for n in 0..100 {
        let long: String = (0..2_000).map(|_| fastrand::alphanumeric()).collect();
        cache.json(&user(n), async move { Ok(month(&long)) }).await.unwrap();
    }
    assert!(!cache.is_empty());
    let (all, own) = (cache.0.memory.weight(), cache.0.memory.bytes(Namespace::UsageAnalysis));
    assert!((10_000..=100_000).contains(&all), "{all} bytes");
    assert_eq!(all, own);
}

#[test]
fn keys_are_named_and_kept_as_the_contract_says() {
    let policy = Policy { default_ttl: Duration::from_hours(24), stale_if_error: Duration::ZERO };
    let ttl = |namespace| policy.ttl(namespace).as_secs();
    let plan: Key<Plan> = Key::plan(&PlanId::try_from("plan_0042".to_owned()).unwrap());
    assert_eq!((plan.as_str(), ttl(plan.namespace())), ("plan_catalog:v1:plan_0042", 3_600));
    assert_eq!((user(7).as_str(), ttl(user(7).namespace())), ("usage_analysis:v1:user_7", 604_800));
    let (profile, set) = (Key::profile(&id(123)), Key::recommendations(&id(123)));
    assert_eq!((profile.as_str(), ttl(profile.namespace())), ("user_profile:v1:user_123", 86_400));
    assert_eq!((set.as_str(), ttl(set.namespace())), ("recommendations:v1:user_123", 86_400));
    assert_eq!((Namespace::Response.prefix(), ttl(Namespace::Response)), ("cache:response", 300));
}

#[tokio::test]
async fn what_was_invalidated_is_not_served_in_place_of_a_failure() {
    let day = Duration::from_hours(24);
    let cache = Cache::connect(&Settings {
        max_bytes: 1 << 20,
        policy: Policy { default_ttl: Duration::ZERO, stale_if_error: day },
        redis: None,
    })
    .await;
    let key = Key::profile(&id(1));
    let profile = || {
        serde_json::from_value(serde_json::json!({
            "user_id": "user_1", "name": "A", "email": "a@example.com", "zip_code": "77002", "member_since": "2026-01-01T00:00:00Z",
            "preferences": { "cost": 100, "flexibility": 0, "renewables": 0, "supplier_rating": 0 }, "current_plan": null,
        }))
    };
    cache.json(&key, async move { Ok(profile().unwrap()) }).await.unwrap();
    let down = || async { Err(Error::Unavailable("down".into())) };
    assert_eq!(cache.json(&key, down()).await.unwrap().source(), Source::Stale);

    // A request that looked the value up before it was invalidated asks the source after.
    let (release, released) = oneshot::channel::<()>();
    cache.0.memory.get(key.as_str()).unwrap().retry_at(0);
    let late = cache.json(&key, async move {
        let _ = released.await;
        Err(Error::Unavailable("down".into()))
    });
    let change = async {
        tokio::task::yield_now().await;
        cache.invalidate(&key).await;
        release.send(()).unwrap();
    };
    let (answer, ()) = tokio::join!(late, change);
    assert!(matches!(answer, Err(Error::Unavailable(_))));
    assert!(matches!(cache.json(&key, down()).await, Err(Error::Unavailable(_))));
}

/// Lets memory have a document under a key that was read `age` ago, and is fresh for an hour of a day.
fn hold<T>(cache: &Cache, key: &Key<T>, json: &str, age: Duration) {
    let filled = now() - millis(age);
    let hour = Duration::from_hours(1);
    let times = Times { filled, fresh_until: filled + millis(hour), stale_until: filled + millis(hour * 24), cost: 1 };
    let entry = Entry::new(Value::Document(Body::new(json.as_bytes().to_vec())), times, 0, filled);
    cache.0.memory.insert(key.as_str().into(), Arc::new(entry));
}

/// A catalogue page as response, which is copied from the page itself.
async fn response(cache: &Cache, answer: Result<(), Error>) -> Result<Cached, Error> {
    let (filter, inner) = (CatalogFilter::all(1), cache.clone());
    let page = async move {
        let filter = CatalogFilter::all(1);
        let fill = async move { answer.map(|()| CatalogPage::new(&filter, Vec::new(), 0)) };
        inner.json(&Key::catalog_page(&CatalogFilter::all(1)), fill).await
    };
    cache.copy(&Key::catalog_response(&filter), page).await
}

#[tokio::test]
async fn a_copy_is_no_fresher_than_its_original() {
    let page = Key::catalog_page(&CatalogFilter::all(1));
    let down = || Err(Error::Unavailable("down".into()));
    let minute = Duration::from_mins(1);
    // Behind its hour, within the time in which it is served while it is fetched again, and beyond that.
    for age in [minute * 62, minute * 120] {
        let cache = cache(1 << 20).await;
        hold(&cache, &page, "{}", age);
        for _ in 0..3 {
            assert_eq!(response(&cache, down()).await.unwrap().source(), Source::Stale, "{age:?}");
        }
    }
    // Out of date by more than a day: nothing is left, whoever copied it when.
    let cache = cache(1 << 20).await;
    hold(&cache, &page, "{}", minute * 60 * 25);
    assert!(matches!(response(&cache, down()).await, Err(Error::Unavailable(_))));

    // A copy of what is about to expire expires with it, and is believed for as long as the original.
    hold(&cache, &page, "{}", minute * 59);
    assert_eq!(response(&cache, down()).await.unwrap().source(), Source::Filled);
    let [of, copy] = [page.as_str(), Key::catalog_response(&CatalogFilter::all(1)).as_str()]
        .map(|key| cache.0.memory.get(key).unwrap());
    assert!(copy.times.fresh_until <= of.times.fresh_until && copy.times.stale_until <= of.times.stale_until);
    assert_eq!(copy.since, of.since);
}

#[tokio::test]
async fn while_the_database_is_known_to_fail_what_is_out_of_date_comes_at_once() {
    let cache = cache(1 << 20).await;
    for n in 2..7 {
        assert!(cache.json(&user(n), async { Err(Error::Unavailable("down".into())) }).await.is_err());
    }
    hold(&cache, &user(1), "[]", Duration::from_hours(2));
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_millis(2_500) {
        let asked = std::time::Instant::now();
        let answer = cache.json(&user(1), pending()).await.unwrap();
        assert_eq!(answer.source(), Source::Stale);
        assert!(asked.elapsed() < Duration::from_millis(50), "{:?}", asked.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Whoever tried once a second whether it works again did so behind the responses.
    assert_eq!(cache.breakers()[0].1, BreakerState::HalfOpen);
}

#[tokio::test]
async fn recommendations_are_served_until_they_expire_and_not_after() {
    let cache = cache(1 << 20).await;
    let key: Key<Recommendations> = Key::recommendations(&id(1));
    let expires_at = Utc::now() + TimeDelta::milliseconds(300);
    let set = Recommendations { user_id: "user_1".to_owned(), generated_at: Utc::now(), expires_at, items: Vec::new() };
    assert_eq!(cache.json(&key, async { Ok(set) }).await.unwrap().source(), Source::Filled);
    let down = || async { Err(Error::Unavailable("down".into())) };
    assert_eq!(cache.json(&key, down()).await.unwrap().source(), Source::L1);
    tokio::time::sleep(Duration::from_millis(320)).await;
    assert!(matches!(cache.json(&key, down()).await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn what_is_made_of_plans_is_forgotten_with_them() {
    let cache = cache(1 << 20).await;
    let (profile, set) = (Key::profile(&id(1)), Key::recommendations(&id(1)));
    let age = Duration::from_mins(30);
    hold(&cache, &profile, "{}", age);
    hold(&cache, &set, "{}", age);
    hold(&cache, &user(1), "[]", age);
    cache.invalidate_prefix(Namespace::PlanCatalog).await;
    let asked = || Error::Unavailable("asked".into());
    assert!(cache.json(&profile, async move { Err(asked()) }).await.is_err());
    assert!(cache.json(&set, async move { Err(asked()) }).await.is_err());
    assert!(cache.json(&user(1), async move { Err(asked()) }).await.is_ok(), "months name no plan");
}

#[tokio::test]
async fn a_memory_of_no_bytes_holds_none() {
    let cache = cache(0).await;
    for _ in 0..10 {
        assert_eq!(read(&cache, "2026-10").await.1, Source::Filled);
    }
    assert_eq!((cache.memory(), cache.bytes(Namespace::UsageAnalysis), cache.entries()), (0, 0, 0));
}
