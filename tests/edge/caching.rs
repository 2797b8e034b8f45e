//! What the edge keeps, how long, and what makes it forget.

use std::{thread::sleep, time::Duration};

use treebeard_cdn::{edge::Api, remote::cdn::Cdn};

use super::world::World;
use crate::support::http::get;

const HASHED: &str = "/assets/app.4f3c2b1a.js";

fn site(version: &str) -> Vec<(&'static str, String)> {
    vec![
        ("index.html", format!("<h1>{version}</h1>")),
        ("docs/index.html", format!("<h1>docs {version}</h1>")),
        ("robots.txt", format!("allow {version}")),
        ("assets/app.4f3c2b1a.js", "console.log(1)".into()),
    ]
}

fn deploy(world: &mut World, version: &str) {
    let files = site(version);
    let files: Vec<_> = files.iter().map(|(path, content)| (*path, content.as_str())).collect();
    world.deploy(&files);
}

fn world() -> World {
    let mut world = World::new(&[]);
    deploy(&mut world, "one");
    // Its first request finds the invalidation of the first deploy.
    world.port = world.start_edge(Api::absent("none"));
    world
}

fn x_cache(world: &World, path: &str) -> String {
    world.get(path).header("x-cache").unwrap().to_owned()
}

#[test]
fn a_second_request_is_a_hit_and_grows_old() {
    let world = world();
    let first = world.get(HASHED);
    assert_eq!((first.header("x-cache"), first.header("age")), (Some("Miss from cloudfront"), None));
    let second = world.get(HASHED);
    assert_eq!((second.header("x-cache"), second.header("age")), (Some("Hit from cloudfront"), Some("0")));
    sleep(Duration::from_millis(1_100));
    let third = world.get(HASHED);
    assert_eq!((third.header("x-cache"), third.header("age")), (Some("Hit from cloudfront"), Some("1")));
    assert_eq!((second.body, third.body), (first.body.clone(), first.body));
}

#[test]
fn the_key_is_the_rewritten_uri_without_its_query() {
    let world = world();
    assert_eq!(x_cache(&world, "/"), "Miss from cloudfront");
    for path in ["/", "/?utm=1", "/plans", "/plans/2?x"] {
        assert_eq!(x_cache(&world, path), "Hit from cloudfront", "{path}");
    }
    let br = world.get_with("/", &[("Accept-Encoding", "br")]);
    assert_eq!(br.header("x-cache"), Some("Miss from cloudfront"));
    let range = world.get_with("/", &[("Range", "bytes=0-1")]);
    assert_eq!((range.status, range.header("x-cache")), (206, Some("Hit from cloudfront")));
}

#[test]
fn what_must_be_revalidated_is_refreshed_or_replaced() {
    let mut world = world();
    assert_eq!(x_cache(&world, "/robots.txt"), "Miss from cloudfront");
    assert_eq!(x_cache(&world, "/robots.txt"), "RefreshHit from cloudfront");
    deploy(&mut world, "two");
    let reply = world.get("/robots.txt");
    assert_eq!((reply.text().as_str(), reply.header("x-cache")), ("allow two", Some("Miss from cloudfront")));
}

#[test]
fn a_deploy_is_visible_in_a_running_edge_at_once() {
    let mut world = world();
    for version in ["two", "three", "two"] {
        world.get("/");
        assert_eq!(x_cache(&world, "/"), "Hit from cloudfront");
        assert_eq!(world.get_with("/docs/index.html", &[("Accept-Encoding", "gzip")]).status, 200);
        deploy(&mut world, version);
        assert_eq!(world.get("/").text(), format!("<h1>{version}</h1>"));
        let gzip = world.get_with("/docs/index.html", &[("Accept-Encoding", "gzip")]);
        assert_eq!(gzip.header("x-cache"), Some("Miss from cloudfront"));
        world.get(HASHED);
    }
    assert_eq!(x_cache(&world, HASHED), "Hit from cloudfront");
}

#[test]
fn a_missing_invalidation_is_visible_and_a_late_one_heals() {
    let mut world = world();
    let log = world.config.invalidation_log();
    world.get("/");
    // The log goes elsewhere: the deploy's invalidation never arrives.
    world.cdn = treebeard_cdn::remote::local::LocalCdn::new(log.with_extension("lost"));
    deploy(&mut world, "two");
    let stale = world.get("/");
    assert_eq!((stale.text().as_str(), stale.header("x-cache")), ("<h1>one</h1>", Some("Hit from cloudfront")));
    let cdn = treebeard_cdn::remote::local::LocalCdn::new(log);
    world.runtime.block_on(cdn.invalidate(&["/index.html".into()], "late")).unwrap();
    assert_eq!(world.get("/").text(), "<h1>two</h1>");
}

#[test]
fn a_replaced_or_broken_log_forgets_everything() {
    let world = world();
    let log = world.config.invalidation_log();
    for content in ["", "not json\n", "{\"paths\":7}\n"] {
        world.get(HASHED);
        assert_eq!(x_cache(&world, HASHED), "Hit from cloudfront");
        std::fs::write(&log, content).unwrap();
        assert_eq!(x_cache(&world, HASHED), "Miss from cloudfront", "{content:?}");
        assert_eq!(x_cache(&world, HASHED), "Hit from cloudfront", "{content:?}");
    }
}

#[test]
fn an_edge_starts_empty_and_ignores_the_past() {
    let world = world();
    world.get("/");
    let port = world.start_edge(Api::absent("none"));
    assert_eq!(get(port, "/").header("x-cache"), Some("Miss from cloudfront"));
    assert_eq!(get(port, "/").header("x-cache"), Some("Hit from cloudfront"));
}

#[test]
fn errors_are_kept_for_a_short_time() {
    let mut world = World::new(&[]);
    deploy(&mut world, "one");
    world.distribution.error_ttl = Duration::from_secs(1);
    world.port = world.start_edge(Api::absent("none"));
    let missing = world.get("/late.png");
    assert_eq!((missing.status, missing.header("x-cache")), (404, Some("Error from cloudfront")));
    assert!(missing.header("age").is_none());
    assert!(world.get("/late.png").header("age").is_some());
    // Published behind the edge's back: seen when the error has expired.
    let key = treebeard_cdn::model::path::StorageKey::new("late.png");
    let body = treebeard_cdn::remote::Body::Bytes(b"image".to_vec());
    let headers = treebeard_cdn::model::headers::Headers::internal();
    let put = treebeard_cdn::remote::ObjectStore::put(
        world.store.as_ref(),
        &key,
        body,
        &headers,
        treebeard_cdn::remote::Condition::None,
    );
    world.runtime.block_on(put).unwrap();
    sleep(Duration::from_millis(1_100));
    assert_eq!(world.get("/late.png").status, 200);
    // These headers say no-store.
    assert_eq!(x_cache(&world, "/late.png"), "Miss from cloudfront");
    assert_eq!(x_cache(&world, "/late.png"), "Miss from cloudfront");
}

#[test]
fn many_who_ask_at_once_get_the_same_answer() {
    let world = world();
    let port = world.port;
    let threads: Vec<_> = (0..32).map(|_| std::thread::spawn(move || get(port, "/"))).collect();
    let replies: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.text() == "<h1>one</h1>"));
    let misses = replies.iter().filter(|reply| reply.header("x-cache") == Some("Miss from cloudfront")).count();
    assert_eq!(misses, 1);
}
