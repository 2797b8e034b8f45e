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
/// A new file under an immutable key was never cached; an old one never changes, but its headers may.
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
        .filter(|(role, write)| *role != Role::Immutable || write.reason != Reason::New || facts.adopt)
        .map(|(_, write)| &write.path);
    let touched: BTreeSet<&ViewerPath> = changed.chain(removals.iter().map(|removal| &removal.path)).collect();
    let Some(invalidation) = facts.invalidation.filter(|_| !touched.is_empty()) else { return Vec::new() };
    // Before a first release nothing of ours is cached but errors, for any path.
    if invalidation == Invalidation::All || state.pointer.live.is_none() {
        return vec!["/*".into()];
    }
    let forms = touched.into_iter().flat_map(|path| forms(path, state, manifest));
    let paths: BTreeSet<String> = forms.map(|path| without_tilde(&path)).collect();
    if paths.len() > MAX_PATHS { vec!["/*".into()] } else { paths.into_iter().collect() }
}

/// CloudFront cannot invalidate a path with a `~`: the shortest wildcard that covers it.
fn without_tilde(path: &str) -> String {
    path.split_once('~').map_or_else(|| path.to_owned(), |(before, _)| format!("{before}*"))
}

/// What to invalidate when a user names `path` (with a leading slash; `*` only at the end): the path itself,
/// and the keys that the function rewrites it to, under which responses are kept.
#[must_use]
pub fn expand(path: &str, site: &Site, encodings: &[Encoding]) -> Vec<String> {
    if path == "/*" {
        return vec![path.to_owned()];
    }
    let last = path.rsplit('/').next().unwrap_or(path);
    let mut targets = vec![path.to_owned()];
    if site.spa && !last.contains('.') {
        // Client-side routes, those under a wildcard too, are answered with this page.
        targets.push("/index.html".to_owned());
    } else if last.is_empty() {
        targets.push(format!("{path}index.html"));
    }
    let variants = targets
        .iter()
        .filter(|target| !target.ends_with('/'))
        .flat_map(|target| encodings.iter().map(move |encoding| format!("/{INTERNAL_PREFIX}{encoding}{target}")));
    targets.iter().cloned().chain(variants).collect()
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
            ("/docs/*", false, &["/docs/*", "/_tb/br/docs/*"]),
            ("/docs/*", true, &["/docs/*", "/index.html", "/_tb/br/docs/*", "/_tb/br/index.html"]),
            ("/", true, &["/", "/index.html", "/_tb/br/index.html"]),
            ("/plans", true, &["/plans", "/index.html", "/_tb/br/plans", "/_tb/br/index.html"]),
            ("/docs/", false, &["/docs/", "/docs/index.html", "/_tb/br/docs/index.html"]),
            ("/LICENSE", false, &["/LICENSE", "/_tb/br/LICENSE"]),
        ] {
            assert_eq!(expand(path, &site(spa), &[Encoding::Br]), expected, "{path}");
        }
    }
}
