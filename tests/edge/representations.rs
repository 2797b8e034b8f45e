//! Whole, in part, unchanged, or only the headers: RFC 9110 over real sockets.

use std::time::{Duration, SystemTime};

use super::world::World;
use crate::support::http::{Reply, SECURITY_HEADERS, request};

const TEXT: &str = "0123456789";

fn world() -> World {
    World::new(&[("index.html", "<h1>home</h1>"), ("data.bin", TEXT), ("empty.bin", "")])
}

fn security_headers(reply: &Reply) {
    for (name, value) in SECURITY_HEADERS.into_iter().chain([("vary", "Accept-Encoding")]) {
        assert_eq!(reply.header(name), Some(value), "{}", reply.status);
    }
    for name in ["date", "via", "x-cache"] {
        assert!(reply.header(name).is_some(), "{name} at {}", reply.status);
    }
}

#[test]
fn ranges_are_sent_in_part() {
    let world = world();
    for (range, status, body, content_range) in [
        ("bytes=2-5", 206, "2345", Some("bytes 2-5/10")),
        ("bytes=7-", 206, "789", Some("bytes 7-9/10")),
        ("bytes=-2", 206, "89", Some("bytes 8-9/10")),
        ("bytes=0-99", 206, TEXT, Some("bytes 0-9/10")),
        ("bytes=10-", 416, "416 Range Not Satisfiable\n", Some("bytes */10")),
        ("bytes=0-1,4-5", 200, TEXT, None),
        ("bytes=5-2", 200, TEXT, None),
        ("pages=1-2", 200, TEXT, None),
    ] {
        let reply = world.get_with("/data.bin", &[("Range", range)]);
        assert_eq!((reply.status, reply.text().as_str()), (status, body), "{range}");
        assert_eq!(reply.header("content-range"), content_range, "{range}");
        security_headers(&reply);
    }
    assert_eq!(world.get_with("/empty.bin", &[("Range", "bytes=0-")]).status, 416);
    assert_eq!(world.get("/data.bin").header("accept-ranges"), Some("bytes"));
    assert_eq!(world.get_with("/gone.bin", &[("Range", "bytes=0-1")]).status, 404);
}

#[test]
fn if_range_lets_a_range_through_only_for_the_same_version() {
    let world = world();
    let whole = world.get("/data.bin");
    let (etag, modified) = (whole.header("etag").unwrap(), whole.header("last-modified").unwrap());
    let weak = format!("W/{etag}");
    for (condition, status) in
        [(etag, 206), (modified, 206), ("\"other\"", 200), (&weak, 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)]
    {
        let reply = world.get_with("/data.bin", &[("Range", "bytes=0-1"), ("If-Range", condition)]);
        assert_eq!(reply.status, status, "{condition}");
    }
}

#[test]
fn an_unchanged_representation_is_not_sent_again() {
    let world = world();
    let whole = world.get("/data.bin");
    let (etag, modified) = (whole.header("etag").unwrap(), whole.header("last-modified").unwrap());
    let later = httpdate::fmt_http_date(SystemTime::now() + Duration::from_mins(1));
    let (weak, several) = (format!("W/{etag}"), format!("\"x\", W/\"y\" , {etag}"));
    for (headers, status) in [
        (vec![("If-None-Match", etag)], 304),
        (vec![("If-None-Match", &weak)], 304),
        (vec![("If-None-Match", &several)], 304),
        (vec![("If-None-Match", "*")], 304),
        (vec![("If-None-Match", "\"other\"")], 200),
        (vec![("If-Modified-Since", modified)], 304),
        (vec![("If-Modified-Since", &later)], 304),
        (vec![("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")], 200),
        (vec![("If-Modified-Since", "yesterday")], 200),
        (vec![("If-None-Match", "\"other\""), ("If-Modified-Since", modified)], 200),
        (vec![("If-None-Match", etag), ("Range", "bytes=0-1")], 304),
    ] {
        let reply = world.get_with("/data.bin", &headers);
        assert_eq!(reply.status, status, "{headers:?}");
        assert_eq!(reply.header("etag"), Some(etag));
        assert_eq!(reply.header("cache-control"), whole.header("cache-control"));
        assert_eq!(reply.body.is_empty(), status == 304);
        security_headers(&reply);
    }
    assert_eq!(world.get_with("/gone.bin", &[("If-None-Match", "*")]).status, 404);
}

