//! A cached document as Redis holds it: its times, its tag, and its forms.
//!
//! ```text
//! "TBC1" checksum generation filled fresh_until stale_until cost  4 × length  etag gzip br json
//! ```
//!
//! Integers are big-endian. The checksum covers the key too: bytes that lie under another key are not this value.

use axum::body::Bytes;
use axum::http::HeaderValue;
use bytes::{Buf, BufMut};

use super::entry::{Body, Entry, Value};
use super::policy::Times;

const MAGIC: u32 = u32::from_be_bytes(*b"TBC1");
const PREAMBLE: usize = 8;
const HEADER: usize = 4 * 8 + 4 + 4 * 4;

/// The envelope of a document under a key.
pub fn seal(key: &str, body: &Body, times: &Times, generation: u64) -> Vec<u8> {
    let parts =
        [body.etag.as_bytes(), body.gzip.as_deref().unwrap_or(&[]), body.br.as_deref().unwrap_or(&[]), &body.json];
    let mut bytes = Vec::with_capacity(PREAMBLE + HEADER + parts.iter().map(|part| part.len()).sum::<usize>());
    bytes.put_u32(MAGIC);
    bytes.put_u32(0);
    for number in [generation, times.filled, times.fresh_until, times.stale_until] {
        bytes.put_u64(number);
    }
    bytes.put_u32(times.cost);
    for part in parts {
        bytes.put_u32(u32::try_from(part.len()).unwrap_or(u32::MAX)); // Redis' limit is far lower: 512 MiB
    }
    for part in parts {
        bytes.put_slice(part);
    }
    let sum = checksum(key, &bytes[PREAMBLE..]);
    bytes[4..PREAMBLE].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// What an envelope holds; nothing when it is not one, is damaged, or belongs to another key.
pub fn open(key: &str, mut bytes: Bytes, since: u64) -> Option<Entry> {
    if bytes.len() < PREAMBLE + HEADER || bytes.get_u32() != MAGIC || bytes.get_u32() != checksum(key, &bytes) {
        return None;
    }
    let generation = bytes.get_u64();
    let times = Times {
        filled: bytes.get_u64(),
        fresh_until: bytes.get_u64(),
        stale_until: bytes.get_u64(),
        cost: bytes.get_u32(),
    };
    let lengths = [(); 4].map(|()| usize::try_from(bytes.get_u32()).unwrap_or(usize::MAX));
    if lengths.iter().try_fold(0_usize, |sum, length| sum.checked_add(*length)) != Some(bytes.len()) {
        return None;
    }
    let [etag, gzip, br, json] = lengths.map(|length| bytes.split_to(length));
    let form = |part: Bytes| (!part.is_empty()).then_some(part);
    let etag = HeaderValue::from_maybe_shared(etag).ok()?;
    let body = Body { json, gzip: form(gzip), br: form(br), etag };
    Some(Entry::new(Value::Document(body), times, generation, since))
}

fn checksum(key: &str, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn times() -> Times {
        Times { filled: 1, fresh_until: 2, stale_until: 3, cost: 4 }
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_what_is_opened(json in proptest::collection::vec(any::<u8>(), 0..4_000), generation: u64) {
            let body = Body::new(json);
            let opened = open("k", seal("k", &body, &times(), generation).into(), 9).unwrap();
            prop_assert_eq!((&opened.value, opened.times, opened.generation, opened.since),
                (&Value::Document(body), times(), generation, 9));
        }

        #[test]
        fn damage_is_found(at in 0_usize..300, flip in 1_u8..) {
            let mut bytes = seal("k", &Body::new(vec![b'x'; 200]), &times(), 7);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            prop_assert!(open("k", bytes.into(), 0).is_none());
        }

        #[test]
        fn garbage_is_not_an_envelope(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(open("k", bytes.clone().into(), 0).is_none());
            prop_assert!(open("k", [b"TBC1", &bytes[..]].concat().into(), 0).is_none());
        }
    }

    #[test]
    fn another_keys_bytes_are_refused() {
        let bytes = seal("a", &Body::new(b"[]".to_vec()), &times(), 0);
        assert!(open("b", bytes.clone().into(), 0).is_none());
        assert!(open("a", bytes[..bytes.len() - 1].to_vec().into(), 0).is_none());
    }
}
