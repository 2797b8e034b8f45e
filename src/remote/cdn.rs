//! What caches in front of a bucket.

use async_trait::async_trait;

use crate::{error::Result, model::encoding::Encoding};

/// An invalidation as the CDN knows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Invalidation {
    /// The CDN's id of it.
    pub id: String,
    /// When it was asked for: RFC 3339.
    pub created_at: String,
    /// Our reference: the same reference with the same paths is the same invalidation.
    pub reference: String,
    /// Paths with a leading slash, percent-encoded; `*` only at the end.
    pub paths: Vec<String>,
}

/// How a CDN is set up to serve the site, as far as a deploy depends on it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Delivery {
    /// The CDN's own host name for the site, where it has one: `d111111abcdef8.cloudfront.net`.
    pub domain: Option<String>,
    /// Whether it runs our viewer-request function, which chooses variants and routes pages.
    pub negotiates: bool,
    /// The encodings that the function chooses among, as it was published.
    pub encodings: Vec<Encoding>,
    /// Whether it adds the security headers.
    pub adds_headers: bool,
}

/// A CDN.
#[async_trait]
pub trait Cdn: Send + Sync {
    /// Asks that cached responses for `paths` be dropped. Retrying with the same reference asks only once.
    async fn invalidate(&self, paths: &[String], reference: &str) -> Result<Invalidation>;

    /// Whether every cache has dropped what the invalidation `id` names.
    async fn finished(&self, id: &str) -> Result<bool>;

    /// How the CDN is set up to serve the site.
    async fn delivery(&self) -> Result<Delivery>;

    /// Whether a look at it is a request to somewhere.
    fn is_remote(&self) -> bool {
        true
    }

    /// Invalidations that are still in progress.
    async fn in_progress(&self) -> Result<Vec<Invalidation>>;
}