#[test]
fn another_version_than_the_wanted_one_is_refused() {
    let world = world();
    let whole = world.get("/data.bin");
    let (etag, modified) = (whole.header("etag").unwrap(), whole.header("last-modified").unwrap());
    let (weak, several) = (format!("W/{etag}"), format!("\"a\", {etag}"));
    for (header, status) in [
        (("If-Match", etag), 200),
        (("If-Match", &*several), 200),
        (("If-Match", "*"), 200),
        (("If-Match", &*weak), 412),
        (("If-Match", "\"other\""), 412),
        (("If-Unmodified-Since", modified), 200),
        (("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"), 412),
        (("If-Unmodified-Since", "yesterday"), 200),
    ] {
        let reply = world.get_with("/data.bin", &[header]);
        assert_eq!((reply.status, reply.header("etag").is_some()), (status, status == 200), "{header:?}");
        security_headers(&reply);
    }
    assert_eq!(world.get_with("/gone.bin", &[("If-Match", "\"other\"")]).status, 404);
}

#[test]
fn head_is_get_without_the_body() {
    let world = world();
    for path in ["/", "/data.bin", "/gone.js", "/_tb/x"] {
        let (get, head) = (world.get(path), request(world.port, "HEAD", path, &[], b""));
        assert!(head.body.is_empty());
        assert_eq!(head.status, get.status, "{path}");
        for name in ["content-type", "content-length", "cache-control", "etag", "vary", "x-frame-options"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
    let ranged = request(world.port, "HEAD", "/data.bin", &[("Range", "bytes=0-1")], b"");
    assert_eq!((ranged.status, ranged.header("content-length")), (200, Some("10")));
}

#[test]
fn methods_that_the_behavior_does_not_name_are_refused() {
    let world = world();
    for method in ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
        let reply = request(world.port, method, "/data.bin", &[], b"");
        assert_eq!((reply.status, reply.header("x-cache")), (403, Some("Error from cloudfront")), "{method}");
        security_headers(&reply);
    }
    assert_eq!(request(world.port, "POST", "/", &[], b"x=1").status, 403);
    assert_eq!(request(world.port, "GET", "/", &[], b"x=1").status, 403);
    assert_eq!(request(world.port, "TRACE", "/api/x", &[], b"").status, 403);
}

#[test]
fn every_answer_has_the_security_headers_once() {
    let world = world();
    for (path, status) in
        [("/", 200), ("/gone.js", 404), ("/_tb/ledger/pointer.json", 404), ("/%zz", 400), ("/%ff.js", 400)]
    {
        let reply = world.get(path);
        assert_eq!(reply.status, status, "{path}");
        security_headers(&reply);
    }
    let long = format!("/{}", "a".repeat(9_000));
    security_headers(&world.get(&long));
}

#[test]
fn odd_names_arrive_as_they_were_published() {
    let names = [
        "a b+c%20#?~\u{e9}.txt",
        "100%.txt",
        "plus+plus.css",
        "semi;colon,comma&and=.txt",
        "\u{65e5}\u{672c}\u{8a9e}/\u{1f333}.json",
        "dots..and...more.txt",
        "quote'\"<>^`{|}.txt",
        "_tbx/file.txt",
        "docs/_tb/file.txt",
        "UPPER.TXT",
        "a%2Fb.txt",
        "[brackets](parens)!$*:@.txt",
    ];
    let contents: Vec<_> = names.iter().map(|name| format!("I am {name}")).collect();
    let files: Vec<_> = names.iter().copied().zip(contents.iter().map(String::as_str)).collect();
    let world = World::new(&files);
    for (name, content) in &files {
        let path = treebeard_cdn::plan::encode_path(name);
        for accepted in ["identity", "br", "gzip"] {
            let reply = world.get_with(&path, &[("Accept-Encoding", accepted)]);
            assert_eq!(reply.status, 200, "{path}");
            if accepted == "identity" {
                assert_eq!(reply.text(), *content, "{path}");
            } else {
                assert_eq!(reply.header("content-encoding"), Some(accepted), "{path}");
            }
        }
    }
    // Browsers leave a plus as it is, and S3 would read it as a space.
    assert_eq!(world.get("/plus+plus.css").text(), "I am plus+plus.css");
    assert_eq!(world.get("/plus%2Bplus.css").text(), "I am plus+plus.css");
    assert_eq!(world.get("/plus%20plus.css").status, 404);
}

#[test]
fn objects_too_large_to_hold_are_streamed_whole_and_in_part() {
    let large = (0..1_200_000).map(|n| format!("{n:08}")).collect::<Vec<_>>().concat();
    let world = World::new(&[("video.mp4", large.as_str())]);
    let whole = world.get("/video.mp4");
    assert_eq!((whole.status, whole.body.len()), (200, large.len()));
    assert!(whole.body == large.as_bytes());
    let part = world.get_with("/video.mp4", &[("Range", "bytes=8000000-8000015")]);
    assert_eq!((part.status, part.text().as_str()), (206, "0100000001000001"));
    let etag = whole.header("etag").unwrap();
    assert_eq!(world.get_with("/video.mp4", &[("If-None-Match", etag)]).status, 304);
    let head = request(world.port, "HEAD", "/video.mp4", &[], b"");
    assert_eq!(head.header("content-length"), Some(large.len().to_string().as_str()));
}
