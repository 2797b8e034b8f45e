//! A node that stands still for a while, as an environment of Lambda does between requests, and goes on.

use std::time::Duration;

use axum::http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::ConnectOptions;

use crate::support::{Folder, Process, Redis, database};

async fn ask(node: &Process, method: Method, body: &Value) -> Value {
    let uri = format!("http://{}/api/v1/users/preferences", node.address());
    let request = Request::builder().method(method).uri(uri).header("content-type", "application/json");
    let request = request.body(Full::new(axum::body::Bytes::from(body.to_string()))).unwrap();
    let response = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_served_by_a_node_that_thaws() {
    let (redis, folders) = (Redis::start(), [Folder::new(), Folder::new()]);
    let database = database(true).await.to_url_lossy().to_string();
    let start = |folder: &Folder| Process::over(folder.path(), &database, &redis.url());
    let [frozen, other] = [start(&folders[0]), start(&folders[1])];
    for cost in [10, 70] {
        let preferences = json!({ "cost": cost, "flexibility": 10, "renewables": 10, "supplier_rating": 80 - cost });
        ask(&frozen, Method::GET, &Value::Null).await;
        frozen.signal(Signal::STOP);
        ask(&other, Method::PUT, &preferences).await;
        // Longer than a silence that goes unnoticed, and than memory is believed without hearing anything.
        tokio::time::sleep(Duration::from_secs(6)).await;
        frozen.signal(Signal::CONT);
        assert_eq!(ask(&frozen, Method::GET, &Value::Null).await["cost"], cost);
    }
}
