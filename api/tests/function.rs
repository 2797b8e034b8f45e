//! The service as a Lambda function: executed by ministack, called through its function URL, with PostgreSQL and Redis
//! behind it and its secrets kept by AWS's services.

use std::io::Read;
use std::process::Command;

use axum::body::Bytes;
use axum::http::request::Builder;
use axum::http::{Request, Response};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::ConnectOptions;

use crate::support::{Function, Ministack, PROGRAM, Redis, SECRET, database};

const CATALOG: &str = "/api/v1/plans/catalog?zip_code=77002&page_size=100";
/// What the distribution sends now, and what it sent before.
const SECRETS: [&str; 2] = ["the new secret", "the old secret"];

/// The function over a database with the demo's data, and a Redis.
struct World {
    cloud: &'static Ministack,
    function: Function,
    redis: Redis,
}

impl World {
    async fn new() -> Self {
        Self::with(|redis| Some(redis.url())).await
    }

    /// With the `REDIS_URL` that `redis` gives.
    async fn with(url: impl FnOnce(&Redis) -> Option<String>) -> Self {
        let (cloud, redis) = (Ministack::get().await, Redis::start());
        let database = database(true).await.to_url_lossy().to_string();
        let [parameter, secret] =
            ["/treebeard/database-url", "treebeard/jwt"].map(|name| format!("{name}-{}", redis.port()));
        cloud.put_parameter(&parameter, &database).await;
        cloud.put_secret(&secret, SECRET).await;
        let digests = SECRETS.map(|secret| hex::encode(Sha256::digest(secret))).join(",");
        let mut environment = cloud.environment().to_vec();
        environment.extend([
            ("DATABASE_URL", format!("ssm:{parameter}")),
            ("JWT_SECRET", format!("secretsmanager:{secret}")),
            ("ORIGIN_SECRET_SHA256", digests),
        ]);
        environment.extend(url(&redis).map(|url| ("REDIS_URL", url)));
        let function = cloud.create_function(&environment).await;
        Self { cloud, function, redis }
    }

    /// Sends a request as the distribution would.
    async fn send(&self, request: Builder, body: impl Into<Bytes>) -> Response<Bytes> {
        let request = request.header("x-origin-verify", SECRETS[0]);
        self.cloud.visit(&self.function, request, body).await
    }

    async fn get(&self, path: &str) -> Response<Bytes> {
        self.send(Request::get(path), "").await
    }

    async fn post(&self, path: &str, body: impl Into<Bytes>) -> Response<Bytes> {
        self.send(Request::post(path).header("content-type", "application/json"), body).await
    }
}

