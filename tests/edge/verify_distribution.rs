//! `verify` of a distribution: where it asks, what it forgives, what it asks for again.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Instant,
};

use treebeard_cdn::{
    config::{Aws, Checksums},
    edge::Api,
    error::Result,
    model::path::{StorageKey, ViewerPath},
    remote::{Body, Condition, ObjectStore as _},
    verify::{Address, Options, Report, Server, verify, verify_stored},
};

use super::world::World;
use crate::support::http::exchange;

const FILES: &[(&str, &str)] =
    &[("index.html", "<h1>home</h1>"), ("assets/app.4f3c2b1a.js", "console.log(1)"), ("logo.png", "image")];

const MANAGED: Server = Server::Distribution { negotiates: true, adds_headers: true, saving: None };
const FOREIGN: Server = Server::Distribution { negotiates: false, adds_headers: false, saving: Some(12_345) };

fn ask(world: &World, address: &Address, server: Server) -> Result<Report> {
    let options = Options::new(&world.config.site, true, server);
    world.runtime.block_on(verify(address, &world.manifest, &world.distribution, options))
}

fn local(port: u16) -> Address {
    Address::parse(&format!("http://127.0.0.1:{port}")).unwrap()
}

/// A world whose edge does as a distribution does that somebody set up by hand; identity objects only are promised.
fn foreign() -> World {
    let mut world = World::new(FILES);
    let promised = world.distribution.clone();
    for behavior in &mut world.distribution.behaviors {
        behavior.function = false;
        behavior.response_headers.clear();
    }
    world.port = world.start_edge(Api::absent("none"));
    world.distribution = promised;
    world.manifest.entries.values_mut().for_each(|entry| entry.variants.clear());
    world
}

/// A server in front of an edge: answers itself what `instead` says, and passes on everything else.
fn in_front(edge: u16, instead: impl Fn(&str) -> Option<String> + Send + 'static) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heads = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(head) = head(&mut stream) else { continue };
            heads.lock().unwrap().push(head.clone());
            let reply = instead(&head).map_or_else(
                || exchange(edge, head.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1).as_bytes()),
                String::into_bytes,
            );
            // The other side may have seen enough.
            let _ = stream.write_all(&reply);
        }
    });
    (port, seen)
}

fn head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    String::from_utf8(head).ok()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn visitors_find_a_site_where_the_configuration_says() {
    let of = |viewer_url: Option<&str>, domains: &[&str], endpoint: Option<&str>, domain: Option<&str>| {
        let aws = Aws {
            bucket: "b".into(),
            region: "us-east-1".into(),
            cdn: true,
            domains: domains.iter().map(|&name| name.to_owned()).collect(),
            certificate_arn: None,
            distribution_id: None,
            api_origin: None,
            endpoint_url: None,
            viewer_url: viewer_url.map(str::to_owned),
            profile: None,
            role_arn: None,
            locking: true,
            checksums: Checksums::Auto,
        };
        Address::of(&aws, endpoint, domain).unwrap().map(|address| address.to_string())
    };
    let (endpoint, domain) = (Some("http://localhost:4566/"), Some("d1.cloudfront.net"));
    let at = |url: &str| Some(url.to_owned());
    assert_eq!(of(Some("http://proxy:81"), &["a.com"], endpoint, domain), at("http://proxy:81"));
    assert_eq!(of(None, &["a.com"], endpoint, domain), at("http://localhost:4566"));
    assert_eq!(of(None, &["a.com", "b.com"], None, domain), at("https://a.com"));
    assert_eq!(of(None, &[], None, domain), at("https://d1.cloudfront.net"));
    assert_eq!(of(None, &[], None, None), None);
}

#[test]
fn an_emulator_is_asked_for_the_distribution_and_must_be_it() {
    let world = World::new(FILES);
    let (port, seen) = in_front(world.port, |_| None);
    let address = Address::emulated(&format!("http://127.0.0.1:{port}"), "d1.cloudfront.net").unwrap();
    let report = ask(&world, &address, MANAGED).unwrap();
    assert_eq!(report.failures, []);
    assert_eq!(report.host.as_deref(), Some("d1.cloudfront.net"));
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), report.responses + 1);
    for head in seen.iter() {
        let head = head.to_lowercase();
        assert!(head.contains("\r\nhost: d1.cloudfront.net\r\n") && head.contains("\r\nx-forwarded-proto: https\r\n"));
    }

    let (port, _) = in_front(world.port, |_| Some(answer("200 OK", "", "a bucket's listing")));
    let address = Address::emulated(&format!("http://127.0.0.1:{port}"), "d1.cloudfront.net").unwrap();
    let error = ask(&world, &address, MANAGED).unwrap_err();
    assert_eq!((error.rule, error.exit_code()), ("not-the-distribution", 7));
}

#[test]
fn what_a_foreign_distribution_lacks_is_noted_with_its_cost() {
    let world = foreign();
    let report = ask(&world, &local(world.port), FOREIGN).unwrap();
    assert_eq!(report.failures, [], "{report}");
    report.check().unwrap();
    assert_eq!(report.notes.len(), 4, "{report}");
    let [api, function, headers, ledger] = &report.notes[..] else { panic!("{report}") };
    assert!(api.starts_with("the API does not answer"), "{api}");
    for part in [
        "br inactive: 12.3 kB a visit; ",
        "; /treebeard-cdn-verify/deep/link gives 404; ",
        "`treebeard-cdn provision` sets it up",
    ] {
        assert!(function.contains(part), "{function}");
    }
    for name in ["Strict-Transport-Security", "Content-Security-Policy", "X-Frame-Options", "Vary"] {
        assert!(headers.contains(name), "{headers}");
    }
    assert!(ledger.contains("/_tb/ledger/pointer.json") && ledger.contains("`treebeard-cdn status`"), "{ledger}");

    // From its manifest alone it is known for what it is.
    let report = ask(&world, &local(world.port), Server::of(&world.manifest)).unwrap();
    assert_eq!(report.failures, [], "{report}");
    assert!(report.notes[1].contains("br inactive;"), "{report}");
}

