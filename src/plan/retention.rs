//! What no retained release needs any more.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use super::{Expected, Guard, Stranger, objects::refuse_mass_deletes};
use crate::{
    error::Result,
    model::{
        api::Version,
        digest::Digest,
        ledger::{Certainty, Inventory, Pointer, Release, RemoteState},
        manifest::{Manifest, Role},
        path::StorageKey,
    },
};

/// What is kept of earlier releases.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How many releases stay, the newest first.
    pub keep: usize,
    /// How long a superseded one stays at least.
    pub grace: Duration,
    /// The brake on deletions.
    pub max_deletes: usize,
}

/// What a prune does.
#[derive(Debug, Clone)]
pub struct Prune {
    /// Releases that can no longer be rolled back to.
    pub dropped: Vec<Release>,
    /// Objects to delete.
    pub deletions: Vec<Deletion>,
    /// Versions of the API's function to delete.
    pub versions: Vec<Version>,
    /// Documents of the ledger that nothing refers to any more.
    pub documents: Vec<StorageKey>,
    /// The inventory that is in force now; the next one takes its place.
    pub replaced: Option<StorageKey>,
    /// The inventory while objects are being deleted: each of them may be gone already.
    pub meanwhile: Inventory,
    /// The inventory afterwards.
    pub inventory: Inventory,
    /// The pointer with which the lease is taken. What another command may yet write in the generation after the one
    /// that was found is not what this one writes.
    pub taken: Pointer,
    /// The pointer before the first deletion.
    pub begun: Pointer,
    /// The pointer after the last one.
    pub done: Pointer,
}

/// An object to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deletion {
    /// Its key.
    pub key: StorageKey,
    /// Number of its bytes.
    pub size: u64,
    /// What must lie there; none where the ledger is sure.
    pub guard: Option<Guard>,
}

impl Prune {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dropped.is_empty() && self.deletions.is_empty() && self.versions.is_empty() && self.documents.is_empty()
    }

    /// Adds those of the `published` versions that no retained release names, and that viewers do not meet. The newest
    /// stays, whoever published it: Lambda publishes nothing that equals it.
    #[must_use]
    pub fn with_versions(mut self, published: &[Version], live: &str) -> Self {
        let named = self.begun.releases.iter().filter_map(|release| release.api.as_ref()?.version.as_deref());
        let needed = named.chain([live]).filter_map(Version::parse).chain(published.iter().max().copied());
        let needed: BTreeSet<_> = needed.collect();
        self.versions = published.iter().filter(|version| !needed.contains(version)).copied().collect();
        self.versions.sort_unstable();
        self
    }

    /// Bytes that become free.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.deletions.iter().map(|it| it.size).sum()
    }
}

/// Parts the releases into those that are retained and those that are not: the last `keep`, the live one, and any
/// that was superseded less than `grace` ago stay.
#[must_use]
pub fn part<'a>(pointer: &'a Pointer, rules: &Rules, now: SystemTime) -> (Vec<&'a Release>, Vec<&'a Release>) {
    let newest = pointer.releases.len().saturating_sub(rules.keep);
    let mut by_age: Vec<_> = pointer.releases.iter().collect();
    by_age.sort_by(|a, b| a.id.cmp(&b.id));
    let recent: BTreeSet<_> = by_age[newest..].iter().map(|release| &release.id).collect();
    let in_grace = |release: &Release| {
        let superseded = release.superseded_at.as_deref().and_then(|at| humantime::parse_rfc3339(at).ok());
        // A time in the future is a clock that went back: that release is young, too.
        superseded.is_none_or(|at| now.duration_since(at).is_ok_and(|age| age < rules.grace) || at > now)
    };
    let keeps = |release: &&Release| {
        recent.contains(&release.id)
            || pointer.live.as_ref() == Some(&release.id)
            || pointer.pending.iter().any(|unfinished| unfinished.release == release.id)
            || in_grace(release)
    };
    pointer.releases.iter().partition(keeps)
}

/// What retained manifests need: keys in place, and digests that must be kept somewhere.
#[derive(Debug, Default)]
pub struct Needs {
    keys: BTreeSet<StorageKey>,
    bytes: BTreeSet<(StorageKey, Digest)>,
    digests: BTreeSet<Digest>,
    codes: BTreeSet<Digest>,
}

