//! A bucket without a CDN: what lies in it is all that there is to check.

use std::time::Instant;

use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;

use super::{
    CONCURRENCY, Failure, Report,
    probe::{representations, select},
};
use crate::{
    error::{Class, Error, Result},
    model::{
        digest::Digest,
        headers::Headers,
        manifest::{Manifest, Stored},
    },
    plan::encode_path,
    remote::{ObjectStore, StoreError},
};

const MISSING: &str = "something deleted it after the deploy: `treebeard-cdn deploy --repair` puts it back";
const CHANGED: &str = "something wrote it after the deploy: `treebeard-cdn deploy --repair` puts it right";

/// What lies at a key.
struct Found {
    headers: Headers,
    sha256: Digest,
    size: u64,
}

/// Reads what `manifest` promises from the bucket `name` and compares bytes and stored headers:
/// every object, or those of a sample of files that is the same each time.
///
/// # Errors
/// When the store refuses; wrong objects are failures of the [`Report`].
pub async fn verify_stored(name: &str, store: &dyn ObjectStore, manifest: &Manifest, all: bool) -> Result<Report> {
    let started = Instant::now();
    let files = select(manifest.entries.iter(), all);
    let mut report = Report::new(format!("s3://{name}"), files.len(), manifest.entries.len());
    let objects = files.iter().flat_map(|(path, entry)| {
        let path = encode_path(path.as_str());
        representations(entry).map(move |(encoding, stored)| (path.clone(), encoding, stored))
    });
    let mut answers = stream::iter(objects)
        .map(|(path, encoding, stored)| async move { (path, encoding, stored, read(store, stored).await) })
        .buffer_unordered(CONCURRENCY);
    while let Some((path, encoding, stored, found)) = answers.next().await {
        report.responses += 1;
        let failures = match found {
            Ok(Some(found)) => {
                report.bytes += found.size;
                compare(stored, &found)
            }
            Ok(None) => vec![("content", size_and_digest(stored.size, &stored.sha256), "nothing".into(), MISSING)],
            Err(StoreError::Failed(error)) => return Err(error),
            Err(other) => vec![(Failure::REQUEST, "an answer".into(), other.to_string(), CHANGED)],
        };
        report.failures.extend(failures.into_iter().map(|(what, expected, got, hint)| Failure {
            path: path.clone(),
            accept_encoding: encoding.to_owned(),
            what: what.to_owned(),
            expected,
            got,
            hint: hint.to_owned(),
        }));
    }
    report.finish(started.elapsed());
    Ok(report)
}

/// The object, its bytes hashed as they arrive and never held.
async fn read(store: &dyn ObjectStore, stored: &Stored) -> Result<Option<Found>, StoreError> {
    let Some((info, mut body)) = store.get(&stored.key, None).await? else { return Ok(None) };
    let (mut hasher, mut size) = (Sha256::new(), 0);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = body.read(&mut buffer).await.map_err(|cause| broken(stored, &cause))?;
        if read == 0 {
            let sha256 = Digest::from(<[u8; 32]>::from(hasher.finalize()));
            return Ok(Some(Found { headers: info.headers, sha256, size }));
        }
        hasher.update(&buffer[..read]);
        size += read as u64;
    }
}

fn broken(stored: &Stored, cause: &std::io::Error) -> StoreError {
    let message = format!("failed to read {}: {cause}", stored.key);
    StoreError::Failed(Error::new(Class::Remote, "read", message).help("run `treebeard-cdn verify` again"))
}

type Difference = (&'static str, String, String, &'static str);

fn compare(stored: &Stored, found: &Found) -> Vec<Difference> {
    let mut differences = Vec::new();
    if found.sha256 != stored.sha256 {
        let got = size_and_digest(found.size, &found.sha256);
        differences.push(("content", size_and_digest(stored.size, &stored.sha256), got, CHANGED));
    }
    let encoding = |headers: &Headers| headers.content_encoding.map_or("none", |encoding| encoding.token()).to_owned();
    let (expected, got) = (&stored.headers, &found.headers);
    for (name, expected, got) in [
        ("Content-Type", expected.content_type.clone(), got.content_type.clone()),
        ("Cache-Control", expected.cache_control.clone(), got.cache_control.clone()),
        ("Content-Encoding", encoding(expected), encoding(got)),
    ] {
        if expected != got {
            differences.push((name, expected, got, CHANGED));
        }
    }
    differences
}

fn size_and_digest(size: u64, sha256: &Digest) -> String {
    format!("{size} bytes, sha256 {}", sha256.short())
}
