//! The router in this process, over a database of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use tower::ServiceExt;
use treebeard_api::auth::{Auth, AuthMode};
use treebeard_api::cache::{self, Cache, Policy};
use treebeard_api::embedded::{Postgres, Settings, Source};
use treebeard_api::state::AppState;
use treebeard_api::{db, demo, router};

use super::PROGRAM;

/// How to reach the run's PostgreSQL: its database `treebeard` is migrated and seeded, and the template of the tests'.
/// The server lives on a thread of its own and ends, folder and all, with this process.
static SERVER: LazyLock<PgConnectOptions> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let postgres = runtime.block_on(start());
        sender.send(postgres.connect_options()).unwrap();
        runtime.block_on(std::future::pending::<()>());
    });
    receiver
        .recv()
        .expect("the tests need PostgreSQL 15 or newer: apt-get install postgresql, or brew install postgresql@17")
});

async fn start() -> Postgres {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("api-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let settings = Settings { folder, source: Source::Auto, ephemeral: true, supervisor: Some(PROGRAM.into()) };
    let postgres = Postgres::start(&settings).await.unwrap_or_else(|e| panic!("{e}"));
    let pool = db::maintenance_pool(postgres.connect_options());
    db::migrate(&pool).await.unwrap();
    db::demo::write(&pool, &demo::generate()).await.unwrap();
    pool.close().await; // a template may have no connections
    postgres
}

/// A database with the demo's data, or with nothing, that no other test uses.
pub async fn database(seeded: bool) -> PgConnectOptions {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let template = if seeded { "treebeard" } else { "template0" };
    let server = tokio::task::spawn_blocking(|| SERVER.clone()).await.unwrap();
    let mut admin = server.clone().database("postgres").connect().await.unwrap();
    let create = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
    sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
    server.database(&name)
}

/// The API over a fresh, seeded database.
pub struct App {
    router: Router,
    pub db: PgPool,
}

/// Signs the tokens of the tests.
pub const SECRET: &str = "a secret of the tests, long enough";

/// A small cache with the contract's times.
fn settings() -> cache::Settings {
    let day = Duration::from_hours(24);
    cache::Settings { max_bytes: 1 << 20, policy: Policy { default_ttl: day, stale_if_error: day }, redis: None }
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl App {
    /// In demo mode, where a request without a token is `user_123`.
    pub async fn demo() -> Self {
        Self::new(AuthMode::Demo).await
    }

    pub async fn new(auth: AuthMode) -> Self {
        let db = PgPool::connect_with(database(true).await).await.unwrap();
        let auth = Auth::new(auth, Some(SECRET), 0).unwrap();
        let cache = Cache::connect(&settings()).await;
        let state = AppState::new(db.clone(), cache, auth);
        Self { router: router::router(state), db }
    }

    /// Serves it on a port of its own, until the test ends.
    pub async fn serve(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, self.router.clone()).into_future());
        address
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let reply = self.send_for_bytes(request).await;
        assert!(!reply.text.contains(char::REPLACEMENT_CHARACTER), "{reply:?}");
        reply
    }

    /// As [`send`](Self::send), where the body need not be text.
    pub async fn send_for_bytes(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Reply { status: parts.status.as_u16(), headers: parts.headers, text }
    }
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e} in {:?}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Asserts that this is an error in our form, and gives its code.
    pub fn error_code(&self) -> String {
        let error = &self.json()["error"];
        assert_eq!(error["request_id"], self.header("x-request-id"), "{self:?}");
        assert!(error["message"].as_str().is_some_and(|words| !words.is_empty()), "{self:?}");
        error["code"].as_str().unwrap().to_owned()
    }
}
