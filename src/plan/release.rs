//! The release that a deploy makes live, and the pointer's steps towards it.

use std::time::{Duration, SystemTime};

use super::{Facts, Outcome, Pointers};
use crate::model::{
    digest::Digest,
    history::{self, Action, Event},
    ledger::{Owed, Pending, Pointer, Release, ReleaseId, RemoteState, rfc3339},
    manifest::Manifest,
};

/// The ledger's half of a plan.
pub struct Steps {
    pub outcome: Outcome,
    pub pointers: Option<Pointers>,
    pub invalidations: Vec<Owed>,
}

pub fn steps(
    outcome: Outcome,
    action: Action,
    state: &RemoteState,
    digest: Digest,
    facts: &Facts,
    paths: Vec<String>,
) -> Steps {
    let pointer = &state.pointer;
    let settled = pointer.pending.is_empty() && state.drift.is_empty();
    let is_same = |live: &&Release| live.manifest == digest && live.code() == outcome.release().code();
    if let Some(live) = pointer.live_release().filter(|live| is_same(live) && settled) {
        let outcome = Outcome::Unchanged(live.clone());
        return Steps { outcome, pointers: None, invalidations: pointer.owed.clone() };
    }
    let release = outcome.release();

    let mut begun = pointer.clone();
    begun.generation += 1;
    // A deploy that is tried again is one that did not finish, not two.
    if !begun.pending.iter().any(|known| known.manifest == digest) {
        begun.pending.push(Pending { release: release.id.clone(), manifest: digest, action, preserved: false });
    }

    let mut preserved = begun.clone();
    preserved.generation += 1;
    for pending in preserved.pending.iter_mut().filter(|known| known.manifest == digest) {
        pending.preserved = true;
    }

    let mut live = preserved.clone();
    live.generation += 1;
    if facts.invalidation.is_none() {
        // Where nothing caches any more, nothing is owed.
        live.owed.clear();
    }
    live.pending.clear();
    live.inventory = Some(live.generation);
    live.negotiates = Some(facts.negotiates);
    switch(&mut live, release, &rfc3339(facts.now));
    let event = Event { at: rfc3339(facts.now), action, release: release.id.clone(), commit: facts.commit.clone() };
    history::append(&mut live.history, event);
    if !paths.is_empty() {
        let reference = reference(&digest, &release.id, live.generation, &paths);
        live.owed.push(Owed { reference, paths });
    }
    let invalidations = live.owed.clone();
    Steps { outcome, pointers: Some(Pointers { begun, preserved, live }), invalidations }
}

/// What becomes of the live release when `manifest` is published.
pub fn outcome(pointer: &Pointer, manifest: &Manifest, digest: Digest, built: Digest, facts: &Facts) -> Outcome {
    let code = facts.api.as_ref().and_then(|api| api.digest);
    let is_same = |release: &&Release| release.manifest == digest && release.code() == code;
    if let Some(same) = pointer.releases.iter().rev().find(is_same) {
        let api = facts.api.clone().or_else(|| same.api.clone());
        return Outcome::Reactivate(Release { superseded_at: None, built: Some(built), api, ..same.clone() });
    }
    // Clocks go back; release times do not.
    let last = pointer.releases.iter().filter_map(|it| humantime::parse_rfc3339(&it.created_at).ok()).max();
    let at = last.map_or(facts.now, |last| facts.now.max(last + Duration::from_millis(1)));
    Outcome::Publish(new_release(at, manifest, digest, built, facts))
}

fn new_release(at: SystemTime, manifest: &Manifest, digest: Digest, built: Digest, facts: &Facts) -> Release {
    Release {
        id: ReleaseId::new(at, &digest),
        created_at: rfc3339(at),
        commit: facts.commit.clone(),
        manifest: digest,
        built: Some(built),
        objects: manifest.object_count(),
        bytes: manifest.bytes(),
        saving: facts.saving,
        api: facts.api.clone(),
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
