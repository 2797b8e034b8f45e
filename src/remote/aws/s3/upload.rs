//! Objects on their way there.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{byte_stream::Length, error::metadata::ProvideErrorMetadata};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{S3Store, conditions, etag, lost, no_object};
use crate::{
    error::{Class, Error, IoContext as _},
    model::{
        digest::{Digest, Hasher},
        headers::Headers,
        path::StorageKey,
    },
    remote::{Body, Condition, ETag, StoreError},
};

/// Files up to this size are read whole: cheaper than a stream, and 64 of them fit in 16 MB.
const SMALL: u64 = 256 * 1024;

/// What is read from a file at a time where it is streamed.
const BUFFER: usize = 256 * 1024;

/// Files above this size are sent in parts.
pub const LARGE: u64 = 16 * 1024 * 1024;

/// A file that is published, and what it was when it was looked at.
#[derive(Debug, Clone)]
pub struct Promised {
    pub path: PathBuf,
    pub sha256: Digest,
    pub size: u64,
}

impl S3Store {
    pub(super) async fn upload(
        &self,
        key: &StorageKey,
        body: Body,
        headers: &Headers,
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        match body {
            Body::Bytes(bytes) => {
                let sha256 = Digest::of(&bytes);
                self.put_whole(key, bytes.into(), &sha256, headers, condition, None).await
            }
            Body::File { path, sha256, size } => {
                let file = Promised { path, sha256, size };
                if size > LARGE {
                    return self.put_parts(key, &file, headers, condition).await;
                }
                let body = if size <= SMALL { file.read().await? } else { file.stream().await? };
                self.put_whole(key, body, &sha256, headers, condition, Some(&file)).await
            }
        }
    }

    async fn put_whole(
        &self,
        key: &StorageKey,
        body: ByteStream,
        sha256: &Digest,
        headers: &Headers,
        condition: Condition,
        file: Option<&Promised>,
    ) -> Result<ETag, StoreError> {
        let request = self.request("write", "s3:PutObject", key);
        let client = if file.is_some_and(|file| file.size > SMALL) { &self.bulk } else { &self.client };
        let _turn = self.pace.turn().await;
        let (if_match, if_none_match) = conditions(condition);
        let stored = client
            .put_object()
            .bucket(&*self.bucket)
            .key(key.as_str())
            .body(body)
            .checksum_sha256(checksum(sha256))
            .content_type(&headers.content_type)
            .cache_control(&headers.cache_control)
            .set_content_encoding(headers.content_encoding.map(|encoding| encoding.token().to_owned()))
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .send()
            .await;
        match stored {
            Ok(stored) => Ok(etag(stored.e_tag, &request)?),
            // Where a tag was asked for, and nothing is there, somebody deleted it.
            Err(failure) if lost(&failure) || no_object(&failure) => Err(StoreError::Precondition(key.clone())),
            Err(failure) => {
                if let Some(file) = file.filter(|_| may_be_ours(&failure)) {
                    file.check().await?;
                }
                Err(request.failed(&failure).into())
            }
        }
    }
}

/// A digest as `x-amz-checksum-sha256` has it.
pub fn checksum(sha256: &Digest) -> String {
    BASE64_STANDARD.encode(sha256.as_bytes())
}

/// Whether a file that changed while it was read explains the failure: a digest that does not match, or a body that
/// did not have the length announced.
fn may_be_ours<E: ProvideErrorMetadata>(failure: &SdkError<E, HttpResponse>) -> bool {
    let Some(refusal) = failure.as_service_error() else { return true };
    matches!(
        refusal.code(),
        Some("BadDigest" | "XAmzContentSHA256Mismatch" | "InvalidDigest" | "InvalidRequest" | "IncompleteBody")
    )
}

impl Promised {
    /// All bytes, which are as many as promised. Whether they are the right ones, the server says: they are signed.
    async fn read(&self) -> Result<ByteStream, Error> {
        let path = self.path.clone();
        let bytes = blocking(move || fs::read(path)).await.map_err(|cause| self.unreadable(&cause))?;
        if bytes.len() as u64 == self.size { Ok(bytes.into()) } else { Err(self.changed("its size is another")) }
    }

    /// The bytes as they are read, again for each attempt.
    async fn stream(&self) -> Result<ByteStream, Error> {
        let path = self.path.clone();
        let found = blocking(move || fs::metadata(path)).await.map_err(|cause| self.unreadable(&cause))?;
        if found.len() != self.size {
            return Err(self.changed("its size is another"));
        }
        let stream = ByteStream::read_from().path(&self.path).buffer_size(BUFFER).length(Length::Exact(self.size));
        stream.build().await.map_err(|cause| self.unreadable(&io::Error::other(cause)))
    }

    /// Fails when the file is not what it was.
    async fn check(&self) -> Result<(), Error> {
        let path = self.path.clone();
        let found = blocking(move || digest_of(&path)).await.map_err(|cause| self.unreadable(&cause))?;
        self.compare(found)
    }

    pub fn compare(&self, found: Digest) -> Result<(), Error> {
        if found == self.sha256 {
            return Ok(());
        }
        Err(self.changed(&format!("was {}, is {}", self.sha256.short(), found.short())))
    }

    pub fn changed(&self, how: &str) -> Error {
        let message = format!("{} changed while it was published ({how})", self.path.display());
        Error::new(Class::Build, "file-changed", message)
            .help("wait until the build is finished, then run the deploy again")
    }

    pub fn unreadable(&self, cause: &io::Error) -> Error {
        if cause.kind() != ErrorKind::NotFound {
            let failed = Err::<(), _>(io::Error::new(cause.kind(), cause.to_string()));
            return failed.doing("read", &self.path).expect_err("it failed");
        }
        Error::new(Class::Build, "file-vanished", format!("failed to read {}: {cause}", self.path.display()))
            .help("the build output changed while it was published; nothing is live yet: run the deploy again")
    }
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut hasher = Hasher::default();
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.digest())
}

/// Runs file work where it does not hold up other requests.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// A part of a file.
pub fn read_part(file: &mut File, size: usize) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(size);
    file.take(size as u64).read_to_end(&mut part)?;
    Ok(part)
}
