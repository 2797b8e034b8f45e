//! Our statements of a bucket's policy, among those of others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    AwsProvider,
    failure::{Failure, Meaning, changed, if_set},
    statement::{canonical, listed, worded},
};
use crate::{
    error::{Class, Error, Result},
    model::{
        digest::Digest,
        infrastructure::{BucketPolicy, DISTRIBUTION_ARN, Found, Kind, Known, Oddity, Settings},
    },
    remote::aws::fault::Target,
};

/// A policy as it was read.
struct Policy {
    document: Value,
    /// S3 has no entity tag for it.
    version: String,
}

impl Policy {
    fn statements(&self) -> Vec<Value> {
        listed(&self.document)
    }
}

impl AwsProvider {
    async fn policy(&self, bucket: &str) -> Result<Option<Policy>> {
        let request = self.request("read the policy of", "s3:GetBucketPolicy", Target::Bucket(bucket));
        let found = self.s3.get_bucket_policy().bucket(bucket).send().await;
        let found = if_set(found.map_err(|failure| Failure::of(&request, &failure)))?;
        let Some(text) = found.and_then(|it| it.policy).filter(|text| !text.is_empty()) else { return Ok(None) };
        let document = serde_json::from_str(&text).map_err(|cause| {
            Error::new(Class::Remote, "aws", format!("the policy of bucket {bucket} is no JSON: {cause}"))
                .help("look at it with `aws s3api get-bucket-policy`, and put it right")
        })?;
        Ok(Some(Policy { document, version: Digest::of(text.as_bytes()).to_string() }))
    }

    /// Statements of a bucket's policy that let everybody in.
    pub(super) async fn public_statements(&self, bucket: &str) -> Result<Vec<Oddity>> {
        let statements = self.policy(bucket).await?.map(|policy| policy.statements()).unwrap_or_default();
        let open = statements.iter().filter(|statement| is_for_everybody(statement));
        Ok(open.map(|statement| Oddity::PublicStatement(statement.to_string())).collect())
    }

    pub(super) async fn find_bucket_policy(
        &self,
        bucket: &str,
        wanted: &BucketPolicy,
        known: &Known,
    ) -> Result<Option<Found>> {
        let Some(policy) = self.policy(bucket).await? else { return Ok(None) };
        let wanted = resolved(bucket, wanted, known);
        let named = policy.statements().into_iter().filter_map(|it| Some((our_sid(&it)?.to_owned(), it)));
        let statements = worded(&wanted, named);
        let settings = Settings::BucketPolicy(BucketPolicy { statements: statements.clone() });
        let found = Found {
            id: bucket.to_owned(),
            arn: None,
            domain: None,
            version: Some(policy.version),
            settings,
            oddities: Vec::new(),
        };
        Ok((!statements.is_empty()).then_some(found))
    }

    pub(super) async fn make_bucket_policy(
        &self,
        bucket: &str,
        wanted: &BucketPolicy,
        known: &Known,
    ) -> Result<String, Failure> {
        let policy = self.policy(bucket).await?;
        self.put_statements(bucket, policy, &resolved(bucket, wanted, known)).await?;
        Ok(bucket.to_owned())
    }

    pub(super) async fn change_bucket_policy(
        &self,
        bucket: &str,
        wanted: &BucketPolicy,
        known: &Known,
        version: Option<&str>,
    ) -> Result<()> {
        let policy = self.policy(bucket).await?;
        if policy.as_ref().map(|policy| policy.version.as_str()) != version {
            return Err(changed(&format!("{} of {bucket}", Kind::BucketPolicy)));
        }
        Ok(self.put_statements(bucket, policy, &resolved(bucket, wanted, known)).await?)
    }

