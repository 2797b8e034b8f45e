//! Object by object: what is written, preserved, removed, kept.

use std::collections::BTreeSet;

use super::{
    Bytes, Expected, Facts, Guard, Outcome, Plan, Preserve, Reason, Removal, Source, Stranger, Wave, Write,
    actual::{Slot, Slots},
    invalidation, release,
};
use crate::{
    error::{Class, Error, Result},
    model::{
        digest::Digest,
        history::Action,
        ledger::{Certainty, Drift, Inventory, Leftover, RemoteState},
        manifest::{Entry, Manifest, Role, Stored},
        path::{StorageKey, ViewerPath},
    },
};

/// The order of waves: whatever a file names is there before the file is.
const WAVES: [Role; 3] = [Role::Immutable, Role::Mutable, Role::Page];

/// What is to be live.
pub struct Desired<'a> {
    pub manifest: Manifest,
    pub digest: Digest,
    pub outcome: Outcome,
    pub action: Action,
    /// Where the bytes of an object can be taken from.
    pub find: &'a dyn Fn(&ViewerPath, &Stored) -> Option<Source>,
}

pub fn plan(desired: Desired<'_>, state: &RemoteState, slots: &Slots<'_>, facts: &Facts) -> Result<Plan> {
    let Desired { manifest, digest, outcome, action, find } = desired;
    let foreign: BTreeSet<&StorageKey> = state.foreign.iter().collect();

    refuse_immutable_conflicts(&manifest, slots)?;
    if !facts.adopt {
        refuse_foreign_objects(&manifest, &foreign)?;
    }

    let mut waves: Vec<Wave> = WAVES.iter().map(|&role| Wave { role, writes: Vec::new() }).collect();
    let mut books = Books::of(state);
    let mut unchanged = 0;
    for (path, entry, stored) in manifest.objects() {
        let slot = slots.get(&stored.key);
        if let Some(slot) = slot.filter(|slot| slot.surely(stored)) {
            unchanged += 1;
            books.still(entry.role, &stored.key, slot);
            continue;
        }
        let in_place = || {
            let there = slot.and_then(Slot::certain_bytes).is_some_and(|it| it.sha256 == stored.sha256);
            there.then(|| Source::Object(stored.key.clone()))
        };
        let source = find(path, stored).or_else(in_place).ok_or_else(|| lost(stored))?;
        let write = write(path, stored, slot, source, foreign.contains(&stored.key), facts.adopt);
        if let Some(slot) = slot.filter(|_| matches!(write.bytes, Bytes::From(_))) {
            books.preserve(&stored.key, slot, Some(stored));
        }
        if let Some(wave) = waves.iter_mut().find(|wave| wave.role == entry.role) {
            wave.writes.push(write);
        }
    }
    waves.retain(|wave| !wave.writes.is_empty());

    let promised: BTreeSet<&StorageKey> = manifest.objects().map(|(_, _, stored)| &stored.key).collect();
    let mut removals = Vec::new();
    for (&key, slot) in slots.iter().filter(|(key, _)| !promised.contains(*key)) {
        match slot.path.filter(|_| slot.is_page()) {
            Some(path) => {
                books.preserve(key, slot, None);
                removals.push(Removal { path: path.clone(), key: key.clone(), guard: slot.guard(false) });
            }
            None => books.keep(key, slot),
        }
    }
    refuse_mass_deletes(removals.len(), facts.max_deletes)?;
    let Books { preserve, inventory, .. } = books;

    let paths = invalidation::paths(state, &manifest, &waves, &removals, facts);
    let manifest_is_new = !state.pointer.releases.iter().any(|release| release.manifest == digest);
    let steps = release::steps(outcome, action, state, digest, facts, paths);
    Ok(Plan {
        outcome: steps.outcome,
        manifest,
        digest,
        manifest_is_new,
        preserve,
        waves,
        removals,
        inventory,
        pointers: steps.pointers,
        invalidations: steps.invalidations,
        unchanged,
    })
}

/// Judged by the bytes as they were built: a variant that differs still decodes to them.
fn refuse_immutable_conflicts(manifest: &Manifest, slots: &Slots) -> Result<()> {
    let conflicts: Vec<_> = manifest
        .entries
        .iter()
        .filter_map(|(path, Entry { identity, .. })| {
            let published = &slots.get(&identity.key)?.candidates;
            let (_, old) =
                published.iter().find(|(role, old)| *role == Role::Immutable && old.sha256 != identity.sha256)?;
            Some((path, old.sha256, identity.sha256))
        })
        .collect();
    let Some((path, old, new)) = conflicts.first() else { return Ok(()) };
    let more = if conflicts.len() > 1 { format!(" ({} more)", conflicts.len() - 1) } else { String::new() };
    let message = format!("{path} is published as immutable with sha256 {old}, and the build has {new}{more}");
    Err(Error::new(Class::Brake, "immutable-conflict", message).help(
        "browsers keep the published bytes for up to a year: put a content hash into the file's name, \
         or give it a cache rule without `immutable` under a new name",
    ))
}

