//! `build` on the command line: the frontend's commands, their output and their end.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::support::{Project, Run};

/// A frontend in `frontend/` with these commands.
fn frontend(install: &str, build: &str) -> Project {
    let project = Project::new();
    let site = serde_json::json!({
        "root": "frontend", "install": install, "build": build, "output": "dist", "env": { "GREETING": "hello" },
    });
    let config = serde_json::json!({ "version": 1, "site": site, "environments": { "local": { "target": "local" } } });
    project.write("cdn-config.yml", config.to_string());
    project.write("frontend/package.json", "{}");
    project.write("frontend/package-lock.json", "{}");
    project
}

const INSTALL: &str = "mkdir -p node_modules && echo once >> installed";
const BUILD: &str = "mkdir -p dist && echo \"$GREETING\" > dist/index.html && echo built it";

#[test]
fn commands_run_in_the_frontend_with_its_environment() {
    let project = frontend(INSTALL, BUILD);
    let run = project.run(&["build"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(fs::read_to_string(project.path("frontend/dist/index.html")).unwrap(), "hello\n");
    let says = |run: &Run, line: &str| run.stderr.lines().any(|said| said == line);
    assert!(says(&run, INSTALL) && says(&run, BUILD) && !says(&run, "built it"), "{run:?}");
    assert!(says(&project.run(&["build", "-v"]), "built it"));
}

#[test]
fn no_build_runs_nothing() {
    let project = frontend("false", "false");
    project.write("frontend/dist/index.html", "as it is");
    assert_eq!(project.run(&["build", "--no-build"]).code, 0);
}

#[test]
fn dependencies_are_installed_only_when_they_changed() {
    let project = frontend(INSTALL, BUILD);
    let installs = || fs::read_to_string(project.path("frontend/installed")).map_or(0, |text| text.lines().count());
    let build = || project.run(&["build"]);
    build();
    let unchanged = build();
    assert_eq!(installs(), 1);
    assert!(unchanged.stderr.contains("dependencies unchanged"), "{unchanged:?}");
    project.write("frontend/package-lock.json", "{\"changed\": true}");
    build();
    assert_eq!(installs(), 2);
    fs::remove_dir(project.path("frontend/node_modules")).unwrap();
    build();
    assert_eq!(installs(), 3);
    fs::remove_file(project.path("frontend/package-lock.json")).unwrap();
    build();
    build();
    assert_eq!(installs(), 5, "without a lock file nothing is certain");
}

#[test]
fn an_installation_that_failed_is_tried_again() {
    let project = frontend("mkdir -p node_modules; echo once >> installed; test -e repaired", BUILD);
    let run = project.run(&["build", "--json"]);
    assert_eq!((run.code, &run.json()["error"]["rule"]), (4, &"install-failed".into()));
    project.write("frontend/repaired", "");
    assert_eq!(project.run(&["build"]).code, 0);
    assert_eq!(fs::read_to_string(project.path("frontend/installed")).unwrap(), "once\nonce\n");
}

#[test]
fn a_failing_build_shows_all_that_it_said() {
    let project = frontend(INSTALL, "echo on stdout; echo on stderr >&2; exit 3");
    let run = project.run(&["build"]);
    assert_eq!(run.code, 4);
    assert!(run.stderr.contains("failed with exit status: 3:\non stdout\non stderr\n"), "{run:?}");
    let error = &project.run(&["build", "--json"]).json()["error"];
    assert_eq!(error["rule"], "build-failed");
    assert_eq!(error["details"]["code"], 3);
    assert_eq!(error["details"]["output"], "on stdout\non stderr");
}

#[test]
fn of_enormous_output_the_end_is_shown() {
    let project = frontend(INSTALL, "seq 100000; echo the end; exit 1");
    let run = project.run(&["build"]);
    assert!(run.stderr.contains("the end") && run.stderr.contains("bytes are left out"), "{}", run.stderr.len());
    assert!(run.stderr.len() < 300_000);
}

#[test]
fn a_build_that_writes_elsewhere_is_pointed_out() {
    let run = frontend(INSTALL, "true").run(&["build", "--json"]);
    assert_eq!((run.code, &run.json()["error"]["rule"]), (4, &"output-missing".into()));
}

#[test]
fn sizes_are_printed_for_people_and_machines() {
    let project = Project::with_site(&[
        ("index.html", &"<p>hello</p>".repeat(100)),
        ("robots.txt", "User-agent: *\n"),
        ("logo.png", "png"),
    ]);
    let run = project.run(&["build"]);
    let lines: Vec<_> = run.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines[0], "file raw gzip br");
    assert_eq!(lines[1], "index.html 1.2 kB 0.1 kB 0.0 kB");
    assert_eq!(lines[2], "robots.txt 0.0 kB 0.0 kB 0.0 kB");
    assert_eq!(lines[3], "logo.png 0.0 kB – –");
    assert!(lines[4].starts_with("3 files 1.2 kB"), "{lines:?}");
    assert!(lines[5].starts_with("built in "), "{lines:?}");
    let document = project.json(&["build"]);
    let index = &document["files"][0];
    assert_eq!(index["path"], "index.html");
    assert_eq!(index["role"], "page");
    assert_eq!(index["content_type"], "text/html; charset=utf-8");
    assert!(index["br"].as_u64() < index["gzip"].as_u64() && index["gzip"].as_u64() < index["raw"].as_u64());
    assert_eq!(document["files"][2]["br"], serde_json::Value::Null);
    assert_eq!(document["totals"]["raw"], 1200 + 14 + 3);
    assert_eq!(document["totals"]["files"], 3);
    assert_eq!(document["notes"], serde_json::json!([]));
    assert!(document["duration_ms"].is_u64());
}

/// Starts `build`, and waits until the frontend's build command has said who its child is.
fn start_sleeping_build(project: &Project) -> (Child, Pid) {
    let ours = project.command(&["build"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let file = project.path("frontend/pid");
    let pid = wait_for(|| fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n')));
    (ours, Pid::from_raw(pid.trim().parse().unwrap()).unwrap())
}

fn wait_for<T>(mut try_get: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(value) = try_get() {
            return value;
        }
        assert!(Instant::now() < deadline, "waited for too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_interrupted_build_leaves_no_process_behind() {
    for (signal, code) in [(Signal::INT, Some(130)), (Signal::TERM, Some(143)), (Signal::KILL, None)] {
        let project = frontend(INSTALL, "sleep 300 & echo $! > pid; wait");
        let (mut ours, sleep) = start_sleeping_build(&project);
        kill_process(Pid::from_child(&ours), signal).unwrap();
        assert_eq!(ours.wait().unwrap().code(), code);
        wait_for(|| test_kill_process(sleep).is_err().then_some(()));
    }
}

#[test]
fn an_interrupted_compression_ends_soon() {
    let project = Project::with_site(&[("index.html", "hello")]);
    // Eight megabytes without repetition take Brotli's best quality many seconds.
    let mut state = 1_u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        format!("{state:016x}\n")
    })
    .take(500_000)
    .collect();
    project.write("dist/noise.txt", noise);
    let mut ours = project.command(&["build"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(ours.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("compressing")));
    let interrupted = Instant::now();
    kill_process(Pid::from_child(&ours), Signal::INT).unwrap();
    assert_eq!(ours.wait().unwrap().code(), Some(130));
    assert!(interrupted.elapsed() < Duration::from_secs(5), "took {:?}", interrupted.elapsed());
}
