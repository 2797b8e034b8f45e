//! Object by object: what is written, preserved, removed, kept.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use super::{
    Bytes, Facts, Guard, Plan, Preserve, Reason, Removal, Wave, Write,
    actual::{Slot, Slots, slots},
    invalidation, release, variants,
};
use crate::{
    error::{Class, Error, Result},
    model::{
        asset::Site,
        digest::Digest,
        ledger::{Certainty, Leftover, Leftovers, RemoteState},
        manifest::{Entry, Manifest, Role, Stored},
        path::{StorageKey, ViewerPath},
    },
};

/// The order of waves: whatever a file names is there before the file is.
const WAVES: [Role; 3] = [Role::Immutable, Role::Mutable, Role::Page];

pub fn plan(site: &Site, state: &RemoteState, facts: &Facts) -> Result<Plan> {
    let slots = slots(state);
    let foreign: BTreeSet<&StorageKey> = state.foreign.iter().collect();
    let mut manifest = Manifest::of(site);
    variants::keep_published(&mut manifest, &state.live, &slots);
    variants::keep_negotiated(&mut manifest, &state.live);

    refuse_immutable_conflicts(&manifest, &slots)?;
    if !facts.adopt {
        refuse_foreign_objects(&manifest, &foreign)?;
    }

    let files = files(site);
    let mut waves: Vec<Wave> = WAVES.iter().map(|&role| Wave { role, writes: Vec::new() }).collect();
    let mut books = Books::of(state);
    let mut unchanged = 0;
    for (path, entry, stored) in manifest.objects() {
        let slot = slots.get(&stored.key);
        if slot.is_some_and(|slot| slot.surely(stored)) {
            unchanged += 1;
            continue;
        }
        let file = files[&(path, stored.sha256)];
        let write = write(path, stored, slot, file, foreign.contains(&stored.key), facts.adopt);
        if let Some(slot) = slot.filter(|_| matches!(write.bytes, Bytes::File(_))) {
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
                removals.push(Removal { path: path.clone(), key: key.clone(), guard: slot.guard() });
            }
            None => books.keep(key, slot),
        }
    }
    let Books { preserve, leftovers, .. } = books;

    let leftovers = (leftovers != state.leftovers).then_some(leftovers);
    let paths = invalidation::paths(state, &manifest, &waves, &removals, facts);
    let steps = release::steps(
        state,
        &manifest,
        facts,
        &release::Changes { preserves: !preserve.is_empty(), leftovers: leftovers.is_some(), paths },
    );
    Ok(Plan {
        outcome: steps.outcome,
        manifest,
        preserve,
        waves,
        removals,
        leftovers,
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

/// Where the bytes of each path's representations are on this machine.
fn files(site: &Site) -> HashMap<(&ViewerPath, Digest), &Path> {
    let mut files = HashMap::new();
    for asset in &site.assets {
        for representation in std::iter::once(&asset.identity).chain(asset.variants.iter().map(|(_, it)| it)) {
            files.insert((&asset.path, representation.source.sha256), representation.source.file.as_path());
        }
    }
    files
}

fn write(path: &ViewerPath, stored: &Stored, slot: Option<&Slot>, file: &Path, foreign: bool, adopt: bool) -> Write {
    let certain = slot.and_then(Slot::certain_bytes);
    let settled = slot.is_some_and(|slot| slot.certainty() == Certainty::Sure);
    let reason = match (slot, certain) {
        (None, _) if foreign => Reason::Adopted,
        (None, _) => Reason::New,
        (Some(_), Some(old)) if settled && old.sha256 == stored.sha256 => Reason::HeadersChanged,
        (Some(_), Some(_)) if settled => Reason::ContentChanged,
        _ => Reason::Unfinished,
    };
    let same_bytes = certain.is_some_and(|old| old.sha256 == stored.sha256);
    let bytes = if same_bytes { Bytes::Itself(file.to_owned()) } else { Bytes::File(file.to_owned()) };
    let guard = match slot {
        _ if adopt => Guard::Ours,
        Some(slot) => slot.guard(),
        None => Guard::Vacant(vec![stored.sha256]),
    };
    Write { path: path.clone(), stored: stored.clone(), bytes, reason, guard }
}

/// What the ledger will say beyond the manifest.
struct Books {
    preserve: Vec<Preserve>,
    leftovers: Leftovers,
    /// Copies that exist for sure.
    copies: BTreeMap<StorageKey, Leftover>,
}

impl Books {
    fn of(state: &RemoteState) -> Self {
        let is_copy = |(key, it): &(&StorageKey, &Leftover)| {
            it.certainty != Certainty::Doubtful && **key == StorageKey::preserved(&it.stored.sha256)
        };
        let copies =
            state.leftovers.objects.iter().filter(is_copy).map(|(key, it)| (key.clone(), it.clone())).collect();
        Self { preserve: Vec::new(), leftovers: Leftovers::default(), copies }
    }

    /// Sees to it that what a release put at `key` is kept before `replacement`, or nothing, takes its place.
    fn preserve(&mut self, key: &StorageKey, slot: &Slot, replacement: Option<&Stored>) {
        // What no release ever had live is nobody's to get back.
        let Some(base) = slot.base.filter(|base| replacement.is_none_or(|new| new.sha256 != base.sha256)) else {
            return;
        };
        let to = Stored { key: StorageKey::preserved(&base.sha256), ..base.clone() };
        let copy =
            Leftover { role: Role::Immutable, stored: to.clone(), certainty: Certainty::Sure, others: Vec::new() };
        // Where the bytes are uncertain, the deploy that made them so had preserved them first.
        let first_time = self.leftovers.objects.insert(to.key.clone(), copy).is_none();
        if first_time && !self.copies.contains_key(&to.key) && slot.certain_bytes().is_some() {
            self.preserve.push(Preserve { from: key.clone(), to });
        }
    }

    /// Remembers an object that the manifest does not name, and that stays.
    fn keep(&mut self, key: &StorageKey, slot: &Slot) {
        let Some(&(role, candidate)) = slot.candidates.first() else { return };
        if slot.certain_bytes().is_none() {
            self.preserve(key, slot, None);
        }
        let certainty = slot.certainty();
        let stored = slot.base.unwrap_or(candidate).clone();
        let mut others = if certainty == Certainty::Doubtful { slot.digests() } else { Vec::new() };
        others.retain(|digest| *digest != stored.sha256);
        let leftover = Leftover { role, stored, certainty, others };
        self.leftovers.objects.entry(key.clone()).or_insert(leftover);
    }
}
