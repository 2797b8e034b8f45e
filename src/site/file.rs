//! A file on its way from the output folder to the site.

use std::collections::HashSet;

use super::{inspect::Facts, scan::Found, types::content_type, variants::Variants};
use crate::{
    config::{Compression, Config},
    model::{
        asset::{Asset, Representation, Source},
        cache_policy::{CachePolicy, cache_policy, has_content_hash},
        encoding::is_compressible,
        headers::Headers,
        manifest::Role,
        path::ViewerPath,
    },
};

/// A file with all decisions about it made, and no variants yet.
#[derive(Debug, Clone)]
pub struct File {
    /// Where viewers will find it.
    pub path: ViewerPath,
    /// Its bytes.
    pub source: Source,
    /// `Content-Type`.
    pub content_type: String,
    /// Whether its name says that its bytes never change.
    pub hashed: bool,
    /// `Cache-Control`, and what it promises.
    pub policy: CachePolicy,
}

impl File {
    /// Decides type and caching.
    pub fn new(config: &Config, found: &Found, facts: Facts, vite: &HashSet<String>) -> Self {
        let hashed = vite.contains(found.path.as_str()) || has_content_hash(found.path.file_name());
        Self {
            content_type: content_type(&found.path, &facts),
            policy: cache_policy(&config.cache, &found.path, hashed),
            path: found.path.clone(),
            source: facts.source,
            hashed,
        }
    }

    /// Whether viewers may ask for this file in an encoding.
    pub fn has_variants(&self) -> bool {
        self.path.extension().is_some_and(|extension| is_compressible(&extension))
    }

    /// Completes the file with its variants.
    pub fn into_asset(self, compression: &Compression, variants: &Variants) -> Asset {
        let headers = |content_encoding| Headers {
            content_type: self.content_type.clone(),
            cache_control: self.policy.cache_control.clone(),
            content_encoding,
        };
        let encodings = if self.has_variants() { &compression.encodings[..] } else { &[] };
        let variant = |encoding| match variants.get(&(self.source.sha256, encoding)) {
            Some(smaller) => Representation { source: smaller.clone(), headers: headers(Some(encoding)) },
            None => Representation { source: self.source.clone(), headers: headers(None) },
        };
        Asset {
            role: match (self.path.is_page(), self.policy.immutable) {
                (true, _) => Role::Page,
                (false, true) => Role::Immutable,
                (false, false) => Role::Mutable,
            },
            variants: encodings.iter().map(|encoding| (*encoding, variant(*encoding))).collect(),
            identity: Representation { source: self.source.clone(), headers: headers(None) },
            path: self.path,
        }
    }
}
