//! `ceiling PAGE REDIS_URL`: answers `/memory` with the bytes of the file PAGE, and `/redis` with the same bytes after one
//! GET to Redis. Nothing else: no middleware, no lookup, no headers that axum does not set by itself.
//!
//! Prints the address that it listens on, and ends when its standard input does.

use std::{
    env,
    error::Error,
    fs,
    io::{self, Read as _},
    thread,
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::get, serve::ListenerExt};
use redis::{AsyncCommands, Client, aio::ConnectionManager};
use tokio::net::TcpListener;

/// Where the page lies in Redis.
const KEY: &str = "ceiling:page";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [page, redis] = &args[..] else { return Err("usage: ceiling PAGE REDIS_URL".into()) };
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let page = Bytes::from(fs::read(page)?);
    // One multiplexed connection, as the API has.
    let mut connection = ConnectionManager::new(Client::open(redis.as_str())?).await?;
    let () = connection.set(KEY, page.as_ref()).await?;

    let routes = Router::new()
        .route("/memory", get(async move || page.clone()))
        .route("/redis", get(from_redis))
        .with_state(connection);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| {
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, routes).await?;
    Ok(())
}

async fn from_redis(State(mut connection): State<ConnectionManager>) -> Result<Vec<u8>, StatusCode> {
    connection.get(KEY).await.map_err(|_| StatusCode::BAD_GATEWAY)
}