fn json_of(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_else(|e| panic!("{e}: {response:?}"))
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[track_caller]
fn assert_error(response: &Response<Bytes>, status: u16, code: &str) {
    let error = &json_of(response)["error"];
    assert_eq!((response.status().as_u16(), error["code"].as_str()), (status, Some(code)), "{response:?}");
    assert_eq!(error["request_id"].as_str(), Some(header(response, "x-request-id")), "{response:?}");
}

#[tokio::test]
async fn a_function_answers_as_the_service_does() {
    let world = World::new().await;
    let health = world.get("/health").await;
    assert_eq!(json_of(&health), json!({ "status": "healthy", "database": "up", "cache": "up" }), "{health:?}");

    let plain = world.send(Request::get(CATALOG).header("x-request-id", "from-the-edge"), "").await;
    assert_eq!((plain.status().as_u16(), header(&plain, "x-request-id")), (200, "from-the-edge"));
    assert!(json_of(&plain)["items"].as_array().unwrap().len() > 20);
    assert!(world.redis.cli(&["keys", "*"]).contains("cache:response:"), "what was filled is in Redis");
    for encoding in ["gzip", "br"] {
        let reply = world.send(Request::get(CATALOG).header("accept-encoding", encoding), "").await;
        assert_eq!((header(&reply, "content-encoding"), header(&reply, "x-cache")), (encoding, "HIT-L1"));
        let mut decoded = Vec::new();
        match encoding {
            "gzip" => GzDecoder::new(&reply.body()[..]).read_to_end(&mut decoded).unwrap(),
            _ => brotli::Decompressor::new(&reply.body()[..], 4096).read_to_end(&mut decoded).unwrap(),
        };
        assert_eq!(decoded, plain.body()[..], "{encoding}");
        let etag = header(&reply, "etag").to_owned();
        let again = world.send(Request::get(CATALOG).header("if-none-match", etag), "").await;
        assert_eq!((again.status().as_u16(), again.body().len()), (304, 0));
    }

    let form = json!({ "email": "ann@example.com", "password": "correct horse", "name": "Änn", "zip_code": "77002" });
    assert_eq!(world.post("/api/v1/auth/register", form.to_string()).await.status(), 201);
    let form = json!({ "email": "ann@example.com", "password": "correct horse" });
    let login = world.post("/api/v1/auth/login", form.to_string()).await;
    assert_eq!(login.status(), 200, "{login:?}");
    let token = format!("Bearer {}", json_of(&login)["access_token"].as_str().unwrap());
    let profile = world.send(Request::get("/api/v1/users/profile").header("authorization", token), "").await;
    assert_eq!((profile.status().as_u16(), &json_of(&profile)["name"]), (200, &json!("Änn")));
    assert_eq!(header(&profile, "cache-control"), "no-store");
}

#[tokio::test]
async fn a_function_refuses_as_the_service_does() {
    let world = World::new().await;
    assert_error(&world.get("/api/v1/plans/plan_9999").await, 404, "not_found");
    assert_error(&world.get("/api/v1/nothing").await, 404, "not_found");
    assert_error(&world.get("/api/v1/plans/catalog?page=0").await, 422, "invalid_value");
    assert_error(&world.get("/api/v1/users/profile").await, 401, "unauthorized");
    assert_error(&world.post("/api/v1/auth/login", "{").await, 400, "bad_request");
    assert_error(&world.send(Request::delete("/api/v1/users/profile"), "").await, 405, "method_not_allowed");
    for length in [257 * 1024, 1024 * 1024] {
        let long = json!({ "email": "ann@example.com", "password": "x".repeat(length) });
        assert_error(&world.post("/api/v1/auth/login", long.to_string()).await, 413, "payload_too_large");
    }

    for path in ["/health", "/openapi.json", "/metrics", "/nothing", CATALOG] {
        let direct = world.cloud.visit(&world.function, Request::get(path), "").await;
        assert_error(&direct, 403, "forbidden");
    }
    for (secret, status) in [(SECRETS[1], 200), ("a guess", 403), ("", 403)] {
        let request = Request::get("/health/live").header("x-origin-verify", secret);
        assert_eq!(world.cloud.visit(&world.function, request, "").await.status(), status, "{secret}");
    }
}

#[tokio::test]
async fn who_may_invoke_the_function_can_ask_it_without_the_secret() {
    let world = World::new().await;
    let ask = async |domain: &str| {
        let event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/openapi.json",
            "rawQueryString": "",
            "headers": { "host": "smoke.internal" },
            "requestContext": {
                "domainName": domain,
                "http": { "method": "GET", "path": "/openapi.json" },
                "stage": "$default",
            },
            "isBase64Encoded": false,
        });
        world.cloud.invoke(&world.function, &event).await
    };
    let answer = ask("smoke.internal").await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
    let document: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(ask("x.lambda-url.us-east-1.on.aws").await["statusCode"], 403);
    // Over HTTP the name is the function URL's own.
    let claim = Request::get("/openapi.json").header("x-forwarded-host", "smoke.internal");
    assert_eq!(world.cloud.visit(&world.function, claim, "").await.status(), 403);
}

#[tokio::test]
async fn without_redis_a_function_caches_nothing() {
    let world = World::with(|_| None).await;
    for _ in 0..2 {
        let reply = world.get(CATALOG).await;
        assert_eq!((reply.status().as_u16(), header(&reply, "x-cache")), (200, "MISS"));
    }
}

#[test]
fn a_function_without_users_of_its_own_does_not_start() {
    let start = |envs: &[(&str, &str)]| {
        let mut command = Command::new(PROGRAM);
        command.env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:1").env("DATABASE_URL", "postgres://127.0.0.1:1/x");
        let output = command.envs(envs.iter().copied()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (envs, why) in [
        (&[("AUTH_MODE", "demo")][..], "neither a private database nor demo mode"),
        (&[], "set JWT_SECRET"),
        (&[("JWT_SECRET", SECRET), ("ORIGIN_SECRET_SHA256", "")], "SHA-256 digests"),
    ] {
        let (code, words) = start(envs);
        assert!(code == Some(3) && words.contains(why), "{words}");
    }
}
