//! Whatever is asked, the edge answers with a file of the site or with a client error.

use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex, PoisonError},
};

use proptest::prelude::*;

use super::world::World;
use crate::support::{
    cases,
    http::{exchange, get_with, parse},
};

const FILES: &[(&str, &str)] = &[
    ("index.html", "<h1>home</h1>"),
    ("404.html", "<h1>lost</h1>"),
    ("docs/index.html", "<h1>docs</h1>"),
    ("docs/a b.txt", "a b"),
    ("assets/app.4f3c2b1a.js", "console.log(1)"),
    (".well-known/x", "known"),
];

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| Mutex::new(World::new(FILES)));

/// Everything that the site may answer with: its objects' bytes.
static PROMISED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    world.manifest.objects().map(|(_, _, stored)| stored.sha256.to_string()).collect()
});

fn assert_harmless(status: u16, body: &[u8], asked: &str) {
    match status {
        200 => {
            let digest = treebeard_cdn::model::digest::Digest::of(body).to_string();
            assert!(PROMISED.contains(&digest), "{asked:?} answered with {:?}", String::from_utf8_lossy(body));
        }
        400 | 403 | 404 | 414 | 431 => assert!(!body.windows(10).any(|window| window == b"generation"), "{asked:?}"),
        other => panic!("{asked:?} answered with {other}"),
    }
}

fn port() -> u16 {
    WORLD.lock().unwrap_or_else(PoisonError::into_inner).port
}

/// Paths made of what has a meaning to somebody on the way.
fn path() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "/",
        "//",
        "..",
        ".",
        "_tb",
        "%5Ftb",
        "%2e",
        "%2F",
        "%5c",
        "\\",
        "ledger",
        "pointer.json",
        "br",
        "gzip",
        "index.html",
        "docs",
        "a%20b.txt",
        "a+b.txt",
        "%",
        "%0",
        "%zz",
        "%00",
        "%ff",
        "%C3%A9",
        "\u{e9}",
        "?",
        "#",
        ";",
        "*",
        "~",
        ".js",
        ".html",
        ".well-known",
        "assets",
        "app.4f3c2b1a.js",
        "objects",
        "x",
        "%25",
        "%2e%2e%2f",
    ]);
    prop::collection::vec(pieces, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

fn accept_encoding() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "br",
        "gzip",
        "x-gzip",
        "identity",
        "*",
        ",",
        ";",
        "q=",
        "q",
        "=",
        "0",
        "1",
        ".5",
        "0.001",
        "1.001",
        "-1",
        " ",
        "\t",
        "deflate",
        "zstd",
        "__proto__",
        "toString",
    ]);
    prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn paths_and_encodings_lead_to_files_of_the_site_or_nowhere(path in path(), accepted in accept_encoding()) {
        let reply = get_with(port(), &path, &[("Accept-Encoding", &accepted)]);
        assert_harmless(reply.status, &reply.body, &format!("{path} {accepted}"));
        prop_assert_eq!(reply.header("x-frame-options"), Some("DENY"));
    }

    #[test]
    fn bytes_that_are_no_request_do_no_harm(target in prop::collection::vec(any::<u8>(), 0..60)) {
        let request = [b"GET /".as_slice(), &target, b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"].concat();
        let reply = exchange(port(), &request);
        if let Some(reply) = parse(&reply, false) {
            assert_harmless(reply.status, &reply.body, &format!("{target:?}"));
        }
    }
}
