//! Requests generated from the OpenAPI document, good and bad: each answer is one that the document names.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use treebeard_api::auth::AuthMode;

use crate::support::App;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_one_that_the_document_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = folder.parent().unwrap().join("target/schemathesis/bin/schemathesis");
    assert!(program.exists(), "schemathesis is missing: run .ci/install test");

    let app = App::new(AuthMode::Jwt).await;
    let alex = app.register("alex@example.com").await;
    let bills = "date,kwh\n2026-07,1400\n2026-08,1420\n2026-09,1100\n";
    assert_eq!(alex.send("POST", "/api/v1/usage/upload", "text/csv", bills).await.status, 200);
    let generate = "/api/v1/recommendations/generate";
    assert_eq!(alex.send("POST", generate, "application/json", Value::Null.to_string()).await.status, 200);

    let mut command = Command::new(program);
    command
        .arg("--config-file")
        .arg(folder.join("tests/schemathesis.toml"))
        .args(["run", &format!("http://{}/openapi.json", app.serve().await), "--no-color", "--max-examples", "10"])
        .args(["--header", &format!("Authorization: Bearer {}", alex.access)])
        .env("USER_ID", &alex.id)
        .current_dir(env!("CARGO_TARGET_TMPDIR"));
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains(" passed"), "{report}");
}
