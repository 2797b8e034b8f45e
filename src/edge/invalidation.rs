//! Invalidations: which kept responses they cover, and how a running edge hears of them.

use std::{borrow::Cow, collections::HashSet};

use percent_encoding::percent_decode_str;

use crate::remote::local::LocalCdn;

/// The paths of invalidations: single ones, and beginnings that stand for all that begin alike.
///
/// Decoded, so that each way to percent-encode a path is the same path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    exact: HashSet<Vec<u8>>,
    prefixes: Vec<Vec<u8>>,
}

impl Paths {
    /// Paths with a leading slash, percent-encoded; `*` at the end stands for anything.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for path in paths {
            match path.strip_suffix('*') {
                Some(prefix) => all.prefixes.push(percent_decode_str(prefix).collect()),
                None => {
                    all.exact.insert(percent_decode_str(path).collect());
                }
            }
        }
        all
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.prefixes.is_empty()
    }

    /// Whether a response kept under the rewritten `uri` is covered. Only that URI counts: CloudFront is not
    /// documented to look for any other, so whoever invalidates names every key, and one forgotten shows here.
    pub fn cover(&self, uri: &str) -> bool {
        let uri: Cow<[u8]> = percent_decode_str(uri).into();
        self.exact.contains(uri.as_ref()) || self.prefixes.iter().any(|prefix| uri.starts_with(prefix))
    }
}

/// Reads the local CDN's log as it grows. What was written before it began is of no concern: the cache was empty.
pub struct Follower {
    cdn: LocalCdn,
    offset: u64,
}

impl Follower {
    /// Begins at the end of the log.
    pub fn new(cdn: LocalCdn) -> Self {
        let offset = cdn.length();
        Self { cdn, offset }
    }

    /// What was invalidated since the last call. One look at the file's length when that is nothing.
    pub fn news(&mut self) -> Paths {
        let length = self.cdn.length();
        if length == self.offset {
            return Paths::default();
        }
        if length > self.offset
            && let Ok((invalidations, offset)) = self.cdn.since(self.offset)
        {
            self.offset = offset;
            return Paths::new(invalidations.iter().flat_map(|it| &it.paths).map(String::as_str));
        }
        // A log that became shorter was replaced, and one that cannot be read may say anything.
        self.offset = length;
        Paths::new(["/*"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_its_key_in_every_spelling() {
        for (pattern, uri, expected) in [
            ("/index.html", "/index.html", true),
            ("/index.html", "/_tb/br/index.html", false),
            ("/_tb/br/index.html", "/_tb/br/index.html", true),
            ("/_tb/br/index.html", "/_tb/gzip/index.html", false),
            ("/_tb/br/index.html", "/index.html", false),
            ("/", "/index.html", false),
            ("/*", "/_tb/br/a/b.js", true),
            ("/docs/*", "/docs/a.css", true),
            ("/docs/*", "/_tb/gzip/docs/a.css", false),
            ("/docs/*", "/docsy", false),
            ("/caf%C3%A9.txt", "/caf%c3%a9.txt", true),
            ("/a%20b.txt", "/a%20b.txt", true),
            ("/a%2Bb.txt", "/a%2Bb.txt", true),
            ("/a%2A", "/abc", false),
            ("/a.js", "/b.js", false),
        ] {
            assert_eq!(Paths::new([pattern]).cover(uri), expected, "{pattern} {uri}");
        }
    }
}
