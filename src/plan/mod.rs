//! (`Config`, `Site`, `RemoteState`) → [`Plan`]: everything that a deploy or a rollback will do, decided before
//! anything is done.
//!
//! Pure: no I/O, no clock. Objects are compared by digest and headers, never by entity tag, size or time.

mod actual;
mod display;
pub mod distribution;
pub mod infrastructure;
mod invalidation;
mod objects;
mod release;
pub mod retention;
mod rollback;
mod sources;
mod variants;

use std::{path::PathBuf, time::SystemTime};

use serde::Serialize;

use crate::{
    config::Invalidation,
    error::Result,
    model::{
        api::ApiRecord,
        asset::Site,
        digest::Digest,
        encoding::Encoding,
        etag::ETag,
        history::Action,
        ledger::{Inventory, Owed, Pointer, Release, RemoteState},
        manifest::{Manifest, Role, Stored},
        path::{StorageKey, ViewerPath},
    },
};

pub use invalidation::{encode_path, expand};
pub use retention::Deletion;
pub use rollback::{rollback, target};

/// What the planner must be told beside the two states.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The time to give a new release.
    pub now: SystemTime,
    /// The source's git commit.
    pub commit: Option<String>,
    /// The API that the pages are published with, as far as it is known by now.
    pub api: Option<ApiRecord>,
    /// Whether foreign objects at keys that the site needs are taken over.
    pub adopt: bool,
    /// Which paths a change invalidates; none where no CDN caches them.
    pub invalidation: Option<Invalidation>,
    /// Whether the CDN runs our function: without it, viewers meet identity objects only.
    pub negotiates: bool,
    /// The encodings that it chooses among.
    pub encodings: Vec<Encoding>,
    /// Bytes that a first visit would save, if the CDN ran it.
    pub saving: Option<u64>,
    /// The brake on deletions.
    pub max_deletes: usize,
}

/// What a deploy does, in order.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What becomes of the live release.
    pub outcome: Outcome,
    /// What viewers are promised afterwards.
    pub manifest: Manifest,
    /// Its digest.
    pub digest: Digest,
    /// Whether the ledger has no copy of the manifest yet.
    pub manifest_is_new: bool,
    /// Bytes to copy to `_tb/objects/` before anything is overwritten or removed.
    pub preserve: Vec<Preserve>,
    /// Objects to write, wave by wave.
    pub waves: Vec<Wave>,
    /// Objects of pages that left the site, to delete after the last wave.
    pub removals: Vec<Removal>,
    /// What the ledger knows beyond the manifest, afterwards; the tags of what is written come on top.
    pub inventory: Inventory,
    /// The pointer at each of its steps; none when there is nothing to do.
    pub pointers: Option<Pointers>,
    /// Invalidations to ask for, those owed by earlier deploys first.
    pub invalidations: Vec<Owed>,
    /// Objects that are already as they should be.
    pub unchanged: usize,
}

/// What becomes of the live release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The live release is this very site.
    Unchanged(Release),
    /// A retained release is this very site: it becomes live again.
    Reactivate(Release),
    /// A new release.
    Publish(Release),
}

impl Outcome {
    /// The release that is live afterwards.
    #[must_use]
    pub fn release(&self) -> &Release {
        match self {
            Self::Unchanged(release) | Self::Reactivate(release) | Self::Publish(release) => release,
        }
    }
}

/// The pointer's steps through a deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointers {
    /// Before the first write: names the release that is being published.
    pub begun: Pointer,
    /// When its manifest is written and everything that will be overwritten is preserved.
    pub preserved: Pointer,
    /// The switch: the release is live, its invalidation is owed.
    pub live: Pointer,
}

/// A copy of bytes that are about to be overwritten or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preserve {
    /// Where they lie now.
    pub from: StorageKey,
    /// The tag that they have there, where it is known.
    pub etag: Option<ETag>,
    /// Where they are kept.
    pub to: Stored,
}

/// Objects that must all be written before the next wave begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// What the wave holds.
    pub role: Role,
    /// In order of keys.
    pub writes: Vec<Write>,
}

/// An object to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The viewer path that it belongs to.
    pub path: ViewerPath,
    /// What will lie there.
    pub stored: Stored,
    /// Where its bytes come from.
    pub bytes: Bytes,
    /// Why it is written.
    pub reason: Reason,
    /// What may lie there now.
    pub guard: Guard,
}

/// What may lie at a key that is about to be written or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// What is expected there. Where that is right, one conditional request is all that it takes.
    pub expected: Expected,
    /// Digests of bytes of ours that may lie there instead.
    pub ours: Vec<Digest>,
    /// What to make of anything else.
    pub stranger: Stranger,
}

