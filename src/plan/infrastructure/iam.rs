//! Which permissions the tool needs, and no more.

use serde_json::{Value, json};

use super::iam_api;
use crate::{
    config::{Aws, Config},
    model::infrastructure::partition,
};

/// What the holder of a policy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Publishes: `deploy`, `rollback`, `prune`, `invalidate`, `unlock`; and looks.
    Deploy,
    /// Makes, changes and removes what the site needs: `provision`; and looks.
    Provision,
    /// Looks: `plan`, `status`, `releases`, `verify`.
    Read,
}

/// The IAM policy for `purpose`. `distribution` is the ARN of the distribution, where it is known; without it the
/// policy is for every distribution of the account, as nothing else can be named beforehand.
///
/// Actions, and the resources that they can be limited to: Service Authorization Reference, "Actions, resources, and
/// condition keys for Amazon CloudFront", and the same for Amazon S3 and AWS Certificate Manager.
#[must_use]
pub fn policy(config: &Config, aws: &Aws, purpose: Purpose, distribution: Option<&str>) -> Value {
    let partition = partition(&aws.region);
    let bucket = format!("arn:{partition}:s3:::{}", aws.bucket);
    let objects = format!("{bucket}/*");
    let every = distribution_arn(aws, "*");
    let distribution = distribution.unwrap_or(&every);
    let lambda = config.api.as_ref().and_then(|api| api.lambda.as_ref());
    let ships = lambda.is_some();
    let mut statements =
        vec![allow("ReadBucket", READ_BUCKET, &bucket), allow("ReadObjects", &["s3:GetObject"], &objects)];
    if aws.cdn {
        statements.push(allow("ReadDistribution", READ_DISTRIBUTION, distribution));
        // Lists have no resource that a policy could name, and policies and functions have none before they are made.
        statements.push(allow("ReadPolicies", READ_POLICIES, "*"));
        if ships {
            statements.extend(iam_api::read(aws));
        }
        if let Some(certificate) = &aws.certificate_arn {
            statements.push(allow("ReadCertificate", &["acm:DescribeCertificate"], certificate));
        }
    }
    match purpose {
        Purpose::Read => {}
        Purpose::Deploy => {
            statements.push(allow("Publish", PUBLISH, &objects));
            if aws.cdn {
                statements.push(allow("Invalidate", &["cloudfront:CreateInvalidation"], distribution));
            }
            if ships {
                statements.extend(iam_api::publish(aws));
            }
        }
        Purpose::Provision => {
            statements.push(allow("MakeBucket", MAKE_BUCKET, &bucket));
            statements.push(allow("DestroyContent", &["s3:DeleteObject", "s3:DeleteObjectVersion"], &objects));
            if aws.cdn {
                statements.push(allow("MakeDistribution", MAKE_DISTRIBUTION, distribution));
                statements.push(allow("MakePolicies", MAKE_POLICIES, "*"));
                statements.extend(what_it_names(config, partition));
                statements.extend(lambda.map(|lambda| iam_api::make(aws, lambda)).into_iter().flatten());
            }
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// What belongs to others and is named by the distribution: the bucket of its logs, its web ACL.
fn what_it_names(config: &Config, partition: &str) -> Vec<Value> {
    let logs = config.delivery.logging.as_ref().map(|logging| {
        let bucket = logging.bucket.strip_suffix(".s3.amazonaws.com").unwrap_or(&logging.bucket);
        allow("LetLogsIn", &["s3:GetBucketAcl", "s3:PutBucketAcl"], &format!("arn:{partition}:s3:::{bucket}"))
    });
    let acl = config.delivery.waf_acl.as_ref().filter(|arn| arn.starts_with("arn:"));
    logs.into_iter().chain(acl.map(|arn| allow("NameWebAcl", &["wafv2:GetWebACL"], arn))).collect()
}

/// The ARN of a distribution in whatever account.
#[must_use]
pub fn distribution_arn(aws: &Aws, id: &str) -> String {
    format!("arn:{}:cloudfront::*:distribution/{id}", partition(&aws.region))
}

const READ_BUCKET: &[&str] = &[
    "s3:ListBucket",
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
];

const MAKE_BUCKET: &[&str] = &[
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
];

const PUBLISH: &[&str] = &["s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"];

const READ_DISTRIBUTION: &[&str] = &[
    "cloudfront:GetDistribution",
    "cloudfront:GetInvalidation",
    "cloudfront:ListInvalidations",
    "cloudfront:ListTagsForResource",
];

const READ_POLICIES: &[&str] = &[
    "cloudfront:DescribeFunction",
    "cloudfront:GetCachePolicy",
    "cloudfront:GetFunction",
    "cloudfront:GetOriginAccessControl",
    "cloudfront:GetResponseHeadersPolicy",
    "cloudfront:ListCachePolicies",
    "cloudfront:ListDistributions",
    "cloudfront:ListOriginAccessControls",
    "cloudfront:ListResponseHeadersPolicies",
];

const MAKE_DISTRIBUTION: &[&str] = &[
    "cloudfront:CreateDistribution",
    "cloudfront:DeleteDistribution",
    "cloudfront:TagResource",
    "cloudfront:UpdateDistribution",
];

const MAKE_POLICIES: &[&str] = &[
    "cloudfront:CreateCachePolicy",
    "cloudfront:CreateFunction",
    "cloudfront:CreateOriginAccessControl",
    "cloudfront:CreateResponseHeadersPolicy",
    "cloudfront:DeleteCachePolicy",
    "cloudfront:DeleteFunction",
    "cloudfront:DeleteOriginAccessControl",
    "cloudfront:DeleteResponseHeadersPolicy",
    "cloudfront:PublishFunction",
    "cloudfront:UpdateCachePolicy",
    "cloudfront:UpdateFunction",
    "cloudfront:UpdateOriginAccessControl",
    "cloudfront:UpdateResponseHeadersPolicy",
];

pub fn allow(sid: &str, actions: &[&str], resource: &str) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource })
}
