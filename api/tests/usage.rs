//! Readings in, analysis out.

use axum::body::Body;
use axum::http::Request;
use chrono::{Days, Utc};
use serde_json::{Value, json};
use treebeard_api::auth::AuthMode;

use crate::support::{App, Reply};

const UPLOAD: &str = "/api/v1/usage/upload";
const ANALYSIS: &str = "/api/v1/usage/analysis";
const HISTORY: &str = "/api/v1/usage/history";

async fn csv(app: &App, content_type: &str, body: impl Into<Body>) -> Reply {
    app.send(Request::post(UPLOAD).header("content-type", content_type).body(body.into()).unwrap()).await
}

#[tokio::test]
async fn uploaded_days_replace_those_that_are_there_and_show_at_once() {
    let app = App::demo().await;
    let before = app.get(&format!("{HISTORY}?months=1")).await.json();
    let readings = json!({ "readings": [
        { "date": "2026-10-31", "kwh": 100.5, "cost_cents": 1234.56 }, { "date": "2026-11-01", "kwh": 7, "cost_cents": 84 },
    ] });
    let receipt = app.post(UPLOAD, &readings).await;
    assert_eq!((receipt.status, receipt.json()), (200, json!({ "days": 2, "from": "2026-10-31", "to": "2026-11-01" })));
    let after = app.get(&format!("{HISTORY}?months=2")).await;
    assert_eq!(after.header("x-cache"), "MISS");
    let months = after.json()["months"].clone();
    assert_eq!(months[1], json!({ "month": "2026-11", "days": 1, "kwh": 7.0, "cost_cents": 84 }));
    assert_eq!(months[0]["days"], 31);
    assert_ne!(months[0]["kwh"], before["months"][0]["kwh"]);
    assert_eq!(app.post(UPLOAD, &readings).await.json(), receipt.json(), "repeating it changes nothing");
}

#[tokio::test]
async fn csv_is_read_as_json_is() {
    let app = App::new(AuthMode::Jwt).await;
    let alex = app.register("alex@example.com").await;
    let table = "date,kwh,cost_cents\n2026-08,1240,14880\n2026-09,900,\n2026-10,775,9300\n";
    let reply = alex.send("POST", UPLOAD, "text/csv; charset=utf-8", table).await;
    assert_eq!(reply.json(), json!({ "days": 92, "from": "2026-08-01", "to": "2026-10-31" }), "{reply:?}");
    let history = alex.get(HISTORY).await.json();
    let kwh: Vec<f64> = history["months"].as_array().unwrap().iter().map(|m| m["kwh"].as_f64().unwrap()).collect();
    assert_eq!(kwh, [1240.0, 900.0, 775.0]);
    assert_eq!(history["months"][0]["cost_cents"], 14_880);
    assert_eq!(history["months"][1]["cost_cents"], 14_850, "900 kWh at the mean price of 16.5 ¢");
}

