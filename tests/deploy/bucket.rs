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
use tokio_util::sync::CancellationToken;
use treebeard_cdn::{
    apply::{self, Ports},
    config::Invalidation,
    error::Result,
    model::{asset::Site, headers::Headers, path::StorageKey},
    plan::{self, Facts, Plan, retention::Prune},
    remote::{
        ObjectStore,
        counting::CountingStore,
        lease::Tenure,
        local::{LocalCdn, LocalStore},
        process, state,
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
        let plan = match plan::unchanged(plan::built(site, true), None, &pointer) {
            Ok(plan) => plan,
            Err(built) => {
                let state = state::load(&counting, pointer).await?;
                plan::plan(site, built, &state, &Facts { adopt, ..self.facts() })?
            }
        };
        Ok((plan, counting.requests()))
    }

    fn facts(&self) -> Facts {
        Facts {
            now: SystemTime::UNIX_EPOCH + Duration::from_millis(self.clock.fetch_add(1, Ordering::Relaxed)),
            commit: None,
            api: None,
            adopt: false,
            invalidation: Some(Invalidation::Minimal),
            negotiates: true,
            encodings: Vec::new(),
            saving: None,
            max_deletes: 256,
        }
    }

    /// The plan that makes a retained release live again: the one that is named, else the one before.
    pub async fn plan_rollback(&self, release: Option<&str>) -> Result<Plan> {
        let pointer = state::load_pointer(self.store.as_ref()).await?.pointer;
        let release = plan::target(&pointer, release)?;
        let manifest = state::load_manifest(self.store.as_ref(), &release.manifest).await?;
        let state = state::load(self.store.as_ref(), pointer.clone()).await?;
        plan::rollback(release, manifest, &state, &self.facts())
    }

    /// Plans and applies a rollback.
    pub async fn rollback(&self, release: Option<&str>) -> Result<Plan> {
        let plan = self.plan_rollback(release).await?;
        self.apply_through(&plan, Arc::clone(&self.store)).await?;
        Ok(plan)
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
        apply::apply(plan, None, &loaded, &self.ports(store, listener)).await?;
        let heard = events.lock().unwrap().clone();
        Ok(heard)
    }

    fn ports(&self, store: Arc<dyn ObjectStore>, listener: apply::Listener) -> Ports {
        Ports {
            store,
            cdn: Arc::new(self.cdn.clone()),
            listener,
            holder: process::this("test"),
            stop: CancellationToken::new(),
            wait: true,
        }
    }

    /// Prunes through `store`, which may be broken.
    pub async fn prune_through(&self, prune: &Prune, store: Arc<dyn ObjectStore>) -> Result<()> {
        if prune.is_empty() {
            return Ok(());
        }
        let loaded = state::load_pointer(self.store.as_ref()).await?;
        let ports = self.ports(store, Arc::new(|_| {}));
        let (store, holder) = (Arc::clone(&ports.store), ports.holder.clone());
        let tenure = Tenure::begin(store, holder, &prune.taken, loaded.etag.as_ref()).await?;
        apply::prune(prune, None, &tenure, &ports).await.map(drop)
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
