//! Rollbacks and prunes: whatever came before, what is retained can be made live again, and nothing else is kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, SystemTime},
};

use proptest::prelude::*;
use treebeard_cdn::{
    error::{Class, Result},
    model::{digest::Digest, ledger::ReleaseId, manifest::Manifest, path::StorageKey},
    plan::retention::{self, Needs, Prune, Rules},
    remote::{ObjectStore, state},
};

use super::{
    breaking::BreakingStore,
    bucket::Bucket,
    planner::{compressor, run, site},
    sites::{Compressor, SiteSpec, build, build_with, page},
};
use crate::support::cases;

/// What a user does.
#[derive(Debug, Clone)]
enum Step {
    Deploy(SiteSpec, Compressor),
    Rollback,
    Prune(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (site(), compressor()).prop_map(|(spec, compressor)| Step::Deploy(spec, compressor)),
        2 => Just(Step::Rollback),
        1 => (0..3_usize).prop_map(Step::Prune),
    ]
}

/// Plans a prune that keeps `keep` releases and has no grace.
async fn plan_prune(bucket: &Bucket, keep: usize, max_deletes: usize) -> Result<Prune> {
    let store = bucket.store.as_ref();
    let pointer = state::load_pointer(store).await?.pointer;
    let state = state::load(store, pointer).await?;
    let rules = Rules { keep, grace: Duration::ZERO, max_deletes };
    let mut needs = Needs::default();
    needs.add(&state.live);
    for (_, manifest) in &state.pending {
        needs.add(manifest);
    }
    for release in retention::part(&state.pointer, &rules, SystemTime::now()).0 {
        needs.add(&state::load_manifest(store, &release.manifest).await?);
    }
    let mut listed = BTreeMap::new();
    for prefix in StorageKey::prunable() {
        listed.extend(store.list(&prefix).await.unwrap().into_iter().map(|it| (it.key, it.size)));
    }
    retention::prune(&state, &needs, &listed, &rules, SystemTime::now())
}

async fn step_through(bucket: &Bucket, step: &Step, store: Arc<dyn ObjectStore>) -> Result<()> {
    match step {
        Step::Deploy(spec, compressor) => {
            let site = build_with(spec, bucket.folder.path(), compressor);
            let (plan, _) = bucket.plan(&site).await?;
            bucket.apply_through(&plan, store).await?;
        }
        Step::Rollback => match bucket.plan_rollback(None).await {
            Ok(plan) => drop(bucket.apply_through(&plan, store).await?),
            Err(error) => assert!(matches!(error.rule, "no-earlier-release" | "nothing-deployed"), "{error}"),
        },
        Step::Prune(keep) => {
            let prune = plan_prune(bucket, *keep, usize::MAX).await?;
            bucket.prune_through(&prune, store).await?;
        }
    }
    Ok(())
}

/// Every object of `manifest` lies where it says, with its bytes and headers.
async fn assert_live(bucket: &Bucket, manifest: &Manifest) {
    let objects = bucket.objects().await;
    for (_, _, stored) in manifest.objects() {
        let (bytes, headers) = objects.get(stored.key.as_str()).unwrap_or_else(|| panic!("{} is missing", stored.key));
        assert_eq!((Digest::of(bytes), headers), (stored.sha256, stored.headers.as_ref()), "{}", stored.key);
    }
}