/// What is expected at a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Nothing,
    /// An object with this tag.
    Tag(ETag),
    /// Something: it must be looked at first.
    Something,
}

/// What to make of an object that is not as expected, and has no bytes of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// Somebody else's object: it is in the way.
    Foreign,
    /// Somebody else changed our object.
    Changed,
    /// It is taken over.
    TakenOver,
}

/// Where an object's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bytes {
    /// Elsewhere.
    From(Source),
    /// The object itself, since only its headers change; the source, should somebody have deleted it.
    Itself(Source),
}

/// Where bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file on this machine.
    File(PathBuf),
    /// An object in the bucket.
    Object(StorageKey),
}

/// Why an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The bucket has no such object of ours.
    New,
    /// Its bytes differ.
    ContentChanged,
    /// Its bytes are the same, its headers differ.
    HeadersChanged,
    /// An earlier deploy ended while it may have been writing it.
    Unfinished,
    /// Somebody else's object lies there, and is taken over.
    Adopted,
    /// It is not what the ledger says.
    Drifted,
}

impl Write {
    /// Bytes that travel from this machine.
    #[must_use]
    pub fn bytes_to_upload(&self) -> u64 {
        match self.bytes {
            Bytes::From(Source::File(_)) => self.stored.size,
            Bytes::From(Source::Object(_)) | Bytes::Itself(_) => 0,
        }
    }
}

/// An object to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// The page that left the site.
    pub path: ViewerPath,
    /// What is deleted.
    pub key: StorageKey,
    /// What may lie there now.
    pub guard: Guard,
}

/// What a build promises viewers, before anything is kept for the sake of earlier releases.
#[derive(Debug, Clone)]
pub struct Built {
    /// The promise.
    pub manifest: Manifest,
    /// Its digest.
    pub digest: Digest,
}

/// What publishing `site` promises viewers. Without our function in front, variants would never be asked for.
#[must_use]
pub fn built(site: &Site, negotiates: bool) -> Built {
    let mut manifest = Manifest::of(site);
    if !negotiates {
        for entry in manifest.entries.values_mut() {
            entry.variants.clear();
        }
    }
    let digest = manifest.digest();
    Built { manifest, digest }
}

/// Decides what publishing `site` takes, which promises what was `built` of it.
pub fn plan(site: &Site, built: Built, state: &RemoteState, facts: &Facts) -> Result<Plan> {
    let Built { mut manifest, digest: built } = built;
    let slots = actual::slots(state);
    let differs = facts.negotiates
        && (variants::keep_published(&mut manifest, &state.live, &slots)
            | variants::keep_negotiated(&mut manifest, &state.live, &facts.encodings));
    let sources = sources::of_site(site);
    let find =
        |path: &ViewerPath, stored: &Stored| sources.get(&(path, stored.sha256)).map(|&file| Source::File(file.into()));
    let digest = if differs { manifest.digest() } else { built };
    let outcome = release::outcome(&state.pointer, &manifest, digest, built, facts);
    objects::plan(
        objects::Desired { manifest, digest, outcome, action: Action::Deploy, find: &find },
        state,
        &slots,
        facts,
    )
}

/// The plan where the live release already is what was built, with the API's code that has digest `code`: known without
/// reading anything but the pointer. Otherwise what was built is given back.
pub fn unchanged(built: Built, code: Option<Digest>, pointer: &Pointer) -> Result<Plan, Built> {
    let digest = built.digest;
    let is_built = |live: &Release| live.manifest == digest || live.built == Some(digest);
    let is_live = |live: &&Release| is_built(live) && live.code() == code && pointer.pending.is_empty();
    let Some(live) = pointer.live_release().filter(is_live) else { return Err(built) };
    let manifest = built.manifest;
    Ok(Plan {
        outcome: Outcome::Unchanged(live.clone()),
        unchanged: manifest.object_count(),
        manifest,
        digest,
        manifest_is_new: false,
        preserve: Vec::new(),
        waves: Vec::new(),
        removals: Vec::new(),
        inventory: Inventory::default(),
        pointers: None,
        invalidations: pointer.owed.clone(),
    })
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pointers.is_none() && self.invalidations.is_empty()
    }

    /// Every write, in order.
    pub fn writes(&self) -> impl Iterator<Item = &Write> {
        self.waves.iter().flat_map(|wave| &wave.writes)
    }

    /// Bytes that travel from this machine.
    #[must_use]
    pub fn bytes_to_upload(&self) -> u64 {
        self.writes().map(Write::bytes_to_upload).sum()
    }
}
