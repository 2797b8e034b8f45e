//! The release that a deploy makes live, and the pointer's steps towards it.

use std::time::{Duration, SystemTime};

use super::{Facts, Outcome, Pointers};
use crate::model::{
    digest::Digest,
    ledger::{Owed, Pending, Pointer, Release, ReleaseId, RemoteState, rfc3339},
    manifest::Manifest,
};

/// What the objects' plan says to the ledger's.
pub struct Changes {
    /// Whether bytes are preserved.
    pub preserves: bool,
    /// Whether a new list of leftovers is written.
    pub leftovers: bool,
    /// Paths to invalidate.
    pub paths: Vec<String>,
}

/// The ledger's half of a plan.
pub struct Steps {
    pub outcome: Outcome,
    pub pointers: Option<Pointers>,
    pub invalidations: Vec<Owed>,
}

pub fn steps(state: &RemoteState, manifest: &Manifest, facts: &Facts, changes: &Changes) -> Steps {
    let pointer = &state.pointer;
    let digest = manifest.digest();
    if let Some(live) = pointer.live_release().filter(|live| live.manifest == digest && pointer.pending.is_empty()) {
        let outcome = Outcome::Unchanged(live.clone());
        return Steps { outcome, pointers: None, invalidations: pointer.owed.clone() };
    }
    let outcome = outcome(pointer, manifest, digest, facts);
    let release = outcome.release();

    let mut begun = pointer.clone();
    begun.generation += 1;
    let pending = Pending { release: release.id.clone(), manifest: digest, preserved: !changes.preserves };
    begun.pending.push(pending);

    let preserved = changes.preserves.then(|| {
        let mut preserved = begun.clone();
        preserved.generation += 1;
        if let Some(last) = preserved.pending.last_mut() {
            last.preserved = true;
        }
        preserved
    });

    let mut live = preserved.as_ref().unwrap_or(&begun).clone();
    live.generation += 1;
    live.pending.clear();
    switch(&mut live, release, &rfc3339(facts.now));
    if changes.leftovers {
        live.leftovers = Some(live.generation);
    }
    if !changes.paths.is_empty() {
        let reference = reference(&digest, &release.id, live.generation, &changes.paths);
        live.owed.push(Owed { reference, paths: changes.paths.clone() });
    }
    let invalidations = live.owed.clone();
    Steps { outcome, pointers: Some(Pointers { begun, preserved, live }), invalidations }
}

fn outcome(pointer: &Pointer, manifest: &Manifest, digest: Digest, facts: &Facts) -> Outcome {
    if let Some(same) = pointer.releases.iter().rev().find(|release| release.manifest == digest) {
        return Outcome::Reactivate(Release { superseded_at: None, ..same.clone() });
    }
    // Clocks go back; release times do not.
    let last = pointer.releases.iter().filter_map(|it| humantime::parse_rfc3339(&it.created_at).ok()).max();
    let at = last.map_or(facts.now, |last| facts.now.max(last + Duration::from_millis(1)));
    Outcome::Publish(new_release(at, manifest, digest, facts.commit.clone()))
}

fn new_release(at: SystemTime, manifest: &Manifest, digest: Digest, commit: Option<String>) -> Release {
    Release {
        id: ReleaseId::new(at, &digest),
        created_at: rfc3339(at),
        commit,
        manifest: digest,
        objects: manifest.object_count(),
        bytes: manifest.bytes(),
        superseded_at: None,
    }
}

/// Makes `release` the live one.
fn switch(pointer: &mut Pointer, release: &Release, now: &str) {
    for other in pointer.releases.iter_mut().filter(|other| Some(&other.id) == pointer.live.as_ref()) {
        other.superseded_at = Some(now.to_owned());
    }
    match pointer.releases.iter_mut().find(|known| known.id == release.id) {
        Some(known) => known.clone_from(release),
        None => pointer.releases.push(release.clone()),
    }
    pointer.live = Some(release.id.clone());
}

/// The same on a retry, never the same for a later apply: the ledger's generation is part of it.
fn reference(digest: &Digest, release: &ReleaseId, generation: u64, paths: &[String]) -> String {
    Digest::of(format!("{digest}\n{release}\n{generation}\n{}", paths.join("\n")).as_bytes()).to_string()
}
