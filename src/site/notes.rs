//! What is odd about an output folder, though nothing that stops a deploy.

use super::{scan::Found, words};
use crate::config::Config;

/// All notes; `found` is sorted by path, and `skipped` and `renamed` are paths that a scan left out or normalized.
pub fn notes(config: &Config, found: &[Found], skipped: &[String], renamed: &[String]) -> Vec<String> {
    let unreachable = if config.site.spa { unreachable(found) } else { Vec::new() };
    let notes = [
        (skipped.to_vec(), "left out, as hidden files or editor litter"),
        (renamed.to_vec(), "published in Unicode normalization form C, other than on disk"),
        (case_twins(found), "names that differ in case only, which some file systems fold"),
        (unreachable, "out of reach, since site.spa answers every path without a dot with index.html"),
        (precompressed(found), "published as files of their own, not as variants, which are made from the originals"),
    ];
    let worth_saying = notes.into_iter().filter(|(names, _)| !names.is_empty());
    worth_saying.map(|(names, what)| format!("{}: {what}", words::list(&names))).collect()
}

/// Names that are one file to macOS and Windows, and two to a CDN.
fn case_twins(found: &[Found]) -> Vec<String> {
    let mut folded: Vec<_> = found.iter().map(|found| (found.path.as_str().to_lowercase(), &found.path)).collect();
    folded.sort_unstable();
    let twins = folded.chunk_by(|(one, _), (other, _)| one == other).filter(|names| names.len() > 1);
    twins.flatten().map(|(_, path)| path.to_string()).collect()
}

/// To a single-page app, a path without a dot is a route.
fn unreachable(found: &[Found]) -> Vec<String> {
    let is_route =
        |found: &&Found| found.path.extension().is_none() && !found.path.as_str().starts_with(".well-known/");
    found.iter().filter(is_route).map(|found| found.path.to_string()).collect()
}

/// `app.js.br` beside `app.js`.
fn precompressed(found: &[Found]) -> Vec<String> {
    let is_published = |path: &str| found.binary_search_by(|found| found.path.as_str().cmp(path)).is_ok();
    let original =
        |path: &'_ str| [".br", ".gz", ".zst"].iter().find_map(|ending| path.strip_suffix(ending)).map(str::len);
    let is_copy = |path: &&str| original(path).is_some_and(|length| is_published(&path[..length]));
    found.iter().map(|found| found.path.as_str()).filter(is_copy).map(str::to_owned).collect()
}
