//! `verify` on the command line: which edge it asks, what it prints, how it exits.

use std::fs;

use treebeard_cdn::{
    config,
    model::digest::Digest,
    remote::{local::LocalStore, state},
};

use crate::support::{Project, Served};

const SITE: &[(&str, &str)] = &[("index.html", "<h1>home</h1>"), ("assets/app.4f3c2b1a.js", "console.log(1)")];

fn deployed() -> Project {
    let project = Project::with_site(SITE);
    let run = project.run(&["deploy", "--no-build"]);
    assert_eq!(run.code, 0, "{run:?}");
    project
}

/// Flips the last byte of the script as it is stored.
fn damage(project: &Project) {
    let name = Digest::of(b"assets/app.4f3c2b1a.js").to_string();
    let file = project.path(format!(".treebeard/local/bucket/{}/{name}", &name[..2]));
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
}

#[test]
fn without_a_running_edge_it_runs_one_for_itself() {
    let project = deployed();
    let run = project.run(&["verify"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("2 files") && run.stdout.contains("as promised"), "{run:?}");
    for word in ["time_namelookup", "time_connect", "time_appconnect", "time_starttransfer", "time_total"] {
        assert!(run.stdout.contains(word), "{run:?}");
    }
    let report = project.json(&["verify", "--all"]);
    assert_eq!((report["files"].as_u64(), report["failures"].as_array().map(Vec::len)), (Some(2), Some(0)));
}

#[test]
fn a_broken_promise_exits_with_7_and_names_the_file() {
    let project = deployed();
    damage(&project);
    let run = project.run(&["verify"]);
    assert_eq!(run.code, 7, "{run:?}");
    assert!(run.stdout.contains("/assets/app.4f3c2b1a.js") && run.stderr.contains("1 promise is not kept"), "{run:?}");
    let json = project.run(&["verify", "--json"]).json();
    assert_eq!(json["error"]["exit_code"], 7);
    assert_eq!(json["error"]["details"]["failures"][0]["what"], "content");
}

#[test]
fn it_asks_the_running_edge_or_the_address_it_is_given() {
    let project = deployed();
    let served = Served::start(project.command(&["serve", "--port", "0"]));
    assert_eq!(project.json(&["verify"])["url"], served.url.as_str());
    // The edge still holds the sound script.
    damage(&project);
    assert_eq!(project.run(&["verify"]).code, 0);
    assert_eq!(project.json(&["verify", &served.url])["url"], served.url.as_str());
    assert_eq!(served.interrupt(), 130);
    assert_eq!(project.run(&["verify"]).code, 7);
}

#[test]
fn only_a_running_edge_is_noted_to_lack_its_api() {
    let project = deployed();
    let config = "version: 1\nsite: { output: dist, spa: true }\napi: { path: '/api/*' }\n\
                  environments:\n  local: { target: local }\n";
    project.write("cdn-config.yml", config);
    assert_eq!(project.json(&["verify"])["notes"], serde_json::json!([]));
    let _served = Served::start(project.command(&["serve", "--port", "0"]));
    let notes = project.json(&["verify"])["notes"].clone();
    assert!(notes[0].as_str().is_some_and(|note| note.starts_with("the API does not answer: /api/")), "{notes}");
}

#[test]
fn a_manifest_from_a_file_needs_no_bucket() {
    let project = deployed();
    let served = Served::start(project.command(&["serve", "--port", "0"]));
    let config = config::load(&project.path("cdn-config.yml"), "local").unwrap();
    let store = LocalStore::open(config.store_dir()).unwrap();
    let manifest = tokio::runtime::Runtime::new().unwrap().block_on(async {
        let pointer = state::load_pointer(&store).await.unwrap().pointer;
        state::load_live(&store, &pointer).await.unwrap().unwrap()
    });
    let elsewhere = Project::with_site(&[]);
    elsewhere.write("manifest.json", manifest.to_bytes());
    let report = elsewhere.json(&["verify", &served.url, "--manifest", "manifest.json"]);
    assert_eq!(report["files"], 2);
    assert!(!elsewhere.path(".treebeard").exists());
}

#[test]
fn what_it_cannot_do_is_a_clear_error() {
    let project = Project::with_site(SITE);
    let run = project.run(&["verify", "--json"]);
    assert_eq!((run.code, run.json()["error"]["rule"].as_str()), (3, Some("nothing-deployed")));
    project.write("manifest.json", "{}");
    let run = project.run(&["verify", "--manifest", "manifest.json", "--json"]);
    assert_eq!((run.code, run.json()["error"]["rule"].as_str()), (3, Some("bad-manifest")));
    let run = project.run(&["verify", "--manifest", "absent.json"]);
    assert_eq!(run.code, 1, "{run:?}");
}
