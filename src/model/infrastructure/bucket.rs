//! Settings of a bucket.

use std::collections::BTreeMap;

use serde::Serialize;

/// Settings of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bucket {
    /// Where it is. Cannot be changed.
    pub region: String,
    /// Whether all four settings of Block Public Access are on.
    pub block_public_access: bool,
    /// Object ownership: `BucketOwnerEnforced` means that access control lists are off.
    pub ownership: Option<String>,
    /// Whether overwritten and deleted objects are kept as versions.
    pub versioning: bool,
    /// Whether what is stored is encrypted, with whatever key.
    pub encryption: bool,
    /// What becomes of what nobody needs.
    pub lifecycle: Option<Lifecycle>,
    /// Tags, ours among those of others.
    pub tags: BTreeMap<String, String>,
}

/// Our lifecycle rule. Objects themselves never expire: their age says nothing of whether they are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Lifecycle {
    /// Days that superseded versions stay.
    pub noncurrent_days: i32,
    /// Days after which an unfinished multipart upload is removed.
    pub abort_multipart_days: i32,
}

impl Lifecycle {
    /// Name of our rule among the bucket's.
    pub const RULE: &str = "treebeard-cdn";
}

/// Our statements of a bucket's policy, by their `Sid`, as IAM writes statements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BucketPolicy {
    /// The statements. Those of others are left alone.
    pub statements: BTreeMap<String, serde_json::Value>,
}

impl BucketPolicy {
    /// What the `Sid` of each statement of ours begins with.
    pub const SID: &str = "TreebeardCdn";
}
