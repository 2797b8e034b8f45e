//! What the bucket's own books say: releases, the live one, and which objects are ours.
//!
//! Three kinds of documents under `_tb/ledger/`: the pointer (small, the only one that changes),
//! immutable manifests by their digest, and one immutable inventory a generation.

use std::{collections::BTreeMap, fmt, sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};

use super::{
    api::ApiRecord,
    digest::Digest,
    etag::ETag,
    headers::Headers,
    history::{Action, Event},
    lease::Lease,
    manifest::{Manifest, Role, Stored, wire},
    path::StorageKey,
};

/// The ledger format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// A release's name: its UTC time to the millisecond, then eight digits of its manifest's digest.
/// Ids sort by time: `20260131T235959123Z-4f3c2b1a`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReleaseId(String);

impl ReleaseId {
    /// The id of the release made at `at` with this manifest digest.
    #[must_use]
    pub fn new(at: SystemTime, manifest: &Digest) -> Self {
        let time: String = rfc3339(at).chars().filter(|c| !matches!(c, '-' | ':' | '.')).collect();
        Self(format!("{time}-{}", &manifest.short()[..8]))
    }

    /// An id that a user typed.
    pub fn parse(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 3339 in UTC with milliseconds.
#[must_use]
pub fn rfc3339(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// One retained release, as the pointer lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Its name.
    pub id: ReleaseId,
    /// When it was made: RFC 3339 with milliseconds.
    pub created_at: String,
    /// The git commit of the source, when there was one.
    pub commit: Option<String>,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Digest of the manifest as the build alone would have it, without what is kept for the sake of earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<Digest>,
    /// Number of its objects, variants included.
    pub objects: usize,
    /// Stored bytes of its objects.
    pub bytes: u64,
    /// Bytes that a first visit would save, if the CDN chose among variants. None where it does, or none was prepared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saving: Option<u64>,
    /// The API that its pages were published with; none where there is none that this tool knows of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiRecord>,
    /// When another release took its place: RFC 3339. None while it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_at: Option<String>,
}

impl Release {
    /// Digest of the API's code that belongs to it; none where it has none of ours.
    #[must_use]
    pub fn code(&self) -> Option<Digest> {
        self.api.as_ref()?.digest
    }
}

/// A deploy that began to write and has not finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What it was publishing; its manifest is in the ledger.
    pub release: ReleaseId,
    /// Digest of that manifest.
    pub manifest: Digest,
    /// What it did.
    pub action: Action,
    /// Whether its manifest was written and every byte that it overwrites had been copied to `_tb/objects/`:
    /// until then it overwrites nothing.
    pub preserved: bool,
}

/// An invalidation that a release needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// The reference to ask with: the same at every try, so that the CDN acts once.
    pub reference: String,
    /// Paths with a leading slash, percent-encoded; `*` only at the end.
    pub paths: Vec<String>,
}

/// The pointer: the one document that decides what is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// Format of the ledger.
    pub format: u32,
    /// Grows by one with every write.
    pub generation: u64,
    /// The live release.
    pub live: Option<ReleaseId>,
    /// The generation whose inventory is current.
    pub inventory: Option<u64>,
    /// Who writes now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
    /// Whether the CDN was seen to choose among variants, when that was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negotiates: Option<bool>,
    /// Deploys that did not finish since the live one did, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<Pending>,
    /// Retained releases, oldest first.
    pub releases: Vec<Release>,
    /// Invalidations that are not known to have been accepted by the CDN.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed: Vec<Owed>,
    /// What was made live, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Event>,
}

impl Default for Pointer {
    fn default() -> Self {
        Self {
            format: FORMAT,
            generation: 0,
            live: None,
            inventory: None,
            lease: None,
            negotiates: None,
            pending: Vec::new(),
            releases: Vec::new(),
            owed: Vec::new(),
            history: Vec::new(),
        }
    }
}

impl Pointer {
    /// The live release's line.
    #[must_use]
    pub fn live_release(&self) -> Option<&Release> {
        let live = self.live.as_ref()?;
        self.releases.iter().find(|release| release.id == *live)
    }
}

/// What is known of objects beyond what the live manifest says of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "InventoryWire")]
pub struct Inventory {
    /// Leftovers, by key: objects of ours that the live manifest does not name. Assets of earlier pages, preserved bytes.
    pub objects: BTreeMap<StorageKey, Leftover>,
    /// Entity tags of the objects that may be overwritten: whoever writes next asks that they be what was left there.
    pub etags: BTreeMap<StorageKey, ETag>,
}

