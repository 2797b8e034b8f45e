//! From the first deploy on, in the order that a user works.

use std::fs;

use insta::assert_snapshot;

use crate::support::Project;

const HASHED: &str = "assets/app.4f3c2b1a.js";

fn project() -> Project {
    let project = Project::with_site(&[
        ("index.html", "<!doctype html><title>one</title><script src=/assets/app.4f3c2b1a.js></script>"),
        (HASHED, "console.log('treebeard');"),
        ("robots.txt", "User-agent: *\n"),
    ]);
    project.write("dist/images/logo.bin", [0, 159, 146, 150]);
    project
}

#[test]
fn a_plan_shows_each_change_with_its_reason_and_changes_nothing() {
    let project = project();
    let plan = project.run(&["plan"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert_snapshot!(plan.stable());
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code, 2);
    assert_eq!(project.run(&["deploy", "--dry-run"]).code, 0);
    assert!(project.json(&["releases"]).as_array().unwrap().is_empty());

    assert_eq!(project.run(&["deploy"]).code, 0);
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code, 0);
    project.write("dist/index.html", "<!doctype html><title>two</title>");
    project.write("dist/about.html", "<!doctype html><title>about</title>");
    project.remove("dist/robots.txt");
    let plan = project.run(&["plan"]);
    assert_snapshot!(plan.stable());
}

#[test]
fn a_deploy_reports_what_it_did() {
    let project = project();
    let first = project.json(&["deploy"]);
    assert_eq!(first["env"], "local");
    assert_eq!(first["live"], true);
    // Three files on the function's list with two variants each, and an image under its own name and its fingerprint's.
    assert_eq!(first["objects"]["uploaded"], 11);
    assert_eq!(first["objects"]["unchanged"], 0);
    assert_eq!(first["invalidation"]["paths"], serde_json::json!(["/*"]));
    assert!(first["duration_ms"].is_u64() && first["requests"]["s3"].as_u64() > Some(10), "{first}");

    let again = project.json(&["deploy"]);
    assert_eq!(again["release"], first["release"]);
    assert_eq!(
        again["objects"],
        serde_json::json!({"uploaded": 0, "unchanged": 11, "deleted": 0, "bytes_uploaded": 0})
    );
    assert_eq!(again["invalidation"], serde_json::Value::Null);
    assert_eq!(again["requests"], serde_json::json!({"s3": 1, "cloudfront": 0, "lambda": 0}));

    let text = project.run(&["deploy"]);
    assert_snapshot!(text.stable());
}

#[test]
fn a_dry_run_tells_what_the_deploy_then_does() {
    let project = project();
    project.json(&["deploy"]);
    project.write("dist/robots.txt", "User-agent: treebeard\n");
    let dry = project.json(&["deploy", "--dry-run"]);
    let wet = project.json(&["deploy"]);
    assert_eq!(dry["live"], false);
    assert_eq!(dry["objects"], wet["objects"]);
    assert_eq!(dry["invalidation"]["paths"], wet["invalidation"]["paths"]);
    assert_eq!(wet["objects"]["uploaded"], 3);
}

#[test]
fn releases_are_listed_in_order_and_an_earlier_site_becomes_live_again() {
    let project = project();
    let one = fs::read(project.path("dist/index.html")).unwrap();
    project.json(&["deploy"]);
    project.write("dist/index.html", "<!doctype html><title>two</title>");
    project.json(&["deploy"]);
    let releases = project.json(&["releases"]);
    let releases = releases.as_array().unwrap();
    let live: Vec<_> = releases.iter().map(|it| it["live"].as_bool().unwrap()).collect();
    assert_eq!(live, [false, true]);
    let times: Vec<_> = releases.iter().map(|it| it["created_at"].as_str().unwrap()).collect();
    assert!(times[0] < times[1] && times[0].len() == "2026-01-31T23:59:59.123Z".len(), "{times:?}");
    assert!(releases[0]["id"].as_str() < releases[1]["id"].as_str());

    project.write("dist/index.html", one);
    let back = project.json(&["deploy"]);
    assert_eq!(back["release"], releases[0]["id"]);
    let releases = project.json(&["releases"]);
    let live: Vec<_> = releases.as_array().unwrap().iter().map(|it| it["live"].as_bool().unwrap()).collect();
    assert_eq!(live, [true, false]);
    assert_snapshot!(project.run(&["status"]).stable().lines().next().unwrap());
}