impl Needs {
    /// Adds what `manifest` needs.
    pub fn add(&mut self, manifest: &Manifest) {
        for (_, entry, stored) in manifest.objects() {
            // A variant of an immutable file may have been replaced by what another compressor made of it.
            self.digests.insert(stored.sha256);
            if entry.role == Role::Immutable {
                self.keys.insert(stored.key.clone());
            } else {
                self.bytes.insert((stored.key.clone(), stored.sha256));
            }
        }
    }

    /// Adds the code that viewers of the API meet now, whatever release it belongs to.
    pub fn add_code(&mut self, code: Digest) {
        self.codes.insert(code);
    }

    fn object(&self, key: &StorageKey, sha256: &Digest) -> bool {
        self.keys.contains(key)
            || self.bytes.contains(&(key.clone(), *sha256))
            || (*key == StorageKey::preserved(sha256) && self.digests.contains(sha256))
    }
}

/// Decides what to prune. `needs` holds what the live, the unfinished and every other retained release need;
/// `listed` is what lies under `_tb/objects/`, `_tb/api/` and `_tb/ledger/`, with its size.
pub fn prune(
    state: &RemoteState,
    needs: &Needs,
    listed: &BTreeMap<StorageKey, u64>,
    rules: &Rules,
    now: SystemTime,
) -> Result<Prune> {
    let pointer = &state.pointer;
    let (retained, dropped) = part(pointer, rules, now);
    let (mut meanwhile, mut inventory) = (state.inventory.clone(), state.inventory.clone());
    let mut deletions = Vec::new();
    for (key, leftover) in &state.inventory.objects {
        let stored = &leftover.stored;
        let wanted = std::iter::once(&stored.sha256).chain(&leftover.others).any(|digest| needs.object(key, digest));
        if wanted {
            continue;
        }
        let guard = (leftover.certainty != Certainty::Sure || leftover.role != Role::Immutable).then(|| Guard {
            expected: state.inventory.etags.get(key).map_or(Expected::Something, |etag| Expected::Tag(etag.clone())),
            ours: std::iter::once(stored.sha256).chain(leftover.others.iter().copied()).collect(),
            stranger: Stranger::Foreign,
        });
        deletions.push(Deletion { key: key.clone(), size: stored.size, guard });
        if let Some(doubtful) = meanwhile.objects.get_mut(key) {
            doubtful.certainty = Certainty::Doubtful;
        }
        inventory.objects.remove(key);
        inventory.etags.remove(key);
    }

    let documents = documents(state, &retained);
    let codes = retained.iter().filter_map(|release| release.code()).chain(needs.codes.iter().copied());
    let codes = codes.map(|code| StorageKey::package(&code));
    let copies: BTreeSet<_> = needs.digests.iter().map(StorageKey::preserved).chain(codes).collect();
    let (ledger, orphans): (Vec<_>, Vec<_>) = listed
        .iter()
        .filter(|(key, _)| !documents.contains(key) && !copies.contains(key))
        .filter(|(key, _)| !state.inventory.objects.contains_key(key))
        .partition(|(key, _)| StorageKey::is_ledger(key));
    // Copies of a deploy that did not finish, which the ledger never came to list, and code of releases that are gone.
    deletions.extend(orphans.into_iter().map(|(key, size)| Deletion { key: key.clone(), size: *size, guard: None }));
    refuse_mass_deletes(deletions.len(), rules.max_deletes)?;

    let taken = Pointer { generation: pointer.generation + 1, ..pointer.clone() };
    let mut begun = taken.clone();
    begun.generation += 1;
    begun.inventory = Some(begun.generation);
    begun.releases.retain(|release| retained.iter().any(|it| it.id == release.id));
    let mut done = begun.clone();
    done.generation += 1;
    done.inventory = Some(done.generation);
    let dropped = dropped.into_iter().cloned().collect();
    let documents = ledger.into_iter().map(|(key, _)| key.clone()).collect();
    let replaced = pointer.inventory.map(StorageKey::inventory);
    Ok(Prune {
        dropped,
        deletions,
        versions: Vec::new(),
        documents,
        replaced,
        meanwhile,
        inventory,
        taken,
        begun,
        done,
    })
}

/// The ledger's documents that something still refers to.
fn documents(state: &RemoteState, retained: &[&Release]) -> BTreeSet<StorageKey> {
    let pointer = &state.pointer;
    let manifests = retained.iter().map(|release| &release.manifest);
    let unfinished = pointer.pending.iter().map(|pending| &pending.manifest);
    manifests
        .chain(unfinished)
        .map(StorageKey::manifest)
        .chain(pointer.inventory.map(StorageKey::inventory))
        .chain([StorageKey::pointer()])
        .collect()
}
