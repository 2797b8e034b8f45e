//! What requests are about, as messages and IAM policies name it.

use std::fmt;

use crate::model::infrastructure::Kind;

/// What a request is about.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// A bucket.
    Bucket(&'a str),
    /// A bucket and a key.
    Object(&'a str, &'a str),
    /// A distribution's id.
    Distribution(&'a str),
    /// What CloudFront keeps.
    Kept {
        /// Its kind.
        kind: Kind,
        /// What we call it.
        name: &'a str,
        /// What its ARN ends with; none while that is not known.
        id: Option<&'a str>,
    },
    /// Name of a Lambda function.
    Lambda(&'a str),
    /// ARN of a certificate.
    Certificate(&'a str),
    /// Name of a role.
    Role(&'a str),
    /// Name of a log group.
    LogGroup(&'a str),
}

impl Target<'_> {
    /// Without the key: `bucket site`.
    pub fn holder(&self) -> String {
        match self {
            Self::Object(bucket, _) => format!("bucket {bucket}"),
            other => other.to_string(),
        }
    }

    /// The bucket's ARN, of what is in one; else its own.
    pub fn holder_arn(&self, partition: &str) -> String {
        match self {
            Self::Object(bucket, _) => Target::Bucket(bucket).arn(partition),
            other => other.arn(partition),
        }
    }

    /// Its ARN, as a policy would name it: with a wildcard for the account's number, which is not ours to know.
    /// Resource types as in the Service Authorization Reference, "Actions, resources, and condition keys for Amazon
    /// CloudFront".
    pub fn arn(&self, partition: &str) -> String {
        match self {
            Self::Bucket(bucket) => format!("arn:{partition}:s3:::{bucket}"),
            Self::Object(bucket, key) => format!("arn:{partition}:s3:::{bucket}/{key}"),
            Self::Distribution(id) => format!("arn:{partition}:cloudfront::*:distribution/{id}"),
            Self::Kept { kind, id, .. } => {
                let id = id.unwrap_or("*");
                format!("arn:{partition}:cloudfront::*:{}/{id}", kind.to_string().replace(' ', "-"))
            }
            Self::Lambda(name) => format!("arn:{partition}:lambda:*:*:function:{name}"),
            Self::Certificate(arn) => (*arn).to_owned(),
            Self::Role(name) => format!("arn:{partition}:iam::*:role/{name}"),
            Self::LogGroup(name) => format!("arn:{partition}:logs:*:*:log-group:{name}:*"),
        }
    }
}

/// `index.html in bucket site`, `cache policy site-pages`.
impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket(bucket) => write!(f, "bucket {bucket}"),
            Self::Object(bucket, key) => write!(f, "{key} in bucket {bucket}"),
            Self::Distribution(id) => write!(f, "distribution {id}"),
            Self::Kept { kind, name, .. } => write!(f, "{kind} {name}"),
            Self::Lambda(name) => write!(f, "Lambda function {name}"),
            Self::Certificate(arn) => write!(f, "certificate {arn}"),
            Self::Role(name) => write!(f, "role {name}"),
            Self::LogGroup(name) => write!(f, "log group {name}"),
        }
    }
}
