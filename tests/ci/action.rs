//! The action's own steps, from plan to rollback.

use std::{fs, path::Path, process::Command};

use super::runner::{Action, Job, Outcome};
use crate::support::{Project, distribution, servers::ministack};

const BINARY: &str = env!("CARGO_BIN_EXE_treebeard-cdn");

#[test]
fn no_expression_stands_in_a_script() {
    let action = Action::read();
    assert_eq!(action.runs.using, "composite");
    for step in &action.runs.steps {
        assert!(!step.run.contains("${{"), "{}", step.name);
    }
    assert!(action.inputs.values().all(|input| !input.description.is_empty()));
    assert!(action.outputs.values().all(|output| !output.description.is_empty()));
    assert_eq!(action.inputs["version"].default, env!("CARGO_PKG_VERSION"));
}

/// A repository with a site in a folder of its own.
fn repository(environment: &str) -> Project {
    let project = Project::new();
    let config = format!("version: 1\nsite: {{ output: dist }}\nenvironments:\n  production: {environment}\n");
    project.write("web/cdn-config.yml", config);
    project.write("web/dist/assets/app.4f3c2b1a.js", "console.log('the same in all releases')");
    project
}

fn run(job: &Job, command: &str, args: &str) -> Outcome {
    let with = [("command", command), ("args", args), ("working-directory", "web"), ("binary", BINARY)];
    job.uses(&Action::read(), &with)
}

