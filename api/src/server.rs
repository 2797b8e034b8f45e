//! Connections: how many there may be, how long one may take to say what it wants, and how they end.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tower::Service;

/// Connections at a time; further ones wait to be accepted. One needs a file descriptor and some 30 KB.
pub const MAX_CONNECTIONS: usize = 20_000;
/// How long a connection may take over a request's head, and so how long it may be idle. Longer than a CDN keeps idle
/// connections to its origin: CloudFront, 60 seconds at most.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long requests may go on after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long to wait when no connection can be accepted: no file descriptor is free.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets the requests that are under way finish.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let accepting = async {
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let (socket, peer) = accept(&listener).await;
            let router = router.clone();
            let service = service_fn(move |request| respond(router.clone(), peer, request));
            let connection = connections.watch(http.serve_connection(TokioIo::new(socket), service));
            tokio::spawn(async move {
                let _ = connection.await; // what is wrong with a connection is its client's concern
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    drop(listener);
    if timeout(DRAIN, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way after {DRAIN:?}");
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((socket, peer)) => {
                let _ = socket.set_nodelay(true); // responses are written at once: there is nothing to wait for
                return (socket, peer);
            }
            Err(e) if left_before_accepted(&e) => {}
            Err(e) => {
                tracing::error!("cannot accept connections: {e}");
                sleep(PAUSE).await;
            }
        }
    }
}

fn left_before_accepted(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn respond(
    mut router: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<axum::response::Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let empty = request.body().is_end_stream();
    router.call(request.map(|body| if empty { Body::empty() } else { Body::new(body) })).await
}
