//! Reads and writes the ledger: the documents of [`crate::model::ledger`] as objects under `_tb/ledger/`.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{future::try_join_all, try_join};
use serde::de::DeserializeOwned;

use super::{Body, Condition, ETag, ObjectStore, StoreError, read_document};
use crate::{
    error::{Class, Error, Result},
    model::{
        digest::Digest,
        headers::Headers,
        ledger::{FORMAT, Inventory, Pointer, RemoteState},
        manifest::Manifest,
        path::{INTERNAL_PREFIX, StorageKey},
    },
};

/// The rule of a ledger that cannot be used.
const CORRUPT: &str = "ledger-corrupt";

/// The pointer, and the tag to change it by.
#[derive(Debug, Clone, Default)]
pub struct LoadedPointer {
    /// What it says; the default one where nothing was ever deployed.
    pub pointer: Pointer,
    /// Its entity tag; none where there is no pointer yet.
    pub etag: Option<ETag>,
    /// How long ago it was written, by the store's clock.
    pub age: Duration,
}

impl From<StoreError> for Error {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::Failed(error) => error,
            StoreError::Precondition(_) => Self::new(Class::Conflict, "remote-changed", failure.to_string())
                .help("another deploy may be running; look at `treebeard-cdn status`, then run the command again"),
            StoreError::Missing(_) => Self::new(Class::Conflict, "object-missing", failure.to_string())
                .help("somebody deleted it while this command ran; run it again"),
        }
    }
}

/// Reads the pointer: one request, and all that an unchanged site needs.
pub async fn load_pointer(store: &dyn ObjectStore) -> Result<LoadedPointer> {
    let key = StorageKey::pointer();
    let Some((info, bytes)) = read_document(store, &key).await? else { return Ok(LoadedPointer::default()) };
    let document: serde_json::Value = parse(&key, &bytes)?;
    match document["format"].as_u64() {
        Some(format) if format > u64::from(FORMAT) => {
            let message = format!("the ledger has format {format}, and this version knows {FORMAT}");
            return Err(Error::new(Class::Conflict, "ledger-newer", message)
                .help("update treebeard-cdn: a newer version deployed here"));
        }
        Some(_) => {}
        None => return Err(corrupt(&key, "it names no format")),
    }
    let age = info.now.duration_since(info.last_modified).unwrap_or_default();
    Ok(LoadedPointer { pointer: parse(&key, &bytes)?, etag: Some(info.etag), age })
}

/// Reads everything that the pointer refers to, and looks for foreign objects where our books are empty.
pub async fn load(store: &dyn ObjectStore, pointer: Pointer) -> Result<RemoteState> {
    let generation = pointer.generation;
    match documents(store, pointer).await {
        // Documents that are gone are no loss when the pointer has moved on from them meanwhile.
        Err(error) if error.rule == CORRUPT && load_pointer(store).await?.pointer.generation != generation => {
            Err(Error::new(Class::Conflict, "remote-changed", "another command wrote to the ledger while it was read")
                .help("nothing has changed; run the command again"))
        }
        loaded => loaded,
    }
}

async fn documents(store: &dyn ObjectStore, pointer: Pointer) -> Result<RemoteState> {
    // Until everything was preserved, a deploy writes nothing but its manifest, and copies under `_tb/objects/`.
    let began_to_write = pointer.pending.iter().filter(|pending| pending.preserved);
    let pending = try_join_all(began_to_write.map(async |unfinished| {
        load_manifest(store, &unfinished.manifest).await.map(|manifest| (unfinished.clone(), manifest))
    }));
    let (live, pending, inventory) = try_join!(load_live(store, &pointer), pending, load_inventory(store, &pointer))?;
    let live = live.unwrap_or_default();
    let foreign = if pointer.generation == 0 {
        let listed = store.list("").await?;
        listed.into_iter().map(|it| it.key).filter(|key| !key.as_str().starts_with(INTERNAL_PREFIX)).collect()
    } else {
        Vec::new()
    };
    Ok(RemoteState { pointer, live, pending, inventory, foreign, drift: BTreeMap::new() })
}

async fn load_inventory(store: &dyn ObjectStore, pointer: &Pointer) -> Result<Inventory> {
    let Some(generation) = pointer.inventory else { return Ok(Inventory::default()) };
    let key = StorageKey::inventory(generation);
    parse(&key, &read_required(store, &key).await?)
}

/// Reads the manifest of the live release; none where nothing is live.
pub async fn load_live(store: &dyn ObjectStore, pointer: &Pointer) -> Result<Option<Manifest>> {
    match (&pointer.live, pointer.live_release()) {
        (None, _) => Ok(None),
        (Some(_), Some(release)) => load_manifest(store, &release.manifest).await.map(Some),
        (Some(release), None) => {
            Err(corrupt(&StorageKey::pointer(), &format!("it does not list its live release {release}")))
        }
    }
}

/// Reads the manifest that has this digest.
pub async fn load_manifest(store: &dyn ObjectStore, digest: &Digest) -> Result<Manifest> {
    let key = StorageKey::manifest(digest);
    let bytes = read_required(store, &key).await?;
    if Digest::of(&bytes) != *digest {
        return Err(corrupt(&key, "it is not what was written there"));
    }
    parse(&key, &bytes)
}

/// Writes the pointer.
pub async fn put_pointer(store: &dyn ObjectStore, pointer: &Pointer, condition: Condition) -> Result<ETag, StoreError> {
    store.put(&StorageKey::pointer(), to_body(pointer)?, &Headers::internal(), condition).await
}

/// Writes a manifest, which has this digest.
pub async fn write_manifest(store: &dyn ObjectStore, digest: &Digest, manifest: &Manifest) -> Result<()> {
    let body = Body::Bytes(manifest.to_bytes());
    store.put(&StorageKey::manifest(digest), body, &Headers::internal(), Condition::None).await?;
    Ok(())
}

/// Writes the inventory of a generation.
pub async fn write_inventory(store: &dyn ObjectStore, generation: u64, inventory: &Inventory) -> Result<()> {
    let body = to_body(inventory)?;
    store.put(&StorageKey::inventory(generation), body, &Headers::internal(), Condition::None).await?;
    Ok(())
}

fn to_body(document: &impl serde::Serialize) -> Result<Body> {
    let bytes = serde_json::to_vec(document)
        .map_err(|cause| Error::new(Class::Unexpected, "json", format!("failed to write the ledger: {cause}")))?;
    Ok(Body::Bytes(bytes))
}

async fn read_required(store: &dyn ObjectStore, key: &StorageKey) -> Result<Vec<u8>> {
    let found = read_document(store, key).await?;
    found.map(|(_, bytes)| bytes).ok_or_else(|| corrupt(key, "it is missing"))
}

fn parse<T: DeserializeOwned>(key: &StorageKey, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|cause| corrupt(key, &cause.to_string()))
}

fn corrupt(key: &StorageKey, why: &str) -> Error {
    Error::new(Class::Conflict, CORRUPT, format!("the ledger's {key} cannot be used: {why}")).help(
        "the site itself is untouched; restore the object from a backup or an earlier bucket version, \
         or delete everything under _tb/ledger/ and deploy with --adopt",
    )
}