#[test]
fn other_bytes_under_an_immutable_name_are_a_brake() {
    let project = project();
    project.json(&["deploy"]);
    let before = project.json(&["releases"]);
    project.write(&format!("dist/{HASHED}"), "console.log('something else');");
    let run = project.run(&["deploy", "--json"]);
    assert_eq!((run.code, run.json()["error"]["rule"].as_str()), (8, Some("immutable-conflict")));
    assert_eq!(project.json(&["releases"]), before);
}

#[test]
fn a_changed_cache_rule_reaches_unchanged_files() {
    let project = project();
    project.json(&["deploy"]);
    let config = fs::read_to_string(project.path("cdn-config.yml")).unwrap();
    let rule = "cache:\n  - { match: \"robots.txt\", cache_control: \"public, max-age=60\" }\n";
    project.write("cdn-config.yml", format!("{config}{rule}"));
    let deploy = project.json(&["deploy"]);
    // A list of one's own replaces the default one: the page and the asset change too.
    assert!(deploy["objects"]["uploaded"].as_u64() >= Some(3), "{deploy}");
    assert_eq!(deploy["objects"]["bytes_uploaded"], 0);
}

#[test]
fn invalidations_by_hand_are_accepted_or_refused_with_the_reason() {
    let project = project();
    let done = project.json(&["invalidate", "/docs/*", "/caf\u{e9}.txt"]);
    let keys = ["/caf%C3%A9.txt", "/docs/*", "/index.html"];
    let expected = ["/_tb/br", "/_tb/gzip", ""].map(|prefix| keys.map(|key| format!("{prefix}{key}"))).concat();
    assert_eq!(done["paths"], serde_json::json!(expected));
    for path in ["index.html", "/a*b", "/a~b", "/a b"] {
        let run = project.run(&["invalidate", path]);
        assert_eq!(run.code, 3, "{path}: {run:?}");
        assert!(run.stderr.contains("help"), "{run:?}");
    }
}

#[test]
fn two_deploys_at_once_do_not_mix() {
    let project = project();
    project.write(
        "cdn-config.yml",
        "version: 1\nsite: { build: \"touch building; sleep 3\", output: dist }\nenvironments:\n  local: { target: local }\n",
    );
    let mut first = project.command(&["deploy", "-q"]).spawn().unwrap();
    while !project.path("building").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let second = project.run(&["deploy", "--json"]);
    assert_eq!((second.code, second.json()["error"]["rule"].as_str()), (6, Some("locked")));
    assert_eq!(project.json(&["status"])["lock"]["pid"], first.id());
    assert!(first.wait().unwrap().success());
}

#[test]
fn an_interrupted_deploy_exits_130_and_the_next_one_works() {
    let project = project();
    project.write(
        "cdn-config.yml",
        "version: 1\nsite: { build: \"touch building; sleep 60\", output: dist }\nenvironments:\n  local: { target: local }\n",
    );
    let mut deploy = project.command(&["deploy", "-q"]).spawn().unwrap();
    while !project.path("building").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_child(&deploy);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(deploy.wait().unwrap().code(), Some(130));
    assert_eq!(project.run(&["deploy", "--no-build"]).code, 0);
}

#[test]
fn a_site_that_is_its_own_project_does_not_publish_its_configuration() {
    let project = Project::new();
    project.write("index.html", "<p>hi");
    assert_eq!(project.run(&["init"]).code, 0);
    project.json(&["deploy"]);
    let plan = project.json(&["plan"]);
    assert_eq!((&plan["changes"], &plan["unchanged"]), (&false.into(), &3.into()));
}
