//! Whatever the old site and the new one: applying the plan yields the new one, wherever earlier deploys died.

use std::sync::{Arc, atomic::AtomicUsize};

use proptest::{collection::btree_map, prelude::*};
use treebeard_cdn::{
    model::{
        asset::Site,
        digest::Digest,
        encoding::Encoding,
        ledger::Certainty,
        manifest::{Manifest, Role},
        path::StorageKey,
    },
    plan::Plan,
    remote::state,
};

use crate::support::cases;

use super::{
    breaking::BreakingStore,
    bucket::Bucket,
    sites::{Compressor, FileSpec, SiteSpec, build_with},
};

/// Names and contents from small pools, so that sites collide in every way. The bytes of a name with a hash
/// are decided by the name, as they are for real; all else changes freely, roles and headers included.
pub fn site() -> impl Strategy<Value = SiteSpec> {
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

pub fn compressor() -> impl Strategy<Value = Compressor> {
    let encodings = prop::sample::subsequence(vec![Encoding::Br, Encoding::Gzip], 0..=2);
    (encodings, 0..=Compressor::NEVER_PAYS).prop_map(|(encodings, version)| Compressor { encodings, version })
}

/// Everything that is promised lies in the bucket, stands for what was built, and no page but those of the site is left.
async fn assert_published(bucket: &Bucket, plan: &Plan, site: &Site) {
    let manifest = &plan.manifest;
    let objects = bucket.objects().await;
    for (_, _, stored) in manifest.objects() {
        let (bytes, headers) = objects.get(stored.key.as_str()).unwrap_or_else(|| panic!("{} is missing", stored.key));
        assert_eq!(Digest::of(bytes), stored.sha256, "{}", stored.key);
        assert_eq!(headers, stored.headers.as_ref(), "{}", stored.key);
    }
    assert_eq!(manifest.entries.len(), site.assets.len());
    for asset in &site.assets {
        let entry = &manifest.entries[&asset.path];
        assert_eq!(entry.identity.sha256, asset.identity.source.sha256);
        for (encoding, _) in &asset.variants {
            assert!(entry.variants.contains_key(encoding), "{} has no {encoding}", asset.path);
        }
        for stored in entry.objects() {
            let (bytes, headers) = &objects[stored.key.as_str()];
            let decoded = Compressor::decode(bytes, headers.content_encoding);
            assert_eq!(Digest::of(&decoded), entry.identity.sha256, "{} decodes to something else", stored.key);
            assert_eq!(headers.cache_control, asset.identity.headers.cache_control, "{}", stored.key);
        }
    }
    for key in objects.keys().filter(|key| is_page(key) && !key.starts_with("_tb/objects/")) {
        assert!(manifest.objects().any(|(_, _, stored)| stored.key.as_str() == key), "{key} should be gone");
    }
}

/// Every object of a release is still there, in its place or preserved, and the ledger knows where.
async fn assert_preserved(bucket: &Bucket, old: &Manifest) {
    let objects = bucket.objects().await;
    let pointer = state::load_pointer(bucket.store.as_ref()).await.unwrap().pointer;
    let settled = pointer.pending.is_empty();
    let state = state::load(bucket.store.as_ref(), pointer).await.unwrap();
    let inventory =
        state.inventory.objects.values().filter(|it| it.certainty != Certainty::Doubtful).map(|it| &it.stored);
    let known: Vec<_> = state.live.objects().map(|(_, _, stored)| stored).chain(inventory).collect();
    for (_, _, stored) in old.objects() {
        let places = [stored.key.clone(), StorageKey::preserved(&stored.sha256)];
        let holds =
            |key: &StorageKey| objects.get(key.as_str()).is_some_and(|(bytes, _)| Digest::of(bytes) == stored.sha256);
        assert!(places.iter().any(holds), "the bytes of {} are lost", stored.key);
        if settled {
            let listed = |key: &StorageKey| known.iter().any(|it| it.key == *key && it.sha256 == stored.sha256);
            assert!(places.iter().any(listed), "the ledger does not know where the bytes of {} are", stored.key);
        }
    }
}

pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn applying_the_plan_yields_the_new_site(sites in prop::collection::vec((site(), compressor()), 1..5)) {
        run(async {
            let bucket = Bucket::new();
            let mut earlier: Vec<Manifest> = Vec::new();
            for (spec, compressor) in &sites {
                let site = build_with(spec, bucket.folder.path(), compressor);
                let plan = bucket.deploy(&site).await.unwrap();
                assert_published(&bucket, &plan, &site).await;
                for old in &earlier {
                    assert_preserved(&bucket, old).await;
                }
                let (again, requests) = bucket.plan(&site).await.unwrap();
                assert!(again.is_empty(), "{again}");
                if plan.manifest == Manifest::of(&site) {
                    assert_eq!(requests, 1, "an unchanged site costs one request");
                }
                earlier.push(plan.manifest);
            }
        });
    }

    #[test]
    fn a_deploy_that_dies_anywhere_loses_nothing_and_the_next_one_converges(
        (old, old_compressor) in (site(), compressor()),
        dying in prop::collection::vec((site(), compressor(), 1..30_usize, any::<bool>()), 1..4),
        (new, new_compressor) in (site(), compressor()),
    ) {
        run(async {
            let bucket = Bucket::new();
            let folder = bucket.folder.path();
            let first = bucket.deploy(&build_with(&old, folder, &old_compressor)).await.unwrap();
            let mut live = vec![first.manifest];
            for (spec, compressor, writes, last_write_happens) in &dying {
                let site = build_with(spec, folder, compressor);
                let (plan, _) = bucket.plan(&site).await.unwrap();
                let store = BreakingStore {
                    inner: Arc::clone(&bucket.store),
                    writes_left: AtomicUsize::new(*writes),
                    last_write_happens: *last_write_happens,
                };
                // It may well finish: then it is a release like any other.
                if bucket.apply_through(&plan, Arc::new(store)).await.is_ok() {
                    live.push(plan.manifest);
                }
                for release in &live {
                    assert_preserved(&bucket, release).await;
                }
            }
            let new = build_with(&new, folder, &new_compressor);
            let plan = bucket.deploy(&new).await.unwrap();
            assert_published(&bucket, &plan, &new).await;
            for release in &live {
                assert_preserved(&bucket, release).await;
            }
            let (again, _) = bucket.plan(&new).await.unwrap();
            assert!(again.is_empty(), "{again}");
        });
    }
}
