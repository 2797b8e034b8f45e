//! A bucket, looked at from outside.

use std::{collections::BTreeMap, fmt};

use aws_sdk_s3::{Client, types::ChecksumAlgorithm};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use treebeard_cdn::model::digest::Digest;

use super::sites;

const POINTER: &str = "_tb/ledger/pointer.json";

/// What visitors get of an object.
#[derive(Clone, PartialEq, Eq)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_encoding: Option<String>,
}

impl Object {
    fn is_page(&self) -> bool {
        self.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"))
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, content_type, cache_control, content_encoding } = self;
        let beginning = bytes[..bytes.len().min(200)].escape_ascii();
        write!(f, "{} bytes {beginning} {:?}", bytes.len(), [content_type, cache_control, content_encoding])
    }
}

/// All objects, by key.
#[derive(Debug, Clone, Default)]
pub struct Objects(pub BTreeMap<String, Object>);

impl Objects {
    pub fn pointer(&self) -> Value {
        serde_json::from_slice(&self.0[POINTER].bytes).unwrap()
    }

    /// Digest of the live release's manifest.
    pub fn live(&self) -> Value {
        let pointer = self.pointer();
        let mut releases = pointer["releases"].as_array().unwrap().iter();
        releases.find(|release| release["id"] == pointer["live"]).unwrap()["manifest"].clone()
    }

    /// What visitors may ask for, somebody else's objects included.
    pub fn public(&self) -> BTreeMap<&str, &Object> {
        self.except(&["_tb/api/", "_tb/ledger/", "_tb/objects/"])
    }

    /// Everything but the ledger's documents.
    pub fn beyond_the_ledger(&self) -> BTreeMap<&str, &Object> {
        self.except(&["_tb/ledger/"])
    }

    fn except(&self, prefixes: &[&str]) -> BTreeMap<&str, &Object> {
        let wanted = |key: &str| !prefixes.iter().any(|prefix| key.starts_with(prefix));
        self.0.iter().map(|(key, object)| (key.as_str(), object)).filter(|(key, _)| wanted(key)).collect()
    }

    /// Fails unless every response is one of the old release or of the new one, whole, and pages find what they load.
    pub fn assert_mix_of(&self, old: &Self, new: &Self) {
        let (now, old, new) = (self.public(), old.public(), new.public());
        for key in now.keys().chain(old.keys()).chain(new.keys()) {
            let (now, old, new) = (now.get(key), old.get(key), new.get(key));
            assert!(now == old || now == new, "{key} is neither old nor new: {now:?}, was {old:?}, to be {new:?}");
        }
        self.assert_pages_load();
        self.assert_copies_are_whole();
    }

    /// Fails unless visitors get everything that they get of `release`, and no page that it does not have.
    pub fn assert_promises(&self, release: &Self) {
        let (now, promised) = (self.public(), release.public());
        for (key, object) in &promised {
            assert_eq!(now.get(key), Some(object), "{key}");
        }
        for (key, _) in now.iter().filter(|(_, object)| object.is_page()) {
            assert!(promised.contains_key(key), "{key} is not of this release");
        }
    }

    /// Fails unless every asset that a page names is there.
    pub fn assert_pages_load(&self) {
        let readable = |object: &Object| object.is_page() && object.content_encoding.is_none();
        for (key, page) in self.public().iter().filter(|(_, object)| readable(object)) {
            for asset in sites::named(&String::from_utf8_lossy(&page.bytes)) {
                assert!(self.0.contains_key(&asset), "{key} loads {asset}, which is not there");
            }
        }
    }

    /// Fails unless old bytes that are kept are what their names say.
    fn assert_copies_are_whole(&self) {
        for (key, copy) in &self.0 {
            if let Some(sha256) = key.strip_prefix("_tb/objects/") {
                assert_eq!(Digest::of(&copy.bytes).to_string(), sha256, "{key}");
            }
        }
    }

    /// Fails unless the ledger is at rest: nothing pending, nobody writing, nothing owed, every document there.
    pub fn assert_at_rest(&self) {
        let pointer = self.pointer();
        for part in ["lease", "pending", "owed"] {
            assert_eq!(pointer.get(part), None, "{pointer:#}");
        }
        let manifests = pointer["releases"].as_array().unwrap().iter().map(|release| {
            let digest = release["manifest"].as_str().unwrap();
            format!("_tb/ledger/manifests/{digest}.json")
        });
        let inventory = pointer["inventory"].as_u64().map(|it| format!("_tb/ledger/inventory/{it}.json"));
        for document in manifests.chain(inventory) {
            assert!(self.0.contains_key(&document), "{document} is missing: {pointer:#}");
        }
    }
}

/// A bucket of a server.
pub struct Bucket {
    pub s3: Client,
    pub name: String,
}

impl Bucket {
    pub async fn objects(&self) -> Objects {
        let mut pages = self.s3.list_objects_v2().bucket(&self.name).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            keys.extend(page.unwrap().contents.unwrap_or_default().into_iter().filter_map(|it| it.key));
        }
        let read = keys.into_iter().map(|key| async move { Some((key.clone(), self.get(&key).await?)) });
        Objects(stream::iter(read).buffer_unordered(8).filter_map(std::future::ready).collect().await)
    }

    /// An object; none when it is gone.
    pub async fn get(&self, key: &str) -> Option<Object> {
        let found = self.s3.get_object().bucket(&self.name).key(key).send().await.ok()?;
        Some(Object {
            content_type: found.content_type,
            cache_control: found.cache_control,
            content_encoding: found.content_encoding,
            bytes: found.body.collect().await.unwrap().to_vec(),
        })
    }

    pub async fn put(&self, key: &str, object: &Object) {
        let put = self.s3.put_object().bucket(&self.name).key(key).body(object.bytes.clone().into());
        let put = put.checksum_algorithm(ChecksumAlgorithm::Sha256).set_content_type(object.content_type.clone());
        let put = put.set_cache_control(object.cache_control.clone());
        put.set_content_encoding(object.content_encoding.clone()).send().await.unwrap();
    }

    /// Makes the bucket what it was.
    pub async fn restore(&self, wanted: &Objects) {
        let now = self.objects().await;
        let gone = now.0.keys().filter(|key| !wanted.0.contains_key(*key));
        let deletes = gone.map(|key| async move { self.s3.delete_object().bucket(&self.name).key(key).send().await });
        stream::iter(deletes).buffer_unordered(8).try_collect::<Vec<_>>().await.unwrap();
        let changed = wanted.0.iter().filter(|(key, object)| now.0.get(*key) != Some(*object));
        let puts = changed.map(|(key, object)| self.put(key, object));
        stream::iter(puts).buffer_unordered(8).collect::<Vec<_>>().await;
    }
}
