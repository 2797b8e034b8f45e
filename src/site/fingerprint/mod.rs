//! Names with a content hash for files that the build left without one.
//!
//! What a rule with `fingerprint: true` matches is published under `name.<hash>.ext`, too, which browsers may keep for
//! good, and references to it are rewritten in pages, style sheets and web app manifests. The plain name stays
//! published, so a reference that is not recognised still works; it is merely revalidated.
//!
//! A rewrite only ever inserts `.<hash>` before an extension: every other byte stays as it was.

mod css;
mod html;
mod manifest;
mod order;
mod reference;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Job, cache::Cache, file::File, inspect::read_unchanged, parallel, words};
use crate::{
    config::Config,
    error::Result,
    model::{
        cache_policy::{CachePolicy, CacheRule},
        encoding::Encoding,
        path::{MAX_KEY_BYTES, StorageKey, ViewerPath},
    },
};
use reference::{Reference, Resolver};

/// Adds the fingerprinted copies to `files`, and points references at them.
pub fn apply(
    config: &Config,
    files: Vec<File>,
    cache: &Cache,
    job: &Job,
    notes: &mut Vec<String>,
) -> Result<Vec<File>> {
    let mut targets = targets(config, &files);
    if targets.is_empty() {
        return Ok(files);
    }
    let mut site = Site { files, references: BTreeMap::new() };
    site.find_references(config, &targets, job)?;
    let circular = order::break_cycles(&mut site.references);
    if !circular.is_empty() {
        let names: Vec<_> = circular.iter().map(|position| site.files[*position].path.to_string()).collect();
        notes.push(format!("{}: not fingerprinted, since they refer to each other in a circle", words::list(&names)));
        targets.retain(|position, _| !circular.contains(position));
    }
    for round in order::rounds(&site.references) {
        site.rewrite(&round, cache, job)?;
    }
    site.publish_copies(&targets);
    Ok(site.files)
}

/// The files to fingerprint, by position, with the rule that says so.
///
/// Pages keep their names, since people type and link them, and so do files without an extension.
fn targets<'a>(config: &'a Config, files: &[File]) -> BTreeMap<usize, &'a CacheRule> {
    let rule = |file: &File| {
        let mut matching = config.cache.iter().filter(|rule| rule.pattern.is_match(file.path.as_str()));
        // As in the cache policy, a plain name falls through rules that are for hashed names.
        matching.find(|rule| rule.fingerprint || !rule.is_immutable()).filter(|rule| rule.fingerprint)
    };
    if !config.cache.iter().any(|rule| rule.fingerprint) {
        return BTreeMap::new();
    }
    let eligible = |file: &File| !file.hashed && !file.path.is_page() && fingerprinted(file).is_some();
    let eligible_files = files.iter().enumerate().filter(|(_, file)| eligible(file));
    eligible_files.filter_map(|(position, file)| Some((position, rule(file)?))).collect()
}

/// The path of a file's copy: `dir/name.<16 hexadecimal digits>.ext`. None without an extension, and when it is too long.
fn fingerprinted(file: &File) -> Option<ViewerPath> {
    let (stem, extension) = file.path.as_str().rsplit_once('.').filter(|(_, extension)| !extension.contains('/'))?;
    let path = ViewerPath::new(format!("{stem}.{}.{extension}", file.source.sha256.short())).ok()?;
    (StorageKey::variant(Encoding::Gzip, &path).as_str().len() <= MAX_KEY_BYTES).then_some(path)
}

/// References by the file that makes them; files are named by their position.
type References = BTreeMap<usize, Vec<Insertion>>;

/// A place in a file where the hash of another file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Insertion {
    /// Offset in bytes.
    at: usize,
    /// The file whose hash it is.
    target: usize,
}

struct Site {
    files: Vec<File>,
    references: References,
}

