//! What suits a user, computed from what they use and want.

use serde_json::{Value, json};

use crate::support::App;

const GENERATE: &str = "/api/v1/recommendations/generate";
const STORED: &str = "/api/v1/recommendations/user_123";
const PREFERENCES: &str = "/api/v1/users/preferences";

fn weights(cost: u32, flexibility: u32, renewables: u32) -> Value {
    let rest = 100 - cost - flexibility - renewables;
    json!({ "cost": cost, "flexibility": flexibility, "renewables": renewables, "supplier_rating": rest })
}

async fn generate(app: &App) -> Value {
    let reply = app.post(GENERATE, &Value::Null).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

#[tokio::test]
async fn what_is_computed_is_stored_and_replaces_what_was_cached() {
    let app = App::demo().await;
    let before = app.get(STORED).await.json();
    let computed = generate(&app).await;
    assert!(computed["generated_at"].as_str() > before["generated_at"].as_str());
    let read = app.get(STORED).await;
    assert_eq!((read.header("x-cache"), read.json()), ("MISS", computed.clone()));
    let sets: i64 = sqlx::query_scalar("SELECT count(*) FROM recommendations WHERE user_id = 'user_123'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(sets, 1, "earlier ones are gone");
    assert_eq!(generate(&app).await["items"], computed["items"], "the same data gives the same answer");
}

#[tokio::test]
async fn preferences_change_what_is_recommended() {
    let app = App::demo().await;
    let mut best = Vec::new();
    for wanted in [weights(100, 0, 0), weights(0, 100, 0), weights(0, 0, 100), weights(0, 0, 0)] {
        assert_eq!(app.put(PREFERENCES, &wanted).await.json(), wanted);
        assert_eq!(app.get(PREFERENCES).await.json(), wanted);
        assert_eq!(app.get("/api/v1/users/profile").await.json()["preferences"], wanted);
        best.push(generate(&app).await["items"][0].clone());
    }
    let cheapest = best.iter().map(|item| item["projected_annual_cost_cents"].as_i64()).min().unwrap();
    assert_eq!(best[0]["projected_annual_cost_cents"].as_i64(), cheapest);
    assert_eq!(best[1]["plan"]["contract_length_months"], 0);
    assert_eq!(best[2]["plan"]["renewable_percentage"], 100);
    assert_eq!(best[3]["plan"]["supplier"]["rating"], 4.8);
}

#[tokio::test]
async fn every_kind_of_price_is_projected_and_the_sums_add_up() {
    let app = App::demo().await;
    let mut kinds = std::collections::HashSet::new();
    for kind in ["fixed", "tiered", "time_of_use", "variable"] {
        sqlx::query("UPDATE plan_catalog SET is_active = (rate_type = $1)").bind(kind).execute(&app.db).await.unwrap();
        let set = generate(&app).await;
        let items = set["items"].as_array().unwrap();
        assert_eq!(items.len(), 3, "{kind}");
        for item in items {
            kinds.insert(item["plan"]["rate_type"].as_str().unwrap().to_owned());
            let number = |key: &str| item[key].as_i64().unwrap();
            assert!(number("projected_annual_cost_cents") > number("switching_cost_cents"), "{item}");
            let pays = number("annual_savings_cents") + number("switching_cost_cents") > 0;
            assert_eq!(item["break_even_months"].is_null(), !pays, "{item}");
        }
    }
    assert_eq!(kinds.len(), 4);
}

#[tokio::test]
async fn leaving_a_contract_early_is_part_of_the_first_year() {
    let app = App::demo().await;
    let set = |ends: &'static str| {
        let sql = "UPDATE current_plans SET started_on = '2020-01-01', contract_ends_on = $1::date WHERE user_id = 'user_123'";
        sqlx::query(sql).bind(ends).execute(&app.db)
    };
    sqlx::query(
        "UPDATE plan_catalog SET early_termination_fee_cents = 17500 \
                 WHERE plan_id = (SELECT plan_id FROM current_plans WHERE user_id = 'user_123')",
    )
    .execute(&app.db)
    .await
    .unwrap();
    set("2020-02-01").await.unwrap();
    let free = generate(&app).await["items"][0].clone();
    set("2199-01-01").await.unwrap();
    let bound = generate(&app).await["items"][0].clone();
    let number = |item: &Value, key: &str| item[key].as_i64().unwrap();
    assert_eq!(free["plan"], bound["plan"], "it is the same for every plan");
    assert_eq!(number(&bound, "switching_cost_cents") - number(&free, "switching_cost_cents"), 17_500);
    assert_eq!(number(&free, "annual_savings_cents") - number(&bound, "annual_savings_cents"), 17_500);
    assert!(number(&bound, "break_even_months") > number(&free, "break_even_months"));
    let flag = "Leaving your current plan before 2199-01-01 costs $175";
    assert!(bound["risk_flags"].as_array().unwrap().contains(&flag.into()), "{bound}");
}

#[tokio::test]
async fn too_little_use_is_said_and_estimated_months_are_flagged() {
    let app = App::demo().await;
    sqlx::query("DELETE FROM usage_history WHERE user_id = 'user_123' AND usage_date < '2026-09-01'")
        .execute(&app.db)
        .await
        .unwrap();
    let refused = app.post(GENERATE, &Value::Null).await;
    assert_eq!((refused.status, refused.error_code().as_str()), (422, "invalid_value"));
    assert_eq!(refused.json()["error"]["message"], "recommendations need 3 months of usage; upload more of yours");
    let uploaded = app.post("/api/v1/usage/upload", &json!({ "readings": [{ "date": "2026-08", "kwh": 1400 }] })).await;
    assert_eq!(uploaded.status, 200, "{uploaded:?}");
    let flag = "Rests on 3 months of your year; the other 9 are estimated";
    for item in generate(&app).await["items"].as_array().unwrap() {
        assert!(item["risk_flags"].as_array().unwrap().contains(&flag.into()), "{item}");
    }
}

#[tokio::test]
async fn recommendations_that_have_expired_are_not_served() {
    let app = App::demo().await;
    generate(&app).await;
    let past = "UPDATE recommendations SET generated_at = generated_at - interval '60 days', expires_at = now() \
                WHERE user_id = 'user_123'";
    sqlx::query("ALTER TABLE recommended_plans DROP CONSTRAINT recommended_plans_user_id_generated_at_fkey")
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query(past).execute(&app.db).await.unwrap();
    assert_eq!(app.get(STORED).await.status, 404);
}

#[tokio::test]
async fn a_plan_that_is_sold_no_more_is_left_out_and_the_ranks_close_up() {
    let app = App::demo().await;
    let computed = generate(&app).await;
    let plan = |set: &Value, n: usize| set["items"][n]["plan"]["plan_id"].as_str().unwrap().to_owned();
    sqlx::query("UPDATE plan_catalog SET is_active = false WHERE plan_id = $1")
        .bind(plan(&computed, 0))
        .execute(&app.db)
        .await
        .unwrap();
    let read = app.get(STORED).await.json();
    let items = read["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| item["rank"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!([plan(&read, 0), plan(&read, 1)], [plan(&computed, 1), plan(&computed, 2)]);
}

#[tokio::test]
async fn without_a_current_plan_there_are_no_savings() {
    let app = App::demo().await;
    sqlx::query("DELETE FROM current_plans WHERE user_id = 'user_123'").execute(&app.db).await.unwrap();
    sqlx::query("UPDATE plan_catalog SET connection_fee_cents = 1500").execute(&app.db).await.unwrap();
    let computed = generate(&app).await;
    assert_eq!(app.get(STORED).await.json(), computed, "it is stored as it was computed");
    for item in computed["items"].as_array().unwrap() {
        assert_eq!(item["switching_cost_cents"], 1500);
        assert!(item["annual_savings_cents"].is_null() && item["break_even_months"].is_null(), "{item}");
    }
}

#[tokio::test]
async fn weights_that_do_not_sum_to_a_hundred_are_refused() {
    let app = App::demo().await;
    for wrong in [
        json!({ "cost": 40, "flexibility": 20, "renewables": 30, "supplier_rating": 11 }),
        json!({ "cost": 4_294_967_295_u32, "flexibility": 101, "renewables": 0, "supplier_rating": 0 }),
        json!({ "cost": 100, "flexibility": 0, "renewables": 0 }),
        json!({ "cost": -1, "flexibility": 101, "renewables": 0, "supplier_rating": 0 }),
        json!({ "cost": 33.3, "flexibility": 33.3, "renewables": 33.4, "supplier_rating": 0 }),
        json!({ "cost": 100, "flexibility": 0, "renewables": 0, "supplier_rating": 0, "user_id": "user_001" }),
        json!([100, 0, 0]),
        Value::Null,
    ] {
        let reply = app.put(PREFERENCES, &wrong).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (422, "invalid_value"), "{wrong}");
    }
    assert_eq!(app.get(PREFERENCES).await.json(), weights(40, 20, 30), "nothing was changed");
}
