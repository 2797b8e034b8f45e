//! Releases, one behaviour a test.

use std::sync::Arc;

use treebeard_cdn::{
    error::Class,
    model::{encoding::Encoding, headers::Headers, manifest::Role, path::StorageKey},
    plan::{Bytes, Outcome, Reason},
    remote::{Body, Condition, state},
};

use super::{
    bucket::Bucket,
    sites::{Compressor, SiteSpec, build, build_with, file, page},
};

fn spec(files: &[(&str, super::sites::FileSpec)]) -> SiteSpec {
    files.iter().map(|(path, file)| ((*path).to_owned(), file.clone())).collect()
}

#[tokio::test]
async fn waves_go_from_what_is_named_to_what_names() {
    let bucket = Bucket::new();
    let site = spec(&[
        ("index.html", page("1")),
        ("robots.txt", file("r", Role::Mutable)),
        ("a.11111111.js", file("a", Role::Immutable)),
    ]);
    let site = build(&site, bucket.folder.path());
    let (plan, _) = bucket.plan(&site).await.unwrap();
    let waves = bucket.apply_through(&plan, Arc::clone(&bucket.store)).await.unwrap();
    assert_eq!(waves, ["Immutable", "Mutable", "Page"]);
}

#[tokio::test]
async fn an_immutable_key_with_other_bytes_is_refused_with_both_hashes() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let first = build(&spec(&[("index.html", page("1")), ("a.11111111.js", file("a", Role::Immutable))]), folder);
    bucket.deploy(&first).await.unwrap();
    // Also after the file has left the site: browsers still hold it.
    bucket.deploy(&build(&spec(&[("index.html", page("2"))]), folder)).await.unwrap();
    let before = bucket.objects().await;

    let other = build(&spec(&[("index.html", page("3")), ("a.11111111.js", file("b", Role::Immutable))]), folder);
    let error = bucket.deploy(&other).await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Brake, "immutable-conflict"));
    for site in [&first, &other] {
        let sha256 = site.assets[0].identity.source.sha256.to_string();
        assert!(error.message.contains(&sha256), "{error} does not name {sha256}");
    }
    assert_eq!(bucket.objects().await, before, "nothing changed");
}

#[tokio::test]
async fn a_header_only_change_is_a_change_without_an_upload() {
    let bucket = Bucket::new();
    let mut files = spec(&[("index.html", page("1")), ("a.11111111.js", file("a", Role::Immutable))]);
    bucket.deploy(&build(&files, bucket.folder.path())).await.unwrap();
    files.get_mut("a.11111111.js").unwrap().cache_control = "public, max-age=60, immutable".into();
    let site = build(&files, bucket.folder.path());
    let plan = bucket.deploy(&site).await.unwrap();
    assert!(
        plan.writes().all(|write| write.reason == Reason::HeadersChanged && matches!(write.bytes, Bytes::Itself(_)))
    );
    assert_eq!((plan.writes().count(), plan.bytes_to_upload()), (2, 0));
    let (headers, bytes) = bucket.object(&StorageKey::new("a.11111111.js")).await.unwrap();
    assert_eq!((headers.cache_control.as_str(), bytes.as_slice()), ("public, max-age=60, immutable", b"a".as_slice()));
    assert_eq!(bucket.invalidations()[1], ["/_tb/br/a.11111111.js", "/a.11111111.js"]);
}

#[tokio::test]
async fn a_page_that_left_goes_and_an_asset_that_left_stays() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let first =
        spec(&[("index.html", page("1")), ("old.html", page("o")), ("a.11111111.js", file("a", Role::Immutable))]);
    bucket.deploy(&build(&first, folder)).await.unwrap();
    let plan = bucket.deploy(&build(&spec(&[("index.html", page("2"))]), folder)).await.unwrap();
    assert_eq!(plan.removals.len(), 2, "the page and its variant");
    let objects = bucket.objects().await;
    assert!(!objects.contains_key("old.html") && !objects.contains_key("_tb/br/old.html"));
    assert!(objects.contains_key("a.11111111.js") && objects.contains_key("_tb/br/a.11111111.js"));
    let invalidated = bucket.invalidations().remove(1);
    assert_eq!(invalidated, ["/", "/_tb/br/index.html", "/_tb/br/old.html", "/index.html", "/old.html"]);
}

