//! The catalogue and single plans.

use serde_json::Value;

use crate::support::App;

/// Whether a plan belongs to a filter's answer.
type Matches = dyn Fn(&Value) -> bool;

const CATALOG: &str = "/api/v1/plans/catalog";

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|plan| plan["plan_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_first_page_has_twenty_active_plans_cheapest_first() {
    let app = App::demo().await;
    let page = app.get(CATALOG).await.json();
    assert_eq!((&page["total"], &page["total_pages"]), (&120.into(), &6.into()));
    assert_eq!((&page["page"], &page["page_size"]), (&1.into(), &20.into()));
    assert_eq!((&page["has_next"], &page["has_previous"]), (&true.into(), &false.into()));
    let prices: Vec<f64> =
        page["items"].as_array().unwrap().iter().map(|p| p["average_cents_per_kwh"].as_f64().unwrap()).collect();
    assert!(prices.len() == 20 && prices.is_sorted(), "{prices:?}");
    let first = &page["items"][0];
    for key in ["plan_name", "supplier", "plan_type", "rate_type", "monthly_fee_cents", "contract_length_months"] {
        assert!(!first[key].is_null(), "{key} is missing in {first}");
    }
    assert!(first.get("description").is_none(), "a list needs no details");
}

#[tokio::test]
async fn pages_are_disjoint_and_complete() {
    let app = App::demo().await;
    let mut seen = Vec::new();
    for page in 1..=7 {
        seen.extend(ids(&app.get(&format!("{CATALOG}?page_size=19&page={page}")).await.json()));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120);
    assert!(seen.contains(&"plan_0042".to_owned()) && !seen.contains(&"plan_0121".to_owned()));
}

#[tokio::test]
async fn the_page_beyond_the_last_is_empty_and_says_where_the_plans_are() {
    let app = App::demo().await;
    for page in ["7", "1000000"] {
        let reply = app.get(&format!("{CATALOG}?page={page}")).await;
        let page = reply.json();
        assert_eq!((reply.status, ids(&page).len()), (200, 0));
        assert_eq!(
            (&page["total"], &page["has_next"], &page["has_previous"]),
            (&120.into(), &false.into(), &true.into())
        );
    }
}

#[tokio::test]
async fn each_filter_gives_exactly_the_plans_that_match() {
    let app = App::demo().await;
    let everything = app.get(&format!("{CATALOG}?page_size=100")).await.json()["items"].as_array().unwrap().clone();
    let second = app.get(&format!("{CATALOG}?page_size=100&page=2")).await.json()["items"].as_array().unwrap().clone();
    let everything: Vec<Value> = everything.into_iter().chain(second).collect();

    let cases: [(&str, &Matches); 6] = [
        ("plan_type=ev", &|p| p["plan_type"] == "ev"),
        ("rate_type=time_of_use", &|p| p["rate_type"] == "time_of_use"),
        ("min_renewable=75", &|p| p["renewable_percentage"].as_u64() >= Some(75)),
        ("max_contract_length=6", &|p| p["contract_length_months"].as_u64() <= Some(6)),
        ("max_contract_length=0", &|p| p["contract_length_months"] == 0),
        ("plan_type=residential&min_renewable=50&rate_type=tiered", &|p| {
            p["plan_type"] == "residential"
                && p["rate_type"] == "tiered"
                && p["renewable_percentage"].as_u64() >= Some(50)
        }),
    ];
    for (query, matches) in cases {
        let page = app.get(&format!("{CATALOG}?page_size=100&{query}")).await.json();
        let expected: Vec<&Value> = everything.iter().filter(|plan| matches(plan)).collect();
        assert!(!expected.is_empty() && expected.len() < 100, "{query} selects {} plans", expected.len());
        assert_eq!(page["items"].as_array().unwrap().iter().collect::<Vec<_>>(), expected, "{query}");
        assert_eq!(page["total"], expected.len(), "{query}");
    }
}

#[tokio::test]
async fn a_zip_code_selects_the_plans_of_its_region() {
    let app = App::demo().await;
    let page = app.get(&format!("{CATALOG}?zip_code=77002&page_size=100")).await.json();
    assert!(page["total"].as_u64().unwrap() > 50);
    for id in ids(&page).iter().take(5) {
        let plan = app.get(&format!("/api/v1/plans/{id}")).await.json();
        assert!(plan["available_regions"].as_array().unwrap().contains(&"770".into()), "{plan}");
    }
    assert_eq!(app.get(&format!("{CATALOG}?zip_code=10001")).await.json()["total"], 0);
}

#[tokio::test]
async fn a_plan_has_its_prices_and_details() {
    let app = App::demo().await;
    let reply = app.get("/api/v1/plans/plan_0042").await;
    let plan = reply.json();
    assert_eq!((reply.status, &plan["plan_id"]), (200, &"plan_0042".into()));
    assert_eq!(plan["rate_structure"]["type"], plan["rate_type"]);
    assert!(plan["supplier"]["rating"].is_number() && plan["connection_fee_cents"].is_number());
    assert!(!plan["description"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn plans_that_are_unknown_or_no_longer_sold_are_not_found() {
    let app = App::demo().await;
    for id in ["plan_9999", "plan_0121", "catalogue"] {
        let reply = app.get(&format!("/api/v1/plans/{id}")).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (404, "not_found"));
    }
}

#[tokio::test]
async fn a_second_read_comes_from_the_cache_whatever_the_spelling() {
    let app = App::demo().await;
    let first = app.get(&format!("{CATALOG}?zip_code=77002&plan_type=ev")).await;
    let second = app.get(&format!("{CATALOG}?page=1&plan_type=ev&zip_code=77099&page_size=20&utm_source=mail")).await;
    assert_eq!((first.header("x-cache"), second.header("x-cache")), ("MISS", "HIT-L1"));
    assert_eq!(first.text, second.text);
    let other = app.get(&format!("{CATALOG}?zip_code=77002&plan_type=ev&page=2")).await;
    assert_eq!(other.header("x-cache"), "MISS");

    assert_eq!(app.get("/api/v1/plans/plan_0042").await.header("x-cache"), "MISS");
    assert_eq!(app.get("/api/v1/plans/plan_0042").await.header("x-cache"), "HIT-L1");
}

#[tokio::test]
async fn concurrent_misses_of_one_key_are_one_fill() {
    let app = App::demo().await;
    let mut lock = app.db.begin().await.unwrap();
    sqlx::query("LOCK TABLE suppliers IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let requests = async { tokio::join!(app.get(CATALOG), app.get(CATALOG), app.get(CATALOG), app.get(CATALOG)) };
    let release = async {
        let mut queries: i64 = 0;
        for _ in 0..20 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            queries = queries.max(sqlx::query_scalar(waiting).fetch_one(&app.db).await.unwrap());
        }
        lock.rollback().await.unwrap();
        queries
    };
    let (replies, queries) = tokio::join!(requests, release);
    assert_eq!(queries, 1);
    assert!([replies.0, replies.1, replies.2, replies.3].iter().all(|reply| reply.status == 200));
}