/// Plan → deploy → a deploy that fails → rollback, each by the action's very steps.
fn pipeline(project: &Project, env: Vec<(&'static str, String)>) {
    let job = Job::new(project.path(""), env);
    let page = |text: &str| project.write("web/dist/index.html", format!("<h1>{text}</h1>"));

    page("first");
    let plan = run(&job, "plan", "--no-build --detailed-exitcode");
    assert_eq!((plan.failed, plan.outputs["exit-code"].as_str()), (false, "2"), "{}", plan.log);
    assert!(plan.summary.starts_with("### Plan for production\n"), "{}", plan.summary);
    assert!(plan.summary.contains("index.html"), "{}", plan.summary);
    let document: serde_json::Value = serde_json::from_str(&plan.outputs["json"]).unwrap();
    assert_eq!(document["release"], plan.outputs["release"].as_str());

    let first = deploy(&job);
    page("second");
    let second = deploy(&job);
    assert!(first < second);
    let plan = run(&job, "plan", "--no-build --detailed-exitcode");
    assert_eq!((plan.failed, plan.outputs["exit-code"].as_str()), (false, "0"), "{}", plan.log);

    // A secret in the site stops a deploy: the job fails, and says why in all its places.
    page("third");
    project.write("web/dist/.env", "SECRET=1\n");
    let stopped = run(&job, "deploy", "--no-build");
    assert_eq!((stopped.failed, stopped.outputs["exit-code"].as_str()), (true, "8"), "{}", stopped.log);
    assert_eq!((stopped.outputs["release"].as_str(), stopped.outputs["live"].as_str()), ("", ""));
    let error: serde_json::Value = serde_json::from_str(&stopped.outputs["json"]).unwrap();
    let rule = error["error"]["rule"].as_str().unwrap();
    assert!(stopped.log.contains(&format!("\n::error title={rule}::")), "{}", stopped.log);
    assert!(stopped.summary.starts_with("### ✗ deploy failed in production\n"), "{}", stopped.summary);
    assert!(stopped.summary.contains(&format!("`{rule}`, exit code 8")) && stopped.summary.contains("**Help:**"));

    let back = run(&job, "rollback", "--yes");
    assert!(!back.failed, "{}", back.log);
    assert_eq!((back.outputs["release"].as_str(), back.outputs["live"].as_str()), (first.as_str(), "true"));
    assert!(back.summary.contains(&format!("| Release | `{first}` |")), "{}", back.summary);
    let verified = run(&job, "verify", "--all");
    assert!(!verified.failed, "{}", verified.log);
}

fn deploy(job: &Job) -> String {
    let outcome = run(job, "deploy", "--no-build --yes");
    assert!(!outcome.failed, "{}", outcome.log);
    let outputs = &outcome.outputs;
    assert_eq!((outputs["exit-code"].as_str(), outputs["live"].as_str()), ("0", "true"));
    let document: serde_json::Value = serde_json::from_str(&outputs["json"]).unwrap();
    assert_eq!(
        (&document["release"], &document["url"]),
        (&outputs["release"].as_str().into(), &outputs["url"].as_str().into())
    );
    for part in ["### ✓ Live in production\n", "| Objects | ", "| Invalidation | ", "| Requests | ", "| Duration | "]
    {
        assert!(outcome.summary.contains(part), "{}", outcome.summary);
    }
    outputs["release"].clone()
}

#[test]
fn from_plan_to_rollback_on_this_machine() {
    pipeline(&repository("{ target: local }"), Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn from_plan_to_rollback_on_a_server_that_stands_for_aws() {
    let server = ministack();
    let bucket = server.bucket().await;
    let (id, _) = distribution::foreign(server, &bucket).await;
    let place = format!("{{ bucket: {bucket}, region: us-east-1, distribution_id: {id} }}");
    pipeline(&repository(&place), server.environment().into());
}

#[test]
fn a_wrong_configuration_is_annotated_where_it_is_wrong() {
    let project = repository("{ target: local, regoin: us-east-1 }");
    let outcome = run(&Job::new(project.path(""), Vec::new()), "check", "");
    assert_eq!((outcome.failed, outcome.outputs["exit-code"].as_str()), (true, "3"));
    let line = "::error file=web/cdn-config.yml,line=4,col=32,title=unknown-key::";
    assert!(outcome.log.lines().any(|it| it.starts_with(line)), "{}", outcome.log);
}

#[test]
fn what_is_given_to_the_action_is_never_code() {
    let project = repository("{ target: local }");
    let job = Job::new(project.path(""), Vec::new());
    let evil = "$(touch hacked) `touch hacked`; touch hacked & * \" '";
    for (name, value) in [("command", evil), ("args", evil), ("env", evil), ("config", evil), ("version", evil)] {
        let mut with = vec![("binary", BINARY), ("working-directory", "web")];
        if name == "version" {
            with.clear();
            with.push(("download-url", "file:///nonexistent"));
        }
        with.push((name, value));
        let outcome = job.uses(&Action::read(), &with);
        assert!(outcome.failed, "{name}: {}", outcome.log);
    }
    assert!(!project.path("hacked").exists() && !project.path("web/hacked").exists());
}

#[test]
fn an_archive_is_downloaded_checked_and_run() {
    let project = repository("{ target: local }");
    let job = Job::new(project.path(""), Vec::new());
    let version = env!("CARGO_PKG_VERSION");
    let target = "x86_64-unknown-linux-musl";
    let name = format!("treebeard-cdn-{version}-{target}");
    let releases = project.path("releases");
    fs::create_dir_all(releases.join(&name)).unwrap();
    // A stand-in for the binary: what is tried here is how it arrives.
    fs::write(releases.join(&name).join("treebeard-cdn"), format!("#!/bin/sh\nexec {BINARY} \"$@\"\n")).unwrap();
    let pack = format!(
        "chmod +x {name}/treebeard-cdn && tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz > {name}.tar.gz.sha256"
    );
    shell(&releases, &pack);

    let url = format!("file://{}", releases.display());
    let with = [("download-url", url.as_str()), ("command", "check"), ("working-directory", "web")];
    let outcome = job.uses(&Action::read(), &with);
    assert!(!outcome.failed && outcome.log.contains(&format!("treebeard-cdn {version}\n")), "{}", outcome.log);
    assert_eq!(outcome.outputs["json"].replace(char::is_whitespace, ""), "{\"problems\":[]}");

    shell(&releases, &format!("echo more >> {name}.tar.gz"));
    let outcome = job.uses(&Action::read(), &with);
    assert!(outcome.failed && outcome.outputs["exit-code"].is_empty(), "{}", outcome.log);

    let elsewhere = Job::new(job.workspace.clone(), vec![("RUNNER_ARCH", "RISCV".into())]);
    let outcome = elsewhere.uses(&Action::read(), &with);
    assert!(outcome.failed && outcome.log.contains("::error title=no-binary::"), "{}", outcome.log);
}

fn shell(folder: &Path, script: &str) {
    assert!(Command::new("sh").args(["-ec", script]).current_dir(folder).status().unwrap().success(), "{script}");
}
