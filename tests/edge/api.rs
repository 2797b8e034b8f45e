//! Requests for the API pass as they are, and an API in trouble is said to be.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use treebeard_cdn::edge::{Api, Availability};

use super::world::World;
use crate::support::{
    NodeApi,
    http::{Reply, exchange, free_port, get, get_with, parse, request},
};

/// An edge in front of a running API.
fn proxied() -> (World, NodeApi) {
    let port = free_port();
    let node = NodeApi::start(port);
    let availability = watch::channel(Availability::Ready(port)).1;
    let api = Api::with_timeout(availability, Duration::from_millis(500));
    (World::with(&[("index.html", "<h1>home</h1>")], |_| {}, api), node)
}

fn unavailable(availability: Availability) -> World {
    World::with(&[("index.html", "<h1>home</h1>")], |_| {}, Api::new(watch::channel(availability).1))
}

fn json(reply: &Reply) -> serde_json::Value {
    serde_json::from_slice(&reply.body).unwrap_or_else(|cause| panic!("{cause}: {reply:?}"))
}

fn assert_never_kept(reply: &Reply) {
    assert_eq!(reply.header("cache-control"), Some("no-cache, no-store, must-revalidate"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    assert_eq!(reply.header("expires"), Some("0"));
    assert_eq!(reply.header("x-frame-options"), Some("DENY"));
}

#[test]
fn method_path_query_headers_and_body_arrive_as_they_were_sent() {
    let (world, _node) = proxied();
    let body: Vec<u8> = (0..1_048_576_u32).map(|n| n.to_le_bytes()[0]).collect();
    let headers = [
        ("Cookie", "session=1; theme=dark"),
        ("Authorization", "Bearer token"),
        ("Accept-Encoding", "br;q=0.5"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "gopher"),
        ("Keep-Alive", "timeout=5"),
        ("TE", "trailers"),
    ];
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let reply = request(world.port, method, "/api/echo?a=1&a=2&b=%2F+c", &headers, &body);
        assert_eq!(reply.status, 200);
        let seen = json(&reply);
        assert_eq!(seen["method"], method);
        assert_eq!(seen["url"], "/api/echo?a=1&a=2&b=%2F+c");
        assert_eq!(seen["size"], body.len());
        assert_eq!(seen["sha256"], hex::encode(Sha256::digest(&body)));
        let header = |name: &str| seen["headers"][name].as_str();
        assert_eq!(header("cookie"), Some("session=1; theme=dark"));
        assert_eq!(header("authorization"), Some("Bearer token"));
        assert_eq!(header("accept-encoding"), Some("br;q=0.5"));
        assert_eq!(header("x-forwarded-for"), Some("203.0.113.9, 127.0.0.1"));
        assert_eq!(header("x-forwarded-proto"), Some("http"));
        assert_eq!(header("x-forwarded-host"), Some(format!("localhost:{}", world.port).as_str()));
        assert!(header("host").unwrap().starts_with("127.0.0.1:"), "{seen}");
        assert_eq!((header("keep-alive"), header("te")), (None, None));
        assert_never_kept(&reply);
    }
}

#[test]
fn chunked_bodies_and_paths_with_dots_and_slashes_pass() {
    let (world, _node) = proxied();
    let chunked = "POST /api/echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    let reply = parse(&exchange(world.port, chunked.as_bytes()), false).unwrap();
    assert_eq!(json(&reply)["size"], 11);
    // The behavior is chosen by the normal path, the API sees what was sent.
    let reply = get(world.port, "/x/../api/echo");
    assert_eq!((reply.status, json(&reply)["error"]["code"].as_str()), (404, Some("not_found")));
}

#[test]
fn status_cookies_and_bodies_come_back_as_they_are() {
    let (world, _node) = proxied();
    let made = get(world.port, "/api/cookies");
    let cookies: Vec<_> =
        made.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).map(|(_, v)| v).collect();
    assert_eq!((made.status, made.text().as_str(), cookies.len()), (201, "made", 2));
    assert_never_kept(&made);
    assert_eq!(made.header("x-cache"), Some("Miss from cloudfront"));

    let teapot = get(world.port, "/api/teapot");
    assert_eq!((teapot.status, teapot.text().as_str()), (418, "<h1>short and stout</h1>"));
    assert_eq!(teapot.header("x-private"), None);
    assert_eq!(teapot.header("x-cache"), Some("Error from cloudfront"));

    let unknown = get(world.port, "/api/unknown");
    assert_eq!((unknown.status, json(&unknown)["error"]["code"].as_str()), (404, Some("not_found")));

    let large = get(world.port, "/api/large");
    assert_eq!(large.body.len(), 1 << 20);
    assert!(large.body.chunks(65536).enumerate().all(|(n, chunk)| chunk.iter().all(|&b| usize::from(b) == n)));
}

