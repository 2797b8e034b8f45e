//! The OpenAPI document is the code's, and its copy in the repository is up to date.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{App, PROGRAM};

#[test]
fn openapi_json_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let stored = fs::read_to_string(path).unwrap();
    let printed = Command::new(PROGRAM).arg("openapi").output().unwrap();
    let current = stored.as_bytes() == printed.stdout;
    assert!(current, "run: cargo run -p treebeard-api -- openapi > api/openapi.json");
}

#[tokio::test]
async fn every_documented_route_is_served() {
    let app = App::demo().await;
    let document = app.get("/openapi.json").await.json();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 8);
    for path in paths.keys() {
        let concrete = path.replace("{plan_id}", "plan_0042").replace("{user_id}", "user_123");
        assert_eq!(app.get(&concrete).await.status, 200, "{concrete}");
    }
}