fn refuse_foreign_objects(manifest: &Manifest, foreign: &BTreeSet<&StorageKey>) -> Result<()> {
    let in_the_way: Vec<_> =
        manifest.objects().map(|(_, _, stored)| &stored.key).filter(|key| foreign.contains(key)).collect();
    if in_the_way.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = in_the_way.iter().take(10).map(|key| key.as_str()).collect();
    let more = if in_the_way.len() > shown.len() { ", …" } else { "" };
    let message = format!(
        "{} objects that treebeard-cdn did not write lie at keys that the site needs: {}{more}",
        in_the_way.len(),
        shown.join(", ")
    );
    Err(Error::new(Class::Brake, "foreign-object", message)
        .help("check that this is the right bucket; deploy with --adopt to take over exactly these keys"))
}

/// The brake on deletions.
pub fn refuse_mass_deletes(deletes: usize, max_deletes: usize) -> Result<()> {
    if deletes <= max_deletes {
        return Ok(());
    }
    let message = format!("{deletes} objects would be deleted, and releases.max_deletes is {max_deletes}");
    Err(Error::new(Class::Brake, "max-deletes", message).help(
        "nothing has changed; check that the build is whole, then raise the limit for this once with --max-deletes",
    ))
}

fn lost(stored: &Stored) -> Error {
    let message = format!("the bytes of {} ({}) are not in the bucket any more", stored.key, stored.sha256);
    Error::new(Class::Conflict, "release-incomplete", message)
        .help("nothing has changed; build the release from its commit and deploy it instead")
}

fn write(path: &ViewerPath, stored: &Stored, slot: Option<&Slot>, source: Source, foreign: bool, adopt: bool) -> Write {
    let certain = slot.and_then(Slot::certain_bytes);
    let settled = slot.is_some_and(|slot| slot.certainty() == Certainty::Sure);
    let reason = match (slot, certain) {
        (None, _) if foreign => Reason::Adopted,
        (None, _) => Reason::New,
        (Some(slot), _) if slot.drift.is_some() => Reason::Drifted,
        (Some(_), Some(old)) if settled && old.sha256 == stored.sha256 => Reason::HeadersChanged,
        (Some(_), Some(_)) if settled => Reason::ContentChanged,
        _ => Reason::Unfinished,
    };
    let same_bytes = certain.is_some_and(|old| old.sha256 == stored.sha256);
    let guard = match slot {
        Some(slot) => slot.guard(adopt),
        None if foreign => Guard { expected: Expected::Something, ours: Vec::new(), stranger: Stranger::TakenOver },
        None => {
            let stranger = if adopt { Stranger::TakenOver } else { Stranger::Foreign };
            Guard { expected: Expected::Nothing, ours: vec![stored.sha256], stranger }
        }
    };
    let bytes = if same_bytes { Bytes::Itself(source) } else { Bytes::From(source) };
    Write { path: path.clone(), stored: stored.clone(), bytes, reason, guard }
}

/// What the ledger will say beyond the manifest.
struct Books {
    preserve: Vec<Preserve>,
    inventory: Inventory,
    /// Copies that exist for sure.
    copies: BTreeSet<Digest>,
}

impl Books {
    fn of(state: &RemoteState) -> Self {
        Self { preserve: Vec::new(), inventory: Inventory::default(), copies: state.inventory.copies().collect() }
    }

    /// Remembers the tag of an object that may be overwritten one day, and is not now.
    fn still(&mut self, role: Role, key: &StorageKey, slot: &Slot) {
        if let Some(etag) = slot.etag.filter(|_| role != Role::Immutable) {
            self.inventory.etags.insert(key.clone(), etag.clone());
        }
    }

    /// Sees to it that what a release put at `key` is kept before `replacement`, or nothing, takes its place.
    fn preserve(&mut self, key: &StorageKey, slot: &Slot, replacement: Option<&Stored>) {
        // What no release ever had live is nobody's to get back.
        let Some(base) = slot.base.filter(|base| replacement.is_none_or(|new| new.sha256 != base.sha256)) else {
            return;
        };
        let to = Stored { key: StorageKey::preserved(&base.sha256), ..base.clone() };
        // What somebody changed or deleted cannot be copied any more.
        let is_gone = matches!(slot.drift, Some(Drift::Missing | Drift::Bytes));
        if is_gone && !self.copies.contains(&base.sha256) {
            return;
        }
        let copy =
            Leftover { role: Role::Immutable, stored: to.clone(), certainty: Certainty::Sure, others: Vec::new() };
        // Where the bytes are uncertain, the deploy that made them so had preserved them first.
        let first_time = self.inventory.objects.insert(to.key.clone(), copy).is_none();
        if first_time && !self.copies.contains(&base.sha256) && slot.certain_bytes().is_some() {
            self.preserve.push(Preserve { from: key.clone(), etag: slot.etag.cloned(), to });
        }
    }

    /// Remembers an object that the manifest does not name, and that stays.
    fn keep(&mut self, key: &StorageKey, slot: &Slot) {
        let Some(&(role, candidate)) = slot.candidates.first() else { return };
        if slot.certain_bytes().is_none() {
            self.preserve(key, slot, None);
        }
        self.still(role, key, slot);
        let certainty = slot.certainty();
        let stored = slot.base.unwrap_or(candidate).clone();
        let mut others = if certainty == Certainty::Doubtful { slot.digests() } else { Vec::new() };
        others.retain(|digest| *digest != stored.sha256);
        let leftover = Leftover { role, stored, certainty, others };
        self.inventory.objects.entry(key.clone()).or_insert(leftover);
    }
}
