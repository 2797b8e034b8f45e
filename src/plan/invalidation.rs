//! Which cached responses a release makes wrong.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Facts, Reason, Removal, Wave};
use crate::{
    config::Invalidation,
    model::{
        ledger::RemoteState,
        manifest::{Manifest, Role},
        path::ViewerPath,
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
