//! Which representation a viewer gets.

use std::io::Read;

use super::world::{World, compress};
use crate::support::http::Reply;
use treebeard_cdn::{edge::Api, model::encoding::Encoding};

fn script() -> String {
    "console.log('tree');\n".repeat(100)
}

fn decoded(reply: &Reply) -> String {
    let mut text = String::new();
    match reply.header("content-encoding") {
        None => text = reply.text(),
        Some("br") => {
            brotli::Decompressor::new(reply.body.as_slice(), 4096).read_to_string(&mut text).unwrap();
        }
        Some("gzip") => {
            flate2::read::GzDecoder::new(reply.body.as_slice()).read_to_string(&mut text).unwrap();
        }
        Some(other) => panic!("{other}"),
    }
    text
}

/// RFC 9110, 12.5.3: (`Accept-Encoding`, what is sent when br is preferred, and when gzip is).
const TABLE: &[(&str, Option<&str>, Option<&str>)] = &[
    ("", None, None),
    ("br", Some("br"), Some("br")),
    ("gzip", Some("gzip"), Some("gzip")),
    ("gzip, deflate, br, zstd", Some("br"), Some("gzip")),
    ("br, gzip", Some("br"), Some("gzip")),
    ("br;q=0.5, gzip;q=0.9", Some("gzip"), Some("gzip")),
    ("br;q=0.9, gzip;q=0.5", Some("br"), Some("br")),
    ("br;q=0, gzip", Some("gzip"), Some("gzip")),
    ("br;q=0, gzip;q=0", None, None),
    ("br;q=0.000", None, None),
    ("*", Some("br"), Some("gzip")),
    ("*;q=0", None, None),
    ("br;q=0, *", Some("gzip"), Some("gzip")),
    ("gzip;q=0.5, *;q=0.1", Some("gzip"), Some("gzip")),
    ("*;q=0, gzip;q=0.1", Some("gzip"), Some("gzip")),
    ("identity", None, None),
    ("identity;q=1, br;q=0.5", None, None),
    ("identity;q=0.5, br;q=0.5", Some("br"), Some("br")),
    ("identity;q=0", None, None),
    ("x-gzip", Some("gzip"), Some("gzip")),
    ("BR", Some("br"), Some("br")),
    (" br ; q=0.8 ,\tgzip;Q=0.9", Some("gzip"), Some("gzip")),
    ("br;q=1.5, gzip;q=0.1", Some("gzip"), Some("gzip")),
    ("br;q=high", None, None),
    ("brotli, deflate", None, None),
    (",,, ;q=1", None, None),
    ("__proto__, constructor, toString", None, None),
];

#[test]
fn the_viewers_weights_decide_and_then_the_configured_order() {
    let script = script();
    let files = [("assets/app.4f3c2b1a.js", script.as_str())];
    let preferring = |encodings: [Encoding; 2]| {
        World::with(&files, move |config| config.compression.encodings = encodings.to_vec(), Api::absent("none"))
    };
    let br_first = preferring([Encoding::Br, Encoding::Gzip]);
    let gzip_first = preferring([Encoding::Gzip, Encoding::Br]);
    for (accepted, with_br_first, with_gzip_first) in TABLE {
        for (world, expected) in [(&br_first, with_br_first), (&gzip_first, with_gzip_first)] {
            let reply = world.get_with("/assets/app.4f3c2b1a.js", &[("Accept-Encoding", accepted)]);
            assert_eq!(reply.header("content-encoding"), *expected, "{accepted:?}");
            assert_eq!(reply.header("vary"), Some("Accept-Encoding"));
            assert_eq!(decoded(&reply), script, "{accepted:?}");
        }
    }
    assert_eq!(br_first.get("/assets/app.4f3c2b1a.js").header("content-encoding"), None);
}

#[test]
fn several_header_lines_are_one_list() {
    let world = World::new(&[("index.html", "<h1>home</h1>")]);
    let reply = world.get_with("/", &[("Accept-Encoding", "deflate"), ("Accept-Encoding", "gzip")]);
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
}

#[test]
fn each_representation_is_the_stored_bytes_under_its_own_tag() {
    let script = script();
    let world = World::new(&[("app.js", script.as_str()), ("logo.png", "not compressible")]);
    let mut tags = Vec::new();
    for (accepted, bytes) in [
        ("identity", script.clone().into_bytes()),
        ("br", compress(Encoding::Br, script.as_bytes())),
        ("gzip", compress(Encoding::Gzip, script.as_bytes())),
    ] {
        let reply = world.get_with("/app.js", &[("Accept-Encoding", accepted)]);
        assert_eq!(reply.body, bytes, "{accepted}");
        tags.push(reply.header("etag").unwrap().to_owned());
    }
    tags.dedup();
    assert_eq!(tags.len(), 3);
    let image = world.get_with("/logo.png", &[("Accept-Encoding", "br, gzip")]);
    assert_eq!((image.status, image.header("content-encoding")), (200, None));
}

#[test]
fn pages_of_routes_are_compressed_too() {
    let world = World::new(&[("index.html", "<h1>home</h1>")]);
    for path in ["/", "/plans/1"] {
        let reply = world.get_with(path, &[("Accept-Encoding", "br")]);
        assert_eq!((reply.header("content-encoding"), decoded(&reply).as_str()), (Some("br"), "<h1>home</h1>"));
    }
}