#[test]
fn the_apis_own_cache_speaks_through_cache_status() {
    let (world, _node) = proxied();
    for (said, expected) in [
        ("HIT-L1", "api; hit; detail=\"HIT-L1\""),
        ("MISS", "api; fwd=miss; detail=\"MISS\""),
        ("STALE", "api; hit; detail=\"STALE\""),
        ("odd", "api; detail=\"odd\""),
    ] {
        let reply = get(world.port, &format!("/api/cached?said={said}"));
        assert_eq!(reply.header("cache-status"), Some(expected));
        assert_eq!(reply.header("x-cache"), Some("Miss from cloudfront"));
        assert_eq!(reply.header("vary"), Some("Authorization"));
        assert_eq!(reply.header("etag"), Some("\"v1\""));
    }
}

#[test]
fn responses_stream() {
    let (world, _node) = proxied();
    let mut stream = TcpStream::connect(("127.0.0.1", world.port)).unwrap();
    stream.write_all(b"GET /api/stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let started = Instant::now();
    let mut seen = Vec::new();
    while !seen.windows(6).any(|window| window == b"first\n") {
        let mut buffer = [0; 1024];
        let n = stream.read(&mut buffer).unwrap();
        assert!(n > 0, "the stream ended early");
        seen.extend_from_slice(&buffer[..n]);
    }
    assert!(started.elapsed() < Duration::from_millis(350), "the first chunk waited for the second");
    stream.read_to_end(&mut seen).unwrap();
    assert!(String::from_utf8_lossy(&seen).contains("second\n"));
}

#[test]
fn trouble_is_told_in_the_apis_error_shape() {
    let (world, node) = proxied();
    let assert_error = |reply: &Reply, status: u16, code: &str| {
        let error = &json(reply)["error"];
        assert_eq!((reply.status, error["code"].as_str()), (status, Some(code)), "{error}");
        assert!(!error["message"].as_str().unwrap().is_empty());
        assert_eq!(reply.header("x-request-id"), error["request_id"].as_str());
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_never_kept(reply);
    };
    assert_error(&get(world.port, "/api/slow"), 504, "api_timeout");
    assert_error(&get_with(world.port, "/api/reset", &[("X-Request-Id", "mine")]), 502, "api_unreachable");
    let upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade")];
    assert_error(&get_with(world.port, "/api/echo", &upgrade), 501, "upgrade_unsupported");
    drop(node);
    assert_error(&get(world.port, "/api/echo"), 502, "api_unreachable");
    assert_eq!(get(world.port, "/").status, 200);
}

#[test]
fn an_api_that_is_not_there_is_503() {
    let starting = unavailable(Availability::Starting);
    let reply = get(starting.port, "/api/v1/plans/catalog");
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert_eq!(json(&reply)["error"]["code"], "api_starting");
    let dead = unavailable(Availability::Unavailable("the API ended with exit status 7".into()));
    let reply = get(dead.port, "/api/v1/plans/catalog");
    assert_eq!((reply.status, reply.header("retry-after")), (503, None));
    assert_eq!(json(&reply)["error"]["message"], "the API ended with exit status 7");
    assert_eq!(get(dead.port, "/").status, 200);
}

#[test]
fn a_request_cannot_be_two() {
    let (world, _node) = proxied();
    let smuggled = "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\
                    Connection: close\r\n\r\n0\r\n\r\nGET /api/teapot HTTP/1.1\r\nHost: x\r\n\r\n";
    let replies = String::from_utf8_lossy(&exchange(world.port, smuggled.as_bytes())).into_owned();
    assert_eq!(replies.matches("HTTP/1.1 ").count(), 1, "{replies}");
    let two_lengths = "POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab";
    assert!(exchange(world.port, two_lengths.as_bytes()).starts_with(b"HTTP/1.1 400"));
    let large = format!("GET /api/echo HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "a".repeat(64 * 1024));
    assert!(exchange(world.port, large.as_bytes()).starts_with(b"HTTP/1.1 431"));
    assert_eq!(get(world.port, "/").status, 200);
}
