//! The OpenAPI document is the code's, and its copy in the repository is up to date.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{App, PROGRAM, json_request};

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
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let concrete = path.replace("{plan_id}", "plan_0042").replace("{user_id}", "user_123");
        for method in methods.as_object().unwrap().keys() {
            operations += 1;
            let reply = match method.as_str() {
                "get" => app.get(&concrete).await,
                method => app.send(json_request(&method.to_uppercase(), &concrete, &Value::Null)).await,
            };
            let documented = &document["paths"][path][method]["responses"][reply.status.to_string()];
            assert!(documented.is_object(), "{method} {concrete} is {}", reply.status);
            assert!(
                !matches!(reply.status, 404 | 405) && (method != "get" || reply.status == 200),
                "{method} {concrete}"
            );
        }
    }
    assert_eq!(operations, 16);
}

/// Who calls a route, with which method: the page, or a program of ours.
#[test]
fn every_route_has_a_caller() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |places: &[&str]| {
        let mut text = String::new();
        for place in places {
            read_into(&mut text, &repository.join(place));
        }
        text.retain(|c| !c.is_whitespace()); // calls may be broken into lines
        text
    };
    // The load tests only read.
    let (page, load) = (read(&["frontend/src"]), read(&["benches"]));
    let called = |method: &str, path: &str| match method {
        "get" => page.contains(&format!("apiUrl('{path}',")) || load.contains(&format!("\"{path}\"")),
        method => [
            format!("sendJson('{method}','{path}',"),
            format!("sendFile('{path}',"),
            format!("WritePath<'{method}'>='{path}';"),
        ]
        .iter()
        .any(|call| page.contains(call)),
    };
    let document: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    let routes = document["paths"].as_object().unwrap().iter();
    let orphans: Vec<String> = routes
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| (method, path)))
        .filter(|(method, path)| !called(method, path))
        .map(|(method, path)| format!("{method} {path}"))
        .collect();
    assert_eq!(orphans, ["get /health/live"], "which an orchestrator asks");
}

/// Every source below a path, but the types that are generated from the document itself.
fn read_into(text: &mut String, path: &Path) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            read_into(text, &entry.unwrap().path());
        }
    } else if path.file_name().is_some_and(|name| name != "schema.ts") && !path.to_string_lossy().contains(".test.") {
        text.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
    }
}

#[tokio::test]
async fn the_program_and_the_document_say_the_version_and_the_build_says_the_commit() {
    let version = env!("CARGO_PKG_VERSION");
    let reply = App::demo().await.get("/openapi.json").await;
    assert_eq!(reply.json()["info"]["version"], version);
    let commit = option_env!("GIT_COMMIT");
    assert_eq!(reply.header("x-api-commit"), commit.unwrap_or_default());
    let said = String::from_utf8(Command::new(PROGRAM).arg("--version").output().unwrap().stdout).unwrap();
    assert_eq!(
        said,
        commit.map_or(format!("treebeard-api {version}\n"), |it| format!("treebeard-api {version} ({it})\n"))
    );
}
