//! References in files → paths of the site.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::{
    config::{Config, Target},
    model::path::ViewerPath,
};

/// Stands for the site's own host, which relative references keep. Reserved never to exist (RFC 2606).
const OWN_HOST: &str = "site.invalid";

/// A reference to a path of the site, and the place in the referring text where a hash would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Offset in bytes of the dot before the extension.
    pub at: usize,
    /// What is referred to.
    pub path: String,
    /// Whether the reference states the digest of what it expects.
    pub pinned: bool,
}

/// Knows which hosts are the site's.
#[derive(Debug)]
pub struct Resolver {
    hosts: Vec<String>,
}

impl Resolver {
    /// A resolver for the environment's domains.
    pub fn new(config: &Config) -> Self {
        let mut hosts = vec![OWN_HOST.to_owned()];
        if let Target::Aws(aws) = &config.target {
            hosts.extend(aws.domains.iter().map(|domain| domain.to_ascii_lowercase()));
        }
        Self { hosts }
    }

    /// The address of a file: what its references are relative to.
    pub fn address(&self, path: &ViewerPath) -> Url {
        let mut url = Url::parse(&format!("https://{}/", self.hosts[0])).expect("a constant address");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path.as_str().split('/'));
        }
        url
    }

    /// What `text` refers to from `base`: the place for a hash in `text`, and the path. None for other hosts,
    /// for paths without an extension, and for extensions that are percent-encoded.
    pub fn resolve(&self, base: &Url, text: &str) -> Option<(usize, String)> {
        let url =
            base.join(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.port().is_none())?;
        if !self.hosts.iter().any(|host| url.host_str() == Some(host)) {
            return None;
        }
        let path = percent_decode_str(url.path().strip_prefix('/')?).decode_utf8().ok()?.into_owned();
        let written = &text[..text.find(['?', '#']).unwrap_or(text.len())];
        let written = written.trim_end_matches(|c: char| c <= ' ');
        let dot = written.rfind('.')?;
        let extension = &written[dot..];
        // `..` has no extension, nor has `v1.2/file`.
        let is_extension = !extension.contains(['/', '\\', '%']) && path.ends_with(extension) && extension.len() > 1;
        is_extension.then_some((dot, path))
    }
}

/// Where the dot at `at` of `decoded` stands in `raw`, which may write characters as escape sequences that `decode`
/// understands. No escape sequence contains a dot, so that a text may be cut at any.
pub fn locate(raw: &str, decoded: &str, at: usize, decode: impl Fn(&str) -> Option<String>) -> Option<usize> {
    /// Longer texts are data in disguise, and not worth decoding once a dot.
    const LIMIT: usize = 16 * 1024;
    if raw == decoded {
        return Some(at);
    }
    if raw.len() > LIMIT {
        return None;
    }
    let before = &decoded[..at];
    raw.match_indices('.').map(|(dot, _)| dot).find(|dot| decode(&raw[..*dot]).is_some_and(|text| text == before))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn resolver() -> Resolver {
        Resolver { hosts: vec![OWN_HOST.to_owned(), "treebeard.example".to_owned()] }
    }

    pub fn address(path: &str) -> Url {
        resolver().address(&ViewerPath::new(path).unwrap())
    }

    #[test]
    fn references_resolve_as_browsers_resolve_them() {
        for (reference, expected) in [
            ("images/a.png", Some((8, "docs/images/a.png"))),
            ("../images/a.png", Some((11, "images/a.png"))),
            ("/images/a.png", Some((9, "images/a.png"))),
            ("../../../images/a.png", Some((17, "images/a.png"))),
            (" a.png\n", Some((2, "docs/a.png"))),
            ("a.png?v=1.2#x.y", Some((1, "docs/a.png"))),
            ("a%20b.png", Some((5, "docs/a b.png"))),
            ("a b.png", Some((3, "docs/a b.png"))),
            ("caf\u{e9}.png", Some((5, "docs/caf\u{e9}.png"))),
            ("caf%C3%A9.png", Some((9, "docs/caf\u{e9}.png"))),
            ("a.tar.gz", Some((5, "docs/a.tar.gz"))),
            ("https://treebeard.example/images/a.png", Some((34, "images/a.png"))),
            ("https://elsewhere.example/images/a.png", None),
            ("//elsewhere.example/a.png", None),
            ("https://treebeard.example:8080/a.png", None),
            ("data:image/png;base64,AAAA.png", None),
            ("mailto:a@b.png", None),
            ("a%2Epng", None),
            ("v1.2/file", None),
            ("", None),
            ("..", None),
            ("https://[", None),
        ] {
            let resolved = resolver().resolve(&address("docs/page.html"), reference);
            assert_eq!(resolved, expected.map(|(at, path)| (at, path.to_owned())), "{reference:?}");
        }
    }

    #[test]
    fn odd_names_are_addresses_too() {
        let base = address("a b/c%20d#e?.html");
        assert_eq!(resolver().resolve(&base, "f.png"), Some((1, "a b/f.png".to_owned())));
    }
}
