//! What belongs to a user, and who may see it.

use treebeard_api::auth::AuthMode;

use crate::support::App;

#[tokio::test]
async fn the_top_three_recommendations_are_ranked_and_explained() {
    let app = App::demo().await;
    let reply = app.get("/api/v1/recommendations/user_123").await;
    let set = reply.json();
    assert_eq!((reply.status, &set["user_id"]), (200, &"user_123".into()));
    assert_eq!(set["generated_at"], "2026-11-01T00:00:00Z");
    let items = set["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| item["rank"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    let scores: Vec<f64> = items.iter().map(|item| item["score"].as_f64().unwrap()).collect();
    assert!(scores[0] >= scores[1] && scores[1] >= scores[2] && scores[0] <= 100.0, "{scores:?}");
    for item in items {
        assert!(!item["reasons"].as_array().unwrap().is_empty() && item["risk_flags"].is_array(), "{item}");
        assert!(item["projected_annual_cost_cents"].as_i64() > Some(0) && item["annual_savings_cents"].is_i64());
        assert!(item["plan"]["plan_name"].is_string() && item["scores"]["flexibility"].is_number());
    }
    assert_eq!(app.get("/api/v1/recommendations/user_123").await.header("x-cache"), "HIT-L1");
}

#[tokio::test]
async fn the_profile_has_preferences_and_the_current_plan() {
    let app = App::demo().await;
    let profile = app.get("/api/v1/users/profile").await.json();
    assert_eq!((&profile["user_id"], &profile["zip_code"]), (&"user_123".into(), &"77002".into()));
    let preferences = profile["preferences"].as_object().unwrap();
    assert_eq!(preferences.values().map(|value| value.as_u64().unwrap()).sum::<u64>(), 100);
    assert!(profile["current_plan"]["plan"]["plan_id"].is_string(), "{profile}");
    assert_eq!(profile["current_plan"]["started_on"], "2026-08-01");
    assert_eq!(app.get("/api/v1/users/profile").await.header("x-cache"), "HIT-L1");
}

#[tokio::test]
async fn without_a_current_plan_the_profile_says_null() {
    let app = App::demo().await;
    sqlx::query("DELETE FROM current_plans WHERE user_id = 'user_123'").execute(&app.db).await.unwrap();
    let profile = app.get("/api/v1/users/profile").await.json();
    assert!(profile.get("current_plan").is_some_and(serde_json::Value::is_null), "{profile}");
}

#[tokio::test]
async fn usage_is_summed_by_month_in_the_database() {
    let app = App::demo().await;
    let reply = app.get("/api/v1/usage/history").await;
    let history = reply.json();
    let months = history["months"].as_array().unwrap();
    assert_eq!(months.len(), 12);
    assert_eq!((&months[0]["month"], &months[11]["month"]), (&"2025-11".into(), &"2026-10".into()));
    let (kwh, cents): (f64, i64) = sqlx::query_as(
        "SELECT sum(kwh)::float8, round(sum(cost_cents))::int8 FROM usage_history \
         WHERE user_id = 'user_123' AND usage_date BETWEEN '2026-10-01' AND '2026-10-31'",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!((months[11]["kwh"].as_f64(), months[11]["cost_cents"].as_i64()), (Some(kwh), Some(cents)));
    let total: f64 = months.iter().map(|month| month["kwh"].as_f64().unwrap()).sum();
    assert!((history["total_kwh"].as_f64().unwrap() - total).abs() < 0.01);
    assert!((history["average_monthly_kwh"].as_f64().unwrap() - total / 12.0).abs() < 0.01);
}

#[tokio::test]
async fn every_length_of_history_is_served_from_one_cache_entry() {
    let app = App::demo().await;
    assert_eq!(app.get("/api/v1/usage/history?months=3").await.header("x-cache"), "MISS");
    for (months, expected) in [("1", 1), ("24", 24)] {
        let reply = app.get(&format!("/api/v1/usage/history?months={months}")).await;
        assert_eq!(reply.header("x-cache"), "HIT-L1");
        assert_eq!(reply.json()["months"].as_array().unwrap().len(), expected);
    }
}

#[tokio::test]
async fn a_user_without_readings_has_an_empty_history() {
    let app = App::demo().await;
    sqlx::query("DELETE FROM usage_history WHERE user_id = 'user_123'").execute(&app.db).await.unwrap();
    let history = app.get("/api/v1/usage/history").await.json();
    let expected =
        serde_json::json!({"user_id": "user_123", "months": [], "total_kwh": 0.0, "average_monthly_kwh": 0.0});
    assert_eq!(history, expected);
}

#[tokio::test]
async fn another_users_recommendations_are_forbidden_whether_they_exist_or_not() {
    let app = App::demo().await;
    for user in ["user_001", "user_999"] {
        let reply = app.get(&format!("/api/v1/recommendations/{user}")).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (403, "forbidden"));
    }
}

#[tokio::test]
async fn without_demo_mode_users_must_log_in_and_plans_are_for_anyone() {
    let app = App::new(AuthMode::Jwt).await;
    for path in ["/api/v1/recommendations/user_123", "/api/v1/users/profile", "/api/v1/usage/history"] {
        let reply = app.get(path).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (401, "unauthorized"), "{path}");
        assert_eq!(reply.header("www-authenticate"), "Bearer");
    }
    assert_eq!(app.get("/api/v1/plans/plan_0042").await.status, 200);
}
