//! Whole builds of small sites: headers, variants, and the cache between builds.

use std::{fs, io::Read};

use treebeard_cdn::model::{
    cache_policy::REVALIDATE,
    digest::Digest,
    encoding::Encoding,
    manifest::{Manifest, Role},
};

use super::project::{Project, asset, paths};

fn spa() -> Project {
    Project::new(&[
        ("index.html", &"<!doctype html><p>hello</p>".repeat(20)),
        ("assets/main.abc12345.js", &"console.log('treebeard');".repeat(100)),
        ("assets/plain.js", "1"),
        ("robots.txt", "User-agent: *\nAllow: /\n"),
        ("logo.png", "not compressible"),
    ])
}

#[test]
fn files_get_types_caching_and_roles() {
    let site = spa().build().unwrap();
    assert_eq!(paths(&site), ["assets/main.abc12345.js", "assets/plain.js", "index.html", "logo.png", "robots.txt"]);
    let facts = |path: &str| {
        let asset = asset(&site, path);
        let headers = &asset.identity.headers;
        (asset.role, headers.content_type.clone(), headers.cache_control.clone())
    };
    let script = "text/javascript; charset=utf-8".to_owned();
    let year = "public, max-age=31536000, immutable".to_owned();
    assert_eq!(facts("assets/main.abc12345.js"), (Role::Immutable, script.clone(), year));
    assert_eq!(facts("assets/plain.js"), (Role::Mutable, script, REVALIDATE.into()));
    let page = ("text/html; charset=utf-8".into(), "public, max-age=300, must-revalidate".into());
    assert_eq!(facts("index.html"), (Role::Page, page.0, page.1));
}

#[test]
fn variants_decode_to_the_file_and_stand_in_for_it_where_they_do_not_pay() {
    let project = spa();
    let site = project.build().unwrap();
    let script = asset(&site, "assets/main.abc12345.js");
    assert_eq!(
        script.variants.iter().map(|(encoding, _)| *encoding).collect::<Vec<_>>(),
        [Encoding::Br, Encoding::Gzip]
    );
    for (encoding, variant) in &script.variants {
        assert_eq!(variant.headers.content_encoding, Some(*encoding));
        assert!(variant.source.size < script.identity.source.size);
        let stored = fs::read(&variant.source.file).unwrap();
        assert_eq!(Digest::of(&stored), variant.source.sha256);
        let mut plain = Vec::new();
        match encoding {
            Encoding::Br => brotli::Decompressor::new(&stored[..], 4096).read_to_end(&mut plain),
            Encoding::Gzip => flate2::read::GzDecoder::new(&stored[..]).read_to_end(&mut plain),
        }
        .unwrap();
        assert_eq!(Digest::of(&plain), script.identity.source.sha256);
    }
    for (_, variant) in &asset(&site, "assets/plain.js").variants {
        assert_eq!(variant.headers.content_encoding, None);
        assert_eq!(variant.source, asset(&site, "assets/plain.js").identity.source);
    }
    assert!(asset(&site, "logo.png").variants.is_empty());
}

#[test]
fn files_above_the_limit_are_not_compressed() {
    let mut project = spa();
    project.config.compression.max_size = 1000;
    let site = project.build().unwrap();
    let script = asset(&site, "assets/main.abc12345.js");
    assert!(script.variants.iter().all(|(_, variant)| variant.source == script.identity.source));
    assert!(asset(&site, "index.html").variants.iter().all(|(_, variant)| variant.headers.content_encoding.is_some()));
}

#[test]
fn the_same_files_give_the_same_release() {
    let (first, second) = (spa().build().unwrap(), spa().build().unwrap());
    assert_eq!(Manifest::of(&first).digest(), Manifest::of(&second).digest());
}

#[test]
fn an_unchanged_file_is_never_compressed_twice() {
    let project = spa();
    let (first, made) = project.build_counting();
    assert_eq!(made, 8, "four compressible files in two encodings");
    let (second, made) = project.build_counting();
    assert_eq!(made, 0);
    assert_eq!(Manifest::of(&first.unwrap()), Manifest::of(&second.unwrap()));
    project.write("robots.txt", "User-agent: *\nDisallow: /\n");
    assert_eq!(project.build_counting().1, 2);
}

#[test]
fn a_damaged_cache_is_noticed_and_mended() {
    let project = spa();
    let good = project.build().unwrap();
    let (_, variant) = &asset(&good, "index.html").variants[0];
    fs::write(&variant.source.file, b"damaged").unwrap();
    let (mended, made) = project.build_counting();
    assert_eq!(made, 1);
    assert_eq!(Manifest::of(&mended.unwrap()), Manifest::of(&good));
    assert_eq!(Digest::of(&fs::read(&variant.source.file).unwrap()), variant.source.sha256);
}

#[test]
fn a_cache_index_with_torn_lines_is_read_as_far_as_it_goes() {
    let project = spa();
    project.build().unwrap();
    let index = project.config.cache_dir().join("variants-1");
    let text = fs::read_to_string(&index).unwrap();
    fs::write(&index, format!("\u{0}garbage\n{}", &text[..text.len() - 10])).unwrap();
    assert_eq!(project.build_counting().1, 1);
}
