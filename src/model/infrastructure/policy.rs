//! Settings of policies and functions that behaviors refer to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::{digest::Digest, distribution::Cors};

/// Settings of an origin access control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessControl {
    /// What kind of origin it is for: `s3`.
    pub origin_type: String,
    /// Which requests CloudFront signs: `always`.
    pub signing: String,
    /// How: `sigv4`.
    pub protocol: String,
}

/// Settings of a response headers policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResponseHeaders {
    /// Headers and their values as they are sent; each replaces the origin's. One that was found to give way to the
    /// origin's says so behind its value.
    pub headers: BTreeMap<String, String>,
    /// Headers of the origin that are not passed on, in lower case.
    pub remove: BTreeSet<String>,
    /// What other sites may do.
    pub cors: Option<Cors>,
}

/// Settings of a cache policy. Cached by the path alone: no header, cookie or query string is part of the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CachePolicy {
    /// Least seconds that something is kept.
    pub min_ttl: u64,
    /// Seconds, for what does not say.
    pub default_ttl: u64,
    /// Most seconds.
    pub max_ttl: u64,
    /// Whether CloudFront itself negotiates gzip: it would compress what is compressed already.
    pub gzip: bool,
    /// Whether CloudFront itself negotiates br.
    pub brotli: bool,
    /// What of a request is part of the key, beside host and path: `headers:…`, `cookies:…`, `query-strings:…`.
    pub key: BTreeSet<String>,
}

/// Settings of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Function {
    /// Digest of the code that runs.
    pub code: Digest,
    /// The code.
    #[serde(skip)]
    pub source: String,
    /// The language: `cloudfront-js-2.0`.
    pub runtime: String,
    /// Whether what was saved last is what runs.
    pub published: bool,
}
