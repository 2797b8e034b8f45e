//! The manifest of a release: viewer path → what lies where, with which bytes and headers.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize, Serializer};

use super::{
    asset::{Asset, Representation, Site},
    digest::{Digest, Hasher},
    encoding::Encoding,
    headers::Headers,
    path::{StorageKey, ViewerPath},
};

/// What a file is to a release. Decides when it is published, and what may happen to its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A file whose key never holds other bytes.
    Immutable,
    /// A file that may change in place.
    Mutable,
    /// An HTML document: published after all that it names, removed when it leaves the site.
    Page,
}

/// An object in the bucket, as a release promises it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies.
    pub key: StorageKey,
    /// Digest of the stored bytes (of the compressed ones, for a compressed variant).
    pub sha256: Digest,
    /// Number of stored bytes.
    pub size: u64,
    /// The headers that it is stored with.
    pub headers: Arc<Headers>,
}

impl Stored {
    /// Whether bytes and headers are the same, wherever they lie.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 && self.headers == other.headers
    }
}

/// What a release says of one viewer path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What the file is to the release.
    pub role: Role,
    /// The bytes as they were built.
    pub identity: Stored,
    /// The bytes for viewers that accept an encoding.
    pub variants: BTreeMap<Encoding, Stored>,
}

impl Entry {
    /// Every object of this entry, identity first.
    pub fn objects(&self) -> impl Iterator<Item = &Stored> {
        std::iter::once(&self.identity).chain(self.variants.values())
    }
}

/// Everything that a release promises to viewers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "wire::Manifest")]
pub struct Manifest {
    /// By viewer path.
    pub entries: BTreeMap<ViewerPath, Entry>,
}

impl Manifest {
    /// What publishing `site` promises.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        let mut interned = Interner::default();
        let entries = site.assets.iter().map(|asset| (asset.path.clone(), interned.entry(asset))).collect();
        Self { entries }
    }

    /// The encodings that any of its variants is in.
    #[must_use]
    pub fn encodings(&self) -> BTreeSet<Encoding> {
        self.entries.values().flat_map(|entry| entry.variants.keys().copied()).collect()
    }

    /// What viewers meet where only these encodings are chosen among.
    #[must_use]
    pub fn chosen_among(&self, encodings: &[Encoding]) -> Cow<'_, Self> {
        if self.encodings().iter().all(|encoding| encodings.contains(encoding)) {
            return Cow::Borrowed(self);
        }
        let mut manifest = self.clone();
        for entry in manifest.entries.values_mut() {
            entry.variants.retain(|encoding, _| encodings.contains(encoding));
        }
        Cow::Owned(manifest)
    }

    /// Every object with the path and entry it belongs to.
    pub fn objects(&self) -> impl Iterator<Item = (&ViewerPath, &Entry, &Stored)> {
        self.entries.iter().flat_map(|(path, entry)| entry.objects().map(move |stored| (path, entry, stored)))
    }

    /// Digest of the whole promise: equal if and only if every path, byte and header is.
    ///
    /// # Panics
    /// Never: every value of this type has a JSON form.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::default();
        serde_json::to_writer(&mut hasher, self).expect("a manifest has a JSON form");
        hasher.digest()
    }

    /// The document that the ledger keeps. The same manifest always gives the same bytes.
    ///
    /// # Panics
    /// Never: every value of this type has a JSON form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a manifest has a JSON form")
    }

    /// Number of objects, variants included.
    #[must_use]
    pub fn object_count(&self) -> usize {
        self.entries.values().map(|entry| 1 + entry.variants.len()).sum()
    }

    /// Stored bytes of all objects, variants included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.objects().map(|(_, _, stored)| stored.size).sum()
    }
}

/// A site has a handful of distinct header sets and a great many objects: each set is kept once.
#[derive(Default)]
struct Interner(BTreeMap<Headers, Arc<Headers>>);

impl Interner {
    fn headers(&mut self, headers: &Headers) -> Arc<Headers> {
        if let Some(known) = self.0.get(headers) {
            return Arc::clone(known);
        }
        let new = Arc::new(headers.clone());
        self.0.insert(headers.clone(), Arc::clone(&new));
        new
    }

    fn stored(&mut self, key: StorageKey, representation: &Representation) -> Stored {
        Stored {
            key,
            sha256: representation.source.sha256,
            size: representation.source.size,
            headers: self.headers(&representation.headers),
        }
    }

    fn entry(&mut self, asset: &Asset) -> Entry {
        Entry {
            role: asset.role,
            identity: self.stored(StorageKey::identity(&asset.path), &asset.identity),
            variants: asset
                .variants
                .iter()
                .map(|(encoding, variant)| {
                    (*encoding, self.stored(StorageKey::variant(*encoding, &asset.path), variant))
                })
                .collect(),
        }
    }
}

impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wire::serialize(self, serializer)
    }
}

/// The JSON form: header sets once, objects refer to them by position.
pub(super) mod wire {
    use std::{collections::BTreeMap, sync::Arc};

    use serde::{
        Deserialize, Serialize, Serializer,
        ser::{SerializeMap as _, SerializeStruct as _},
    };

    use super::{Digest, Encoding, Headers, Role, StorageKey, ViewerPath};

