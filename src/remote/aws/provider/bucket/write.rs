//! Settings of a bucket as they should be. S3 has no entity tags for them: only what differs is written.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, ExpirationStatus,
    LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectOwnership, OwnershipControls,
    OwnershipControlsRule, PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Tag, Tagging, VersioningConfiguration,
};

use super::{super::build::built, AwsProvider};
use crate::{
    error::Result,
    model::infrastructure::{Bucket, Lifecycle},
};

/// Writes a setting.
macro_rules! tell {
    ($self:ident, $name:ident, $action:literal, $operation:ident.$setting:ident($value:expr)) => {{
        let request = $self.about_bucket("change", $action, $name);
        let answer = $self.s3.$operation().$setting($value).bucket($name).send().await;
        answer.map_err(|failure| request.failed(&failure))?;
    }};
}

impl AwsProvider {
    /// Writes what differs. What protects is never taken away.
    pub(in super::super) async fn change_bucket(&self, name: &str, wanted: &Bucket) -> Result<()> {
        let found = self.read_bucket(name, wanted.region.clone()).await?.settings;
        if wanted.block_public_access && !found.block_public_access {
            let block = PublicAccessBlockConfiguration::builder()
                .block_public_acls(true)
                .ignore_public_acls(true)
                .block_public_policy(true)
                .restrict_public_buckets(true)
                .build();
            tell!(
                self,
                name,
                "s3:PutBucketPublicAccessBlock",
                put_public_access_block.public_access_block_configuration(block)
            );
        }
        if let Some(ownership) = &wanted.ownership
            && wanted.ownership != found.ownership
        {
            let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::from(ownership.as_str()));
            let controls = built(OwnershipControls::builder().rules(built(rule.build())?).build())?;
            tell!(
                self,
                name,
                "s3:PutBucketOwnershipControls",
                put_bucket_ownership_controls.ownership_controls(controls)
            );
        }
        if wanted.versioning != found.versioning {
            let status =
                if wanted.versioning { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
            let versioning = VersioningConfiguration::builder().status(status).build();
            tell!(self, name, "s3:PutBucketVersioning", put_bucket_versioning.versioning_configuration(versioning));
        }
        if wanted.encryption && !found.encryption {
            let by_default = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::Aes256);
            let rule =
                ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(built(by_default.build())?);
            let encryption = built(ServerSideEncryptionConfiguration::builder().rules(rule.build()).build())?;
            tell!(
                self,
                name,
                "s3:PutEncryptionConfiguration",
                put_bucket_encryption.server_side_encryption_configuration(encryption)
            );
        }
        if let Some(lifecycle) = wanted.lifecycle
            && wanted.lifecycle != found.lifecycle
        {
            self.change_lifecycle(name, lifecycle).await?;
        }
        let mut tags = found.tags.clone();
        tags.extend(wanted.tags.clone());
        if tags != found.tags {
            let tags = tags.into_iter().map(|(key, value)| built(Tag::builder().key(key).value(value).build()));
            let tagging = Tagging::builder().set_tag_set(Some(tags.collect::<Result<_>>()?)).build();
            tell!(self, name, "s3:PutBucketTagging", put_bucket_tagging.tagging(built(tagging)?));
        }
        Ok(())
    }

    /// Puts our rule among those of others.
    async fn change_lifecycle(&self, name: &str, wanted: Lifecycle) -> Result<()> {
        let there = self.lifecycle(name).await?;
        let mut rules = there.rules.unwrap_or_default();
        rules.retain(|rule| rule.id.as_deref() != Some(Lifecycle::RULE));
        rules.push(our_rule(wanted)?);
        let lifecycle = built(BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())?;
        let request = self.about_bucket("change", "s3:PutLifecycleConfiguration", name);
        let told = self.s3.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(lifecycle);
        // Without it, that of the others' rules would go back to S3's default.
        let told = told.set_transition_default_minimum_object_size(there.transition_default_minimum_object_size);
        told.send().await.map(drop).map_err(|failure| request.failed(&failure))
    }
}

/// Our rule. Objects themselves never expire.
pub(super) fn our_rule(wanted: Lifecycle) -> Result<LifecycleRule> {
    let superseded = NoncurrentVersionExpiration::builder().noncurrent_days(wanted.noncurrent_days).build();
    let unfinished = AbortIncompleteMultipartUpload::builder().days_after_initiation(wanted.abort_multipart_days);
    let ours = LifecycleRule::builder()
        .id(Lifecycle::RULE)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .status(ExpirationStatus::Enabled)
        .noncurrent_version_expiration(superseded)
        .abort_incomplete_multipart_upload(unfinished.build());
    built(ours.build())
}
