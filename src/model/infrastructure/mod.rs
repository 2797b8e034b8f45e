//! What a site needs on AWS: resources, the settings that they should have, and those that they have.
//!
//! Both are written in the same words. A setting that is absent from what is wanted is nobody's business; a setting
//! that is absent from what was found is not set.

mod bucket;
mod distribution;
mod lambda;
mod origin_secret;
mod policy;

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

pub use crate::model::distribution::ErrorPage;
pub use bucket::{Bucket, BucketPolicy, Lifecycle};
pub use distribution::{Behavior, Certificate, Distribution, Geo, Logging, Origin, Restriction, ViewerProtocol};
pub use lambda::{ACCOUNT, FUNCTION_URL, FunctionUrl, HIDDEN, LIVE_ALIAS, Lambda, LogGroup, ORIGIN_SECRETS, Role};
pub use origin_secret::{NEW_SECRET, OriginSecret, SECRET_HEADER};
pub use policy::{AccessControl, CachePolicy, Function, ResponseHeaders};

/// Tag of everything that belongs to a site; its value is the bucket's name.
pub const SITE_TAG: &str = "treebeard-cdn:site";

/// Tag of a bucket or distribution that was there before this tool: what the configuration does not speak of is left
/// alone, and it is never removed.
pub const ADOPTED_TAG: &str = "treebeard-cdn:adopted";

/// Stands for the ARN of the distribution wherever that is not known yet.
pub const DISTRIBUTION_ARN: &str = "${distribution}";

/// Names of policies that AWS keeps for everybody, with their ids.
///
/// CloudFront Developer Guide, "Use managed cache policies" and "Use managed origin request policies".
pub const MANAGED: [(&str, &str); 2] = [
    (CACHING_DISABLED, "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"),
    (ALL_VIEWER_EXCEPT_HOST_HEADER, "b689b0a8-53d0-40ab-baf2-68738e2966ac"),
];

/// The part of AWS that a region belongs to, as ARNs name it.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The managed cache policy that keeps nothing.
pub const CACHING_DISABLED: &str = "Managed-CachingDisabled";

/// The managed origin request policy that passes everything but `Host` on.
pub const ALL_VIEWER_EXCEPT_HOST_HEADER: &str = "Managed-AllViewerExceptHostHeader";

/// A certificate, as far as a distribution depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Its state in ACM's words: `ISSUED`, `PENDING_VALIDATION`.
    pub status: String,
    /// Host names that it is for; the first label may be `*`.
    pub names: Vec<String>,
    /// DNS records that prove whose those names are, while that is to be proven: name, type, value.
    pub validation: Vec<[String; 3]>,
}

/// Kinds of resources, in the order in which they are made: each needs only earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An S3 bucket.
    Bucket,
    /// An origin access control: CloudFront signs what it asks of the bucket.
    OriginAccessControl,
    /// A response headers policy.
    ResponseHeadersPolicy,
    /// A cache policy.
    CachePolicy,
    /// A CloudFront function.
    Function,
    /// The role that the API's function acts as.
    Role,
    /// Where that function's logs are kept.
    LogGroup,
    /// The Lambda function that runs the API.
    Lambda,
    /// The URL that leads to it.
    FunctionUrl,
    /// A CloudFront distribution.
    Distribution,
    /// Our statements of the bucket's policy.
    BucketPolicy,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bucket => "bucket",
            Self::OriginAccessControl => "origin access control",
            Self::ResponseHeadersPolicy => "response headers policy",
            Self::CachePolicy => "cache policy",
            Self::Function => "function",
            Self::Role => "role",
            Self::LogGroup => "log group",
            Self::Lambda => "Lambda function",
            Self::FunctionUrl => "function URL",
            Self::Distribution => "distribution",
            Self::BucketPolicy => "bucket policy",
        })
    }
}

/// The settings of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Settings {
    /// Of a bucket.
    Bucket(Bucket),
    /// Of an origin access control.
    OriginAccessControl(AccessControl),
    /// Of a response headers policy.
    ResponseHeadersPolicy(ResponseHeaders),
    /// Of a cache policy.
    CachePolicy(CachePolicy),
    /// Of a function.
    Function(Function),
    /// Of a role.
    Role(Role),
    /// Of a log group.
    LogGroup(LogGroup),
    /// Of a Lambda function.
    Lambda(Box<Lambda>),
    /// Of a function's URL.
    FunctionUrl(FunctionUrl),
    /// Of a distribution.
    Distribution(Box<Distribution>),
    /// Of a bucket's policy.
    BucketPolicy(BucketPolicy),
}

