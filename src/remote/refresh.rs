//! Looks at the objects themselves, where the ledger is usually believed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::AsyncReadExt as _;

use super::{ByteStream, ETag, ObjectInfo, ObjectStore, StoreError};
use crate::{
    error::{Class, Error, Result},
    model::{
        digest::{Digest, Hasher},
        ledger::{Drift, RemoteState},
        manifest::Stored,
        path::{INTERNAL_PREFIX, StorageKey},
    },
};

/// Requests under way at once.
const CONCURRENCY: usize = 32;

/// What a look at the whole bucket shows.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Objects of the live release that are not as the ledger says.
    pub drift: BTreeMap<StorageKey, Drift>,
    /// Objects that an earlier release needs, and that are gone.
    pub lost: Vec<StorageKey>,
    /// Objects that the ledger does not list, outside `_tb/`: somebody else's.
    pub foreign: Vec<StorageKey>,
}

/// What lies at a key.
pub struct Found {
    /// Its description.
    pub info: ObjectInfo,
    /// Digest of its bytes.
    pub sha256: Digest,
}

/// Looks at what lies at `key`: one request where the store vouches for a digest, else its bytes are read.
pub async fn look(store: &dyn ObjectStore, key: &StorageKey) -> Result<Option<Found>, StoreError> {
    if let Some(info) = store.head(key).await? {
        if let Some(sha256) = info.sha256 {
            return Ok(Some(Found { info, sha256 }));
        }
    } else {
        return Ok(None);
    }
    let Some((info, stream)) = store.get(key, None).await? else { return Ok(None) };
    let sha256 = digest(stream).await.map_err(|cause| {
        Error::new(Class::Remote, "read", format!("failed to read {key}: {cause}")).help("run the command again")
    })?;
    Ok(Some(Found { info, sha256 }))
}

async fn digest(mut stream: ByteStream) -> std::io::Result<Digest> {
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(hasher.digest()),
            n => hasher.write_all(&buffer[..n])?,
        }
    }
}

/// Lists the bucket, looks at every object of the live release, and compares through maps.
pub async fn refresh(store: &dyn ObjectStore, state: &RemoteState) -> Result<Seen> {
    let listed: BTreeMap<StorageKey, ETag> =
        store.list("").await?.into_iter().map(|listed| (listed.key, listed.etag)).collect();
    let ours: BTreeMap<&StorageKey, &Stored> =
        state.live.objects().map(|(_, _, stored)| (&stored.key, stored)).collect();
    let drift = stream::iter(&ours)
        .map(|(&key, &stored)| async move {
            let found = look(store, key).await?;
            Ok::<_, Error>(differs(stored, found.as_ref()).map(|drift| (key.clone(), drift)))
        })
        .buffer_unordered(CONCURRENCY)
        .try_filter_map(async |drift| Ok(drift))
        .try_collect()
        .await?;
    let pending: BTreeSet<&StorageKey> =
        state.pending.iter().flat_map(|(_, manifest)| manifest.objects()).map(|(_, _, it)| &it.key).collect();
    let known =
        |key: &StorageKey| ours.contains_key(key) || pending.contains(key) || state.inventory.objects.contains_key(key);
    let foreign =
        listed.keys().filter(|key| !key.as_str().starts_with(INTERNAL_PREFIX) && !known(key)).cloned().collect();
    let lost = state.inventory.objects.iter().filter(|(key, it)| it.is_certain() && !listed.contains_key(*key));
    Ok(Seen { drift, lost: lost.map(|(key, _)| key.clone()).collect(), foreign })
}

fn differs(stored: &Stored, found: Option<&Found>) -> Option<Drift> {
    match found {
        None => Some(Drift::Missing),
        Some(found) if found.sha256 != stored.sha256 => Some(Drift::Bytes),
        Some(found) if found.info.headers != *stored.headers => Some(Drift::Headers),
        Some(_) => None,
    }
}
