//! The function that is shipped to CloudFront: its size, its language, and how fast it is.

use std::{
    fs,
    process::{Command, Stdio},
};

use treebeard_cdn::model::{
    encoding::Encoding,
    function::{MAX_BYTES, Settings, source},
};

fn every_source() -> Vec<String> {
    let encodings = [vec![], vec![Encoding::Br], vec![Encoding::Gzip], vec![Encoding::Br, Encoding::Gzip]];
    let mut sources = Vec::new();
    for encodings in encodings {
        for (spa, clean_urls) in [(true, false), (false, false), (false, true)] {
            sources.push(source(&Settings { spa, clean_urls, encodings: encodings.clone(), cors: None }));
        }
    }
    sources
}

#[test]
fn it_fits() {
    for source in every_source() {
        assert!(source.len() <= MAX_BYTES, "{} bytes", source.len());
    }
}

/// njs 0.7, Debian's, accepts what CloudFront's runtime 2.0 does, and rejects what that rejects.
fn njs(source: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("function.js");
    fs::write(&file, source).unwrap();
    let output = Command::new("njs").arg(&file).stdin(Stdio::null()).output().expect("njs is installed");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

#[test]
fn it_is_written_in_the_language_that_cloudfront_accepts() {
    for source in every_source() {
        njs(&source).unwrap();
    }
    for newer in ["a?.b", "for (const a of b) {}", "class A {}", "var [a] = b", "f(...a)", "function f(a = 1) {}"] {
        assert!(njs(newer).is_err(), "njs accepts {newer:?}: it is no oracle");
    }
}

#[test]
fn another_engine_decides_as_ours_does() {
    let settings = Settings { spa: true, clean_urls: false, encodings: vec![Encoding::Br, Encoding::Gzip], cors: None };
    let calls = [
        ("/", "br", "/_tb/br/index.html"),
        ("/a+b.css", "gzip;q=0.5, br;q=0", "/_tb/gzip/a%2Bb.css"),
        ("/logo.png", "br", "/logo.png"),
        ("/.well-known/x", "br", "/.well-known/x"),
        ("/A.JS", "*", "/_tb/br/A.JS"),
    ];
    let routed = calls.map(|(uri, accepted, _)| {
        let headers = format!("{{'accept-encoding': {{value: '{accepted}'}}}}");
        format!("console.log(handler({{request: {{uri: '{uri}', querystring: {{}}, headers: {headers}}}}}).uri);\n")
    });
    let hidden = ["/_tb/x", "/%5Ftb", "//_tb/", "/a/../b"]
        .map(|uri| format!("console.log(handler({{request: {{uri: '{uri}', headers: {{}}}}}}).statusCode);\n"));
    let script = [source(&settings), routed.concat(), hidden.concat()].concat();
    let expected: Vec<_> = calls.iter().map(|(.., uri)| *uri).chain(["404"; 4]).collect();
    assert_eq!(njs(&script).unwrap().lines().collect::<Vec<_>>(), expected);
}
