//! Objects on their way there.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _, Write as _},
    path::{Path, PathBuf},
};

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http_body_util::StreamBody;
use hyper::body::Frame;

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
                if size <= SMALL {
                    return self.put_whole(key, file.read().await?, &sha256, headers, condition, None).await;
                }
                self.put_whole(key, file.stream().await?, &sha256, headers, condition, Some(&file)).await
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
        streamed: Option<&Promised>,
    ) -> Result<ETag, StoreError> {
        let request = self.request("write", "s3:PutObject", key);
        let client = if streamed.is_some() { &self.bulk } else { &self.client };
        let _turn = self.pace.turn().await;
        let (if_match, if_none_match) = conditions(condition);
        let stored = client
            .put_object()
            .bucket(&*self.bucket)
            .key(key.as_str())
            .body(body)
            .set_content_length(streamed.and_then(|file| file.size.try_into().ok()))
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
                // A body that broke off here says so only in the depths of what the connection says.
                if let (Some(file), None) = (streamed, failure.as_service_error()) {
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

impl Promised {
    /// All bytes, which are those promised.
    async fn read(&self) -> Result<ByteStream, Error> {
        let path = self.path.clone();
        let read = move || {
            let bytes = fs::read(path)?;
            Ok((Digest::of(&bytes), bytes))
        };
        let (found, bytes) = blocking(read).await.map_err(|cause| self.unreadable(&cause))?;
        self.compare(found)?;
        Ok(bytes.into())
    }

    /// The bytes as they are read, again for each attempt.
    async fn stream(&self) -> Result<ByteStream, Error> {
        // Found out here when it is gone already: a body that cannot be sent is sent again and again.
        let path = self.path.clone();
        blocking(move || File::open(path)).await.map_err(|cause| self.unreadable(&cause))?;
        let file = self.clone();
        let body = SdkBody::retryable(move || SdkBody::from_body_1_x(StreamBody::new(Box::pin(file.chunks()))));
        Ok(ByteStream::new(body))
    }

    /// Breaks off before the last bytes when they are not those promised, and so before the object appears: not every
    /// server compares bodies with what was signed.
    fn chunks(&self) -> impl Stream<Item = io::Result<Frame<Bytes>>> + Send + Sync + use<> {
        let start = (self.clone(), None, Hasher::default(), self.size);
        stream::try_unfold(start, |(promised, file, mut hasher, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let path = promised.path.clone();
            let read = move || {
                let mut file = file.map_or_else(|| File::open(path), Ok)?;
                let chunk = read_part(&mut file, BUFFER)?;
                hasher.write_all(&chunk)?;
                Ok((file, hasher, chunk))
            };
            let (file, hasher, chunk) = blocking(read).await?;
            let left = left.checked_sub(chunk.len() as u64).filter(|_| !chunk.is_empty());
            let left = left.ok_or_else(|| io::Error::other(promised.changed("its size is another")))?;
            if left == 0 {
                promised.compare(hasher.clone().digest()).map_err(io::Error::other)?;
            }
            Ok(Some((Frame::data(chunk.into()), (promised, Some(file), hasher, left))))
        })
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
