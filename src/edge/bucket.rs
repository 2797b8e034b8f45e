//! The bucket as an origin: a URI is an object's key, percent-encoded.

use std::{ops::Range, sync::Arc};

use bytes::BytesMut;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use tokio::io::AsyncReadExt;

use super::object::{Content, Object};
use crate::{
    error::Result,
    model::path::{MAX_KEY_BYTES, StorageKey, ViewerPath},
    remote::{ByteStream, ObjectInfo, ObjectStore},
};

/// Objects above this many bytes are streamed at each request rather than held.
const MAX_HELD: u64 = 8 * 1024 * 1024;

const NOTHING_DEPLOYED: &str = "404 Not Found\n\nNothing is deployed here yet: run `treebeard-cdn deploy`.\n";

/// A bucket behind the edge.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
}

impl Bucket {
    /// The bucket in `store`.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// The object that `uri` names, or what the bucket says instead.
    /// `not_found_page` is sent when there is no such object.
    pub async fn fetch(&self, uri: &str, not_found_page: Option<&ViewerPath>) -> Result<Object> {
        let Some(key) = key(uri) else {
            return Ok(Object::error(StatusCode::BAD_REQUEST, "400 Bad Request\n"));
        };
        if let Some(object) = self.read(&key).await? {
            return Ok(object);
        }
        if let Some(page) = not_found_page
            && let Some(object) = self.read(&StorageKey::identity(page)).await?
        {
            return Ok(object.into_error(StatusCode::NOT_FOUND));
        }
        if self.store.head(&StorageKey::pointer()).await?.is_none() {
            let mut nothing = Object::error(StatusCode::NOT_FOUND, NOTHING_DEPLOYED);
            nothing.headers.insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
            return Ok(nothing);
        }
        Ok(Object::error(StatusCode::NOT_FOUND, "404 Not Found\n"))
    }

    /// Whether the object that `uri` names still is as described.
    pub async fn is_unchanged(&self, uri: &str, described: &ObjectInfo) -> Result<bool> {
        let Some(key) = key(uri) else { return Ok(false) };
        Ok(self.store.head(&key).await?.is_some_and(|found| found.is_version(described)))
    }

    /// A part of an object that is not held; none when it is no longer as described.
    pub async fn open(&self, key: &StorageKey, described: &ObjectInfo, part: Range<u64>) -> Result<Option<ByteStream>> {
        let opened = self.store.get(key, Some(part)).await?;
        Ok(opened.filter(|(info, _)| info.is_version(described)).map(|(_, stream)| stream))
    }

    async fn read(&self, key: &StorageKey) -> Result<Option<Object>> {
        let Some((info, mut stream)) = self.store.get(key, None).await? else { return Ok(None) };
        if info.size > MAX_HELD {
            return Ok(Some(Object::found(info, Content::InBucket(key.clone()))));
        }
        let mut bytes = BytesMut::with_capacity(usize::try_from(info.size).unwrap_or_default());
        while stream.read_buf(&mut bytes).await.map_err(|cause| unreadable(key, &cause.to_string()))? > 0 {}
        if bytes.len() as u64 != info.size {
            return Err(unreadable(key, "it is shorter than it says"));
        }
        Ok(Some(Object::found(info, Content::Held(bytes.freeze()))))
    }
}

/// The key that S3 reads from a URI: percent-decoded, a plus being a space. None when no key can be called so.
fn key(uri: &str) -> Option<StorageKey> {
    let spaced = uri.strip_prefix('/')?.replace('+', " ");
    let key = percent_decode_str(&spaced).decode_utf8().ok()?;
    (key.len() <= MAX_KEY_BYTES).then(|| StorageKey::new(key))
}

fn unreadable(key: &StorageKey, why: &str) -> crate::error::Error {
    crate::error::Error::new(crate::error::Class::Unexpected, "io", format!("failed to read {key}: {why}"))
}
