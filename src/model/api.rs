//! The API that a release's pages were published with.

use std::{fmt, num::NonZeroU64};

use serde::{Deserialize, Serialize, Serializer};

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

/// A published version of a function, by its number: never `$LATEST`, and never all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(NonZeroU64);

impl Version {
    /// Reads a number; none where it is something else, such as `$LATEST`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn what_is_no_number_is_no_published_version() {
        assert_eq!(Version::parse("7").map(|version| version.to_string()).as_deref(), Some("7"));
        for text in ["$LATEST", "live", "*", "", "0", "-1", "7 "] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }
}
