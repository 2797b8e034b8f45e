//! A bucket on disk, deployed to through the real planner, ledger and store.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use treebeard_cdn::{
    apply::{self, Ports},
    config::Invalidation,
    error::Result,
    model::{asset::Site, headers::Headers, manifest::Manifest, path::StorageKey},
    plan::{self, Facts, Plan},
    remote::{
        ObjectStore,
        counting::CountingStore,
        local::{LocalCdn, LocalStore},
        state,
    },
};

pub struct Bucket {
    pub folder: TempDir,
    pub store: Arc<dyn ObjectStore>,
    pub cdn: LocalCdn,
    clock: AtomicU64,
}

impl Bucket {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(LocalStore::open(folder.path().join("bucket")).unwrap());
        let cdn = LocalCdn::new(folder.path().join("invalidations.jsonl"));
        Self { folder, store, cdn, clock: AtomicU64::new(1_700_000_000_000) }
    }

    /// The plan for `site`, and the requests that making it took.
    pub async fn plan(&self, site: &Site) -> Result<(Plan, u64)> {
        self.plan_with(site, false).await
    }

    pub async fn plan_with(&self, site: &Site, adopt: bool) -> Result<(Plan, u64)> {
        let counting = CountingStore::new(Arc::clone(&self.store));
        let pointer = state::load_pointer(&counting).await?.pointer;
        let manifest = Manifest::of(site);
        let digest = manifest.digest();
        let plan = if let Some(plan) = plan::unchanged(manifest, &digest, &pointer) {
            plan
        } else {
            let state = state::load(&counting, pointer).await?;
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock.fetch_add(1, Ordering::Relaxed));
            plan::plan(site, &state, &Facts { now, commit: None, adopt, invalidation: Invalidation::Minimal })?
        };
        Ok((plan, counting.requests()))
    }

    /// Applies `plan` through `store`, which may be broken.
    pub async fn apply_through(&self, plan: &Plan, store: Arc<dyn ObjectStore>) -> Result<Vec<String>> {
        let loaded = state::load_pointer(self.store.as_ref()).await?;
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let listener = Arc::new(move |event: apply::Event<'_>| {
            if let apply::Event::Wave(role, ..) = event {
                heard.lock().unwrap().push(format!("{role:?}"));
            }
        });
        let ports = Ports { store, cdn: Arc::new(self.cdn.clone()), listener };
        apply::apply(plan, &loaded.pointer, loaded.etag.as_ref(), &ports).await?;
        let heard = events.lock().unwrap().clone();
        Ok(heard)
    }

    /// Plans and applies.
    pub async fn deploy(&self, site: &Site) -> Result<Plan> {
        let (plan, _) = self.plan(site).await?;
        self.apply_through(&plan, Arc::clone(&self.store)).await?;
        Ok(plan)
    }

    /// Every object outside the ledger: bytes and headers.
    pub async fn objects(&self) -> BTreeMap<String, (Vec<u8>, Headers)> {
        let mut objects = BTreeMap::new();
        for listed in self.store.list("").await.unwrap() {
            if listed.key.as_str().starts_with("_tb/ledger/") {
                continue;
            }
            let (headers, bytes) = self.object(&listed.key).await.unwrap();
            objects.insert(listed.key.to_string(), (bytes, headers));
        }
        objects
    }

    pub async fn object(&self, key: &StorageKey) -> Option<(Headers, Vec<u8>)> {
        let (info, mut stream) = self.store.get(key, None).await.unwrap()?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        Some((info.headers, bytes))
    }

    /// Paths of every invalidation so far.
    pub fn invalidations(&self) -> Vec<Vec<String>> {
        self.cdn.since(0).unwrap().0.into_iter().map(|it| it.paths).collect()
    }
}
