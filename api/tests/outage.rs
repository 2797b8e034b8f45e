//! The database goes away: what is cached is served, the rest is 503, nothing is 500 and nothing hangs.

use std::time::{Duration, Instant};

use rustix::process::{Signal, kill_process};

use crate::support::{Folder, Process};

#[test]
fn without_its_database_the_service_is_degraded_and_says_when_to_come_back() {
    let folder = Folder::new();
    let mut api = Process::start(folder.path(), &[]);
    assert!(api.get("/health").ends_with(r#"{"status":"healthy","database":"up","cache":"up"}"#));
    assert!(api.get("/api/v1/plans/plan_0042").contains("x-cache: MISS"));

    kill_process(api.postmaster(), Signal::KILL).unwrap();

    let start = Instant::now();
    let refused = api.get("/api/v1/users/profile");
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 2"), "{refused}");
    assert!(refused.contains(r#""code":"unavailable""#), "{refused}");
    assert!(start.elapsed() < Duration::from_secs(8), "it took {:?}", start.elapsed());

    let cached = api.get("/api/v1/plans/plan_0042");
    assert!(cached.starts_with("HTTP/1.1 200 ") && cached.contains("x-cache: HIT-L1"), "{cached}");
    let health = api.get("/health");
    assert!(health.starts_with("HTTP/1.1 200 "), "{health}");
    assert!(health.ends_with(r#"{"status":"degraded","database":"down","cache":"up"}"#), "{health}");
    assert!(api.get("/health/ready").starts_with("HTTP/1.1 200 "));
    assert!(api.get("/health/live").starts_with("HTTP/1.1 200 "));

    api.signal(Signal::TERM);
    assert!(api.wait().success());
}

#[test]
fn with_nothing_cached_either_the_service_is_unhealthy() {
    let folder = Folder::new();
    let api = Process::start(folder.path(), &[("REDIS_URL", "redis://127.0.0.1:1")]);
    assert!(api.get("/health").ends_with(r#"{"status":"degraded","database":"up","cache":"down"}"#));
    kill_process(api.postmaster(), Signal::KILL).unwrap();
    assert!(api.get("/api/v1/plans/plan_0042").starts_with("HTTP/1.1 503 "));
    let health = api.get("/health");
    assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
    assert!(health.ends_with(r#"{"status":"unhealthy","database":"down","cache":"down"}"#), "{health}");
    assert!(api.get("/health/ready").starts_with("HTTP/1.1 503 "));
}
