//! Content encodings, and which files have variants in them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A content encoding that we prepare at build time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Brotli (RFC 7932), quality 11.
    Br,
    /// gzip (RFC 1952), level 9.
    Gzip,
}

impl Encoding {
    /// The token of `Accept-Encoding` and `Content-Encoding`.
    #[must_use]
    pub fn token(self) -> &'static str {
        match self {
            Self::Br => "br",
            Self::Gzip => "gzip",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}

/// The extensions whose files have a variant in every configured encoding.
///
/// The edge function knows this list and nothing else: each such file has each variant key,
/// so that the function never has to guess whether one exists.
pub const COMPRESSIBLE_EXTENSIONS: &[&str] = &[
    "atom",
    "bmp",
    "cjs",
    "css",
    "csv",
    "eot",
    "geojson",
    "htm",
    "html",
    "ico",
    "js",
    "json",
    "jsonld",
    "map",
    "md",
    "mjs",
    "otf",
    "rss",
    "svg",
    "ttf",
    "txt",
    "wasm",
    "webmanifest",
    "xhtml",
    "xml",
    "yaml",
    "yml",
];

/// Whether files with this extension (lower case) have variants.
#[must_use]
pub fn is_compressible(extension: &str) -> bool {
    COMPRESSIBLE_EXTENSIONS.binary_search(&extension).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_the_search_finds_everything() {
        assert!(COMPRESSIBLE_EXTENSIONS.is_sorted());
        assert!(is_compressible("html") && is_compressible("wasm") && !is_compressible("png"));
    }
}
