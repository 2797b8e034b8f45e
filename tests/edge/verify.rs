//! `verify` finds each kind of damage, and nothing where there is none.

use std::{fs, path::PathBuf};

use treebeard_cdn::{
    config::Config,
    edge::Api,
    model::{
        digest::Digest,
        encoding::Encoding,
        headers::Headers,
        path::{StorageKey, ViewerPath},
    },
    remote::{Body, Condition, Copy, ObjectStore, local::LocalCdn},
    verify::{Address, Options, Report, Server, verify},
};

use super::world::World;

const FILES: &[(&str, &str)] = &[
    ("index.html", "<h1>home</h1>"),
    ("about.html", "<h1>about</h1>"),
    ("docs/index.html", "<h1>docs</h1>"),
    ("docs/a b+\u{e9}.txt", "text"),
    ("assets/app.4f3c2b1a.js", "console.log(1)"),
    ("logo.png", "image"),
    ("LICENSE", "free"),
];

fn check(world: &World) -> Report {
    let options = Options::new(&world.config.site, true, Server::Edge);
    world.runtime.block_on(verify(&address(world), &world.manifest, &world.distribution, options)).unwrap()
}

fn address(world: &World) -> Address {
    Address::parse(&format!("http://localhost:{}", world.port)).unwrap()
}

fn kinds(report: &Report) -> Vec<(&str, &str, &str)> {
    report.failures.iter().map(|it| (it.path.as_str(), it.accept_encoding.as_str(), it.what.as_str())).collect()
}

fn object_file(world: &World, key: &str) -> PathBuf {
    let name = Digest::of(key.as_bytes()).to_string();
    world.config.store_dir().join(&name[..2]).join(name)
}

fn put(world: &World, key: &str, bytes: &str, headers: &Headers) {
    let (key, body) = (StorageKey::new(key), Body::Bytes(bytes.as_bytes().to_vec()));
    world.runtime.block_on(world.store.put(&key, body, headers, Condition::None)).unwrap();
}

#[test]
fn a_sound_site_is_as_promised() {
    let multi_page = |clean_urls: bool| {
        move |config: &mut Config| {
            config.site.spa = false;
            config.site.clean_urls = clean_urls;
        }
    };
    let with_404: Vec<_> = FILES.iter().copied().chain([("404.html", "<h1>lost</h1>")]).collect();
    for world in [
        World::new(FILES),
        World::with(FILES, multi_page(false), Api::absent("none")),
        World::with(&with_404, multi_page(true), Api::absent("none")),
        World::with(FILES, |config| config.api = None, Api::absent("none")),
    ] {
        // Twice: from the origin and from the cache.
        for _ in 0..2 {
            let report = check(&world);
            assert_eq!(kinds(&report), [], "{report}");
            report.check().unwrap();
            assert!(report.responses > report.files && report.bytes > 0);
            let timing = report.timing.unwrap();
            assert!(timing.time_connect > 0.0 && timing.time_total >= timing.time_starttransfer);
        }
    }
}

#[test]
fn a_flipped_byte_is_found_in_exactly_its_representation() {
    let world = World::new(FILES);
    let file = object_file(&world, "_tb/gzip/assets/app.4f3c2b1a.js");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let report = check(&world);
    assert_eq!(kinds(&report), [("/assets/app.4f3c2b1a.js", "gzip", "content")]);
    let error = report.check().unwrap_err();
    assert_eq!((error.exit_code(), error.rule), (7, "verification-failed"));
}

#[test]
fn a_missing_object_is_found() {
    let world = World::new(FILES);
    fs::remove_file(object_file(&world, "logo.png")).unwrap();
    let report = check(&world);
    assert_eq!(kinds(&report), [("/logo.png", "identity", "status")]);
    assert!(report.failures[0].hint.contains("missing"), "{report}");
}

#[test]
fn a_changed_stored_header_is_found() {
    let mut world = World::new(FILES);
    let entry = &world.manifest.entries[&ViewerPath::new("about.html").unwrap()];
    let mut headers = entry.identity.headers.as_ref().clone();
    headers.cache_control = "public, max-age=60".into();
    put(&world, "about.html", "<h1>about</h1>", &headers);
    assert_eq!(kinds(&check(&world)), [("/about.html", "identity", "Cache-Control")]);

    headers = entry.variants[&Encoding::Br].headers.as_ref().clone();
    headers.content_encoding = Some(Encoding::Gzip);
    let key = StorageKey::new("_tb/br/about.html");
    let copy = Copy { from: &key, source: None, to: &key, headers: &headers, condition: Condition::None };
    let stored = world.runtime.block_on(world.store.copy(copy));
    stored.unwrap();
    world.port = world.start_edge(Api::absent("none"));
    let report = check(&world);
    assert!(kinds(&report).contains(&("/about.html", "br", "Content-Encoding")), "{report}");
}

