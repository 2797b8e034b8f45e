//! Files that are published under a hashed name, too.

use std::fs;

use treebeard_cdn::model::{
    asset::Site,
    cache_policy::{CacheRule, REVALIDATE},
    digest::Digest,
    manifest::{Manifest, Role},
};

use super::project::{Project, asset, paths};

const YEAR: &str = "public, max-age=31536000, immutable";

/// What a file with these bytes is called in the end.
fn hashed(path: &str, bytes: &[u8]) -> String {
    let (stem, extension) = path.rsplit_once('.').unwrap();
    format!("{stem}.{}.{extension}", Digest::of(bytes).short())
}

fn text(site: &Site, path: &str) -> String {
    fs::read_to_string(&asset(site, path).identity.source.file).unwrap()
}

#[test]
fn matching_files_get_a_second_name_for_good() {
    let project = Project::new(&[("index.html", "<img src=/images/logo.svg>"), ("images/logo.svg", "<svg/>")]);
    let site = project.build().unwrap();
    let copy = hashed("images/logo.svg", b"<svg/>");
    assert_eq!(paths(&site), [copy.as_str(), "images/logo.svg", "index.html"]);
    assert_eq!(asset(&site, &copy).role, Role::Immutable);
    assert_eq!(asset(&site, &copy).identity.headers.cache_control, YEAR);
    assert_eq!(asset(&site, &copy).identity.headers.content_type, "image/svg+xml");
    assert_eq!(asset(&site, &copy).variants.len(), 2);
    assert_eq!(asset(&site, "images/logo.svg").role, Role::Mutable);
    assert_eq!(asset(&site, "images/logo.svg").identity.headers.cache_control, REVALIDATE);
    assert_eq!(text(&site, "index.html"), format!("<img src=/{copy}>"));
    assert_eq!(fs::read_to_string(project.path("index.html")).unwrap(), "<img src=/images/logo.svg>", "kept as built");
}