#[test]
fn the_objects_of_a_foreign_distribution_are_still_checked() {
    let world = foreign();
    let entry = &world.manifest.entries[&ViewerPath::new("logo.png").unwrap()];
    let body = Body::Bytes(b"other".to_vec());
    let key = StorageKey::new("logo.png");
    world.runtime.block_on(world.store.put(&key, body, &entry.identity.headers, Condition::None)).unwrap();
    let report = ask(&world, &local(world.port), FOREIGN).unwrap();
    let found: Vec<_> = report.failures.iter().map(|it| (it.path.as_str(), it.what.as_str())).collect();
    assert_eq!(found, [("/logo.png", "content")], "{report}");
}

#[test]
fn what_a_managed_distribution_lacks_is_a_failure() {
    let world = foreign();
    let report = ask(&world, &local(world.port), MANAGED).unwrap();
    let failed = |what: &str| report.failures.iter().filter(|it| it.what == what).collect::<Vec<_>>();
    assert!(!failed("status").is_empty() && failed("X-Frame-Options").len() >= FILES.len(), "{report}");
    assert!(failed("X-Frame-Options").iter().all(|it| it.hint.contains("`treebeard-cdn provision`")), "{report}");
}

#[test]
fn a_weak_moment_passes_and_what_stays_wrong_is_wrong() {
    let world = World::new(FILES);
    let count = Arc::new(Mutex::new(0));
    let (port, _) = in_front(world.port, move |head| {
        let mut count = count.lock().unwrap();
        let is_asked = head.starts_with("GET /logo.png ");
        *count += usize::from(is_asked);
        (is_asked && *count < 3).then(|| match *count {
            1 => answer("503 Service Unavailable", "", "slow down"),
            _ => answer("200 OK", "Age: 7\r\n", "what lay there before"),
        })
    });
    let report = ask(&world, &local(port), MANAGED).unwrap();
    assert_eq!(report.failures, [], "{report}");

    let (port, seen) = in_front(world.port, |head| {
        head.starts_with("GET /logo.png ").then(|| answer("503 Service Unavailable", "", "gone"))
    });
    let report = ask(&world, &local(port), MANAGED).unwrap();
    assert_eq!(report.failures.iter().map(|it| it.got.as_str()).collect::<Vec<_>>(), ["503"]);
    let asked = seen.lock().unwrap().iter().filter(|head| head.starts_with("GET /logo.png ")).count();
    assert_eq!(asked, 3);

    // What the origin itself answers does not get better by asking.
    let (port, seen) =
        in_front(world.port, |head| head.starts_with("GET /logo.png ").then(|| answer("404 Not Found", "", "gone")));
    let started = Instant::now();
    let report = ask(&world, &local(port), MANAGED).unwrap();
    assert_eq!((report.failures.len(), started.elapsed().as_secs()), (1, 0), "{report}");
    assert_eq!(seen.lock().unwrap().iter().filter(|head| head.starts_with("GET /logo.png ")).count(), 1);
}

#[test]
fn a_bucket_without_a_cdn_is_read() {
    let world = World::new(FILES);
    let check = || {
        let read = verify_stored("my-bucket", world.store.as_ref(), &world.manifest, true);
        let report = world.runtime.block_on(read).unwrap();
        let found: Vec<_> =
            report.failures.iter().map(|it| (it.path.clone(), it.accept_encoding.clone(), it.what.clone())).collect();
        (report, found)
    };
    let (report, found) = check();
    assert_eq!(found, []);
    // Three files, and two variants of two of them.
    assert_eq!((report.files, report.responses, report.timing), (3, 7, None));
    assert_eq!(report.url, "s3://my-bucket");

    let put = |key: &str, bytes: &str, adjust: fn(&mut treebeard_cdn::model::headers::Headers)| {
        let entry = &world.manifest.entries[&ViewerPath::new("index.html").unwrap()];
        let mut headers = entry.identity.headers.as_ref().clone();
        adjust(&mut headers);
        let body = Body::Bytes(bytes.as_bytes().to_vec());
        world.runtime.block_on(world.store.put(&StorageKey::new(key), body, &headers, Condition::None)).unwrap();
    };
    put("index.html", "<h1>home</h1>", |headers| headers.cache_control = "no-store".into());
    put("_tb/br/index.html", "<h1>home</h1>", |_| {});
    world.runtime.block_on(world.store.delete(&StorageKey::new("logo.png"), Condition::None)).unwrap();
    let (report, found) = check();
    let found: Vec<_> =
        found.iter().map(|(path, encoding, what)| (path.as_str(), encoding.as_str(), what.as_str())).collect();
    assert_eq!(
        found,
        [
            ("/index.html", "br", "Content-Encoding"),
            ("/index.html", "br", "content"),
            ("/index.html", "identity", "Cache-Control"),
            ("/logo.png", "identity", "content"),
        ],
        "{report}"
    );
    assert!(report.failures.iter().all(|it| it.hint.contains("--repair")), "{report}");
    assert_eq!(report.check().unwrap_err().exit_code(), 7);
}