    pub(super) async fn remove_bucket_policy(&self, bucket: &str) -> Result<()> {
        let Some(policy) = self.policy(bucket).await? else { return Ok(()) };
        let statements = policy.statements();
        let (ours, theirs): (Vec<_>, Vec<_>) = statements.into_iter().partition(|it| our_sid(it).is_some());
        if ours.is_empty() {
            return Ok(());
        }
        let done = if theirs.is_empty() {
            let request = self.request("delete the policy of", "s3:DeleteBucketPolicy", Target::Bucket(bucket));
            let removed = self.s3.delete_bucket_policy().bucket(bucket).send().await;
            removed.map(drop).map_err(|failure| Failure::of(&request, &failure))
        } else {
            self.put_policy(bucket, with_statements(policy.document, theirs)).await
        };
        match done {
            Err(Failure { meaning: Meaning::Missing, .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Puts our statements in the place of those of ours that are there.
    async fn put_statements(
        &self,
        bucket: &str,
        policy: Option<Policy>,
        wanted: &BTreeMap<String, Value>,
    ) -> Result<(), Failure> {
        let there = policy.as_ref().map(Policy::statements).unwrap_or_default();
        let mut statements = there.clone();
        statements.retain(|statement| our_sid(statement).is_none());
        if wanted.values().any(|statement| statement.to_string().contains(DISTRIBUTION_ARN)) {
            let message = format!("the distribution that may read bucket {bucket} is not known");
            return Err(Error::new(Class::Unexpected, "distribution-unknown", message).into());
        }
        statements.extend(wanted.values().cloned());
        if canonical(&Value::Array(statements.clone())) == canonical(&Value::Array(there)) {
            return Ok(());
        }
        let document = policy.map_or_else(|| json!({ "Version": "2012-10-17" }), |policy| policy.document);
        self.put_policy(bucket, with_statements(document, statements)).await
    }

    async fn put_policy(&self, bucket: &str, policy: Value) -> Result<(), Failure> {
        let request = self.request("change the policy of", "s3:PutBucketPolicy", Target::Bucket(bucket));
        let put = self.s3.put_bucket_policy().bucket(bucket).policy(policy.to_string()).send().await;
        put.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }
}

/// The statements with the distribution's ARN in its place.
fn resolved(bucket: &str, wanted: &BucketPolicy, known: &Known) -> BTreeMap<String, Value> {
    let distribution = known.get(Kind::Distribution, bucket).and_then(|found| found.arn.as_deref());
    let resolve = |statement: &Value| replaced(statement, distribution.unwrap_or(DISTRIBUTION_ARN));
    wanted.statements.iter().map(|(sid, statement)| (sid.clone(), resolve(statement))).collect()
}

fn replaced(value: &Value, distribution: &str) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace(DISTRIBUTION_ARN, distribution)),
        Value::Array(items) => items.iter().map(|item| replaced(item, distribution)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), replaced(value, distribution))).collect()
        }
        other => other.clone(),
    }
}

/// The `Sid` of a statement, if it is one of ours.
fn our_sid(statement: &Value) -> Option<&str> {
    statement["Sid"].as_str().filter(|sid| sid.starts_with(BucketPolicy::SID))
}

fn with_statements(mut document: Value, statements: Vec<Value>) -> Value {
    document["Statement"] = Value::Array(statements);
    document
}

/// Conditions that make a statement for everybody one for somebody, if their values are fixed
/// (S3 User Guide, "Blocking public access to your S3 storage": "The meaning of public").
const NARROWING: [&str; 10] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:userid",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
];

/// Whether a statement lets everybody do something, as S3 understands it.
fn is_for_everybody(statement: &Value) -> bool {
    let everybody = |principal: &Value| match canonical(principal) {
        Value::Array(items) => items.contains(&json!("*")),
        other => other == "*",
    };
    let principal = &statement["Principal"];
    let operators = statement["Condition"].as_object().into_iter().flatten();
    let is_fixed = |values: &Value| !values.to_string().contains(['*', '?']);
    let narrowed = operators
        .filter_map(|(_, keys)| keys.as_object())
        .flatten()
        .any(|(key, values)| NARROWING.contains(&key.to_ascii_lowercase().as_str()) && is_fixed(values));
    statement["Effect"] == "Allow" && !narrowed && (everybody(principal) || everybody(&principal["AWS"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_everybody() {
        for (principal, condition, expected) in [
            (json!("*"), json!(null), true),
            (json!({ "AWS": "*" }), json!({}), true),
            (json!({ "AWS": ["arn:aws:iam::1:root", "*"] }), json!(null), true),
            (json!("*"), json!({ "StringEquals": { "aws:SourceVpce": "vpce-1" } }), false),
            (json!("*"), json!({ "StringLike": { "aws:SourceVpce": "vpce-*" } }), true),
            (json!("*"), json!({ "StringLike": { "aws:Referer": "https://www.example.com/" } }), true),
            (json!({ "AWS": "arn:aws:iam::1:root" }), json!(null), false),
            (json!({ "Service": "cloudfront.amazonaws.com" }), json!(null), false),
        ] {
            let statement = json!({ "Effect": "Allow", "Principal": principal, "Condition": condition });
            assert_eq!(is_for_everybody(&statement), expected, "{statement}");
            let denied = json!({ "Effect": "Deny", "Principal": principal, "Condition": condition });
            assert!(!is_for_everybody(&denied), "{denied}");
        }
    }
}