/// An object that the live manifest does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What it was to the release that wrote it.
    pub role: Role,
    /// What lies there.
    pub stored: Stored,
    /// How sure that is.
    pub certainty: Certainty,
    /// Digests of other bytes of ours that may lie there instead, where it is doubtful.
    pub others: Vec<Digest>,
}

impl Inventory {
    /// Digests of the bytes that surely have a copy under `_tb/objects/`.
    pub fn copies(&self) -> impl Iterator<Item = Digest> {
        let is_copy =
            |(key, it): &(&StorageKey, &Leftover)| it.is_certain() && **key == StorageKey::preserved(&it.stored.sha256);
        self.objects.iter().filter(is_copy).map(|(_, it)| it.stored.sha256)
    }
}

impl Leftover {
    /// Whether these bytes lie there for sure.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certainty != Certainty::Doubtful
    }
}

/// How sure it is that an object is as it is listed: a deploy that did not finish leaves doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// It was perhaps about to be written. Whatever lies there is ours only if it has these bytes, or those of `others`.
    Doubtful,
    /// The bytes lie there, perhaps under other headers.
    Bytes,
    /// Bytes and headers are as listed.
    Sure,
}

#[derive(Deserialize)]
struct InventoryWire {
    headers: Vec<Headers>,
    objects: Vec<LeftoverWire>,
    etags: BTreeMap<StorageKey, ETag>,
}

#[derive(Deserialize)]
struct LeftoverWire {
    role: Role,
    certainty: Certainty,
    #[serde(default)]
    others: Vec<Digest>,
    #[serde(flatten)]
    stored: wire::Stored,
}

#[derive(Serialize)]
struct LeftoverRef<'a> {
    role: Role,
    certainty: Certainty,
    #[serde(skip_serializing_if = "<[Digest]>::is_empty")]
    others: &'a [Digest],
    #[serde(flatten)]
    stored: wire::StoredRef<'a>,
}

impl Serialize for Inventory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = wire::Table::of(self.objects.values().map(|it| &it.stored));
        let objects = self.objects.values().map(|it| LeftoverRef {
            role: it.role,
            certainty: it.certainty,
            others: &it.others,
            stored: table.store(&it.stored),
        });
        let mut document = serializer.serialize_struct("Inventory", 3)?;
        document.serialize_field("headers", &table.sets)?;
        document.serialize_field("objects", &objects.collect::<Vec<_>>())?;
        document.serialize_field("etags", &self.etags)?;
        document.end()
    }
}

impl TryFrom<InventoryWire> for Inventory {
    type Error = String;

    fn try_from(wire: InventoryWire) -> Result<Self, String> {
        let sets: Vec<_> = wire.headers.into_iter().map(Arc::new).collect();
        let objects = wire
            .objects
            .into_iter()
            .map(|it| {
                let stored = wire::load(it.stored, &sets)?;
                Ok((stored.key.clone(), Leftover { role: it.role, stored, certainty: it.certainty, others: it.others }))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self { objects, etags: wire.etags })
    }
}

/// The actual state of a bucket, as far as our books and one look at a foreign bucket tell.
#[derive(Debug, Clone, Default)]
pub struct RemoteState {
    /// The pointer; a default one where we never deployed.
    pub pointer: Pointer,
    /// The live release's manifest; empty where nothing is live.
    pub live: Manifest,
    /// Unfinished deploys that may have overwritten something, with their manifests, in the pointer's order.
    pub pending: Vec<(Pending, Manifest)>,
    /// What else is known of our objects.
    pub inventory: Inventory,
    /// Keys that somebody else wrote: looked up only where our books are empty.
    pub foreign: Vec<StorageKey>,
    /// Objects of the live release that are not as the books say: looked for only when a user asks.
    pub drift: BTreeMap<StorageKey, Drift>,
}

/// How an object differs from what the books say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drift {
    /// It is gone.
    Missing,
    /// Other bytes lie there.
    Bytes,
    /// The bytes are right, the headers are not.
    Headers,
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn release_ids_sort_by_time() {
        let digest = Digest::of(b"x");
        let id = |millis| ReleaseId::new(UNIX_EPOCH + Duration::from_millis(millis), &digest);
        assert_eq!(id(1_769_903_999_123).as_str(), "20260131T235959123Z-2d711642");
        assert!(id(999) < id(1_000) && id(1_769_903_999_123) < id(1_769_904_000_000));
    }
}