    #[derive(Deserialize)]
    pub struct Manifest {
        headers: Vec<Headers>,
        entries: BTreeMap<ViewerPath, Entry>,
    }

    #[derive(Deserialize)]
    struct Entry {
        role: Role,
        identity: Stored,
        #[serde(default)]
        variants: BTreeMap<Encoding, Stored>,
    }

    /// An object whose headers stand at position `headers` of a table.
    #[derive(Deserialize)]
    pub struct Stored {
        key: StorageKey,
        sha256: Digest,
        size: u64,
        headers: usize,
    }

    /// The same, borrowed: a large manifest is written without a second one in memory.
    #[derive(Serialize)]
    pub struct StoredRef<'a> {
        key: &'a StorageKey,
        sha256: Digest,
        size: u64,
        headers: usize,
    }

    #[derive(Serialize)]
    struct EntryRef<'a> {
        role: Role,
        identity: StoredRef<'a>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        variants: BTreeMap<Encoding, StoredRef<'a>>,
    }

    /// Header sets in order of first use.
    #[derive(Default)]
    pub struct Table<'a> {
        positions: BTreeMap<&'a Headers, usize>,
        pub sets: Vec<&'a Headers>,
    }

    impl<'a> Table<'a> {
        pub fn of(objects: impl Iterator<Item = &'a super::Stored>) -> Self {
            let mut table = Self::default();
            for stored in objects {
                let next = table.sets.len();
                if *table.positions.entry(&stored.headers).or_insert(next) == next {
                    table.sets.push(&stored.headers);
                }
            }
            table
        }

        pub fn store(&self, stored: &'a super::Stored) -> StoredRef<'a> {
            let headers = self.positions[stored.headers.as_ref()];
            StoredRef { key: &stored.key, sha256: stored.sha256, size: stored.size, headers }
        }
    }

    pub fn serialize<S: Serializer>(manifest: &super::Manifest, serializer: S) -> Result<S::Ok, S::Error> {
        struct Entries<'a>(&'a super::Manifest, &'a Table<'a>);

        impl Serialize for Entries<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let Self(manifest, table) = self;
                let mut map = serializer.serialize_map(Some(manifest.entries.len()))?;
                for (path, entry) in &manifest.entries {
                    let variants = entry.variants.iter().map(|(encoding, stored)| (*encoding, table.store(stored)));
                    let identity = table.store(&entry.identity);
                    map.serialize_entry(path, &EntryRef { role: entry.role, identity, variants: variants.collect() })?;
                }
                map.end()
            }
        }

        let table = Table::of(manifest.objects().map(|(_, _, stored)| stored));
        let mut document = serializer.serialize_struct("Manifest", 2)?;
        document.serialize_field("headers", &table.sets)?;
        document.serialize_field("entries", &Entries(manifest, &table))?;
        document.end()
    }

    /// Resolves a reference into the table.
    pub fn load(stored: Stored, sets: &[Arc<Headers>]) -> Result<super::Stored, String> {
        let headers = sets.get(stored.headers).ok_or_else(|| format!("no header set {}", stored.headers))?;
        Ok(super::Stored { key: stored.key, sha256: stored.sha256, size: stored.size, headers: Arc::clone(headers) })
    }

    impl TryFrom<Manifest> for super::Manifest {
        type Error = String;

        fn try_from(manifest: Manifest) -> Result<Self, String> {
            let sets: Vec<_> = manifest.headers.into_iter().map(Arc::new).collect();
            let entries = manifest
                .entries
                .into_iter()
                .map(|(path, entry)| {
                    let identity = load(entry.identity, &sets)?;
                    let variants = entry
                        .variants
                        .into_iter()
                        .map(|(encoding, stored)| Ok((encoding, load(stored, &sets)?)))
                        .collect::<Result<_, String>>()?;
                    Ok((path, super::Entry { role: entry.role, identity, variants }))
                })
                .collect::<Result<_, String>>()?;
            Ok(Self { entries })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(key: &str, cache_control: &str) -> Stored {
        let headers =
            Headers { content_type: "text/css".into(), cache_control: cache_control.into(), content_encoding: None };
        Stored { key: StorageKey::new(key), sha256: Digest::of(key.as_bytes()), size: 3, headers: Arc::new(headers) }
    }

    #[test]
    fn a_manifest_survives_its_json_form_and_has_its_digest() {
        let entry = |key: &str, cache_control: &str| Entry {
            role: Role::Mutable,
            identity: stored(key, cache_control),
            variants: BTreeMap::from([(Encoding::Br, stored(&format!("_tb/br/{key}"), cache_control))]),
        };
        let entries = [("a.css", "no-cache"), ("b.css", "no-store"), ("c.css", "no-cache")];
        let entries = entries.map(|(path, policy)| (ViewerPath::new(path).unwrap(), entry(path, policy)));
        let manifest = Manifest { entries: BTreeMap::from(entries) };
        let bytes = manifest.to_bytes();
        assert_eq!(serde_json::from_slice::<Manifest>(&bytes).unwrap(), manifest);
        assert_eq!(manifest.digest(), Digest::of(&bytes));
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["headers"].as_array().unwrap().len(), 2, "each header set once");
    }
}
