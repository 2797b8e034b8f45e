//! A bucket.

mod download;
mod multipart;
mod upload;

use std::{ops::Range, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::{
    Client,
    config::StalledStreamProtectionConfig,
    operation::{get_object::GetObjectOutput, head_object::HeadObjectOutput},
    types::{ChecksumMode, EncodingType, MetadataDirective},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{DateTime, checksum_config::RequestChecksumCalculation, error::metadata::ProvideErrorMetadata};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{
    Checksums, client,
    fault::{Request, Target},
    pace::Pace,
    wire::{Feel, ReadClock, RetryConflicts, SignKnownDigest},
};
use crate::{
    error::{Class, Error},
    model::{digest::Digest, encoding::Encoding, headers::Headers, path::StorageKey},
    remote::{Body, ByteStream, Condition, Copy, ETag, Listed, ObjectInfo, ObjectStore, StoreError},
};

/// A bucket of S3, or of a server that speaks its protocol.
#[derive(Debug, Clone)]
pub struct S3Store {
    bucket: Arc<str>,
    region: Arc<str>,
    endpoint: Option<Arc<str>>,
    /// For requests that carry little.
    client: Client,
    /// The same connections, for requests that may take minutes.
    bulk: Client,
    pace: Arc<Pace>,
    checksums: Checksums,
}

impl S3Store {
    pub(super) fn new(sdk: &SdkConfig, bucket: &str, checksums: Checksums) -> Self {
        let pace = Arc::new(Pace::default());
        let calculation = match checksums {
            Checksums::Auto => RequestChecksumCalculation::WhenSupported,
            Checksums::WhenRequired => RequestChecksumCalculation::WhenRequired,
        };
        let endpoint = sdk.endpoint_url();
        let config = aws_sdk_s3::config::Builder::from(sdk)
            // A server on an address has no host name to put the bucket's before.
            .force_path_style(endpoint.is_some())
            .request_checksum_calculation(calculation)
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().upload_enabled(false).build())
            .retry_classifier(RetryConflicts)
            .interceptor(SignKnownDigest(checksums))
            .interceptor(Feel(Arc::clone(&pace)));
        let bulk = config
            .clone()
            .timeout_config(client::bulk_timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().build());
        Self {
            bucket: bucket.into(),
            region: sdk.region().map_or("", |region| region.as_ref()).into(),
            endpoint: endpoint.map(Into::into),
            client: Client::from_conf(config.build()),
            bulk: Client::from_conf(bulk.build()),
            pace,
            checksums,
        }
    }

    fn request<'a>(&'a self, verb: &'static str, action: &'static str, key: &'a StorageKey) -> Request<'a> {
        self.about(verb, action, Target::Object(&self.bucket, key.as_str()))
    }

    fn about<'a>(&'a self, verb: &'static str, action: &'static str, target: Target<'a>) -> Request<'a> {
        Request { verb, action, target, region: &self.region, endpoint: self.endpoint.as_deref() }
    }

    /// Asks the bucket to vouch for its objects' digests.
    fn checksum_mode(&self) -> Option<ChecksumMode> {
        (self.checksums == Checksums::Auto).then_some(ChecksumMode::Enabled)
    }
}

/// The HTTP status of a refusal.
fn status<E>(failure: &SdkError<E, HttpResponse>) -> Option<u16> {
    failure.raw_response().map(|response| response.status().as_u16())
}

/// Whether the object, rather than the bucket, is not there.
fn no_object<E: ProvideErrorMetadata>(failure: &SdkError<E, HttpResponse>) -> bool {
    let code = failure.as_service_error().and_then(ProvideErrorMetadata::code);
    status(failure) == Some(404) && code != Some("NoSuchBucket")
}

/// Whether somebody else was there first: S3's 412, and the 409 that is left after every retry.
fn lost<E>(failure: &SdkError<E, HttpResponse>) -> bool {
    matches!(status(failure), Some(412 | 409))
}

/// `If-Match` and `If-None-Match`.
fn conditions(condition: Condition) -> (Option<String>, Option<String>) {
    match condition {
        Condition::None => (None, None),
        Condition::Absent => (None, Some("*".into())),
        Condition::Matches(etag) => (Some(etag.0), None),
    }
}

/// A tag with its quotes, which some servers leave out where it stands in XML.
fn etag(found: Option<String>, request: &Request) -> Result<ETag, Error> {
    let quoted = |tag: String| if tag.ends_with('"') { tag } else { format!("\"{tag}\"") };
    found.map(quoted).map(ETag).ok_or_else(|| {
        Error::new(Class::Remote, "aws", format!("failed to {request}: the server answered without an ETag"))
            .help("this server does not speak S3 as it is documented; use another one")
    })
}

/// What S3 says of an object, with or without its bytes.
struct Described {
    size: u64,
    etag: Option<String>,
    content_type: Option<String>,
    cache_control: Option<String>,
    content_encoding: Option<String>,
    sha256: Option<String>,
    last_modified: Option<DateTime>,
}

impl Described {
    fn info(self, request: &Request, now: SystemTime) -> Result<ObjectInfo, Error> {
        let encoding = self.content_encoding.as_deref().and_then(|token| {
            [Encoding::Br, Encoding::Gzip].into_iter().find(|encoding| encoding.token().eq_ignore_ascii_case(token))
        });
        Ok(ObjectInfo {
            size: self.size,
            etag: etag(self.etag, request)?,
            headers: Headers {
                content_type: self.content_type.unwrap_or_default(),
                cache_control: self.cache_control.unwrap_or_default(),
                content_encoding: encoding,
            },
            sha256: self.sha256.as_deref().and_then(full_digest),
            last_modified: self.last_modified.and_then(|at| at.try_into().ok()).unwrap_or(now),
            now,
        })
    }
}

impl From<HeadObjectOutput> for Described {
    fn from(found: HeadObjectOutput) -> Self {
        Self {
            size: found.content_length.unwrap_or_default().try_into().unwrap_or_default(),
            etag: found.e_tag,
            content_type: found.content_type,
            cache_control: found.cache_control,
            content_encoding: found.content_encoding,
            sha256: found.checksum_sha256,
            last_modified: found.last_modified,
        }
    }
}

impl From<&GetObjectOutput> for Described {
    fn from(found: &GetObjectOutput) -> Self {
        // A part of an object says its whole size in `Content-Range: bytes 0-0/10`.
        let whole = found.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let size = whole.or_else(|| found.content_length()?.try_into().ok());
        Self {
            size: size.unwrap_or_default(),
            etag: found.e_tag.clone(),
            content_type: found.content_type.clone(),
            cache_control: found.cache_control.clone(),
            content_encoding: found.content_encoding.clone(),
            sha256: found.checksum_sha256.clone(),
            last_modified: found.last_modified,
        }
    }
}

/// The digest of a whole object; the one of a multipart upload (`…-3`) covers its parts' digests, not its bytes.
fn full_digest(checksum: &str) -> Option<Digest> {
    let bytes: [u8; 32] = BASE64_STANDARD.decode(checksum).ok()?.try_into().ok()?;
    Some(Digest::from(bytes))
}

/// What RFC 3986 lets stand in a path.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

#[async_trait]
impl ObjectStore for S3Store {
    async fn head(&self, key: &StorageKey) -> Result<Option<ObjectInfo>, StoreError> {
        let request = self.request("look at", "s3:GetObject", key);
        let _turn = self.pace.turn().await;
        let clock = ReadClock::default();
        let asked = self.client.head_object().bucket(&*self.bucket).key(key.as_str());
        let asked = asked.set_checksum_mode(self.checksum_mode()).customize().interceptor(clock.clone());
        match asked.send().await {
            Ok(found) => Ok(Some(Described::from(found).info(&request, clock.now())?)),
            // An answer without a body has no code: whether the bucket is missing, only another request can tell.
            Err(failure) if no_object(&failure) => Ok(None),
            Err(failure) => Err(request.failed(&failure).into()),
        }
    }

    async fn get(
        &self,
        key: &StorageKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<(ObjectInfo, ByteStream)>, StoreError> {
        self.download(key, range).await
    }

    async fn put(
        &self,
        key: &StorageKey,
        body: Body,
        headers: &Headers,
        condition: Condition,
    ) -> Result<ETag, StoreError> {
        self.upload(key, body, headers, condition).await
    }

    async fn copy(&self, copy: Copy<'_>) -> Result<ETag, StoreError> {
        let Copy { from, source, to, headers, condition } = copy;
        let request = self.request("copy", "s3:PutObject", to);
        let _turn = self.pace.turn().await;
        // Where both ends have a condition, the answer does not say which one failed.
        let contested = if condition == Condition::None { from } else { to };
        let (if_match, if_none_match) = conditions(condition);
        let copied = self
            .bulk
            .copy_object()
            .bucket(&*self.bucket)
            .key(to.as_str())
            .copy_source(format!("{}/{}", self.bucket, utf8_percent_encode(from.as_str(), KEY)))
            .set_copy_source_if_match(source.map(|etag| etag.0.clone()))
            .metadata_directive(MetadataDirective::Replace)
            .content_type(&headers.content_type)
            .cache_control(&headers.cache_control)
            .set_content_encoding(headers.content_encoding.map(|encoding| encoding.token().to_owned()))
            .set_if_match(if_match)
            .set_if_none_match(if_none_match)
            .send()
            .await;
        match copied {
            Ok(copied) => Ok(etag(copied.copy_object_result.and_then(|result| result.e_tag), &request)?),
            Err(failure) if lost(&failure) => Err(StoreError::Precondition(contested.clone())),
            Err(failure) if no_object(&failure) => Err(StoreError::Missing(from.clone())),
            Err(failure) => Err(request.failed(&failure).into()),
        }
    }

    async fn delete(&self, key: &StorageKey, condition: Condition) -> Result<(), StoreError> {
        let request = self.request("delete", "s3:DeleteObject", key);
        let turn = self.pace.turn().await;
        let (if_match, _) = conditions(condition);
        let asked = self.client.delete_object().bucket(&*self.bucket).key(key.as_str()).set_if_match(if_match);
        let deleted = asked.send().await;
        drop(turn);
        match deleted {
            Ok(_) => Ok(()),
            Err(failure) if no_object(&failure) => Ok(()),
            // No tag is like that of an object that does not exist, and some servers say so.
            Err(failure) if lost(&failure) => match self.head(key).await? {
                Some(_) => Err(StoreError::Precondition(key.clone())),
                None => Ok(()),
            },
            Err(failure) => Err(request.failed(&failure).into()),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let request = self.about("list", "s3:ListBucket", Target::Bucket(&self.bucket));
        let _turn = self.pace.turn().await;
        // XML cannot hold every key: foreign ones may have control characters.
        let asked = self.client.list_objects_v2().bucket(&*self.bucket).prefix(prefix).encoding_type(EncodingType::Url);
        let mut pages = asked.into_paginator().send();
        let mut listed = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|failure| request.failed(&failure))?;
            let encoded = page.encoding_type == Some(EncodingType::Url);
            for object in page.contents.unwrap_or_default() {
                let name = object.key.unwrap_or_default();
                listed.push(Listed {
                    key: StorageKey::new(if encoded { decoded(&name) } else { name }),
                    size: object.size.unwrap_or_default().try_into().unwrap_or_default(),
                    etag: etag(object.e_tag, &request)?,
                });
            }
        }
        Ok(listed)
    }
}

/// A key as listings encode it: like a form, a space as a plus.
fn decoded(name: &str) -> String {
    percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned()
}
