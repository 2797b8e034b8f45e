//! Which `Cache-Control` a file gets. The only place that decides it.

use globset::{Glob, GlobMatcher};

use super::path::ViewerPath;

/// What no rule matches: kept by browsers, but revalidated before each use.
pub const REVALIDATE: &str = "public, max-age=0, must-revalidate";

/// One line of the configuration's `cache:` list.
#[derive(Debug, Clone)]
pub struct CacheRule {
    /// Glob over viewer paths, `/` being the separator: `assets/**`, `**/*.html`.
    pub pattern: GlobMatcher,
    /// `Cache-Control` of what it matches.
    pub cache_control: String,
    /// Whether matching files are also published under a name with their content hash.
    pub fingerprint: bool,
}

impl CacheRule {
    /// A rule for `pattern`, in which `*` stays within a segment and `**` crosses segments.
    pub fn new(pattern: &str, cache_control: impl Into<String>, fingerprint: bool) -> Result<Self, globset::Error> {
        let pattern = globset::GlobBuilder::new(pattern).literal_separator(true).build()?.compile_matcher();
        Ok(Self { pattern, cache_control: cache_control.into(), fingerprint })
    }

    /// The glob as it was written.
    #[must_use]
    pub fn glob(&self) -> &Glob {
        self.pattern.glob()
    }

    /// Whether the rule promises that the bytes never change.
    #[must_use]
    pub fn is_immutable(&self) -> bool {
        is_immutable(&self.cache_control)
    }
}

/// The decision for one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachePolicy {
    /// `Cache-Control`.
    pub cache_control: String,
    /// Whether the key must never hold other bytes.
    pub immutable: bool,
}

/// First match wins. A rule with `immutable` applies only to names with a content hash
/// (`hashed`, or see [`has_content_hash`]): a plain name that it matches falls through to the next rule,
/// since its next version would never reach a browser that holds the first. Nor does it ever apply to pages.
#[must_use]
pub fn cache_policy(rules: &[CacheRule], path: &ViewerPath, hashed: bool) -> CachePolicy {
    let hashed = !path.is_page() && (hashed || has_content_hash(path.file_name()));
    rules
        .iter()
        .filter(|rule| rule.pattern.is_match(path.as_str()))
        .find(|rule| hashed || !rule.is_immutable())
        .map_or_else(
            || CachePolicy { cache_control: REVALIDATE.into(), immutable: false },
            |rule| CachePolicy { cache_control: rule.cache_control.clone(), immutable: rule.is_immutable() },
        )
}

/// Whether `Cache-Control` says `immutable` (RFC 8246).
#[must_use]
pub fn is_immutable(cache_control: &str) -> bool {
    cache_control.split(',').any(|directive| directive.trim().eq_ignore_ascii_case("immutable"))
}

/// Whether a file name carries a content hash: `.` or `-` and 8 to 64 of `[A-Za-z0-9_-]` before the extension.
/// A source map (`app.4f3c2b1a.js.map`) has the hash of its source.
#[must_use]
pub fn has_content_hash(file_name: &str) -> bool {
    let file_name = file_name.strip_suffix(".map").filter(|name| name.contains('.')).unwrap_or(file_name);
    let Some((stem, _extension)) = file_name.rsplit_once('.') else { return false };
    let tail = stem.rsplit('.').next().unwrap_or(stem);
    let is_hash = |text: &str| {
        (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    // A hash may itself contain dashes, so every separator is tried.
    (tail.len() < stem.len() && is_hash(tail)) || tail.match_indices('-').any(|(at, _)| is_hash(&tail[at + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_hashes_are_told_from_plain_names() {
        for name in
            ["main.abc12345.js", "index-BxYz12_a.js", "a.0123456789abcdef.css", "x.4f3c2b1a.js.map", "n-a-b_c-d1e2.js"]
        {
            assert!(has_content_hash(name), "{name}");
        }
        for name in [
            "main.js",
            "main.abc123.js",
            "index.html",
            "LICENSE",
            "react-dom.js",
            "deadbeef.js",
            "v1.2.3.js",
            "app.js.map",
        ] {
            assert!(!has_content_hash(name), "{name}");
        }
    }

    #[test]
    fn immutable_never_reaches_a_plain_name() {
        let rules = [
            CacheRule::new("assets/**", "public, max-age=31536000, immutable", false).unwrap(),
            CacheRule::new("**/*.html", "public, max-age=300, must-revalidate", false).unwrap(),
        ];
        let policy = |path: &str| cache_policy(&rules, &ViewerPath::new(path).unwrap(), false);
        assert!(policy("assets/app.4f3c2b1a.js").immutable);
        assert_eq!(policy("assets/app.js").cache_control, REVALIDATE);
        assert_eq!(policy("assets/page.html").cache_control, "public, max-age=300, must-revalidate");
        assert_eq!(policy("index.html").cache_control, "public, max-age=300, must-revalidate");
        assert_eq!(policy("assets/user-handbook.html").cache_control, "public, max-age=300, must-revalidate");
        assert_eq!(policy("robots.txt").cache_control, REVALIDATE);
    }
}
