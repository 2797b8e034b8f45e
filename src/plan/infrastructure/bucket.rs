//! The bucket and who may read it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Facts;
use crate::{
    config::{Aws, Config},
    model::{
        infrastructure::{
            ADOPTED_TAG, Bucket, BucketPolicy, DISTRIBUTION_ARN, Found, Lifecycle, Resource, SITE_TAG, Settings,
            partition,
        },
        path::StorageKey,
    },
};

/// Superseded versions are defence in depth, not the way back: rollbacks have their own copies.
const NONCURRENT_DAYS: i32 = 30;

/// No upload of ours takes longer.
const ABORT_MULTIPART_DAYS: i32 = 7;

/// The bucket, private to its distribution.
pub fn bucket(config: &Config, aws: &Aws, facts: &Facts) -> Resource {
    let lifecycle = Lifecycle { noncurrent_days: NONCURRENT_DAYS, abort_multipart_days: ABORT_MULTIPART_DAYS };
    let settings = Bucket {
        region: aws.region.clone(),
        block_public_access: true,
        ownership: Some("BucketOwnerEnforced".to_owned()),
        versioning: true,
        encryption: true,
        lifecycle: Some(lifecycle),
        tags: tags(config, aws, facts.bucket.as_ref()),
    };
    Resource { name: aws.bucket.clone(), id: None, settings: Settings::Bucket(settings) }
}

/// The configuration's tags and ours, for what was `found`.
pub fn tags(config: &Config, aws: &Aws, found: Option<&Found>) -> BTreeMap<String, String> {
    let ours = (SITE_TAG.to_owned(), aws.bucket.clone());
    let adopted = found.filter(|found| found.is_adopted()).map(|_| (ADOPTED_TAG.to_owned(), "true".to_owned()));
    config.delivery.tags.clone().into_iter().chain([ours]).chain(adopted).collect()
}

/// The statement that hides the ledger, and what is kept for rollbacks, from every distribution.
#[must_use]
pub fn ledger_statement(aws: &Aws) -> Value {
    let hidden = StorageKey::prunable().map(|prefix| format!("{}/{prefix}*", arn(aws)));
    statement("Ledger", "Deny", "s3:GetObject", &json!(hidden))
}

fn arn(aws: &Aws) -> String {
    format!("arn:{}:s3:::{}", partition(&aws.region), aws.bucket)
}

fn statement(sid: &str, effect: &str, action: &str, resource: &Value) -> Value {
    json!({
        "Sid": format!("{}{sid}", BucketPolicy::SID),
        "Effect": effect,
        "Principal": { "Service": "cloudfront.amazonaws.com" },
        "Action": action,
        "Resource": resource,
    })
}

/// Who may read the bucket: its distribution, and nothing of the ledger.
///
/// Without `s3:ListBucket`, S3 answers 403 for what does not exist (S3 API Reference, `GetObject`).
pub fn policy(aws: &Aws, facts: &Facts) -> Resource {
    let distribution = facts.distribution_arn().unwrap_or(DISTRIBUTION_ARN);
    let allow = |sid: &str, action: &str, resource: String| {
        let mut statement = statement(sid, "Allow", action, &resource.into());
        statement["Condition"] = json!({ "StringEquals": { "AWS:SourceArn": distribution } });
        statement
    };
    let bucket = arn(aws);
    let statements = [
        allow("Read", "s3:GetObject", format!("{bucket}/*")),
        allow("List", "s3:ListBucket", bucket),
        ledger_statement(aws),
    ];
    let named = statements.into_iter().map(|it| (it["Sid"].as_str().unwrap_or_default().to_owned(), it));
    let statements = named.collect();
    Resource { name: aws.bucket.clone(), id: None, settings: Settings::BucketPolicy(BucketPolicy { statements }) }
}