impl Site {
    /// Reads every file that may be rewritten: those whose own names promise nothing about their bytes.
    fn find_references(&mut self, config: &Config, targets: &BTreeMap<usize, &CacheRule>, job: &Job) -> Result<()> {
        let resolver = Resolver::new(config);
        let by_path: HashMap<_, _> =
            self.files.iter().enumerate().map(|(position, file)| (file.path.as_str(), position)).collect();
        let documents: Vec<_> = (0..self.files.len())
            .filter_map(|position| {
                let file = &self.files[position];
                Kind::of(&file.path).filter(|_| !file.hashed).map(|kind| (position, kind))
            })
            .collect();
        let found = parallel::map(
            &documents,
            &job.cancel,
            || (),
            |(), (position, kind)| {
                let references = kind.references(&self.files[*position], &resolver)?;
                let known = references.iter().filter_map(|it| Some((it, *by_path.get(it.path.as_str())?)));
                let (mut insertions, mut pinned) = (Vec::new(), Vec::new());
                for (reference, target) in known {
                    if targets.contains_key(&target) {
                        insertions.push(Insertion { at: reference.at, target });
                    }
                    if reference.pinned {
                        pinned.push(target);
                    }
                }
                insertions.sort_by_key(|insertion| insertion.at);
                insertions.dedup_by_key(|insertion| insertion.at);
                Ok((*position, insertions, pinned))
            },
        )?;
        // A page that states a file's digest (`integrity`) would refuse its rewritten bytes.
        let pinned: BTreeSet<_> = found.iter().flat_map(|(_, _, pinned)| pinned.iter().copied()).collect();
        self.references = found
            .into_iter()
            .filter(|(position, insertions, _)| !insertions.is_empty() && !pinned.contains(position))
            .map(|(position, insertions, _)| (position, insertions))
            .collect();
        Ok(())
    }

    /// Rewrites files whose targets have their final bytes.
    fn rewrite(&mut self, round: &[usize], cache: &Cache, job: &Job) -> Result<()> {
        let rewritten = parallel::map(
            round,
            &job.cancel,
            || (),
            |(), position| {
                let before = read_unchanged(&self.files[*position].source)?;
                let mut after = Vec::with_capacity(before.len() + 32);
                let mut copied = 0;
                for Insertion { at, target } in &self.references[position] {
                    after.extend_from_slice(&before[copied..*at]);
                    after.push(b'.');
                    after.extend_from_slice(self.files[*target].source.sha256.short().as_bytes());
                    copied = *at;
                }
                after.extend_from_slice(&before[copied..]);
                cache.put(&after)
            },
        )?;
        for (position, source) in round.iter().zip(rewritten) {
            self.files[*position].source = source;
        }
        Ok(())
    }

    fn publish_copies(&mut self, targets: &BTreeMap<usize, &CacheRule>) {
        let taken: BTreeSet<_> = self.files.iter().map(|file| file.path.clone()).collect();
        let copies = targets.iter().filter_map(|(position, rule)| {
            let file = &self.files[*position];
            let path = fingerprinted(file).filter(|path| !taken.contains(path))?;
            let policy = CachePolicy { cache_control: rule.cache_control.clone(), immutable: rule.is_immutable() };
            Some(File { path, hashed: true, policy, ..file.clone() })
        });
        let copies: Vec<_> = copies.collect();
        self.files.extend(copies);
    }
}

/// A kind of file that can be rewritten.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Page,
    StyleSheet,
    WebAppManifest,
}

impl Kind {
    fn of(path: &ViewerPath) -> Option<Self> {
        match path.extension()?.as_str() {
            "html" | "htm" => Some(Self::Page),
            "css" => Some(Self::StyleSheet),
            "webmanifest" => Some(Self::WebAppManifest),
            "json" if path.file_name() == "manifest.json" => Some(Self::WebAppManifest),
            _ => None,
        }
    }

    /// The references in a file; none in a file that is not UTF-8.
    fn references(self, file: &File, resolver: &Resolver) -> Result<Vec<Reference>> {
        let Ok(text) = String::from_utf8(read_unchanged(&file.source)?) else { return Ok(Vec::new()) };
        let base = resolver.address(&file.path);
        Ok(match self {
            Self::Page => html::references(&text, &base, resolver),
            Self::StyleSheet => css::references(&text, &base, resolver),
            Self::WebAppManifest => manifest::references(&text, &base, resolver),
        })
    }
}
