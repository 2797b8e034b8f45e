//! The private PostgreSQL's life: it starts once, restarts fast, and never outlives the API.

use std::fs;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

use crate::support::{Folder, PROGRAM, Process, until};

#[test]
fn a_killed_api_leaves_nothing_running_and_the_next_one_starts_fast_with_the_same_data() {
    let folder = Folder::new();
    let mut api = Process::start(folder.path(), &[]);
    let running = api.supervised();
    api.signal(Signal::KILL);
    api.wait();
    Process::assert_ended(&running);

    let again = Process::start(folder.path(), &[]);
    assert!(again.get("/api/v1/users/profile").contains("user_123"));
}

#[test]
fn interrupt_and_terminate_end_the_api_and_its_database() {
    let folder = Folder::new();
    for signal in [Signal::INT, Signal::TERM] {
        let mut api = Process::start(folder.path(), &[]);
        let running = api.supervised();
        api.signal(signal);
        assert!(api.wait().success());
        assert!(!api.data().join("postmaster.pid").exists(), "the database was shut down in order");
        Process::assert_ended(&running);
    }
}

#[test]
fn a_request_under_way_is_finished_before_the_api_stops() {
    let folder = Folder::new();
    let mut api = Process::start(folder.path(), &[]);
    let socket = Process::record(folder.path())["socket"].as_str().unwrap().to_owned();
    let options = PgConnectOptions::new_without_pgpass().socket(socket).username("treebeard").database("treebeard");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut lock = runtime.block_on(options.connect()).unwrap();
    let execute = |lock: &mut sqlx::PgConnection, sql| runtime.block_on(sqlx::raw_sql(sql).execute(lock)).unwrap();
    execute(&mut lock, "BEGIN; LOCK TABLE plan_catalog IN ACCESS EXCLUSIVE MODE");
    std::thread::scope(|scope| {
        let request = scope.spawn(|| api.get("/api/v1/plans/plan_0042"));
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        until("the request waits for the lock", || {
            let waits: i64 = runtime.block_on(sqlx::query_scalar(waiting).fetch_one(&mut lock)).unwrap();
            (waits > 0).then_some(())
        });
        api.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(200));
        execute(&mut lock, "COMMIT");
        let reply = request.join().unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    });
    let _ = runtime.block_on(lock.close());
    assert!(api.wait().success());
}

#[test]
fn a_second_api_in_the_same_folder_says_who_has_it() {
    let folder = Folder::new();
    let api = Process::start(folder.path(), &[]);
    let second = Command::new(PROGRAM).args(["serve", "--embedded", "--port", "0"]).current_dir(folder.path()).output();
    let second = second.unwrap();
    let words = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{words}");
    assert!(words.contains(&format!("is in use by process {}", api.id())), "{words}");
    assert!(api.get("/health").starts_with("HTTP/1.1 200 "), "the first is not disturbed");
}

#[test]
fn what_crashed_instances_left_does_not_hurt() {
    let folder = Folder::new();
    let mut api = Process::start(folder.path(), &[]);
    let running = api.supervised();
    // The supervisor goes first, so that nobody ends the server when the API goes too.
    kill_process(running[0], Signal::KILL).unwrap();
    api.signal(Signal::KILL);
    api.wait();
    let mut api = Process::start(folder.path(), &[]);
    Process::assert_ended(&running);
    api.signal(Signal::TERM);
    assert!(api.wait().success());

    // After a crash of the machine the recorded process id can be anybody's: here it is ours.
    let file = api.data().join("postmaster.pid");
    let text = format!("{}\n{}\n1\n5432\n/nowhere\n\n", std::process::id(), api.data().display());
    fs::write(&file, text).unwrap();
    let api = Process::start(folder.path(), &[]);
    assert!(api.get("/health").starts_with("HTTP/1.1 200 "));
}

#[test]
fn the_npm_package_serves_where_no_postgresql_is_installed() {
    let folder = Folder::new();
    let api = Process::start(folder.path(), &[("TREEBEARD_POSTGRES", "npm")]);
    let programs = Process::record(folder.path())["programs"].as_str().unwrap().to_owned();
    assert!(programs.contains("@embedded-postgres"), "{programs}");
    assert!(api.get("/api/v1/plans/catalog").contains(r#""total":120"#));
}
