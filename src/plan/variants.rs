//! Variants that stay as they were published, whatever the compressor and the configuration now say.

use std::collections::BTreeSet;

use super::actual::Slots;
use crate::model::{
    encoding::{Encoding, is_compressible},
    headers::Headers,
    manifest::{Manifest, Role, Stored},
    path::StorageKey,
};

/// Another compressor, or another limit of what is compressed, gives other bytes for the same content. What lies
/// under an immutable key stays: it decodes to the same content, and browsers hold it for a year.
///
/// Only the live release vouches for whose content a variant is. Says whether the manifest is another one now.
pub fn keep_published(manifest: &mut Manifest, live: &Manifest, slots: &Slots) -> bool {
    let mut differs = false;
    for (path, entry) in manifest.entries.iter_mut().filter(|(_, entry)| entry.role == Role::Immutable) {
        let same = live.entries.get(path).filter(|old| old.identity.sha256 == entry.identity.sha256);
        let Some(published) = same else { continue };
        for (encoding, variant) in &mut entry.variants {
            let Some(old) = published.variants.get(encoding) else { continue };
            let lies_there = slots.get(&old.key).is_some_and(|slot| slot.surely(old));
            let content_encoding = old.headers.content_encoding;
            let same_headers = Headers { content_encoding, ..variant.headers.as_ref().clone() } == *old.headers;
            if lies_there && same_headers && *variant != *old {
                variant.clone_from(old);
                differs = true;
            }
        }
    }
    differs
}

/// The function that viewers meet may still negotiate an encoding that the configuration no longer has: a deploy
/// does not change it. So the keys of such an encoding are there, and hold identity bytes without `Content-Encoding`.
/// Says whether the manifest is another one now.
pub fn keep_negotiated(manifest: &mut Manifest, live: &Manifest, negotiated: &[Encoding]) -> bool {
    let mut differs = false;
    let asked_for: BTreeSet<_> = live.encodings().into_iter().chain(negotiated.iter().copied()).collect();
    let dropped: Vec<_> = asked_for.difference(&manifest.encodings()).copied().collect();
    for (path, entry) in &mut manifest.entries {
        if !path.extension().is_some_and(|extension| is_compressible(&extension)) {
            continue;
        }
        for encoding in &dropped {
            let key = StorageKey::variant(*encoding, path);
            entry.variants.insert(*encoding, Stored { key, ..entry.identity.clone() });
            differs = true;
        }
    }
    differs
}
