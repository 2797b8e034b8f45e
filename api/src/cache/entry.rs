//! A cached value: the bytes that are served, compressed once, and the times between which they are.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use axum::http::HeaderValue;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::policy::Times;

/// Smaller documents are served as they are: headers outweigh what compression saves.
const LEAST_COMPRESSED: usize = 1024;
/// Brotli's levels go to 11; 5 compresses JSON a tenth better than gzip in about the same time.
const BROTLI_QUALITY: u32 = 5;
const BROTLI_WINDOW: u32 = 18;

/// A JSON document in each form in which it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// As it is.
    pub json: Bytes,
    /// With Content-Encoding gzip, when that is smaller.
    pub gzip: Option<Bytes>,
    /// With Content-Encoding br, when that is smaller.
    pub br: Option<Bytes>,
    /// Names the document in all its forms, which is why it is a weak tag.
    pub etag: HeaderValue,
}

/// What was found under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A document.
    Document(Body),
    /// There is no such thing; the word says what.
    Missing(&'static str),
}

/// A cached value.
#[derive(Debug)]
pub struct Entry {
    /// What was found.
    pub value: Value,
    /// When it may be served.
    pub times: Times,
    /// The generation of its namespace when its fill began; an older one has been invalidated.
    pub generation: u64,
    /// Since when this process has it, or what it was copied from, in milliseconds since 1970.
    pub since: u64,
    /// Whether it may be written to Redis.
    pub shared: bool,
    /// Before this time a failed refresh is not repeated, in milliseconds since 1970.
    retry_at: AtomicU64,
}

impl Entry {
    pub const fn new(value: Value, times: Times, generation: u64, since: u64) -> Self {
        let shared = matches!(value, Value::Document(_));
        Self { value, times, generation, since, shared, retry_at: AtomicU64::new(0) }
    }

    /// The same, which is not written to Redis.
    pub fn kept_here(self) -> Self {
        Self { shared: false, ..self }
    }

    /// The value under another key. This process has it for as long as the original: an invalidation that was not heard
    /// concerns both.
    pub fn copy(&self, times: Times, generation: u64) -> Self {
        Self { shared: self.shared, ..Self::new(self.value.clone(), times, generation, self.since) }
    }

    /// Bytes that it occupies, its parts' own records not counted.
    pub fn len(&self) -> usize {
        match &self.value {
            Value::Document(Body { json, gzip, br, etag }) => {
                json.len() + gzip.as_ref().map_or(0, Bytes::len) + br.as_ref().map_or(0, Bytes::len) + etag.len()
            }
            Value::Missing(what) => what.len(),
        }
    }

    /// Whether the document can be read as its key's type.
    pub fn is_readable(&self, readable: fn(&[u8]) -> bool) -> bool {
        matches!(&self.value, Value::Document(body) if readable(&body.json))
    }

    pub fn may_retry(&self, now: u64) -> bool {
        self.retry_at.load(Ordering::Relaxed) <= now
    }

    pub fn retry_at(&self, time: u64) {
        self.retry_at.store(time, Ordering::Relaxed);
    }
}

impl Body {
    /// Compresses and names a document.
    pub fn new(json: Vec<u8>) -> Self {
        let digest = hex::encode(&Sha256::digest(&json)[..16]);
        // Hexadecimal digits between quotes are always a header's value.
        let etag = HeaderValue::try_from(format!("W/\"{digest}\"")).unwrap_or(HeaderValue::from_static("W/\"\""));
        let (gzip, br) = if json.len() < LEAST_COMPRESSED { (None, None) } else { (gzip(&json), br(&json)) };
        let smaller = |bytes: Vec<u8>| (bytes.len() < json.len()).then(|| exact(bytes));
        Self { gzip: gzip.and_then(smaller), br: br.and_then(smaller), json: exact(json), etag }
    }
}

/// Without the vector's spare capacity, which would be held, uncounted, for as long as the value.
fn exact(bytes: Vec<u8>) -> Bytes {
    bytes.into_boxed_slice().into()
}

// Writing to a vector does not fail.
fn gzip(json: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(json).ok()?;
    encoder.finish().ok()
}

fn br(json: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = Vec::new();
    let mut encoder = brotli::CompressorWriter::new(&mut compressed, 4096, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(json).ok()?;
    drop(encoder); // writes the end
    Some(compressed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn compressed_forms_decode_to_the_document() {
        let json = br#"{"plan_name":"Breeze 12","renewable_percentage":100}"#.repeat(100);
        let body = Body::new(json.clone());
        let (mut gzip, mut br) = (Vec::new(), Vec::new());
        flate2::read::GzDecoder::new(&*body.gzip.unwrap()).read_to_end(&mut gzip).unwrap();
        brotli::Decompressor::new(&*body.br.unwrap(), 4096).read_to_end(&mut br).unwrap();
        assert_eq!((gzip, br), (json.clone(), json));
    }

    #[test]
    fn what_is_held_is_what_is_counted() {
        let mut json = Vec::with_capacity(1 << 20);
        json.extend_from_slice(&b"{} ".repeat(1_000));
        let Body { json, gzip, br, .. } = Body::new(json);
        for form in [json, gzip.unwrap(), br.unwrap()] {
            let length = form.len();
            assert_eq!(form.try_into_mut().unwrap().capacity(), length);
        }
    }

    #[test]
    fn small_documents_are_not_compressed_and_the_tag_is_the_contents() {
        let (a, b) = (Body::new(b"[1]".to_vec()), Body::new(b"[2]".to_vec()));
        assert_eq!((&a.gzip, &a.br), (&None, &None));
        assert_ne!(a.etag, b.etag);
        assert_eq!(a.etag, Body::new(b"[1]".to_vec()).etag);
    }
}
