//! What becomes of the API, as `--json` prints it and as people read it.

use std::fmt;

use serde::Serialize;

use crate::model::api::ApiRecord;

/// The API's half of a deploy or rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiReport {
    /// What the release has.
    #[serde(flatten)]
    pub record: ApiRecord,
    /// Whether a version was published and went live, or with `--dry-run` would be.
    pub published: bool,
    /// The version that viewers met before, where they meet another one now.
    pub replaced: Option<String>,
}

impl fmt::Display for ApiReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, published, replaced } = self;
        match (&record.version, published) {
            (Some(version), true) => write!(f, "version {version} went live")?,
            (None, true) => write!(f, "a new version goes live")?,
            (Some(version), false) => write!(f, "version {version}, unchanged")?,
            (None, false) => write!(f, "unchanged")?,
        }
        if let Some(before) = replaced {
            write!(f, " instead of version {before}")?;
        }
        if let Some(digest) = &record.digest {
            write!(f, ", code {}", digest.short())?;
        }
        if let Some(commit) = &record.commit {
            write!(f, ", commit {}", &commit[..commit.len().min(10)])?;
        }
        Ok(())
    }
}
