//! What may lie at each key of ours, after deploys that finished and deploys that did not.

use std::collections::{BTreeMap, BTreeSet};

use super::{Expected, Guard, Stranger};
use crate::model::{
    digest::Digest,
    etag::ETag,
    ledger::{Certainty, Drift, RemoteState},
    manifest::{Role, Stored},
    path::{StorageKey, ViewerPath},
};

/// What the books say of one key.
#[derive(Debug, Default)]
pub struct Slot<'a> {
    /// Everything that may lie there; more than one thing only after a deploy that did not finish.
    pub candidates: Vec<(Role, &'a Stored)>,
    /// Digests of more bytes of ours that may lie there.
    pub others: &'a [Digest],
    /// Whether there may be nothing.
    pub maybe_absent: bool,
    /// Whether the headers may be others than listed.
    pub headers_doubtful: bool,
    /// What the live release, or an earlier one, put there for sure.
    pub base: Option<&'a Stored>,
    /// The page's path, where the manifest that wrote it is at hand.
    pub path: Option<&'a ViewerPath>,
    /// The tag that its bytes had when they were written.
    pub etag: Option<&'a ETag>,
    /// How it was seen to differ from all this.
    pub drift: Option<Drift>,
}

impl Slot<'_> {
    /// Whether `wanted` surely lies there already.
    pub fn surely(&self, wanted: &Stored) -> bool {
        self.drift.is_none()
            && self.certainty() == Certainty::Sure
            && self.candidates.iter().all(|(_, it)| it.same_content(wanted))
    }

    /// How sure it is what lies there.
    pub fn certainty(&self) -> Certainty {
        match self.certain_bytes() {
            None => Certainty::Doubtful,
            Some(_) if self.headers_doubtful || self.drift.is_some() || self.candidates.len() > 1 => Certainty::Bytes,
            Some(_) => Certainty::Sure,
        }
    }

    /// Whether bytes surely lie there, and which.
    pub fn certain_bytes(&self) -> Option<&Stored> {
        let (_, first) = self.candidates.first()?;
        let same = self.candidates.iter().all(|(_, it)| it.sha256 == first.sha256);
        let there = !self.maybe_absent && !matches!(self.drift, Some(Drift::Missing | Drift::Bytes));
        (same && there).then_some(first)
    }

    /// What may lie there.
    pub fn guard(&self, adopt: bool) -> Guard {
        let expected = match self.etag.filter(|_| self.drift.is_none()) {
            Some(etag) => Expected::Tag(etag.clone()),
            // A look costs less than an upload that is refused.
            None => Expected::Something,
        };
        let stranger = match self.base {
            _ if self.drift.is_some() => Stranger::TakenOver,
            Some(_) => Stranger::Changed,
            None if adopt => Stranger::TakenOver,
            None => Stranger::Foreign,
        };
        Guard { expected, ours: self.digests(), stranger }
    }

    /// Digests of all bytes of ours that may lie there.
    pub fn digests(&self) -> Vec<Digest> {
        self.candidates.iter().map(|(_, it)| it.sha256).chain(self.others.iter().copied()).collect()
    }

    /// Whether a page may lie there.
    pub fn is_page(&self) -> bool {
        self.candidates.iter().any(|(role, _)| *role == Role::Page)
    }
}

/// All slots of a bucket.
pub type Slots<'a> = BTreeMap<&'a StorageKey, Slot<'a>>;

/// Reads the books: inventory, then the live manifest, then what unfinished deploys may have done.
pub fn slots(state: &RemoteState) -> Slots<'_> {
    let mut slots = Slots::new();
    for (key, leftover) in &state.inventory.objects {
        slots.insert(
            key,
            Slot {
                candidates: vec![(leftover.role, &leftover.stored)],
                others: &leftover.others,
                maybe_absent: leftover.certainty == Certainty::Doubtful,
                headers_doubtful: leftover.certainty != Certainty::Sure,
                base: (leftover.certainty != Certainty::Doubtful).then_some(&leftover.stored),
                ..Slot::default()
            },
        );
    }
    for (path, entry, stored) in state.live.objects() {
        let slot =
            Slot { candidates: vec![(entry.role, stored)], base: Some(stored), path: Some(path), ..Slot::default() };
        slots.insert(&stored.key, slot);
    }
    for (_, manifest) in &state.pending {
        let mut written = BTreeSet::new();
        for (path, entry, stored) in manifest.objects() {
            written.insert(&stored.key);
            let slot = slots.entry(&stored.key).or_insert_with(|| Slot { maybe_absent: true, ..Slot::default() });
            slot.path.get_or_insert(path);
            if !slot.candidates.iter().any(|(_, known)| known.same_content(stored)) {
                slot.candidates.push((entry.role, stored));
            }
        }
        for (key, slot) in &mut slots {
            if slot.is_page() && !written.contains(key) {
                slot.maybe_absent = true;
            }
        }
    }
    for (key, etag) in &state.inventory.etags {
        if let Some(slot) =
            slots.get_mut(key).filter(|slot| slot.certain_bytes().is_some() && slot.candidates.len() == 1)
        {
            slot.etag = Some(etag);
        }
    }
    for (key, drift) in &state.drift {
        if let Some(slot) = slots.get_mut(key) {
            slot.drift = Some(*drift);
        }
    }
    slots
}
