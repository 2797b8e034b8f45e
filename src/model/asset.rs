//! The built site: what a release is made of.

use std::path::PathBuf;

use super::{digest::Digest, encoding::Encoding, headers::Headers, manifest::Role, path::ViewerPath};

/// Bytes on this machine's disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file that holds them.
    pub file: PathBuf,
    /// Their digest when they were read.
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
}

/// One representation of an asset: its bytes, and the headers to store them with.
#[derive(Debug, Clone)]
pub struct Representation {
    /// The bytes.
    pub source: Source,
    /// The headers.
    pub headers: Headers,
}

/// A file of the site.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Where viewers find it.
    pub path: ViewerPath,
    /// What it is to a release.
    pub role: Role,
    /// Its bytes as they were built.
    pub identity: Representation,
    /// Its bytes for viewers that accept an encoding, in the order of the configuration.
    /// Where compression does not pay, these are the identity bytes, without `Content-Encoding`.
    pub variants: Vec<(Encoding, Representation)>,
}

/// Everything that a release publishes, sorted by path.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// The files.
    pub assets: Vec<Asset>,
    /// What was left out or looks odd, in words, for the user.
    pub notes: Vec<String>,
}
