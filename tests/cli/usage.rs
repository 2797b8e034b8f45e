//! What the command line accepts, and how it says no.

use insta::assert_snapshot;

use crate::support::Project;

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
fn an_aws_environment_is_refused_before_anything_is_built() {
    let project = Project::with_site(&[("index.html", "<p>hi")]);
    project.write(
        "cdn-config.yml",
        "version: 1\nsite: { build: touch built }\nenvironments:\n  production: { bucket: some-bucket, region: us-east-1, cdn: none }\n",
    );
    let run = project.run(&["--env", "production", "deploy", "--json"]);
    assert_eq!((run.code, run.json()["error"]["rule"].as_str()), (3, Some("target-unsupported")));
    assert!(!project.path("built").exists());
}
