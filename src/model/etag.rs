//! Entity tags: a store's names for the bytes that lie at a key.

use serde::{Deserialize, Serialize};

/// An entity tag with its quotes, opaque: never a digest to compare content by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ETag(pub String);
