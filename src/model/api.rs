//! The API that a release's pages were published with.

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// What a release records of its API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiRecord {
    /// Digest of the code's zip; none where the API is hosted elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Processors that the code is for, as Lambda calls them: `x86_64` or `arm64`. Releases of before this was noted
    /// have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The published version of the function; of an API hosted elsewhere, the version that its document names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The git commit that its code was built from, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Digest of its OpenAPI document as it is served; none where it serves none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<Digest>,
}
