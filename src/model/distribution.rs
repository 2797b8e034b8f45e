//! The distribution that serves the site: one description for the local edge and for CloudFront.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::Serialize;

use super::path::ViewerPath;

/// A distribution, compiled from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// In match order; the last one matches everything.
    pub behaviors: Vec<Behavior>,
    /// Source of the viewer-request function, the same bytes for CloudFront and the local edge.
    pub function: String,
    /// How long an error response is kept. CloudFront's default is 10 s.
    pub error_ttl: Duration,
    /// Pages in the place of errors, by the origin's status.
    pub error_pages: BTreeMap<u16, ErrorPage>,
}

/// A page in the place of an error, whichever origin it came from: CloudFront has them for a whole distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ErrorPage {
    /// Path of the page, with its leading slash; empty for the error as it is.
    pub page: String,
    /// Status that is sent with the page; 0 without one.
    pub status: u16,
    /// Least seconds that it is kept.
    pub ttl: u64,
}

/// Who answers what the edge does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The bucket.
    Bucket,
    /// The API.
    Api,
}

/// What the edge does with requests for a set of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behavior {
    /// CloudFront path pattern, matched against the viewer's path before the function runs:
    /// `*` is any run of characters, `?` any one, case-sensitive.
    pub path_pattern: String,
    /// Who answers.
    pub origin: Origin,
    /// Which methods pass.
    pub methods: Methods,
    /// Whether and how long responses are kept.
    pub caching: Caching,
    /// Whether the viewer-request function runs.
    pub function: bool,
    /// Headers of every response, errors included; each replaces the origin's.
    pub response_headers: Vec<(String, String)>,
    /// Headers of the origin that are not passed on, in lower case.
    pub removed_headers: Vec<String>,
    /// What pages of other sites may read, if anything.
    pub cors: Option<Cors>,
    /// The page to send, with status 404, when the bucket has no such object.
    pub not_found_page: Option<ViewerPath>,
}

/// Cross-origin resource sharing, as a response headers policy does it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cors {
    /// Origins that may read: `https://app.example.com`, or `*` for all.
    pub allow_origins: BTreeSet<String>,
    /// Methods that they may use.
    pub allow_methods: BTreeSet<String>,
    /// Headers that they may send; `*` for all.
    pub allow_headers: BTreeSet<String>,
    /// Headers that their scripts may see, beside the safe ones.
    pub expose_headers: BTreeSet<String>,
    /// Whether cookies may come along.
    pub credentials: bool,
    /// Seconds that a preflight's answer holds.
    pub max_age: Option<u32>,
}

/// Allowed methods, as CloudFront groups them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// GET, HEAD, OPTIONS.
    Read,
    /// GET, HEAD, OPTIONS, PUT, POST, PATCH, DELETE.
    All,
}

/// How long responses stay at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Never kept.
    Disabled,
    /// As long as `Cache-Control` says, within bounds.
    Enabled {
        /// Shortest time; above zero it would keep even `no-store` responses.
        min_ttl: Duration,
        /// Time for responses that do not say.
        default_ttl: Duration,
        /// Longest time.
        max_ttl: Duration,
    },
}

impl Cors {
    /// The headers for a request that names `origin`; none when it may not read.
    /// CloudFront names the origin, unless every one may read without cookies.
    #[must_use]
    pub fn headers(&self, origin: &str) -> Vec<(&'static str, String)> {
        let all = self.allow_origins.contains("*");
        if !self.allow_origins.iter().any(|allowed| pattern_matches(allowed, origin)) {
            return Vec::new();
        }
        let list = |items: &BTreeSet<String>| items.iter().cloned().collect::<Vec<_>>().join(", ");
        let allowed = if all { "*".to_owned() } else { origin.to_owned() };
        let mut headers = vec![("Access-Control-Allow-Origin", allowed)];
        if self.credentials {
            headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
        }
        if !self.expose_headers.is_empty() {
            headers.push(("Access-Control-Expose-Headers", list(&self.expose_headers)));
        }
        headers
    }
}

impl Methods {
    /// The methods, in CloudFront's order.
    #[must_use]
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::Read => &["GET", "HEAD", "OPTIONS"],
            Self::All => &["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
        }
    }
}

impl Distribution {
    /// The first behavior whose pattern matches `path` (with its leading slash, as the viewer sent it).
    ///
    /// # Panics
    /// When the last behavior does not match everything: compiled descriptions end with `*`.
    #[must_use]
    pub fn behavior(&self, path: &str) -> &Behavior {
        self.behaviors
            .iter()
            .find(|behavior| pattern_matches(&behavior.path_pattern, path))
            .expect("the default behavior matches everything")
    }
}

/// CloudFront's pattern match; the leading slash of a path is optional in a pattern.
/// Of two patterns, the first covers the second when it matches its text.
#[must_use]
pub fn pattern_matches(pattern: &str, path: &str) -> bool {
    fn run(pattern: &[u8], path: &[u8]) -> bool {
        // Greedy with backtracking to the latest star: linear in practice, never exponential.
        let (mut p, mut s, mut star) = (0, 0, None);
        while s < path.len() {
            if p < pattern.len() && (pattern[p] == b'?' || (pattern[p] == path[s] && pattern[p] != b'*')) {
                p += 1;
                s += 1;
            } else if p < pattern.len() && pattern[p] == b'*' {
                star = Some((p, s));
                p += 1;
            } else if let Some((at, from)) = star {
                star = Some((at, from + 1));
                p = at + 1;
                s = from + 1;
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|&b| b == b'*')
    }
    let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
    run(pattern.as_bytes(), path.strip_prefix('/').unwrap_or(path).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::pattern_matches;

    #[test]
    fn patterns_match_as_cloudfront_documents() {
        for (pattern, path, expected) in [
            ("*", "/", true),
            ("/api/*", "/api/v1/plans", true),
            ("/api/*", "/api/", true),
            ("/api/*", "/api", false),
            ("/api/*", "/apix/y", false),
            ("api/*", "/api/x", true),
            ("*.html", "/", false),
            ("*.html", "/a/b.html", true),
            ("a??.jpg", "/ant.jpg", true),
            ("a??.jpg", "/a.jpg", false),
            ("/API/*", "/api/x", false),
            ("*a*b", "/xxaxxb", true),
        ] {
            assert_eq!(pattern_matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
