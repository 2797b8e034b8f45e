//! What the bucket answers for a path, as the edge holds it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::{
    model::path::StorageKey,
    remote::{ETag, ObjectInfo},
};

/// A whole response of the bucket.
#[derive(Debug, Clone)]
pub struct Object {
    /// 200, or why there is no object.
    pub status: StatusCode,
    /// Headers from the bucket.
    pub headers: HeaderMap,
    /// The bytes, or where they are.
    pub content: Content,
    /// The object's description; none for errors.
    pub info: Option<ObjectInfo>,
}

/// An object's bytes.
#[derive(Debug, Clone)]
pub enum Content {
    /// In memory.
    Held(Bytes),
    /// Too many to hold: in the bucket, under this key.
    InBucket(StorageKey),
}

/// What versions of an object are told apart by.
#[derive(Debug, PartialEq, Eq)]
pub struct Validators {
    /// Entity tag, with its quotes.
    pub etag: String,
    /// Time of the last change, in whole seconds as HTTP has it.
    pub last_modified: SystemTime,
}

impl Object {
    /// An object of the bucket.
    pub fn found(info: ObjectInfo, content: Content) -> Self {
        Self { status: StatusCode::OK, headers: headers(&info), content, info: Some(info) }
    }

    /// An error in words.
    pub fn error(status: StatusCode, text: impl Into<Bytes>) -> Self {
        let headers =
            [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))].into_iter().collect();
        Self { status, headers, content: Content::Held(text.into()), info: None }
    }

    /// The object as the page of an error: it has no version that a condition could name.
    pub fn into_error(mut self, status: StatusCode) -> Self {
        for name in [header::ETAG, header::LAST_MODIFIED, header::ACCEPT_RANGES] {
            self.headers.remove(name);
        }
        self.status = status;
        self.info = None;
        self
    }

    /// Its validators, unless it is an error.
    pub fn validators(&self) -> Option<Validators> {
        let info = self.info.as_ref()?;
        Some(Validators { etag: info.etag.0.clone(), last_modified: whole_seconds(info.last_modified) })
    }

    /// Its `Cache-Control`.
    pub fn cache_control(&self) -> Option<&str> {
        self.headers.get(header::CACHE_CONTROL)?.to_str().ok()
    }

    /// Number of bytes.
    pub fn size(&self) -> u64 {
        match (&self.content, &self.info) {
            (Content::Held(bytes), _) => bytes.len() as u64,
            (Content::InBucket(_), info) => info.as_ref().map_or(0, |info| info.size),
        }
    }
}

/// The headers that S3 sends with an object.
fn headers(info: &ObjectInfo) -> HeaderMap {
    let ObjectInfo { size: _, etag: ETag(etag), headers, sha256: _, last_modified, now: _ } = info;
    let modified = httpdate::fmt_http_date(*last_modified);
    let encoding = headers.content_encoding.map(|encoding| encoding.token().to_owned());
    let pairs: [(HeaderName, Option<&str>); 6] = [
        (header::CONTENT_TYPE, Some(&headers.content_type)),
        (header::CACHE_CONTROL, Some(&headers.cache_control)),
        (header::CONTENT_ENCODING, encoding.as_deref()),
        (header::ETAG, Some(etag)),
        (header::LAST_MODIFIED, Some(&modified)),
        (header::ACCEPT_RANGES, Some("bytes")),
    ];
    pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, HeaderValue::from_bytes(value?.as_bytes()).ok()?)))
        .collect()
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}