#[test]
fn a_stale_cache_is_found_and_says_how_to_heal() {
    let mut world = World::new(FILES);
    check(&world);
    world.cdn = LocalCdn::new(world.config.invalidation_log().with_extension("lost"));
    let mut files = FILES.to_vec();
    files[0].1 = "<h1>new home</h1>";
    world.deploy(&files);
    let report = check(&world);
    let home = ["/", "/index.html", "/treebeard-cdn-verify/deep/link"];
    assert!(report.failures.len() >= home.len() && report.failures.iter().all(|it| home.contains(&it.path.as_str())));
    assert!(report.failures.iter().all(|it| it.what == "content" && it.hint.contains("invalidate")), "{report}");
}

#[test]
fn an_edge_of_another_configuration_is_found() {
    let mut world = World::new(FILES);
    for behavior in &mut world.distribution.behaviors {
        behavior.response_headers.push(("Permissions-Policy".into(), "camera=()".into()));
    }
    let report = check(&world);
    assert_eq!(report.failures.len(), report.responses);
    assert!(report.failures.iter().all(|it| it.what == "Permissions-Policy" && it.hint.contains("restart")));
}

#[test]
fn a_page_in_place_of_a_missing_file_and_an_open_ledger_are_found() {
    let mut world = World::new(FILES);
    let mut lax = world.distribution.clone();
    for behavior in &mut lax.behaviors {
        behavior.function = false;
    }
    let promised = std::mem::replace(&mut world.distribution, lax);
    world.port = world.start_edge(Api::absent("none"));
    world.distribution = promised;
    let report = check(&world);
    let found = kinds(&report);
    assert!(found.contains(&("/_tb/ledger/pointer.json", "identity", "status")), "{report}");
    assert!(found.contains(&("/treebeard-cdn-verify/deep/link", "identity", "status")), "{report}");
}

#[test]
fn an_api_that_does_not_answer_is_a_note_and_no_failure() {
    let world = World::new(FILES);
    let report = check(&world);
    let note = "the API does not answer: /api/treebeard-cdn-verify gives 503 Service Unavailable";
    assert_eq!((report.failures.len(), report.notes.as_slice()), (0, [note.to_owned()].as_slice()));
    assert!(report.to_string().contains(&format!("note: {note}\n")), "{report}");
    assert!(report.check().is_ok());
}

#[test]
fn nobody_at_the_address_is_an_error_of_its_own() {
    let world = World::new(FILES);
    let nobody = Address::parse(&format!("http://127.0.0.1:{}", crate::support::http::free_port())).unwrap();
    let options = Options::new(&world.config.site, false, Server::Edge);
    let asked = world.runtime.block_on(verify(&nobody, &world.manifest, &world.distribution, options));
    let error = asked.unwrap_err();
    assert_eq!((error.rule, error.exit_code()), ("unreachable", 7));
    for url in ["localhost:8787", "http://localhost/path", "not a url", "ftp://x", "https://"] {
        let error = Address::parse(url).unwrap_err();
        assert_eq!((error.rule, error.exit_code()), ("bad-url", 3), "{url}");
    }
}

#[test]
fn a_sample_is_small_and_always_the_same() {
    let names: Vec<_> = (0..300).map(|n| (format!("p{n}.html"), format!("f{n}.png"))).collect();
    let mut files: Vec<_> =
        names.iter().flat_map(|(page, file)| [(page.as_str(), "p"), (file.as_str(), "f")]).collect();
    files.push(("index.html", "<h1>home</h1>"));
    let world = World::new(&files);
    let options = Options::new(&world.config.site, false, Server::Edge);
    let report =
        world.runtime.block_on(verify(&address(&world), &world.manifest, &world.distribution, options)).unwrap();
    assert_eq!((report.files, report.files_total, report.failures.len()), (150, 601, 0));
}
