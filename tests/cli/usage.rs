//! What the command line accepts, and how it says no.

use insta::assert_snapshot;

use crate::support::{Project, Run};

#[test]
fn help_lists_every_command() {
    let run = Project::new().run(&["--help"]);
    assert_eq!(run.code, 0);
    assert_snapshot!(run.stdout);
}

#[test]
fn wrong_usage_is_exit_3() {
    let project = Project::with_site(&[("index.html", "<p>hi")]);
    for args in [&["deplyo"][..], &["deploy", "--nope"], &["invalidate"], &[], &["--env", "nowhere", "deploy"]] {
        let run = project.run(args);
        assert_eq!(run.code, 3, "{args:?}: {run:?}");
        assert!(!run.stderr.is_empty() && run.stdout.is_empty(), "{args:?}: {run:?}");
    }
}

#[test]
fn wrong_usage_with_json_is_a_document() {
    let run = Project::new().run(&["deploy", "--json", "--nope"]);
    let error = &run.json()["error"];
    assert_eq!((run.code, error["rule"].as_str(), error["exit_code"].as_i64()), (3, Some("usage"), Some(3)));
    assert!(error["message"].as_str().unwrap().contains("--nope"), "{error}");
}

#[test]
fn a_missing_configuration_is_exit_3_and_names_the_way_on() {
    let run = Project::new().run(&["deploy"]);
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("cdn-config.yml") && run.stderr.contains("treebeard-cdn init"), "{}", run.stderr);
}

#[test]
fn with_json_a_failure_is_one_document() {
    let run = Project::new().run(&["deploy", "--json"]);
    let error = &run.json()["error"];
    assert_eq!((run.code, error["exit_code"].as_i64()), (3, Some(3)));
    for key in ["rule", "message", "help"] {
        assert!(error[key].is_string(), "{key}: {error}");
    }
}

#[test]
fn a_server_that_is_not_there_ends_a_deploy_while_it_builds() {
    let project = Project::with_site(&[("index.html", "<p>hi")]);
    project.write(
        "cdn-config.yml",
        "version: 1\nsite: { build: sleep 60; touch built, output: dist }\nenvironments:\n  production: { bucket: some-bucket, region: us-east-1, cdn: none, endpoint_url: \"http://127.0.0.1:1\" }\n",
    );
    let mut command = project.command(&["--env", "production", "deploy", "--json"]);
    command.env("AWS_ACCESS_KEY_ID", "none").env("AWS_SECRET_ACCESS_KEY", "none");
    let run = Run::of(&mut command);
    assert_eq!((run.code, run.json()["error"]["rule"].as_str()), (5, Some("unreachable")));
    assert!(!project.path("built").exists());
}