#[tokio::test]
async fn a_deploy_of_a_retained_release_makes_that_release_live_again() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let (a, b) =
        (build(&spec(&[("index.html", page("a"))]), folder), build(&spec(&[("index.html", page("b"))]), folder));
    let first = bucket.deploy(&a).await.unwrap();
    bucket.deploy(&b).await.unwrap();
    let again = bucket.deploy(&a).await.unwrap();
    assert!(matches!(&again.outcome, Outcome::Reactivate(release) if release.id == first.outcome.release().id));
    bucket.deploy(&b).await.unwrap();
    let pointer = state::load_pointer(bucket.store.as_ref()).await.unwrap().pointer;
    assert_eq!(pointer.releases.len(), 2);
    assert!(pointer.live_release().unwrap().superseded_at.is_none());
    assert!(pointer.releases[0].superseded_at.is_some());
    // A → B → A → B: the same paths every time, and every time an invalidation of its own.
    let invalidations = bucket.cdn.since(0).unwrap().0;
    let references: std::collections::BTreeSet<_> = invalidations.iter().map(|it| it.reference.as_str()).collect();
    assert_eq!((invalidations.len(), references.len()), (4, 4));
}

#[tokio::test]
async fn somebody_elses_objects_stop_a_first_deploy_until_they_are_adopted() {
    let bucket = Bucket::new();
    let theirs = Headers { content_type: "text/html".into(), cache_control: "no-cache".into(), content_encoding: None };
    for key in ["index.html", "elsewhere.html"] {
        let body = Body::Bytes(b"theirs".to_vec());
        bucket.store.put(&StorageKey::new(key), body, &theirs, Condition::None).await.unwrap();
    }
    let site = build(&spec(&[("index.html", page("ours"))]), bucket.folder.path());
    let error = bucket.plan(&site).await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Brake, "foreign-object"));
    assert!(error.message.contains("index.html") && !error.message.contains("elsewhere"), "{error}");

    let (plan, _) = bucket.plan_with(&site, true).await.unwrap();
    bucket.apply_through(&plan, Arc::clone(&bucket.store)).await.unwrap();
    let objects = bucket.objects().await;
    assert_eq!(objects["index.html"].0, b"ours");
    assert_eq!(objects["elsewhere.html"].0, b"theirs", "what is not in the way is never touched");
}

#[tokio::test]
async fn a_foreign_object_that_came_later_is_not_overwritten() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    bucket.deploy(&build(&spec(&[("index.html", page("1"))]), folder)).await.unwrap();
    let theirs =
        Headers { content_type: "text/plain".into(), cache_control: "no-cache".into(), content_encoding: None };
    let key = StorageKey::new("robots.txt");
    bucket.store.put(&key, Body::Bytes(b"theirs".to_vec()), &theirs, Condition::None).await.unwrap();
    let second = build(&spec(&[("index.html", page("2")), ("robots.txt", file("ours", Role::Mutable))]), folder);
    // Trying again does not make it ours.
    for _ in 0..3 {
        let error = bucket.deploy(&second).await.unwrap_err();
        assert_eq!((error.class, error.rule), (Class::Brake, "foreign-object"));
        assert_eq!(bucket.object(&key).await.unwrap().1, b"theirs");
        assert_eq!(bucket.object(&StorageKey::new("index.html")).await.unwrap().1, b"1", "no page has changed");
    }
    let (plan, _) = bucket.plan_with(&second, true).await.unwrap();
    bucket.apply_through(&plan, Arc::clone(&bucket.store)).await.unwrap();
    assert_eq!(bucket.object(&key).await.unwrap().1, b"ours");
}

#[tokio::test]
async fn a_foreign_page_in_the_way_survives_deploys_without_that_page() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let first = build(&spec(&[("index.html", page("1"))]), folder);
    bucket.deploy(&first).await.unwrap();
    let theirs = Headers { content_type: "text/html".into(), cache_control: "no-cache".into(), content_encoding: None };
    let key = StorageKey::new("about.html");
    bucket.store.put(&key, Body::Bytes(b"theirs".to_vec()), &theirs, Condition::None).await.unwrap();
    bucket.deploy(&build(&spec(&[("index.html", page("1")), ("about.html", page("ours"))]), folder)).await.unwrap_err();
    bucket.deploy(&first).await.unwrap();
    assert_eq!(bucket.object(&key).await.unwrap().1, b"theirs");
}

#[tokio::test]
async fn published_immutable_variants_stay_when_the_compressor_or_its_limit_changes() {
    let bucket = Bucket::new();
    let files = spec(&[("index.html", page("1")), ("a.11111111.js", file("a", Role::Immutable))]);
    let version = |version| {
        let compressor = Compressor { encodings: vec![Encoding::Br], version };
        build_with(&files, bucket.folder.path(), &compressor)
    };
    bucket.deploy(&version(0)).await.unwrap();
    let before = bucket.object(&StorageKey::new("_tb/br/a.11111111.js")).await.unwrap();
    for other in [1, Compressor::NEVER_PAYS] {
        let plan = bucket.deploy(&version(other)).await.unwrap();
        let written: Vec<_> = plan.writes().map(|write| write.stored.key.as_str()).collect();
        assert_eq!(written, ["_tb/br/index.html"], "pages follow, immutable files do not");
        assert_eq!(bucket.object(&StorageKey::new("_tb/br/a.11111111.js")).await.unwrap(), before);
    }
}

