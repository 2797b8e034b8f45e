//! The headers that an object is stored with.

use serde::{Deserialize, Serialize};

use super::encoding::Encoding;

/// What the bucket answers with an object, beside its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Headers {
    /// `Content-Type`, with a charset on text.
    pub content_type: String,
    /// `Cache-Control`.
    pub cache_control: String,
    /// `Content-Encoding`; none for identity bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<Encoding>,
}

impl Headers {
    /// Headers of the ledger's own documents, which no viewer sees.
    #[must_use]
    pub fn internal() -> Self {
        Self { content_type: "application/json".into(), cache_control: "no-store".into(), content_encoding: None }
    }
}
