//! What somebody else set up on a bucket, and a site would suffer from.

use aws_sdk_s3::types::{
    ExpirationStatus, LifecycleRule, Permission, ServerSideEncryption, ServerSideEncryptionByDefault,
};

use super::{
    super::failure::{Failure, if_set},
    AwsProvider,
    read::Read,
};
use crate::{
    error::Result,
    model::infrastructure::{Lifecycle, Oddity},
};

impl AwsProvider {
    pub(super) async fn bucket_oddities(&self, name: &str, read: &Read) -> Result<Vec<Oddity>> {
        let mut oddities = self.public_statements(name).await?;
        if read.settings.ownership.as_deref() != Some("BucketOwnerEnforced") && self.is_shared_by_acl(name).await? {
            oddities.push(Oddity::SharedByAcl);
        }
        oddities.extend(read.encryption.as_ref().and_then(kms_key));
        oddities.extend(
            read.rules
                .iter()
                .filter(|rule| expires(rule))
                .map(|rule| Oddity::Expires(rule.id.clone().unwrap_or_else(|| "without a name".to_owned()))),
        );
        Ok(oddities)
    }

    /// Whether the access control list has grants beside the owner's, with which lists cannot be switched off.
    async fn is_shared_by_acl(&self, name: &str) -> Result<bool> {
        let request = self.about_bucket("read the access control list of", "s3:GetBucketAcl", name);
        let answer = self.s3.get_bucket_acl().bucket(name).send().await;
        let Some(acl) = if_set(answer.map_err(|failure| Failure::of(&request, &failure)))? else { return Ok(false) };
        let owner = acl.owner.and_then(|owner| owner.id);
        Ok(acl.grants.unwrap_or_default().iter().any(|grant| {
            let to_owner = grant.grantee.as_ref().is_some_and(|it| it.id.is_some() && it.id == owner);
            !(to_owner && grant.permission == Some(Permission::FullControl))
        }))
    }
}

/// The key of KMS that objects are encrypted with by default, if it is one.
fn kms_key(encryption: &ServerSideEncryptionByDefault) -> Option<Oddity> {
    if encryption.sse_algorithm == ServerSideEncryption::Aes256 {
        return None;
    }
    let key = encryption.kms_master_key_id.clone();
    Some(Oddity::KmsKey(key.filter(|key| !key.is_empty() && !key.ends_with("alias/aws/s3"))))
}

/// Whether a rule of somebody else deletes current objects by their age: the live site of a quiet project is old.
fn expires(rule: &LifecycleRule) -> bool {
    let by_age = rule.expiration.as_ref().is_some_and(|it| it.days.is_some() || it.date.is_some());
    by_age && rule.status == ExpirationStatus::Enabled && rule.id.as_deref() != Some(Lifecycle::RULE)
}
