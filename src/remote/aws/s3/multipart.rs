//! Large files, in parts.

use std::{fs::File, io::Write as _};

use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use tokio::task::JoinSet;

use super::{
    Checksums, S3Store, conditions, etag, lost, no_object,
    upload::{Promised, blocking, checksum, read_part},
};
use crate::{
    error::{Class, Error},
    model::{
        digest::{Digest, Hasher},
        headers::Headers,
        path::StorageKey,
    },
    remote::{Condition, ETag, ObjectStore as _, StoreError},
};

/// The size of a part; S3 takes 10,000 of 5 MiB to 5 GiB each.
const PART: u64 = 8 * 1024 * 1024;

/// S3's limit.
const MOST_PARTS: u64 = 10_000;

/// How many parts of a file are in memory at once.
const PARALLEL: usize = 3;

impl S3Store {
    /// Sends a file in parts. It appears whole when the last call names them all, and only if the condition holds then.
    pub(super) async fn put_parts(
        &self,
        key: &StorageKey,
        file: &Promised,
        headers: &Headers,
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        let request = self.request("write", "s3:PutObject", key);
        let algorithm = (self.checksums == Checksums::Auto).then_some(ChecksumAlgorithm::Sha256);
        let begun = self
            .client
            .create_multipart_upload()
            .bucket(&*self.bucket)
            .key(key.as_str())
            .set_checksum_algorithm(algorithm)
            .content_type(&headers.content_type)
            .cache_control(&headers.cache_control)
            .set_content_encoding(headers.content_encoding.map(|encoding| encoding.token().to_owned()))
            .send()
            .await
            .map_err(|failure| request.failed(&failure))?;
        let id = begun.upload_id.unwrap_or_default();
        let stored = match self.send_parts(key, file, &id).await {
            Ok(parts) => self.complete(key, &id, parts, file.size, condition).await,
            Err(error) => Err(error.into()),
        };
        if stored.is_err() {
            // Parts that nobody completes cost storage until they are aborted. That this fails too changes nothing.
            let _ = self
                .client
                .abort_multipart_upload()
                .bucket(&*self.bucket)
                .key(key.as_str())
                .upload_id(&id)
                .send()
                .await;
        }
        stored
    }

    /// Reads the file once, from its beginning to its end, and sends a few parts of it at a time.
    async fn send_parts(&self, key: &StorageKey, file: &Promised, id: &str) -> Result<Vec<CompletedPart>, Error> {
        let path = file.path.clone();
        let mut source = blocking(move || File::open(path)).await.map_err(|cause| file.unreadable(&cause))?;
        let size = usize::try_from(PART.max(file.size.div_ceil(MOST_PARTS))).unwrap_or(usize::MAX);
        let (mut whole, mut read) = (Hasher::default(), 0_u64);
        let (mut sending, mut parts) = (JoinSet::new(), Vec::new());
        while read < file.size {
            if sending.len() == PARALLEL {
                parts.push(joined(sending.join_next().await)?);
            }
            let number = i32::try_from(read / size as u64 + 1).unwrap_or(i32::MAX);
            let bytes;
            (source, whole, bytes) = blocking(move || {
                let bytes = read_part(&mut source, size)?;
                whole.write_all(&bytes)?;
                Ok((source, whole, bytes))
            })
            .await
            .map_err(|cause| file.unreadable(&cause))?;
            if bytes.is_empty() {
                return Err(file.changed("it became shorter"));
            }
            read += bytes.len() as u64;
            let (store, key, id) = (self.clone(), key.clone(), id.to_owned());
            sending.spawn(async move { store.send_part(&key, &id, number, bytes).await });
        }
        while let Some(part) = sending.join_next().await {
            parts.push(joined(Some(part))?);
        }
        file.compare(whole.digest())?;
        parts.sort_by_key(|part| part.part_number);
        Ok(parts)
    }

    async fn send_part(&self, key: &StorageKey, id: &str, number: i32, bytes: Vec<u8>) -> Result<CompletedPart, Error> {
        let request = self.request("write", "s3:PutObject", key);
        let _turn = self.pace.turn().await;
        let sent = self
            .bulk
            .upload_part()
            .bucket(&*self.bucket)
            .key(key.as_str())
            .upload_id(id)
            .part_number(number)
            .checksum_sha256(checksum(&Digest::of(&bytes)))
            .body(bytes.into())
            .send()
            .await
            .map_err(|failure| request.failed(&failure))?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
        Ok(part.set_checksum_sha256(sent.checksum_sha256).build())
    }

    async fn complete(
        &self,
        key: &StorageKey,
        id: &str,
        parts: Vec<CompletedPart>,
        size: u64,
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        let request = self.request("write", "s3:PutObject", key);
        let (if_match, if_none_match) = conditions(condition);
        let completed = self
            .bulk
            .complete_multipart_upload()
            .bucket(&*self.bucket)
            .key(key.as_str())
            .upload_id(id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(parts)).build())
            .set_if_match(if_match.clone())
            .set_if_none_match(if_none_match)
            .send()
            .await;
        match completed {
            Ok(completed) => Ok(etag(completed.e_tag, &request)?),
            Err(failure) if lost(&failure) => Err(StoreError::Precondition(key.clone())),
            // Nobody else knows the upload: an earlier attempt completed it, and its answer was lost.
            Err(failure) if failure.code() == Some("NoSuchUpload") => match self.head(key).await? {
                Some(found) if found.size == size => Ok(found.etag),
                _ => Err(StoreError::Precondition(key.clone())),
            },
            // Where a tag was asked for, and nothing is there, somebody deleted it.
            Err(failure) if if_match.is_some() && no_object(&failure) => Err(StoreError::Precondition(key.clone())),
            Err(failure) => Err(request.failed(&failure).into()),
        }
    }
}

fn joined(part: Option<Result<Result<CompletedPart, Error>, tokio::task::JoinError>>) -> Result<CompletedPart, Error> {
    match part {
        Some(Ok(part)) => part,
        Some(Err(cause)) => Err(Error::new(Class::Unexpected, "task", format!("an upload ended early: {cause}"))),
        None => Err(Error::new(Class::Unexpected, "task", "no part of an upload is under way")),
    }
}
