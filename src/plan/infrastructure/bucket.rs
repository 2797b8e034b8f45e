//! The bucket and who may read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Facts;
use crate::{
    config::{Aws, Config},
    model::{
        infrastructure::{Bucket, BucketPolicy, DISTRIBUTION_ARN, Lifecycle, Resource, SITE_TAG, Settings},
        path::StorageKey,
    },
};

/// Superseded versions are defence in depth, not the way back: rollbacks have their own copies.
const NONCURRENT_DAYS: i32 = 30;

/// No upload of ours takes longer.
const ABORT_MULTIPART_DAYS: i32 = 7;

/// The bucket, private to its distribution.
pub fn bucket(config: &Config, aws: &Aws) -> Resource {
    let lifecycle = Lifecycle { noncurrent_days: NONCURRENT_DAYS, abort_multipart_days: ABORT_MULTIPART_DAYS };
    let settings = Bucket {
        region: aws.region.clone(),
        block_public_access: true,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        versioning: true,
        encryption: true,
        lifecycle: Some(lifecycle),
        tags: tags(config, aws),
    };
    Resource { name: aws.bucket.clone(), id: None, settings: Settings::Bucket(settings) }
}

/// The configuration's tags and ours.
pub fn tags(config: &Config, aws: &Aws) -> BTreeMap<String, String> {
    let ours = (SITE_TAG.to_owned(), aws.bucket.clone());
    config.delivery.tags.clone().into_iter().chain([ours]).collect()
}

/// Who may read the bucket: its distribution, and nothing of the ledger.
///
/// Without `s3:ListBucket`, S3 answers 403 for what does not exist (S3 API Reference, `GetObject`).
pub fn policy(aws: &Aws, facts: &Facts) -> Resource {
    let bucket = format!("arn:{}:s3:::{}", partition(&aws.region), aws.bucket);
    let distribution = facts.distribution_arn.as_deref().unwrap_or(DISTRIBUTION_ARN);
    let statement = |sid: &str, effect: &str, action: &str, resource: Value| {
        let mut statement = json!({
            "Sid": format!("{}{sid}", BucketPolicy::SID),
            "Effect": effect,
            "Principal": { "Service": "cloudfront.amazonaws.com" },
            "Action": action,
            "Resource": resource,
        });
        if effect == "Allow" {
            statement["Condition"] = json!({ "StringEquals": { "AWS:SourceArn": distribution } });
        }
        (format!("{}{sid}", BucketPolicy::SID), statement)
    };
    let hidden = StorageKey::prunable().map(|prefix| format!("{bucket}/{prefix}*"));
    let statements = BTreeMap::from([
        statement("Read", "Allow", "s3:GetObject", format!("{bucket}/*").into()),
        statement("List", "Allow", "s3:ListBucket", bucket.clone().into()),
        statement("Ledger", "Deny", "s3:GetObject", json!(hidden)),
    ]);
    Resource { name: aws.bucket.clone(), id: None, settings: Settings::BucketPolicy(BucketPolicy { statements }) }
}

/// The part of AWS that a region belongs to.
pub fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}
