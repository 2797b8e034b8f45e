//! Settings of a bucket as they are, each of which S3 is asked for by itself.

use std::collections::BTreeMap;

use aws_sdk_s3::{
    operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput,
    types::{BucketVersioningStatus, LifecycleRule, ServerSideEncryptionByDefault},
};

use super::{
    super::failure::{Failure, if_set},
    AwsProvider,
};
use crate::{
    error::Result,
    model::infrastructure::{Bucket, Lifecycle},
};

/// Asks for a setting: what there is, if anything is set.
macro_rules! ask {
    ($self:ident, $name:ident, $operation:ident, $action:literal) => {{
        let request = $self.about_bucket("read", $action, $name);
        let answer = $self.s3.$operation().bucket($name).send().await;
        if_set(answer.map_err(|failure| Failure::of(&request, &failure)))?
    }};
}

/// A bucket as it was read.
pub(super) struct Read {
    /// The settings that we speak of.
    pub settings: Bucket,
    /// How objects are encrypted unless they say.
    pub encryption: Option<ServerSideEncryptionByDefault>,
    /// All lifecycle rules.
    pub rules: Vec<LifecycleRule>,
}

impl AwsProvider {
    pub(super) async fn read_bucket(&self, name: &str, region: String) -> Result<Read> {
        let block = ask!(self, name, get_public_access_block, "s3:GetBucketPublicAccessBlock");
        let block = block.and_then(|it| it.public_access_block_configuration);
        let ownership = ask!(self, name, get_bucket_ownership_controls, "s3:GetBucketOwnershipControls");
        let ownership = ownership.and_then(|it| it.ownership_controls?.rules.into_iter().next());
        let versioning = ask!(self, name, get_bucket_versioning, "s3:GetBucketVersioning");
        let encryption = ask!(self, name, get_bucket_encryption, "s3:GetEncryptionConfiguration");
        let encryption = encryption.and_then(|it| it.server_side_encryption_configuration);
        let mut encryption = encryption.into_iter().flat_map(|it| it.rules);
        let encryption = encryption.find_map(|rule| rule.apply_server_side_encryption_by_default);
        let rules = self.lifecycle(name).await?.rules.unwrap_or_default();
        let settings = Bucket {
            region,
            block_public_access: block.is_some_and(|it| {
                [it.block_public_acls, it.ignore_public_acls, it.block_public_policy, it.restrict_public_buckets]
                    .iter()
                    .all(|on| *on == Some(true))
            }),
            ownership: ownership.map(|it| it.object_ownership.as_str().to_owned()),
            versioning: versioning.is_some_and(|it| it.status == Some(BucketVersioningStatus::Enabled)),
            encryption: encryption.is_some(),
            lifecycle: rules.iter().find_map(our_rule),
            tags: self.bucket_tags(name).await?,
        };
        Ok(Read { settings, encryption, rules })
    }

    /// All lifecycle rules of a bucket, and what else is set with them.
    pub(super) async fn lifecycle(&self, name: &str) -> Result<GetBucketLifecycleConfigurationOutput> {
        let found = ask!(self, name, get_bucket_lifecycle_configuration, "s3:GetLifecycleConfiguration");
        Ok(found.unwrap_or_else(|| GetBucketLifecycleConfigurationOutput::builder().build()))
    }

    /// All tags of a bucket.
    pub(super) async fn bucket_tags(&self, name: &str) -> Result<BTreeMap<String, String>> {
        let found = ask!(self, name, get_bucket_tagging, "s3:GetBucketTagging");
        let tags = found.map(|it| it.tag_set).unwrap_or_default();
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }
}

/// Our rule in our words, where it is in force and does nothing beside.
fn our_rule(rule: &LifecycleRule) -> Option<Lifecycle> {
    let found = Lifecycle {
        noncurrent_days: rule.noncurrent_version_expiration.as_ref()?.noncurrent_days?,
        abort_multipart_days: rule.abort_incomplete_multipart_upload.as_ref()?.days_after_initiation?,
    };
    let as_made = super::write::our_rule(found).ok()?;
    let filter =
        |rule: &LifecycleRule| rule.filter.as_ref().and_then(|it| it.prefix.clone()).filter(|it| !it.is_empty());
    let same = (&rule.id, &rule.status, &rule.expiration, filter(rule))
        == (&as_made.id, &as_made.status, &as_made.expiration, filter(&as_made));
    let narrowed = rule.filter.as_ref().is_some_and(|it| it.tag.is_some() || it.and.is_some());
    let moves = rule.transitions().is_empty() && rule.noncurrent_version_transitions().is_empty();
    (same && !narrowed && moves).then_some(found)
}