impl Settings {
    /// The kind of resource that has such settings.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bucket(_) => Kind::Bucket,
            Self::OriginAccessControl(_) => Kind::OriginAccessControl,
            Self::ResponseHeadersPolicy(_) => Kind::ResponseHeadersPolicy,
            Self::CachePolicy(_) => Kind::CachePolicy,
            Self::Function(_) => Kind::Function,
            Self::Role(_) => Kind::Role,
            Self::LogGroup(_) => Kind::LogGroup,
            Self::Lambda(_) => Kind::Lambda,
            Self::FunctionUrl(_) => Kind::FunctionUrl,
            Self::Distribution(_) => Kind::Distribution,
            Self::BucketPolicy(_) => Kind::BucketPolicy,
        }
    }
}

/// A resource as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// By which it is found: unique in the account for its kind. Of a distribution, what its [`SITE_TAG`] says.
    pub name: String,
    /// AWS's name for it, where the configuration says which one it is.
    pub id: Option<String>,
    /// What it should be like.
    pub settings: Settings,
}

impl Resource {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.settings.kind()
    }
}

impl Found {
    /// Whether it was there before this tool: what the configuration does not speak of is left alone.
    #[must_use]
    pub fn is_adopted(&self) -> bool {
        match &self.settings {
            Settings::Distribution(it) => is_adopted(&it.tags),
            Settings::Bucket(it) => is_adopted(&it.tags),
            _ => false,
        }
    }
}

fn is_adopted(tags: &BTreeMap<String, String>) -> bool {
    !tags.contains_key(SITE_TAG) || tags.contains_key(ADOPTED_TAG)
}

/// What is known of a site's resources by now: behaviors refer to policies and functions by name, AWS by id.
#[derive(Debug, Clone, Default)]
pub struct Known {
    found: BTreeMap<(Kind, String), Found>,
    /// The secret that is to be the distribution's, where it needs a new one.
    pub new_secret: Option<OriginSecret>,
}

impl Known {
    /// Remembers the resource of that name.
    pub fn insert(&mut self, name: &str, found: Found) {
        self.found.insert((found.settings.kind(), name.to_owned()), found);
    }

    /// The resource of that kind and name.
    #[must_use]
    pub fn get(&self, kind: Kind, name: &str) -> Option<&Found> {
        self.found.get(&(kind, name.to_owned()))
    }

    /// The resource of a kind that a site has one of.
    #[must_use]
    pub fn only(&self, kind: Kind) -> Option<&Found> {
        self.found.iter().find(|((of, _), _)| *of == kind).map(|(_, found)| found)
    }

    /// The id that AWS knows a policy by; what is no name that we know is an id already.
    #[must_use]
    pub fn id<'a>(&'a self, kind: Kind, name: &'a str) -> &'a str {
        let managed = MANAGED.iter().find(|(managed, _)| *managed == name).map(|(_, id)| *id);
        managed.or_else(|| self.get(kind, name).map(|found| found.id.as_str())).unwrap_or(name)
    }

    /// The name that we know a policy by; one that we do not know keeps its id.
    #[must_use]
    pub fn name<'a>(&'a self, kind: Kind, id: &'a str) -> &'a str {
        let managed = MANAGED.iter().find(|(_, managed)| *managed == id).map(|(name, _)| *name);
        let ours = || self.found.iter().find(|((of, _), found)| *of == kind && found.id == id);
        managed.or_else(|| ours().map(|((_, name), _)| name.as_str())).unwrap_or(id)
    }
}

/// A resource as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// AWS's name for it; a bucket's is its own.
    pub id: String,
    /// ARN, of those that are referred to by it: distributions, functions and roles.
    pub arn: Option<String>,
    /// The host name of a distribution, or of a function's URL.
    pub domain: Option<String>,
    /// Entity tag of what was read: a change is made on condition that it is still the same.
    pub version: Option<String>,
    /// What it is like.
    pub settings: Settings,
    /// What else it is like, of which no setting of ours speaks, and which matters.
    pub oddities: Vec<Oddity>,
}

/// What somebody else set up, and a site would suffer from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oddity {
    /// A statement of the bucket's policy that lets everybody in.
    PublicStatement(String),
    /// The bucket's access control list lets others in.
    SharedByAcl,
    /// The bucket's objects are encrypted with this key of KMS; none for the one that AWS keeps for S3.
    KmsKey(Option<String>),
    /// A lifecycle rule of the bucket that deletes objects by their age.
    Expires(String),
    /// A Lambda function, by its ARN, on viewers' requests or responses of the behavior with this pattern.
    ViewerLambda(String, String),
    /// Something else that works on the behavior with this pattern.
    Extra(String, String),
}
