//! Which cached responses a release makes wrong.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Facts, Reason, Removal, Wave};
use crate::{
    config::{Invalidation, Site},
    model::{
        encoding::Encoding,
        ledger::RemoteState,
        manifest::{Manifest, Role},
        path::{INTERNAL_PREFIX, ViewerPath},
    },
};

/// Above this many paths the whole site is invalidated: 1,000 a month are free, and a wildcard counts as one.
const MAX_PATHS: usize = 1_000;

/// What stays as it is in a path: the unreserved characters of RFC 3986 and those that browsers leave alone,
/// without `*`, which CloudFront takes for a wildcard, and `+`, which the edge function rewrites.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// A path or key as a request for it: with a leading slash, percent-encoded.
#[must_use]
pub fn encode_path(path: &str) -> String {
    format!("/{}", utf8_percent_encode(path, PATH))
}

/// The paths to invalidate: each viewer form, and each key that the function may rewrite it to.
///
/// Files under immutable keys never change, so they count only when their headers do.
pub fn paths(
    state: &RemoteState,
    manifest: &Manifest,
    waves: &[Wave],
    removals: &[Removal],
    facts: &Facts,
) -> Vec<String> {
    let changed = waves
        .iter()
        .flat_map(|wave| wave.writes.iter().map(move |write| (wave.role, write)))
        .filter(|(role, write)| *role != Role::Immutable || write.reason == Reason::HeadersChanged)
        .map(|(_, write)| &write.path);
    let touched: BTreeSet<&ViewerPath> = changed.chain(removals.iter().map(|removal| &removal.path)).collect();
    if touched.is_empty() {
        return Vec::new();
    }
    // Before a first release nothing of ours is cached but errors, for any path.
    if facts.invalidation == Invalidation::All || state.pointer.live.is_none() {
        return vec!["/*".into()];
    }
    let paths: BTreeSet<String> = touched.into_iter().flat_map(|path| forms(path, state, manifest)).collect();
    if paths.len() > MAX_PATHS { vec!["/*".into()] } else { paths.into_iter().collect() }
}

/// What to invalidate when a user names `path` (with a leading slash; `*` only at the end): the path itself,
/// and the keys that the function rewrites it to, under which responses are kept.
#[must_use]
pub fn expand(path: &str, site: &Site, encodings: &[Encoding]) -> Vec<String> {
    if path == "/*" {
        return vec![path.to_owned()];
    }
    let last = path.rsplit('/').next().unwrap_or(path);
    let target = match last {
        _ if path.ends_with('*') || last.contains('.') => path.to_owned(),
        _ if site.spa => "/index.html".to_owned(),
        "" => format!("{path}index.html"),
        _ => path.to_owned(),
    };
    let variants = encodings.iter().map(|encoding| format!("/{INTERNAL_PREFIX}{encoding}{target}"));
    let mut paths: Vec<_> = [path.to_owned(), target.clone()].into_iter().chain(variants).collect();
    paths.dedup();
    paths
}

fn forms(path: &ViewerPath, state: &RemoteState, manifest: &Manifest) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([encode_path(path.as_str())]);
    if let Some(folder) = path.as_str().strip_suffix("index.html").filter(|it| it.is_empty() || it.ends_with('/')) {
        forms.insert(encode_path(folder));
    }
    let entries = [&state.live, manifest].into_iter().chain(state.pending.iter().map(|(_, manifest)| manifest));
    for entry in entries.filter_map(|manifest| manifest.entries.get(path)) {
        forms.extend(entry.objects().map(|stored| encode_path(stored.key.as_str())));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_named_by_a_user_becomes_every_key_that_answers_it() {
        let site = |spa| Site {
            root: "/".into(),
            install: None,
            build: None,
            output: "/".into(),
            env: std::collections::BTreeMap::new(),
            spa,
            clean_urls: false,
        };
        for (path, spa, expected) in [
            ("/*", true, &["/*"][..]),
            ("/a.js", true, &["/a.js", "/_tb/br/a.js"]),
            ("/docs/*", true, &["/docs/*", "/_tb/br/docs/*"]),
            ("/", true, &["/", "/index.html", "/_tb/br/index.html"]),
            ("/plans", true, &["/plans", "/index.html", "/_tb/br/index.html"]),
            ("/docs/", false, &["/docs/", "/docs/index.html", "/_tb/br/docs/index.html"]),
            ("/LICENSE", false, &["/LICENSE", "/_tb/br/LICENSE"]),
        ] {
            assert_eq!(expand(path, &site(spa), &[Encoding::Br]), expected, "{path}");
        }
    }
}
