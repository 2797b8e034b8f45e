//! Ports to the outside: where objects are kept, and what caches in front of them.
//!
//! Adapters behind these traits are the only code that talks to a store or a CDN.
//! Every adapter has S3's semantics: whole-object atomicity, headers stored with the bytes, conditional writes.

pub mod aws;
pub mod cdn;
pub mod conditions;
pub mod counting;
pub mod functions;
pub mod lease;
pub mod local;
pub mod no_cdn;
pub mod process;
pub mod provider;
pub mod refresh;
pub mod state;
pub mod survey;
pub mod trial;
pub mod unlocked;

use std::{ops::Range, path::PathBuf, pin::Pin, time::SystemTime};

use async_trait::async_trait;
use tokio::io::AsyncRead;

use crate::{
    error::Error,
    model::{digest::Digest, headers::Headers, path::StorageKey},
};

pub use crate::model::etag::ETag;

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
#[derive(Debug, Clone)]
pub struct ObjectInfo {
    /// Number of bytes.
    pub size: u64,
    /// Entity tag.
    pub etag: ETag,
    /// Headers that it was stored with.
    pub headers: Headers,
    /// Digest of its bytes, where the store vouches for one.
    pub sha256: Option<Digest>,
    /// When it was written, by the store's clock.
    pub last_modified: SystemTime,
    /// The store's clock when it answered.
    pub now: SystemTime,
}

impl ObjectInfo {
    /// Whether this is the very version of an object that `other` describes.
    #[must_use]
    pub fn is_version(&self, other: &Self) -> bool {
        self.etag == other.etag && self.headers == other.headers && self.last_modified == other.last_modified
    }
}

/// A copy within the bucket.
#[derive(Debug, Clone)]
pub struct Copy<'a> {
    /// Where the bytes lie.
    pub from: &'a StorageKey,
    /// The tag that they must have, where it is known: what somebody else put in their place is not copied.
    pub source: Option<&'a ETag>,
    /// Where they are copied to: another key, or the same one to give it other headers.
    pub to: &'a StorageKey,
    /// All headers of the copy.
    pub headers: &'a Headers,
    /// What must hold at the target.
    pub condition: Condition,
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
    /// Entity tag.
    pub etag: ETag,
}

/// Why a store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A condition did not hold (S3's 412; 404 where a tag was asked for): somebody else was there first.
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

    /// Copies an object whole or not at all.
    async fn copy(&self, copy: Copy<'_>) -> Result<ETag, StoreError>;

    /// Deletes an object; a missing one is no error, whatever the condition.
    async fn delete(&self, key: &StorageKey, condition: Condition) -> Result<(), StoreError>;

    /// Every object whose key begins with `prefix`.
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
    stream.read_to_end(&mut bytes).await.map_err(|cause| {
        // A store whose answer broke off says so in its own words.
        cause.downcast().unwrap_or_else(|cause| {
            Error::new(crate::error::Class::Unexpected, "io", format!("failed to read {key}: {cause}"))
        })
    })?;
    Ok(Some((info, bytes)))
}
