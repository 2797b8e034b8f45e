//! The operators' commands against running services, and what Prometheus reads.

use std::process::{Command, Output};

use rustix::process::Signal;
use serde_json::Value;
use sqlx::ConnectOptions;

use crate::support::{Folder, PROGRAM, Process, Redis, database, until};

fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn body(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").unwrap().1
}

fn cache_of(reply: &str) -> &str {
    let line = reply.lines().find_map(|line| line.strip_prefix("x-cache: "));
    line.unwrap_or_else(|| panic!("no X-Cache in {reply}"))
}

async fn urls() -> (String, Redis) {
    let options = database(true).await;
    (options.to_url_lossy().to_string(), Redis::start())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalidation_by_command_reaches_every_process_within_a_second() {
    let (database, redis) = urls().await;
    let folder = Folder::new();
    let [a, b] = [(), ()].map(|()| Process::over(folder.path(), &database, &redis.url()));
    let profile = "/api/v1/users/profile";
    assert_eq!(cache_of(&a.get(profile)), "MISS");
    until("it is shared", || (redis.cli(&["exists", "user_profile:v1:user_123"]) == "1").then_some(()));
    assert_eq!((cache_of(&b.get(profile)), cache_of(&b.get(profile))), ("HIT-L2", "HIT-L1"));

    for (what, args) in [
        ("user_123", ["--user", "user_123"]),
        ("user_profile:v1", ["--prefix", "user_profile"]),
        ("user_profile:v1:user_123", ["--key", "user_profile:v1:user_123"]),
    ] {
        until("both follow", || b.get("/health").contains("\"cache\":\"up\"").then_some(()));
        let forgotten = run(&["cache", "invalidate", args[0], args[1], "--url", &a.admin()]);
        assert_eq!(text(&forgotten.stdout), format!("Invalidated {what}\n"), "{forgotten:?}");
        assert_eq!(cache_of(&a.get(profile)), "MISS", "{what}");
        let start = std::time::Instant::now();
        until("the other process forgets", || (cache_of(&b.get(profile)) != "HIT-L1").then_some(()));
        assert!(start.elapsed() < std::time::Duration::from_secs(1), "{what}: {:?}", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stats_are_the_running_services_own() {
    let (database, redis) = urls().await;
    let folder = Folder::new();
    let api = Process::over(folder.path(), &database, &redis.url());
    for _ in 0..4 {
        api.get("/api/v1/users/profile");
    }
    let stats = run(&["cache", "stats", "--url", &api.admin()]);
    let words = text(&stats.stdout);
    for line in [
        "General Stats:",
        "  Enabled: True",
        "  Total Requests: 4",
        "  Cache Hits: 3",
        "  Cache Misses: 1",
        "  Hit Rate: 75.00%",
        "  Miss Rate: 25.00%",
        "  Errors: 0",
        "  Redis: up",
    ] {
        assert!(words.lines().any(|found| found == line), "{line:?} in {words}");
    }
    let json: Value =
        serde_json::from_slice(&run(&["--json", "cache", "stats", "--url", &api.admin()]).stdout).unwrap();
    assert_eq!((&json["total_requests"], &json["hit_rate"]), (&4.into(), &75.0.into()));
    let profiles =
        &json["namespaces"].as_array().unwrap().iter().find(|row| row["namespace"] == "user_profile").unwrap();
    assert_eq!((&profiles["hits_l1"], &profiles["misses"]), (&3.into(), &1.into()));
    assert!(profiles["memory_bytes"].as_u64() > Some(500) && json["redis_memory_bytes"].as_u64() > Some(500_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn warming_fills_redis_and_a_running_service_starts_warm() {
    let (database, redis) = urls().await;
    let output = Command::new(PROGRAM)
        .args(["warm", "--mode", "full"])
        .envs([("DATABASE_URL", database.as_str()), ("REDIS_URL", redis.url().as_str())])
        .output()
        .unwrap();
    let words = text(&output.stdout);
    let lines: Vec<&str> = words.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "Warmed 100 popular plans",
            "Warmed 5 catalogue pages",
            "Warmed 20 active user profiles",
            "Warmed 20 recent recommendations"
        ],
        "{output:?}"
    );
    assert!(lines[4].starts_with("Total: 145 items in ") && lines[4].ends_with('s') && lines.len() == 5, "{words}");
    assert_eq!(redis.cli(&["eval", "return #redis.call('keys', 'plan_catalog:v1:plan_*')", "0"]), "100");

    let folder = Folder::new();
    let api = Process::over(folder.path(), &database, &redis.url());
    assert_eq!(cache_of(&api.get("/api/v1/users/profile")), "HIT-L2");
    assert_eq!(cache_of(&api.get("/api/v1/recommendations/user_123")), "HIT-L2");

    redis.cli(&["flushall"]);
    let output = run(&["--json", "warm", "--mode", "plans", "--limit", "7", "--url", &api.admin()]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    assert_eq!((&report["plans"], &report["total"], &report["profiles"]), (&7.into(), &12.into(), &Value::Null));
    assert_eq!(redis.cli(&["exists", "user_profile:v1:user_123"]), "0");
}

#[test]
fn commands_say_what_they_miss() {
    let nobody = "http://127.0.0.1:1";
    for (args, code, words) in [
        (&["cache", "stats", "--url", nobody][..], 1, "no service answers at http://127.0.0.1:1"),
        (&["cache", "invalidate", "--url", nobody], 3, "required"),
        (&["warm"], 3, "nothing to fill: set REDIS_URL"),
        (&["warm", "--mode", "everything"], 3, "possible values"),
    ] {
        let output = Command::new(PROGRAM).args(args).env_remove("REDIS_URL").output().unwrap();
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(code) && said.contains(words), "{args:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_what_would_be_right_and_the_api_has_no_operators_routes() {
    let (database, redis) = urls().await;
    let folder = Folder::new();
    let api = Process::over(folder.path(), &database, &redis.url());
    for (args, words) in [
        (["--prefix", "sessions"], "keys start with plan_catalog:v1"),
        (["--key", "plan_0042"], "is not a key"),
        (["--user", "no one"], "an id has 1 to 64 characters"),
    ] {
        let output = run(&["cache", "invalidate", args[0], args[1], "--url", &api.admin()]);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(3) && said.contains(words), "{said}");
    }
    for path in ["/cache/stats", "/pool", "/api/v1/cache/stats", "/api/cache/stats"] {
        assert!(api.get(path).starts_with("HTTP/1.1 404 "), "{path}");
    }
    let pool: Value = serde_json::from_str(body(&api.ask_admin("/pool"))).unwrap();
    assert_eq!(
        (&pool["pool_size"], &pool["max_overflow"], &pool["total_connections"]),
        (&20.into(), &10.into(), &30.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_requests_by_route_the_cache_the_pool_queries_and_breakers() {
    let (database, redis) = urls().await;
    let folder = Folder::new();
    let api = Process::over(folder.path(), &database, &redis.url());
    for path in ["/api/v1/plans/plan_0042", "/api/v1/plans/plan_0042", "/api/v1/plans/none", "/nowhere"] {
        api.get(path);
    }
    for metrics in [api.get("/metrics"), api.ask_admin("/metrics")] {
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse::<f64>().unwrap()
        };
        assert!(metrics.contains("content-type: application/openmetrics-text"));
        let route = "route=\"/api/v1/plans/{plan_id}\"";
        assert!((value(&format!("http_request_duration_seconds_count{{{route}}}")) - 3.0).abs() < 0.1);
        assert!((value(&format!("http_responses_total{{{route},status=\"2xx\"}}")) - 2.0).abs() < 0.1);
        assert!((value(&format!("http_responses_total{{{route},status=\"4xx\"}}")) - 1.0).abs() < 0.1);
        assert!((value("cache_hits_total{namespace=\"plan_catalog\",layer=\"l1\"}") - 1.0).abs() < 0.1);
        assert!((value("cache_misses_total{namespace=\"plan_catalog\"}") - 2.0).abs() < 0.1);
        assert!(value("cache_l1_bytes{namespace=\"plan_catalog\"}") > 500.0);
        assert!(value("db_query_duration_seconds_count") >= 2.0 && value("db_pool_limit") > 29.0);
        assert!(value("breaker_state{target=\"redis\"}") < 0.1 && value("breaker_state{target=\"database\"}") < 0.1);
        assert!(metrics.ends_with("# EOF\n"));
    }
}

#[test]
fn a_redis_behind_tls_is_used_and_one_with_an_unknown_certificate_is_not() {
    let (redis, certificate) = Redis::with_tls();
    let url = format!("rediss://localhost:{}", redis.port());
    let folder = Folder::new();
    for (trusted, state) in [(certificate.to_str().unwrap(), "up"), ("/dev/null", "down")] {
        let mut api = Process::start(folder.path(), &[("REDIS_URL", &url), ("SSL_CERT_FILE", trusted)]);
        assert!(api.get("/health").contains(&format!("\"cache\":\"{state}\"")), "{trusted}");
        assert_eq!(cache_of(&api.get("/api/v1/plans/plan_0042")), "MISS");
        api.signal(Signal::TERM);
        assert!(api.wait().success());
    }
}

#[test]
fn serve_embedded_has_a_private_redis_that_ends_with_it() {
    let folder = Folder::new();
    let mut api = Process::start(folder.path(), &[]);
    let socket = folder.path().join(".treebeard/redis.sock");
    let ping = || Command::new("redis-cli").arg("-s").arg(&socket).arg("ping").output().unwrap();
    assert_eq!(text(&ping().stdout), "PONG\n");
    api.get("/api/v1/users/profile");
    let stats: Value = serde_json::from_str(body(&api.ask_admin("/cache/stats"))).unwrap();
    assert_eq!(stats["redis"], "up");
    api.signal(Signal::KILL);
    api.wait();
    until("Redis is gone", || (!ping().status.success()).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_answers_its_cdn_alone_tells_its_operators_how_it_is() {
    let (database, redis) = urls().await;
    let (folder, digest) = (Folder::new(), "0".repeat(64));
    let api = Process::over_with(folder.path(), &database, &redis.url(), &[("ORIGIN_SECRET_SHA256", &digest)]);
    for path in ["/health", "/health/live", "/metrics", "/api/v1/plans/catalog"] {
        let refused = api.get(path);
        assert!(refused.starts_with("HTTP/1.1 403") && refused.contains(r#""code":"forbidden""#), "{refused}");
    }
    let health = run(&["health", "--url", &api.admin()]);
    assert_eq!(text(&health.stdout), "healthy: the database is up, the cache is up\n", "{health:?}");
    let health = run(&["health", "--json", "--url", &api.admin()]);
    let health: Value = serde_json::from_slice(&health.stdout).unwrap();
    assert_eq!(health["status"], "healthy");
    let nobody = run(&["health", "--url", "http://127.0.0.1:1"]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
}
