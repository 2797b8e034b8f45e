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

/// What is known of a file in an encoding.
enum Variant {
    Smaller(Source),
    NotSmaller,
}

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
    let (mut missing, mut variants) = (Vec::new(), Vec::with_capacity(wanted.len()));
    for ((source, encoding), known) in wanted.into_iter().zip(known) {
        match known {
            Some(variant) => variants.push((source, encoding, variant)),
            None => missing.push((source, encoding)),
        }
    }
    // The largest file takes longest: started last, it would leave all cores but one idle.
    missing.sort_by_key(|(source, encoding)| (Reverse(source.size), *encoding));
    let made = make(&missing, cache, job)?;
    variants.extend(missing.into_iter().zip(made).map(|((source, encoding), variant)| (source, encoding, variant)));
    let smaller = variants.into_iter().filter_map(|(source, encoding, variant)| match variant {
        Variant::Smaller(variant) => Some(((source.sha256, encoding), variant)),
        Variant::NotSmaller => None,
    });
    Ok(smaller.collect())
}

/// What the cache has.
fn recall(source: &Source, encoding: Encoding, cache: &Cache) -> Result<Option<Variant>> {
    Ok(match cache.finding(source.sha256, encoding) {
        None => None,
        Some(Finding::NotSmaller) => Some(Variant::NotSmaller),
        Some(Finding::Smaller(variant)) => cache.object(variant)?.map(Variant::Smaller),
    })
}

fn make(missing: &[(&Source, Encoding)], cache: &Cache, job: &Job) -> Result<Vec<Variant>> {
    let (done, total) = (AtomicUsize::new(0), missing.len());
    if total > 0 {
        let variants = if total == 1 { "variant" } else { "variants" };
        job.report(Progress::Step(format!("compressing {total} {variants}")));
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
                (Finding::Smaller(sha256), Variant::Smaller(cache.keep(draft, sha256, size)?))
            } else {
                (Finding::NotSmaller, Variant::NotSmaller)
            };
            cache.record(source.sha256, *encoding, finding)?;
            job.report(Progress::Compressing { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
            Ok(variant)
        },
    )
}