#[test]
fn references_are_rewritten_in_every_kind_of_file() {
    let project = Project::new(&[
        (
            "index.html",
            r#"<img src="images/a b.png" srcset="images/a%20b.png 1x, https://cdn.example/images/a.png 2x">"#,
        ),
        ("docs/page.html", r#"<base href="../images/"><img src='a%20b.png?v=1&amp;w=2#x'><img src=none.png>"#),
        ("style/site.css", "a{background:url(../images/a%20b.png)} b{background:url(none.png)}"),
        ("site.webmanifest", "{\n  \"icons\": [ { \"src\": \"images\\/a b.png\" } ]\n}\n"),
        ("images/a b.png", "png"),
    ]);
    let site = project.build().unwrap();
    let hash = Digest::of(b"png").short();
    for (path, expected) in [
        (
            "index.html",
            r#"<img src="images/a b.HASH.png" srcset="images/a%20b.HASH.png 1x, https://cdn.example/images/a.png 2x">"#,
        ),
        ("docs/page.html", r#"<base href="../images/"><img src='a%20b.HASH.png?v=1&amp;w=2#x'><img src=none.png>"#),
        ("style/site.css", "a{background:url(../images/a%20b.HASH.png)} b{background:url(none.png)}"),
        ("site.webmanifest", "{\n  \"icons\": [ { \"src\": \"images\\/a b.HASH.png\" } ]\n}\n"),
    ] {
        assert_eq!(text(&site, path), expected.replace("HASH", &hash), "{path}");
        let source = &asset(&site, path).identity.source;
        assert_eq!(source.sha256, Digest::of(&fs::read(&source.file).unwrap()));
        assert!(source.file.starts_with(project.config.cache_dir()));
    }
}

#[test]
fn files_whose_own_names_have_a_hash_are_never_touched() {
    let css = "a{background:url(/images/a.png)}";
    let project = Project::new(&[("index.html", ""), ("assets/site.abcd1234.css", css), ("images/a.png", "png")]);
    assert_eq!(text(&project.build().unwrap(), "assets/site.abcd1234.css"), css);
}

#[test]
fn a_file_that_is_hashed_already_gets_no_second_name() {
    let project = Project::new(&[("index.html", ""), ("images/a.abcd1234.png", "png")]);
    let site = project.build().unwrap();
    assert_eq!(paths(&site), ["images/a.abcd1234.png", "index.html"]);
    assert_eq!(asset(&site, "images/a.abcd1234.png").role, Role::Immutable);
}

#[test]
fn hashes_are_those_of_rewritten_bytes() {
    let mut project = Project::new(&[
        ("index.html", "<link rel=stylesheet href=css/site.css>"),
        ("css/site.css", "@import 'theme.css';"),
        ("css/theme.css", "a{background:url(../images/a.png)}"),
        ("images/a.png", "png"),
    ]);
    project.config.cache.push(CacheRule::new("css/**", YEAR, true).unwrap());
    let site = project.build().unwrap();
    let theme = format!("a{{background:url(../{})}}", hashed("images/a.png", b"png"));
    let import = format!("@import '{}';", hashed("theme.css", theme.as_bytes()));
    let link = format!("<link rel=stylesheet href={}>", hashed("css/site.css", import.as_bytes()));
    assert_eq!(text(&site, "css/theme.css"), theme);
    assert_eq!(text(&site, &hashed("css/theme.css", theme.as_bytes())), theme);
    assert_eq!(text(&site, &hashed("css/site.css", import.as_bytes())), import);
    assert_eq!(text(&site, "index.html"), link);
}

#[test]
fn circles_keep_their_plain_names_and_are_noted() {
    let mut project = Project::new(&[
        ("index.html", "<link href=css/a.css><link href=css/c.css>"),
        ("css/a.css", "@import 'b.css';"),
        ("css/b.css", "@import 'a.css';"),
        ("css/c.css", "@import 'a.css';"),
    ]);
    project.config.cache.push(CacheRule::new("css/**", YEAR, true).unwrap());
    let site = project.build().unwrap();
    let c = hashed("css/c.css", b"@import 'a.css';");
    assert_eq!(paths(&site), ["css/a.css", "css/b.css", c.as_str(), "css/c.css", "index.html"]);
    assert_eq!(text(&site, "index.html"), format!("<link href=css/a.css><link href={c}>"));
    assert_eq!(site.notes, ["css/a.css, css/b.css: not fingerprinted, since they refer to each other in a circle"]);
}

#[test]
fn what_a_page_states_the_digest_of_keeps_its_bytes() {
    let css = "a{background:url(/images/a.png)}";
    let project = Project::new(&[
        ("index.html", "<link rel=stylesheet href=/site.css integrity=sha384-abc><img src=/images/a.png>"),
        ("site.css", css),
        ("images/a.png", "png"),
    ]);
    let site = project.build().unwrap();
    assert_eq!(text(&site, "site.css"), css);
    assert!(text(&site, "index.html").contains(&hashed("/images/a.png", b"png")));
}

#[test]
fn pages_and_files_without_extension_keep_their_names() {
    let mut project = Project::new(&[("index.html", ""), ("LICENSE", "MIT")]);
    project.config.cache.insert(0, CacheRule::new("**", YEAR, true).unwrap());
    assert_eq!(paths(&project.build().unwrap()), ["LICENSE", "index.html"]);
}

#[test]
fn rewriting_is_deterministic_and_cached() {
    let project = Project::new(&[("index.html", &"<img src=images/a.png>".repeat(50)), ("images/a.png", "png")]);
    let (first, made) = project.build_counting();
    assert_eq!(made, 2);
    let (second, made) = project.build_counting();
    assert_eq!(made, 0);
    assert_eq!(Manifest::of(&first.unwrap()), Manifest::of(&second.unwrap()));
}

#[test]
fn a_changed_image_changes_every_name_that_depends_on_it() {
    let project = Project::new(&[("index.html", "<img src=images/a.png>"), ("images/a.png", "one")]);
    project.build().unwrap();
    project.write("images/a.png", "two");
    let site = project.build().unwrap();
    assert_eq!(text(&site, "index.html"), format!("<img src={}>", hashed("images/a.png", b"two")));
}