/// Each retained release can be made live again, byte for byte; at the end the one that was live is again.
async fn assert_restorable(bucket: &Bucket) {
    let pointer = state::load_pointer(bucket.store.as_ref()).await.unwrap().pointer;
    let live = pointer.live.clone();
    let others = pointer.releases.iter().map(|release| release.id.clone());
    for id in others.chain(live).collect::<Vec<ReleaseId>>() {
        let plan = bucket.rollback(Some(id.as_str())).await.unwrap();
        assert_live(bucket, &plan.manifest).await;
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn whatever_dies_when_each_retained_release_can_be_made_live_again(
        steps in prop::collection::vec((step(), prop::option::of((1..30_usize, any::<bool>()))), 1..9),
    ) {
        run(async {
            let bucket = Bucket::new();
            for (step, dies) in &steps {
                let store: Arc<dyn ObjectStore> = match *dies {
                    None => Arc::clone(&bucket.store),
                    Some((writes, last_write_happens)) => Arc::new(BreakingStore {
                        inner: Arc::clone(&bucket.store),
                        writes_left: AtomicUsize::new(writes),
                        last_write_happens,
                    }),
                };
                let done = step_through(&bucket, step, store).await;
                assert!(dies.is_some() || done.is_ok(), "{done:?}");
            }
            assert_restorable(&bucket).await;
        });
    }

    #[test]
    fn a_prune_leaves_what_is_retained_and_nothing_else(
        steps in prop::collection::vec(step(), 1..6),
        keep in 0..3_usize,
    ) {
        run(async {
            let bucket = Bucket::new();
            for step in &steps {
                step_through(&bucket, step, Arc::clone(&bucket.store)).await.unwrap();
            }
            step_through(&bucket, &Step::Prune(keep), Arc::clone(&bucket.store)).await.unwrap();
            assert!(plan_prune(&bucket, keep, 0).await.unwrap().is_empty(), "a second prune finds nothing");
            let pointer = state::load_pointer(bucket.store.as_ref()).await.unwrap().pointer;
            assert!(pointer.releases.len() <= keep.max(1) + 1);

            let mut needed = BTreeSet::new();
            for release in &pointer.releases {
                let manifest = state::load_manifest(bucket.store.as_ref(), &release.manifest).await.unwrap();
                for (_, _, stored) in manifest.objects() {
                    needed.insert(stored.key.to_string());
                    needed.insert(StorageKey::preserved(&stored.sha256).to_string());
                }
            }
            let objects = bucket.objects().await;
            let surplus: Vec<_> = objects.keys().filter(|key| !needed.contains(*key)).collect();
            assert!(surplus.is_empty(), "{surplus:?} are needed by no release");
            assert_restorable(&bucket).await;
        });
    }
}

async fn three_releases(bucket: &Bucket) -> Vec<String> {
    let mut ids = Vec::new();
    for content in ["1", "2", "3"] {
        let mut spec = SiteSpec::from([("index.html".to_owned(), page(content))]);
        if content == "1" {
            spec.insert("gone.html".into(), page("gone"));
        }
        let plan = bucket.deploy(&build(&spec, bucket.folder.path())).await.unwrap();
        ids.push(plan.outcome.release().id.to_string());
    }
    ids
}

#[tokio::test]
async fn repeated_rollbacks_walk_back_and_a_later_deploy_works() {
    let bucket = Bucket::new();
    let ids = three_releases(&bucket).await;
    let index = StorageKey::new("index.html");
    for expected in [1, 0] {
        let plan = bucket.rollback(None).await.unwrap();
        assert_eq!(plan.outcome.release().id.as_str(), ids[expected]);
        assert_eq!(bucket.object(&index).await.unwrap().1, (expected + 1).to_string().as_bytes());
    }
    assert_eq!(bucket.object(&StorageKey::new("gone.html")).await.unwrap().1, b"gone", "removed pages come back");
    let error = bucket.rollback(None).await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Config, "no-earlier-release"));

    let pointer = state::load_pointer(bucket.store.as_ref()).await.unwrap().pointer;
    assert_eq!(pointer.releases.len(), 3, "a rollback is no new release");
    let history: Vec<_> = pointer.history.iter().map(|event| event.release.as_str()).collect();
    assert_eq!(history, [&ids[0], &ids[1], &ids[2], &ids[1], &ids[0]], "the audit trail has every one");

    bucket.deploy(&build(&SiteSpec::from([("index.html".to_owned(), page("4"))]), bucket.folder.path())).await.unwrap();
    assert_eq!(bucket.object(&index).await.unwrap().1, b"4");
    assert_eq!(bucket.rollback(None).await.unwrap().outcome.release().id.as_str(), ids[0]);
}

#[tokio::test]
async fn a_rollback_invalidates_what_it_changes() {
    let bucket = Bucket::new();
    three_releases(&bucket).await;
    bucket.rollback(None).await.unwrap();
    assert_eq!(bucket.invalidations().pop().unwrap(), ["/", "/_tb/br/index.html", "/index.html"]);
}

#[tokio::test]
async fn a_prune_stops_at_the_brake_and_deletes_nothing() {
    let bucket = Bucket::new();
    three_releases(&bucket).await;
    let before = bucket.objects().await;
    let error = plan_prune(&bucket, 1, 1).await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Brake, "max-deletes"));
    assert_eq!(bucket.objects().await, before);
}
