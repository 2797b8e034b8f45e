//! `serve`: the edge and its API live and die together.

use std::{
    net::TcpListener,
    thread::sleep,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use treebeard_cdn::{config, edge::running};

use crate::support::{
    Project, Served,
    http::{Reply, get},
};

/// A project whose API is a Node program that is healthy after half a second.
fn project() -> Project {
    let project = Project::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/api.mjs");
    project.write(
        "cdn-config.yml",
        format!(
            "version: 1\nsite: {{ output: dist }}\n\
             api:\n  path: '/api/*'\n  local: {{ command: 'echo \"api on $PORT\" && node {script}', health: /health }}\n\
             environments:\n  local: {{ target: local }}\n"
        ),
    );
    project
}

fn serve(project: &Project) -> (Served, u16) {
    let mut command = project.command(&["serve", "--port", "0"]);
    command.env("HEALTHY_AFTER_MS", "500");
    let served = Served::start(command);
    let port = served.url.rsplit(':').next().unwrap().parse().unwrap();
    (served, port)
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(20));
    }
    panic!("waited in vain until {what}");
}

fn json(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// The API's process id, once it is healthy.
fn api_pid(port: u16) -> Pid {
    let reply = until("the API is healthy", || Some(get(port, "/api/echo")).filter(|reply| reply.status == 200));
    Pid::from_raw(i32::try_from(json(&reply)["pid"].as_i64().unwrap()).unwrap()).unwrap()
}

fn assert_gone(pid: Pid) {
    until("the API is gone", || test_kill_process(pid).is_err().then_some(()));
}

fn send(served: &Served, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(served.pid()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[test]
fn it_answers_at_once_and_the_api_when_it_is_healthy() {
    let project = project();
    let (served, port) = serve(&project);
    let early = get(port, "/api/echo");
    assert_eq!((early.status, early.header("retry-after")), (503, Some("1")));
    assert_eq!(json(&early)["error"]["code"], "api_starting");
    assert!(get(port, "/").text().contains("treebeard-cdn deploy"));
    let api = api_pid(port);
    assert_eq!(served.interrupt(), 130);
    // Nothing to wait for: it ends after everything that it started.
    assert!(test_kill_process(api).is_err());
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
}

#[test]
fn a_killed_serve_leaves_nothing_running() {
    let project = project();
    let (served, port) = serve(&project);
    let api = api_pid(port);
    send(&served, Signal::KILL);
    assert_gone(api);
    let (again, port) = serve(&project);
    let api = api_pid(port);
    send(&again, Signal::TERM);
    assert_gone(api);
    assert_eq!(again.interrupt(), 143);
}

#[test]
fn an_api_that_dies_is_said_to_be_dead_and_the_site_stays() {
    let project = project();
    let (_served, port) = serve(&project);
    api_pid(port);
    assert_eq!(get(port, "/api/die").status, 502);
    let reply = until("the death is noticed", || Some(get(port, "/api/echo")).filter(|reply| reply.status == 503));
    assert_eq!(json(&reply)["error"]["message"], "the API ended with exit status 7");
    assert_eq!(get(port, "/").status, 404);
}

#[test]
fn other_commands_find_the_running_edge_and_only_a_running_one() {
    let project = project();
    let (served, port) = serve(&project);
    let config = config::load(&project.path("cdn-config.yml"), "local").unwrap();
    let edge = until("the edge is announced", || running(&config));
    assert_eq!((edge.port, edge.pid, edge.url.as_str()), (port, served.pid(), served.url.as_str()));

    let second = project.run(&["serve", "--port", "0"]);
    assert_eq!(second.code, 3, "{second:?}");
    assert!(second.stderr.contains(&format!("already served at {} by process {}", edge.url, edge.pid)), "{second:?}");

    send(&served, Signal::KILL);
    until("the lock is gone", || running(&config).is_none().then_some(()));
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = project().run(&["serve", "--port", &port, "--json"]);
    assert_eq!(run.code, 3);
    assert_eq!(run.json()["error"]["rule"], "port-in-use");
    assert!(run.stderr.contains(&format!("port {port} is in use")), "{run:?}");
    assert!(run.json()["error"]["help"].as_str().unwrap().contains("--port"));
}

#[test]
fn a_port_in_use_or_a_served_environment_stops_a_deploy_before_it_publishes() {
    let project = Project::with_site(&[("index.html", "<h1>home</h1>")]);
    let assert_refused = |port: &str, why: &str| {
        let run = project.run(&["deploy", "--no-build", "--serve", "--port", port]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.stderr.contains(why) && run.stdout.is_empty(), "{run:?}");
        assert_eq!(project.run(&["verify", "--json"]).json()["error"]["rule"], "nothing-deployed");
    };
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    assert_refused(&taken.local_addr().unwrap().port().to_string(), "is in use");
    let served = Served::start(project.command(&["serve", "--port", "0"]));
    assert_refused("0", "is already served");
    drop(served);

    let served = Served::start(project.command(&["deploy", "--no-build", "--serve", "--port", "0"]));
    let port = served.url.rsplit(':').next().unwrap().parse().unwrap();
    assert_eq!(until("the site is served", || Some(get(port, "/"))).text(), "<h1>home</h1>");
}
