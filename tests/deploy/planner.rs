//! Whatever the old site and the new one: applying the plan yields the new one, wherever earlier deploys died.

use std::sync::{Arc, atomic::AtomicUsize};

use proptest::{collection::btree_map, prelude::*};
use treebeard_cdn::model::{
    asset::Site,
    digest::Digest,
    manifest::{Manifest, Role},
    path::StorageKey,
};

use crate::support::cases;

use super::{
    breaking::BreakingStore,
    bucket::Bucket,
    sites::{FileSpec, SiteSpec, build},
};

/// Names and contents from small pools, so that sites collide in every way. The bytes of a name with a hash
/// are decided by the name, as they are for real; all else changes freely, roles and headers included.
fn site() -> impl Strategy<Value = SiteSpec> {
    let path = prop::sample::select(vec![
        "index.html",
        "docs/index.html",
        "about.html",
        "robots.txt",
        "data.json",
        "assets/a.11111111.js",
        "assets/b.22222222.js",
        "assets/c.33333333.css",
    ]);
    btree_map(path, (0..3_u8, 0..2_u8), 1..8).prop_map(|files| {
        files.into_iter().map(|(path, (content, header))| (path.to_owned(), spec(path, content, header))).collect()
    })
}

fn spec(path: &str, content: u8, header: u8) -> FileSpec {
    let immutable = path.starts_with("assets/");
    let role = match path {
        _ if immutable => Role::Immutable,
        _ if is_page(path) => Role::Page,
        _ => Role::Mutable,
    };
    let content = if immutable { path.to_owned() } else { format!("{path} version {content}") };
    let age = if immutable { "max-age=31536000, immutable" } else { "max-age=60" };
    FileSpec { bytes: content.into_bytes(), cache_control: format!("public, {age}, x={header}"), role }
}

fn is_page(path: &str) -> bool {
    path.rsplit('.').next() == Some("html")
}

/// Everything that the manifest promises lies in the bucket, and every page in the bucket is promised.
async fn assert_published(bucket: &Bucket, site: &Site) {
    let manifest = Manifest::of(site);
    let objects = bucket.objects().await;
    for (_, _, stored) in manifest.objects() {
        let (bytes, headers) = objects.get(stored.key.as_str()).unwrap_or_else(|| panic!("{} is missing", stored.key));
        assert_eq!(Digest::of(bytes), stored.sha256, "{}", stored.key);
        assert_eq!(headers, stored.headers.as_ref(), "{}", stored.key);
    }
    for key in objects.keys().filter(|key| is_page(key) && !key.starts_with("_tb/objects/")) {
        assert!(manifest.objects().any(|(_, _, stored)| stored.key.as_str() == key), "{key} should be gone");
    }
}

/// Every object of `old` is still there, in its place or preserved.
async fn assert_preserved(bucket: &Bucket, old: &Site) {
    let objects = bucket.objects().await;
    for (_, _, stored) in Manifest::of(old).objects() {
        let in_place = objects.get(stored.key.as_str()).is_some_and(|(bytes, _)| Digest::of(bytes) == stored.sha256);
        let kept = objects.get(StorageKey::preserved(&stored.sha256).as_str());
        let kept = kept.is_some_and(|(bytes, _)| Digest::of(bytes) == stored.sha256);
        assert!(in_place || kept, "the bytes of {} are lost", stored.key);
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn applying_the_plan_yields_the_new_site(sites in prop::collection::vec(site(), 1..5)) {
        run(async {
            let bucket = Bucket::new();
            let mut earlier: Vec<Site> = Vec::new();
            for spec in &sites {
                let site = build(spec, bucket.folder.path());
                bucket.deploy(&site).await.unwrap();
                assert_published(&bucket, &site).await;
                for old in &earlier {
                    assert_preserved(&bucket, old).await;
                }
                let (again, requests) = bucket.plan(&site).await.unwrap();
                assert!(again.is_empty(), "{again}");
                assert_eq!(requests, 1, "an unchanged site costs one request");
                earlier.push(site);
            }
        });
    }

    #[test]
    fn a_deploy_that_dies_anywhere_loses_nothing_and_the_next_one_converges(
        old in site(), dying in prop::collection::vec((site(), 1..30_usize, any::<bool>()), 1..4), new in site(),
    ) {
        run(async {
            let bucket = Bucket::new();
            let folder = bucket.folder.path();
            let old = build(&old, folder);
            bucket.deploy(&old).await.unwrap();
            let mut live = vec![old];
            for (spec, writes, last_write_happens) in &dying {
                let site = build(spec, folder);
                let (plan, _) = bucket.plan(&site).await.unwrap();
                let store = BreakingStore {
                    inner: Arc::clone(&bucket.store),
                    writes_left: AtomicUsize::new(*writes),
                    last_write_happens: *last_write_happens,
                };
                // It may well finish: then it is a release like any other.
                if bucket.apply_through(&plan, Arc::new(store)).await.is_ok() {
                    live.push(site);
                }
                for release in &live {
                    assert_preserved(&bucket, release).await;
                }
            }
            let new = build(&new, folder);
            bucket.deploy(&new).await.unwrap();
            assert_published(&bucket, &new).await;
            for release in &live {
                assert_preserved(&bucket, release).await;
            }
            let (again, _) = bucket.plan(&new).await.unwrap();
            assert!(again.is_empty(), "{again}");
        });
    }
}
