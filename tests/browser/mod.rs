//! TreeBeard itself, deployed, served with its API, and used in Chromium.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Mutex, PoisonError},
};

use crate::support::{Project, Served};

/// A project with TreeBeard's configuration, its built front end, and its API from this workspace.
fn treebeard() -> Project {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = repository.join("frontend/dist");
    assert!(
        built.join("index.html").exists(),
        "the front end is not built: run `make frontend`, or `npm ci && npm run build` in frontend/"
    );
    let project = Project::new();
    project.copy_folder(&built, "frontend/dist");
    let config = fs::read_to_string(repository.join("cdn-config.yml")).unwrap();
    let cargo = format!("cargo run --quiet --manifest-path {}/Cargo.toml -p treebeard-api", repository.display());
    let debug = config.replace("cargo run --release -p treebeard-api", &cargo);
    assert_ne!(debug, config, "cdn-config.yml starts the API as expected");
    project.write("cdn-config.yml", debug);
    project
}

#[test]
fn treebeard_works_in_chromium() {
    let project = treebeard();
    let served = Served::start(project.command(&["deploy", "--no-build", "--serve", "--port", "0"]));
    wait_for_the_api(&served.url);
    let verified = project.run(&["verify", "--all"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);

    let timings = std::env::var_os("TIMINGS_OUT").unwrap_or_else(|| project.path("timings.json").into());
    browse(&[], |command| command.env("BASE_URL", &served.url).env("TIMINGS_OUT", timings));
    assert_eq!(served.interrupt(), 130);

    remove_database(&project);
}

/// Runs browser tests, after those that another test runs: they use both cores.
pub fn browse(args: &[&str], set_up: impl FnOnce(&mut Command) -> &mut Command) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = Command::new("npx");
    command.args(["--no-install", "playwright", "test"]).args(args);
    set_up(command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("frontend")));
    let status = command.status().expect("npx starts: install Node.js 20 or newer");
    assert!(status.success(), "the browser tests failed; what they said is above");
}

/// As root, the database lies outside of the project, where its own user can reach it.
fn remove_database(project: &Project) {
    let record = fs::read(project.path(".treebeard/postgres.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    fs::remove_dir_all(record["home"].as_str().unwrap()).unwrap();
}

/// The first start creates and fills a database.
fn wait_for_the_api(url: &str) {
    for _ in 0..300 {
        let answer = Command::new("curl").args(["-sf", &format!("{url}/api/v1/plans/catalog?page_size=1")]).output();
        if answer.expect("curl starts: install curl").status.success() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
    panic!("the API does not answer within 5 minutes");
}
