//! How an object lies on disk: one file with its description first, so that a rename publishes both at once.
//!
//! ```text
//! 8 bytes  magic "TBOBJ001"
//! 4 bytes  length of the description, big-endian
//! n bytes  description, JSON
//! rest     the object's bytes
//! ```

use std::{
    fs::File,
    io::{self, Read, Write},
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{
    model::{digest::Digest, headers::Headers, path::StorageKey},
    remote::{ETag, ObjectInfo},
};

const MAGIC: &[u8; 8] = b"TBOBJ001";

/// What is known of an object beside its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Description {
    pub key: StorageKey,
    pub size: u64,
    pub etag: ETag,
    pub sha256: Digest,
    pub headers: Headers,
    /// Milliseconds since the Unix epoch.
    pub modified_ms: u64,
}

impl Description {
    pub fn info(&self) -> ObjectInfo {
        ObjectInfo {
            size: self.size,
            etag: self.etag.clone(),
            headers: self.headers.clone(),
            sha256: Some(self.sha256),
            last_modified: SystemTime::UNIX_EPOCH + Duration::from_millis(self.modified_ms),
            now: SystemTime::now(),
        }
    }
}

/// Writes everything that stands before the bytes.
pub fn write_description(file: &mut impl Write, description: &Description) -> io::Result<()> {
    let json = serde_json::to_vec(description)?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    file.write_all(MAGIC)?;
    file.write_all(&length.to_be_bytes())?;
    file.write_all(&json)
}

/// Reads the description and leaves the file at the first byte of the object.
pub fn read_description(file: &mut File) -> io::Result<Description> {
    let mut head = [0; 12];
    file.read_exact(&mut head)?;
    let (magic, length) = head.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "is not an object of the local store"));
    }
    let length = u32::from_be_bytes(length.try_into().map_err(io::Error::other)?);
    let mut json = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}