#[tokio::test]
async fn the_cost_of_a_reading_is_estimated_from_the_current_plan() {
    let app = App::demo().await;
    let price: f64 = sqlx::query_scalar(
        "SELECT average_cents_per_kwh FROM current_plans JOIN plan_catalog USING (plan_id) WHERE user_id = 'user_123'",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    app.post(UPLOAD, &json!({ "readings": [{ "date": "2026-11-01", "kwh": 100 }] })).await;
    let cost = app.get(HISTORY).await.json()["months"][11]["cost_cents"].as_f64().unwrap();
    assert!((cost - price * 100.0).abs() <= 0.5, "{cost} at {price}");
}

#[tokio::test]
async fn the_analysis_has_the_seasons_and_the_year_to_expect() {
    let app = App::demo().await;
    let reply = app.get(ANALYSIS).await;
    let analysis = reply.json();
    assert_eq!((reply.status, &analysis["months_of_data"]), (200, &24.into()));
    let outlook = &analysis["projection"];
    let months = outlook["months"].as_array().unwrap();
    assert_eq!(months.iter().map(|m| m["month"].as_u64().unwrap()).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert!(months.iter().all(|m| m["observed"] == true));
    let index = |m: usize| months[m]["seasonal_index"].as_f64().unwrap();
    assert!(index(7) > 1.2 && index(10) < 0.85, "summers are high in Texas: {months:?}");
    let sum: f64 = months.iter().map(|m| m["kwh"].as_f64().unwrap()).sum();
    assert!((sum - outlook["annual_kwh"].as_f64().unwrap()).abs() < 0.01);
    let year: (f64, i64) = sqlx::query_as(
        "SELECT sum(kwh)::float8 / 2, round(sum(cost_cents) / 2)::int8 FROM usage_history WHERE user_id = 'user_123'",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert!((outlook["annual_kwh"].as_f64().unwrap() / year.0 - 1.0).abs() < 0.001);
    assert!((outlook["annual_cost_cents"].as_i64().unwrap() - year.1).abs() < 200);
    assert!(analysis["highest"]["kwh"].as_f64() > analysis["lowest"]["kwh"].as_f64());
    assert_eq!(app.get(HISTORY).await.header("x-cache"), "HIT-L1", "both are made of the same months");
}

#[tokio::test]
async fn too_little_data_is_no_projection() {
    let app = App::new(AuthMode::Jwt).await;
    let alex = app.register("alex@example.com").await;
    let empty = json!({ "user_id": alex.id, "months_of_data": 0, "highest": null, "lowest": null, "projection": null });
    assert_eq!(alex.get(ANALYSIS).await.json(), empty);
    alex.send("POST", UPLOAD, "text/csv", "date,kwh\n2026-09,900\n2026-10,800\n").await;
    let two = alex.get(ANALYSIS).await.json();
    assert_eq!((&two["months_of_data"], &two["projection"]), (&2.into(), &Value::Null));
    alex.send("POST", UPLOAD, "text/csv", "date,kwh\n2026-07,1400\n").await;
    let three = alex.get(ANALYSIS).await.json();
    let observed = three["projection"]["months"].as_array().unwrap().iter().filter(|m| m["observed"] == true).count();
    assert_eq!((&three["months_of_data"], observed), (&3.into(), 3));
}

#[tokio::test]
async fn what_is_wrong_with_an_upload_is_said_and_nothing_is_kept() {
    let app = App::demo().await;
    let tomorrow_and_one = (Utc::now().date_naive() + Days::new(2)).to_string();
    for (readings, words) in [
        (json!([]), "an upload has 1 to 1000 readings"),
        (
            json!([{ "date": "2026-10-01", "kwh": 1 }, { "date": "2026-02-30", "kwh": 1 }]),
            "reading 2: date must be a day, YYYY-MM-DD, or a month, YYYY-MM",
        ),
        (json!([{ "date": "2026-10-01", "kwh": -1 }]), "reading 1: kwh must be from 0 to 10000"),
        (json!([{ "date": "2026-10-01", "kwh": 1e300 }]), "reading 1: kwh must be from 0 to 10000"),
        (
            json!([{ "date": "2026-10-01", "kwh": 1, "cost_cents": -5 }]),
            "reading 1: cost_cents must be from 0 to 1000000",
        ),
        (json!([{ "date": tomorrow_and_one, "kwh": 1 }]), "reading 1: date must not be in the future"),
        (
            json!([{ "date": "2026-10-01", "kwh": 1 }, { "date": "2026-10", "kwh": 1 }]),
            "reading 2: 2026-10-01 comes twice",
        ),
    ] {
        let reply = app.post(UPLOAD, &json!({ "readings": readings })).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (422, "invalid_value"), "{readings}");
        assert_eq!(reply.json()["error"]["message"], words);
    }
    for (body, words) in [
        ("date,kwh\n2026-10-01,lots\n", "invalid float"),
        ("when,what\n2026-10-01,1\n", "unknown field"),
        ("date,kwh\n2026-10-01\n", "record"),
    ] {
        let reply = csv(&app, "text/csv", body).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (400, "bad_request"), "{body}");
        assert!(reply.json()["error"]["message"].as_str().unwrap().contains(words), "{reply:?}");
    }
    assert_eq!(csv(&app, "text/csv", &b"date,kwh\n2026-10-\xff,1\n"[..]).await.status, 400);
    assert_eq!(csv(&app, "application/xml", "<x/>").await.status, 415);
    let days: i64 = sqlx::query_scalar("SELECT count(*) FROM usage_history WHERE user_id = 'user_123'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(days, 730);
}
