//! `verify` on the command line against a server that stands for AWS, after a `deploy` to it.

use treebeard_cdn::{config, plan::distribution};

use crate::support::{
    Project, Run, distribution as made,
    servers::{Server, ministack},
};

const SITE: &[(&str, &str)] = &[
    ("index.html", "<h1>home</h1><script src=/assets/app.4f3c2b1a.js></script>"),
    (
        "assets/app.4f3c2b1a.js",
        "console.log('a script that is long enough to be worth compressing, again and again and again')",
    ),
    ("docs/a b.txt", "text"),
];

/// A project whose environment `production` is the bucket, with `more` keys.
fn project(bucket: &str, more: &str) -> Project {
    let project = Project::with_site(SITE);
    let place = format!("  production: {{ bucket: {bucket}, region: us-east-1{more} }}\n");
    project.write("cdn-config.yml", format!("version: 1\nsite: {{ output: dist }}\nenvironments:\n{place}"));
    project
}

fn run(project: &Project, server: &Server, args: &[&str]) -> Run {
    let mut command = project.command(&[args, &["--env", "production", "--json"]].concat());
    let output = command.envs(server.environment()).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn succeed(project: &Project, server: &Server, args: &[&str]) -> serde_json::Value {
    let run = run(project, server, args);
    assert_eq!(run.code, 0, "{args:?}: {run:?}");
    run.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_distribution() {
    let server = ministack();
    let bucket = server.bucket().await;
    let (id, domain) = made::foreign(server, &bucket).await;
    let project = project(&bucket, &format!(", distribution_id: {id}"));
    succeed(&project, server, &["deploy", "--no-build"]);
    let report = succeed(&project, server, &["verify", "--all"]);
    assert_eq!((report["url"].as_str(), report["host"].as_str()), (Some(&*server.endpoint()), Some(&*domain)));
    assert_eq!((report["files"].as_u64(), report["failures"].as_array().map(Vec::len)), (Some(3), Some(0)));
    let notes = report["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect::<Vec<_>>();
    assert!(notes[0].contains("br inactive: ") && notes[0].contains("`treebeard-cdn provision`"), "{notes:?}");
    assert!(notes[1].contains("Strict-Transport-Security"), "{notes:?}");

    server.s3().delete_object().bucket(&bucket).key("docs/a b.txt").send().await.unwrap();
    let run = run(&project, server, &["verify"]);
    assert_eq!(run.code, 7, "{run:?}");
    let failures = run.json()["error"]["details"]["failures"].clone();
    assert_eq!((failures[0]["path"].as_str(), failures[0]["what"].as_str()), (Some("/docs/a%20b.txt"), Some("status")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_distribution() {
    let server = ministack();
    let bucket = server.bucket().await;
    let project = project(&bucket, "");
    let wanted = config::load(&project.path("cdn-config.yml"), "production").unwrap();
    let (id, _) = made::managed(server, &bucket, &distribution::compile(&wanted)).await;
    let project = self::project(&bucket, &format!(", distribution_id: {id}"));
    succeed(&project, server, &["deploy", "--no-build"]);
    let report = succeed(&project, server, &["verify", "--all"]);
    assert_eq!(report["failures"], serde_json::json!([]), "{report}");
    // The emulator takes no notice of who may list a bucket.
    let notes = report["notes"].as_array().unwrap();
    assert!(notes.len() == 1 && notes[0].as_str().unwrap().contains("s3:ListBucket"), "{report}");
    // Three files with two variants each; /, a route, a missing file and the ledger.
    assert_eq!(report["responses"], 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_without_a_cdn() {
    let server = ministack();
    let bucket = server.bucket().await;
    let project = project(&bucket, ", cdn: none");
    succeed(&project, server, &["deploy", "--no-build"]);
    let report = succeed(&project, server, &["verify", "--all"]);
    assert_eq!((report["url"].as_str(), report["files"].as_u64()), (Some(&*format!("s3://{bucket}")), Some(3)));
    assert_eq!(report["timing"], serde_json::Value::Null);
    let body = b"other".to_vec().into();
    server.s3().put_object().bucket(&bucket).key("index.html").body(body).send().await.unwrap();
    let run = run(&project, server, &["verify"]);
    assert_eq!(run.code, 7, "{run:?}");
    let failures = run.json()["error"]["details"]["failures"].clone();
    let what: Vec<_> = failures.as_array().unwrap().iter().map(|it| it["what"].as_str().unwrap()).collect();
    assert_eq!(what, ["Cache-Control", "Content-Type", "content"], "{failures}");
}
