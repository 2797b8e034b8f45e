//! The distribution that serves the site: one description for the local edge and for CloudFront.

use std::time::Duration;

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
    /// The page to send, with status 404, when the bucket has no such object.
    pub not_found_page: Option<ViewerPath>,
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
            .find(|behavior| matches(&behavior.path_pattern, path))
            .expect("the default behavior matches everything")
    }
}

/// CloudFront's pattern match; the leading slash is optional in a pattern.
fn matches(pattern: &str, path: &str) -> bool {
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
    use super::matches;

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
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
