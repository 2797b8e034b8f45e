//! What the environment settles when the service starts: warming, the form of the logs, the proxies that are believed.

use serde_json::{Value, json};
use sqlx::ConnectOptions;

use crate::support::{Folder, Process, Proxy, Redis, SECRET, Weather, database, until};

#[tokio::test(flavor = "multi_thread")]
async fn with_cache_warm_the_service_fills_its_cache_when_it_starts() {
    let (options, redis, folder) = (database(true).await, Redis::start(), Folder::new());
    let url = options.to_url_lossy().to_string();
    let api = Process::over_with(folder.path(), &url, &redis.url(), &[("CACHE_WARM", "full")]);
    let told = until("it is warm", || api.log().into_iter().find(|line| line.contains("the cache is warm")));
    assert!(told.contains("failed=0"), "{told}");
    for path in ["/api/v1/plans/plan_0001", "/api/v1/users/profile", "/api/v1/recommendations/user_123"] {
        let reply = api.get(path);
        assert!(reply.contains("x-cache: HIT-L1"), "{path}: {reply}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_in_json_name_the_request_that_failed() {
    let (options, redis, folder) = (database(true).await, Redis::start(), Folder::new());
    let (proxy, url) = Proxy::to_database(&options).await;
    let api = Process::over_with(folder.path(), &url, &redis.url(), &[("LOG_FORMAT", "json")]);
    proxy.turns(Weather::Cut);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traceparent = format!("traceparent: 00-{trace}-00f067aa0ba902b7-01");
    let headers = ["X-Request-Id: from-the-edge", &traceparent];
    let reply = api.send(
        "PUT",
        "/api/v1/users/preferences",
        &headers,
        &json!({
            "cost": 100, "flexibility": 0, "renewables": 0, "supplier_rating": 0,
        }),
    );
    assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("x-request-id: from-the-edge"), "{reply}");
    let failed = until("the failure is logged", || {
        let lines: Vec<Value> = api.log().iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.into_iter().find(|line| line["fields"]["message"] == "request failed")
    });
    assert_eq!((&failed["level"], &failed["fields"]["status"]), (&"ERROR".into(), &503.into()));
    assert!(failed["fields"]["detail"].as_str().is_some_and(|words| !words.is_empty()), "{failed}");
    let request = &failed["span"];
    assert_eq!(
        (&request["name"], &request["id"], &request["trace_id"]),
        (&"request".into(), &"from-the-edge".into(), &trace.into())
    );
    assert_eq!((&request["method"], &request["path"]), (&"PUT".into(), &"/api/v1/users/preferences".into()));
}

/// A hundred failures close an address. Behind a proxy, the address is that of the proxy's client.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_behind_a_proxy_is_counted_alone_where_the_proxy_is_trusted() {
    let (options, redis, folder) = (database(true).await, Redis::start(), Folder::new());
    let url = options.to_url_lossy().to_string();
    for (proxies, other) in [("1", "401"), ("0", "429")] {
        let envs = [("AUTH_MODE", "jwt"), ("JWT_SECRET", SECRET), ("TRUSTED_PROXIES", proxies)];
        let api = Process::over_with(folder.path(), &url, &redis.url(), &envs);
        let login = |email: &str, from: &str| {
            let body = json!({ "email": email, "password": "wrong horse" });
            let reply = api.send("POST", "/api/v1/auth/login", &[&format!("X-Forwarded-For: {from}")], &body);
            reply[9..12].to_owned()
        };
        for _ in 0..100 {
            login("alex@example.com", "192.0.2.1");
        }
        // The account of the hundred is closed by itself; that of another person shows the address.
        assert_eq!(login("sam@example.com", "192.0.2.1"), "429");
        assert_eq!(login("sam@example.com", "10.0.0.1, 192.0.2.2"), other, "TRUSTED_PROXIES={proxies}");
        let warned = api.log().iter().filter(|line| line.contains("set TRUSTED_PROXIES")).count();
        assert_eq!(warned, usize::from(proxies == "0"), "said once, where it is needed");
    }
}
