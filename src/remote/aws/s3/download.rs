//! Objects on their way here.

use std::{io, ops::Range};

use aws_sdk_s3::{operation::get_object::GetObjectOutput, primitives::ByteStream as SdkStream};
use bytes::Bytes;
use futures_util::stream;
use tokio_util::io::StreamReader;

use super::{super::fault::chain, Described, ReadClock, S3Store, no_object};
use crate::{
    error::Error,
    model::path::StorageKey,
    remote::{ByteStream, ETag, ObjectInfo, ObjectStore as _, StoreError},
};

/// How often a broken body is taken up again without a byte in between.
const ATTEMPTS: u32 = 5;

/// The bytes of an object that are still to come.
struct Rest {
    store: S3Store,
    key: StorageKey,
    etag: ETag,
    range: Range<u64>,
    body: Option<SdkStream>,
    failures: u32,
}

impl S3Store {
    pub(super) async fn download(
        &self,
        key: &StorageKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, ByteStream)>, StoreError> {
        if range.as_ref().is_some_and(Range::is_empty) {
            // HTTP has no range without bytes.
            let info = self.head(key).await?;
            return Ok(info.map(|info| (info, Box::pin(tokio::io::empty()) as ByteStream)));
        }
        let Some((info, found)) = self.fetch(key, range.as_ref(), None).await? else { return Ok(None) };
        let rest = Rest {
            store: self.clone(),
            key: key.clone(),
            etag: info.etag.clone(),
            range: range.unwrap_or(0..info.size),
            body: Some(found.body),
            failures: 0,
        };
        let chunks = stream::try_unfold(rest, |mut rest| async {
            Ok::<_, io::Error>(rest.next().await?.map(|chunk| (chunk, rest)))
        });
        Ok(Some((info, Box::pin(StreamReader::new(Box::pin(chunks))))))
    }

    async fn fetch(
        &self,
        key: &StorageKey,
        range: Option<&Range<u64>>,
        etag: Option<&ETag>,
    ) -> Result<Option<(ObjectInfo, GetObjectOutput)>, Error> {
        let request = self.request("read", "s3:GetObject", key);
        let _turn = self.pace.turn().await;
        let clock = ReadClock::default();
        let asked = self
            .client
            .get_object()
            .bucket(&*self.bucket)
            .key(key.as_str())
            .set_range(range.map(|range| format!("bytes={}-{}", range.start, range.end - 1)))
            .set_if_match(etag.map(|etag| etag.0.clone()))
            .set_checksum_mode(self.checksum_mode());
        match asked.customize().interceptor(clock.clone()).send().await {
            Ok(found) => Ok(Some((Described::from(&found).info(&request, clock.now())?, found))),
            Err(failure) if no_object(&failure) => Ok(None),
            Err(failure) => Err(request.failed(&failure)),
        }
    }
}

impl Rest {
    /// The next bytes. A body that breaks off is asked for again from where it broke.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if self.range.is_empty() {
                return self.end().await;
            }
            let body = match &mut self.body {
                Some(body) => body,
                None => self.body.insert(self.resume().await?),
            };
            match body.next().await {
                Some(Ok(chunk)) => {
                    self.range.start += chunk.len() as u64;
                    self.failures = 0;
                    return Ok(Some(chunk));
                }
                broken => {
                    self.failures += 1;
                    if self.failures == ATTEMPTS {
                        let why = match broken {
                            Some(Err(cause)) => chain(&cause),
                            _ => format!("{} bytes are missing at the end", self.range.end - self.range.start),
                        };
                        return Err(self.broken(&why));
                    }
                    self.body = None;
                }
            }
        }
    }

    /// Every byte is there. The SDK compares the checksum that came with them when the body ends.
    async fn end(&mut self) -> io::Result<Option<Bytes>> {
        let Some(mut body) = self.body.take() else { return Ok(None) };
        match body.next().await {
            Some(Err(cause)) => Err(self.broken(&chain(&cause))),
            _ => Ok(None),
        }
    }

    fn broken(&self, why: &str) -> io::Error {
        io::Error::other(self.store.request("read", "s3:GetObject", &self.key).unreachable(why))
    }

    async fn resume(&self) -> io::Result<SdkStream> {
        let found = self.store.fetch(&self.key, Some(&self.range), Some(&self.etag)).await.map_err(io::Error::other)?;
        let (_, found) =
            found.ok_or_else(|| io::Error::other(format!("{} was deleted while it was read", self.key)))?;
        Ok(found.body)
    }
}
