//! Ports to the outside: where objects are kept, and what caches in front of them.
//!
//! Adapters behind these traits are the only code that talks to a store or a CDN.
//! Every adapter has S3's semantics: whole-object atomicity, headers stored with the bytes, conditional writes.

pub mod cdn;
pub mod counting;
pub mod local;
pub mod state;

use std::{ops::Range, path::PathBuf, pin::Pin};

use async_trait::async_trait;
use tokio::io::AsyncRead;

use crate::{
    error::Error,
    model::{digest::Digest, headers::Headers, path::StorageKey},
};

/// An entity tag with its quotes, opaque: never a digest to compare content by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ETag(pub String);

/// What must hold for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Write whatever is there.
    None,
    /// `If-None-Match: *`: only where nothing is.
    Absent,
    /// `If-Match`: only over these very bytes.
    Matches(ETag),
}

/// Bytes to store.
#[derive(Debug, Clone)]
pub enum Body {
    /// A small document.
    Bytes(Vec<u8>),
    /// A file, which must still have these contents when it is read.
    File {
        /// Where it is.
        path: PathBuf,
        /// Digest that its bytes must have.
        sha256: Digest,
        /// Their number.
        size: u64,
    },
}

/// An object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Number of bytes.
    pub size: u64,
    /// Entity tag.
    pub etag: ETag,
    /// Headers that it was stored with.
    pub headers: Headers,
    /// When it was written.
    pub last_modified: std::time::SystemTime,
}

/// An object's bytes, streamed.
pub type ByteStream = Pin<Box<dyn AsyncRead + Send>>;

/// A line of a listing. Listings have no defined order: compare through a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The object's key.
    pub key: StorageKey,
    /// Number of bytes.
    pub size: u64,
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A condition did not hold (S3's 412): somebody else was there first.
    #[error("{0} was changed by somebody else")]
    Precondition(StorageKey),
    /// The source of a copy does not exist.
    #[error("{0} does not exist")]
    Missing(StorageKey),
    /// Everything else, already in words.
    #[error("{0}")]
    Failed(#[from] Error),
}

/// A bucket.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// The object's description, if it exists.
    async fn head(&self, key: &StorageKey) -> Result<Option<ObjectInfo>, StoreError>;

    /// The object, or a range of its bytes that lies within them.
    async fn get(
        &self,
        key: &StorageKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, ByteStream)>, StoreError>;

    /// Stores an object whole or not at all.
    async fn put(
        &self,
        key: &StorageKey,
        body: Body,
        headers: &Headers,
        condition: Condition,
    ) -> Result<ETag, StoreError>;

    /// Copies an object within the bucket, under the headers given.
    async fn copy(&self, from: &StorageKey, to: &StorageKey, headers: &Headers) -> Result<ETag, StoreError>;

    /// Deletes an object; a missing one is no error.
    async fn delete(&self, key: &StorageKey) -> Result<(), StoreError>;

    /// Every object under a prefix.
    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError>;
}

/// Reads a whole small document.
pub async fn read_document(
    store: &dyn ObjectStore,
    key: &StorageKey,
) -> Result<Option<(ObjectInfo, Vec<u8>)>, StoreError> {
    use tokio::io::AsyncReadExt;
    let Some((info, mut stream)) = store.get(key, None).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .await
        .map_err(|cause| Error::new(crate::error::Class::Unexpected, "io", format!("failed to read {key}: {cause}")))?;
    Ok(Some((info, bytes)))
}
