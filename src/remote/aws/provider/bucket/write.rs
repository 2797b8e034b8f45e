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
    ($self:ident, $name:ident, $action:literal, $operation:ident, $field:ident, $value:expr) => {{
        let request = $self.about_bucket("change", $action, $name);
        let answer = $self.s3.$operation().bucket($name).$field($value).send().await;
        answer.map_err(|failure| request.failed(&failure))?;
    }};
}

impl AwsProvider {
    /// Writes what differs. What protects is never taken away.
    pub(in super::super) async fn change_bucket(&self, name: &str, wanted: &Bucket) -> Result<()> {
        let found = self.bucket_settings(name, wanted.region.clone()).await?;
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
                put_public_access_block,
                public_access_block_configuration,
                block
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
                put_bucket_ownership_controls,
                ownership_controls,
                controls
            );
        }
        if wanted.versioning != found.versioning {
            let status =
                if wanted.versioning { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
            let versioning = VersioningConfiguration::builder().status(status).build();
            tell!(self, name, "s3:PutBucketVersioning", put_bucket_versioning, versioning_configuration, versioning);
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
                put_bucket_encryption,
                server_side_encryption_configuration,
                encryption
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
            tell!(self, name, "s3:PutBucketTagging", put_bucket_tagging, tagging, built(tagging)?);
        }
        Ok(())
    }

    /// Puts our rule among those of others.
    async fn change_lifecycle(&self, name: &str, wanted: Lifecycle) -> Result<()> {
        let mut rules = self.lifecycle_rules(name).await?;
        rules.retain(|rule| rule.id.as_deref() != Some(Lifecycle::RULE));
        let superseded = NoncurrentVersionExpiration::builder().noncurrent_days(wanted.noncurrent_days).build();
        let unfinished = AbortIncompleteMultipartUpload::builder().days_after_initiation(wanted.abort_multipart_days);
        let ours = LifecycleRule::builder()
            .id(Lifecycle::RULE)
            .filter(LifecycleRuleFilter::builder().prefix("").build())
            .status(ExpirationStatus::Enabled)
            .noncurrent_version_expiration(superseded)
            .abort_incomplete_multipart_upload(unfinished.build());
        rules.push(built(ours.build())?);
        let lifecycle = built(BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())?;
        tell!(
            self,
            name,
            "s3:PutLifecycleConfiguration",
            put_bucket_lifecycle_configuration,
            lifecycle_configuration,
            lifecycle
        );
        Ok(())
    }
}
