//! Where a viewer finds a file, and where the bucket keeps it.
//!
//! Nothing outside this module derives one from the other: the manifest records both.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

use super::{digest::Digest, encoding::Encoding};

/// Longest key that S3 takes, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 1024;

/// The prefix of everything in the bucket that is ours and no page of the site.
pub const INTERNAL_PREFIX: &str = "_tb/";

/// A file's path on the site, without the leading slash: `assets/app.4f3c2b1a.js`.
///
/// Unicode, in NFC, not percent-encoded; `/` separates segments on every platform.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ViewerPath(String);

/// Why a path cannot be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// An empty path, or an empty segment (`a//b`, `/a`, `a/`).
    #[error("has an empty segment")]
    EmptySegment,
    /// A `.` or `..` segment, which clients resolve before they ask.
    #[error("has a . or .. segment")]
    DotSegment,
    /// A control character.
    #[error("has a control character")]
    Control,
    /// A backslash, which browsers turn into a slash.
    #[error("has a backslash, which browsers turn into a slash")]
    Backslash,
    /// Not in Unicode normalization form C.
    #[error("is not in Unicode normalization form C")]
    NotNfc,
    /// The key would not fit S3's limit.
    #[error("is longer than the 1,024 bytes of an S3 key")]
    TooLong,
    /// Under `_tb/`.
    #[error("lies under _tb/, which is reserved")]
    Reserved,
}

impl ViewerPath {
    /// Checks that `path` can be published and requested.
    pub fn new(path: impl Into<String>) -> Result<Self, PathError> {
        let path = path.into();
        if path.len() > MAX_KEY_BYTES {
            return Err(PathError::TooLong);
        }
        if path.chars().any(char::is_control) {
            return Err(PathError::Control);
        }
        if path.contains('\\') {
            return Err(PathError::Backslash);
        }
        for segment in path.split('/') {
            match segment {
                "" => return Err(PathError::EmptySegment),
                "." | ".." => return Err(PathError::DotSegment),
                _ => {}
            }
        }
        if !is_nfc(&path) {
            return Err(PathError::NotNfc);
        }
        if path.starts_with(INTERNAL_PREFIX) || path == "_tb" {
            return Err(PathError::Reserved);
        }
        Ok(Self(path))
    }

    /// The path as text, without the leading slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// What follows the last dot of the last segment, in lower case; none for `LICENSE`.
    /// A leading dot counts: the extension of `.htaccess` is `htaccess`, as the edge function sees it.
    #[must_use]
    pub fn extension(&self) -> Option<String> {
        let (_, extension) = self.file_name().rsplit_once('.')?;
        Some(extension.to_ascii_lowercase())
    }

    /// Whether this is a page: what a browser opens, and what is published last.
    #[must_use]
    pub fn is_page(&self) -> bool {
        matches!(self.extension().as_deref(), Some("html" | "htm"))
    }
}

impl fmt::Display for ViewerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ViewerPath> for String {
    fn from(path: ViewerPath) -> Self {
        path.0
    }
}

impl TryFrom<String> for ViewerPath {
    type Error = PathError;

    fn try_from(path: String) -> Result<Self, Self::Error> {
        Self::new(path)
    }
}

/// An object's key in the bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StorageKey(String);

impl StorageKey {
    /// A key as a bucket names it.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// Where the uncompressed bytes of `path` lie.
    #[must_use]
    pub fn identity(path: &ViewerPath) -> Self {
        Self(path.as_str().to_owned())
    }

    /// Where the bytes of `path` for viewers that accept `encoding` lie.
    #[must_use]
    pub fn variant(encoding: Encoding, path: &ViewerPath) -> Self {
        Self(format!("{INTERNAL_PREFIX}{encoding}/{path}"))
    }

    /// Where bytes that a release overwrote or removed are kept for a rollback.
    #[must_use]
    pub fn preserved(sha256: &Digest) -> Self {
        Self(format!("{INTERNAL_PREFIX}objects/{sha256}"))
    }

    /// The pointer: which release is live, and which are kept.
    #[must_use]
    pub fn pointer() -> Self {
        Self(format!("{INTERNAL_PREFIX}ledger/pointer.json"))
    }

    /// Beginnings of the keys that only this tool writes, and that nothing but a release, the API or the ledger needs.
    #[must_use]
    pub fn prunable() -> [String; 3] {
        ["objects/", "ledger/", "api/"].map(|folder| format!("{INTERNAL_PREFIX}{folder}"))
    }

    /// Whether this keeps old bytes for a rollback.
    #[must_use]
    pub fn is_copy(&self) -> bool {
        self.0.strip_prefix(INTERNAL_PREFIX).is_some_and(|rest| rest.starts_with("objects/"))
    }

    /// The zip of an API's code with this digest.
    #[must_use]
    pub fn package(sha256: &Digest) -> Self {
        Self(format!("{INTERNAL_PREFIX}api/{sha256}.zip"))
    }

    /// Where one run of a command tries a store before it trusts it.
    #[must_use]
    pub fn probe(run: &str) -> Self {
        Self(format!("{INTERNAL_PREFIX}ledger/probes/{run}.json"))
    }

    /// The manifest with this digest: what the releases that have it promise.
    #[must_use]
    pub fn manifest(digest: &Digest) -> Self {
        Self(format!("{INTERNAL_PREFIX}ledger/manifests/{digest}.json"))
    }

    /// What the ledger knows of objects beyond the live manifest, as of one of its generations.
    #[must_use]
    pub fn inventory(generation: u64) -> Self {
        Self(format!("{INTERNAL_PREFIX}ledger/inventory/{generation}.json"))
    }

    /// Whether this is a document of the ledger.
    #[must_use]
    pub fn is_ledger(&self) -> bool {
        self.0.strip_prefix(INTERNAL_PREFIX).is_some_and(|rest| rest.starts_with("ledger/"))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servable_names_are_kept_as_they_are() {
        for path in ["index.html", "a b/c+d%20#?~.txt", "caf\u{e9}.html", ".well-known/x", "_tbx/a"] {
            assert_eq!(ViewerPath::new(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn unservable_names_are_refused_with_the_reason() {
        let long = "x".repeat(MAX_KEY_BYTES + 1);
        for (path, reason) in [
            ("", PathError::EmptySegment),
            ("a//b", PathError::EmptySegment),
            ("a/", PathError::EmptySegment),
            ("a/../b", PathError::DotSegment),
            ("a\nb", PathError::Control),
            ("a\\b", PathError::Backslash),
            ("cafe\u{301}.html", PathError::NotNfc),
            ("_tb/br/x", PathError::Reserved),
            (long.as_str(), PathError::TooLong),
        ] {
            assert_eq!(ViewerPath::new(path), Err(reason), "{path:?}");
        }
    }

    #[test]
    fn extensions_are_those_of_the_last_segment() {
        let extension = |path: &str| ViewerPath::new(path).unwrap().extension();
        assert_eq!(extension("v1.2/LICENSE"), None);
        assert_eq!(extension("a/B.HTML").as_deref(), Some("html"));
        assert_eq!(extension(".htaccess").as_deref(), Some("htaccess"));
    }
}