#[tokio::test]
async fn an_encoding_that_was_dropped_is_still_answered_where_the_function_negotiates_it() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let compressor = |encodings| Compressor { encodings, version: 0 };
    let both = compressor(vec![Encoding::Br, Encoding::Gzip]);
    bucket.deploy(&build_with(&spec(&[("index.html", page("1"))]), folder, &both)).await.unwrap();
    let one = compressor(vec![Encoding::Br]);
    bucket.deploy(&build_with(&spec(&[("index.html", page("2"))]), folder, &one)).await.unwrap();
    let (headers, bytes) = bucket.object(&StorageKey::new("_tb/gzip/index.html")).await.unwrap();
    assert_eq!((bytes.as_slice(), headers.content_encoding), (b"2".as_slice(), None));
}

#[tokio::test]
async fn an_object_that_somebody_deleted_comes_back_with_the_next_change() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let mut files = spec(&[("index.html", page("1")), ("robots.txt", file("r", Role::Mutable))]);
    bucket.deploy(&build(&files, folder)).await.unwrap();
    for key in ["index.html", "robots.txt"] {
        bucket.store.delete(&StorageKey::new(key), Condition::None).await.unwrap();
    }
    files.insert("index.html".into(), page("2"));
    files.get_mut("robots.txt").unwrap().cache_control = "no-cache".into();
    bucket.deploy(&build(&files, folder)).await.unwrap();
    assert_eq!(bucket.object(&StorageKey::new("index.html")).await.unwrap().1, b"2");
    assert_eq!(bucket.object(&StorageKey::new("robots.txt")).await.unwrap().1, b"r");
}

#[tokio::test]
async fn a_file_that_becomes_immutable_with_other_bytes_is_invalidated() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let first = spec(&[("index.html", page("1")), ("a.11111111.js", file("a", Role::Mutable))]);
    bucket.deploy(&build(&first, folder)).await.unwrap();
    let second = spec(&[("index.html", page("1")), ("a.11111111.js", file("b", Role::Immutable))]);
    bucket.deploy(&build(&second, folder)).await.unwrap();
    assert_eq!(bucket.invalidations()[1], ["/_tb/br/a.11111111.js", "/a.11111111.js"]);
}

#[tokio::test]
async fn a_path_with_a_tilde_is_invalidated_by_the_shortest_wildcard() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    for content in ["1", "2"] {
        bucket
            .deploy(&build(&spec(&[("index.html", page("1")), ("a~b.txt", file(content, Role::Mutable))]), folder))
            .await
            .unwrap();
    }
    assert_eq!(bucket.invalidations()[1], ["/_tb/br/a*", "/a*"]);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_published_ends_the_deploy_before_the_switch() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let first = bucket.deploy(&build(&spec(&[("index.html", page("1"))]), folder)).await.unwrap();
    let site = build(&spec(&[("index.html", page("2")), ("b.22222222.js", file("b", Role::Immutable))]), folder);
    let (plan, _) = bucket.plan(&site).await.unwrap();
    std::fs::write(&site.assets[0].identity.source.file, b"changed").unwrap();
    let error = bucket.apply_through(&plan, Arc::clone(&bucket.store)).await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Build, "file-changed"));
    let pointer = state::load_pointer(bucket.store.as_ref()).await.unwrap().pointer;
    assert_eq!(pointer.live.as_ref(), Some(&first.outcome.release().id));
    assert_eq!(bucket.object(&StorageKey::new("index.html")).await.unwrap().1, b"1");
}

#[tokio::test]
async fn a_corrupt_or_newer_ledger_is_refused_with_a_way_out() {
    let site = spec(&[("index.html", page("1"))]);
    for (document, rule) in [("{", "ledger-corrupt"), ("{}", "ledger-corrupt"), (r#"{"format":2}"#, "ledger-newer")] {
        let bucket = Bucket::new();
        let body = Body::Bytes(document.as_bytes().to_vec());
        bucket.store.put(&StorageKey::pointer(), body, &Headers::internal(), Condition::None).await.unwrap();
        let error = bucket.plan(&build(&site, bucket.folder.path())).await.unwrap_err();
        assert_eq!((error.class, error.rule), (Class::Conflict, rule), "{document}");
        assert!(error.help.is_some());
    }
}

#[tokio::test]
async fn a_manifest_that_is_not_what_was_written_is_refused() {
    let bucket = Bucket::new();
    let folder = bucket.folder.path();
    let plan = bucket.deploy(&build(&spec(&[("index.html", page("1"))]), folder)).await.unwrap();
    let key = StorageKey::manifest(&plan.outcome.release().manifest);
    let other = br#"{"headers":[],"entries":{}}"#.to_vec();
    bucket.store.put(&key, Body::Bytes(other), &Headers::internal(), Condition::None).await.unwrap();
    let error = bucket.plan(&build(&spec(&[("index.html", page("2"))]), folder)).await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Conflict, "ledger-corrupt"));
}
