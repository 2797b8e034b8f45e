//! The variants of a whole site, from the cache or made on all cores.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    Job, Progress,
    cache::{Cache, Finding},
    compress::compress,
    file::File,
    parallel,
};
use crate::{
    config::Compression,
    error::Result,
    model::{asset::Source, digest::Digest, encoding::Encoding},
};

/// The variants that are smaller than their file, by the file's digest and the encoding.
pub type Variants = HashMap<(Digest, Encoding), Source>;

/// Finds or makes the variants of all files. The same bytes are compressed once, whatever their names.
pub fn prepare(files: &[File], compression: &Compression, cache: &Cache, job: &Job) -> Result<Variants> {
    let sources: BTreeMap<Digest, &Source> = files
        .iter()
        .filter(|file| file.has_variants() && file.source.size <= compression.max_size)
        .map(|file| (file.source.sha256, &file.source))
        .collect();
    let wanted: Vec<_> = sources
        .into_values()
        .flat_map(|source| compression.encodings.iter().map(move |encoding| (source, *encoding)))
        .collect();
    let known = parallel::map(&wanted, &job.cancel, || (), |(), (source, encoding)| recall(source, *encoding, cache))?;
    let mut variants = Variants::new();
    let mut missing = Vec::new();
    for ((source, encoding), known) in wanted.into_iter().zip(known) {
        match known {
            Some(Some(variant)) => drop(variants.insert((source.sha256, encoding), variant)),
            Some(None) => {}
            None => missing.push((source, encoding)),
        }
    }
    // The largest file takes longest: started last, it would leave all cores but one idle.
    missing.sort_by_key(|(source, encoding)| (Reverse(source.size), *encoding));
    let made = make(&missing, cache, job)?;
    variants.extend(
        missing
            .into_iter()
            .zip(made)
            .filter_map(|((source, encoding), variant)| Some(((source.sha256, encoding), variant?))),
    );
    Ok(variants)
}

/// What the cache has: nothing known, or that no variant pays, or the variant.
fn recall(source: &Source, encoding: Encoding, cache: &Cache) -> Result<Option<Option<Source>>> {
    Ok(match cache.finding(source.sha256, encoding) {
        None => None,
        Some(Finding::NotSmaller) => Some(None),
        Some(Finding::Smaller(variant)) => cache.object(variant)?.map(Some),
    })
}

fn make(missing: &[(&Source, Encoding)], cache: &Cache, job: &Job) -> Result<Vec<Option<Source>>> {
    let (done, total) = (AtomicUsize::new(0), missing.len());
    if total > 0 {
        job.report(Progress::Compressing { done: 0, total });
    }
    parallel::map(
        missing,
        &job.cancel,
        || (),
        |(), (source, encoding)| {
            let mut draft = cache.draft()?;
            let (sha256, size) = compress(source, *encoding, &mut draft, &job.cancel)?;
            let (finding, variant) = if size < source.size {
                (Finding::Smaller(sha256), Some(cache.keep(draft, sha256, size)?))
            } else {
                (Finding::NotSmaller, None)
            };
            cache.record(source.sha256, *encoding, finding)?;
            job.report(Progress::Compressing { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
            Ok(variant)
        },
    )
}
