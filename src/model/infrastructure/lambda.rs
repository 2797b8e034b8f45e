//! Settings of what runs the API: a role, a log group, a function, and the URL that leads to it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

/// The alias that names the version which viewers meet.
pub const LIVE_ALIAS: &str = "live";

/// Stands for the account's number, which nothing but its role's ARN tells.
pub const ACCOUNT: &str = "${account}";

/// Stands for the host of the function's URL until that is known.
pub const FUNCTION_URL: &str = "${function-url}";

/// The variable with the SHA-256 digests, in hexadecimal and separated by commas, of the secrets by which the API
/// knows that a request came through the distribution.
pub const ORIGIN_SECRETS: &str = "ORIGIN_SECRET_SHA256";

/// What is shown of a variable's value where it may be a secret.
pub const HIDDEN: &str = "(not shown)";

/// Settings of the role that the function acts as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Role {
    /// Who may take it on, by statement.
    pub trust: BTreeMap<String, Value>,
    /// What it may do, by statement of our inline policy.
    pub statements: BTreeMap<String, Value>,
    /// Other policies: names of inline ones, ARNs of those that are attached.
    pub other_policies: BTreeSet<String>,
    /// Tags, ours among those of others.
    pub tags: BTreeMap<String, String>,
}

impl Role {
    /// Name of our inline policy.
    pub const POLICY: &str = "treebeard-cdn";
}

/// Settings of a log group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogGroup {
    /// Days that events are kept; none for ever.
    pub retention_days: Option<u32>,
    /// Tags, ours among those of others.
    pub tags: BTreeMap<String, String>,
}

/// Settings of a Lambda function: of the version that viewers meet. Its code is a deploy's business.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lambda {
    /// Whether the alias that viewers meet names a version.
    pub published: bool,
    /// Other versions that the alias leads some viewers to.
    pub also_live: BTreeSet<String>,
    /// Whether what a next version would be published with differs from what viewers meet: a change was refused, or
    /// whoever made it died.
    pub unpublished: bool,
    /// What starts the program: `provided.al2023`.
    pub runtime: String,
    /// Processors, which come with the code: wanted of a function that is to be made only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Memory in MiB.
    pub memory: u32,
    /// Seconds that a request may take.
    pub timeout: u32,
    /// How many requests run at once at most, for all its versions.
    pub reserved_concurrency: Option<u32>,
    /// Name of the role that it acts as, or the ARN of one that is not ours.
    pub role: String,
    /// Ids of the subnets that it runs in.
    pub subnets: BTreeSet<String>,
    /// Ids of their security groups.
    pub security_groups: BTreeSet<String>,
    /// Environment variables, less the one of [`accepts`](Self::accepts). Of what was found, a value that may be a
    /// secret is [`HIDDEN`].
    pub environment: BTreeMap<String, String>,
    /// SHA-256 digests of the secrets by which it knows the distribution.
    pub accepts: BTreeSet<String>,
    /// The log group that it writes to.
    pub log_group: String,
    /// How it writes: `JSON`.
    pub log_format: String,
    /// Tags, ours among those of others.
    pub tags: BTreeMap<String, String>,
    /// Of what was found, whether code was ever deployed.
    #[serde(skip)]
    pub deployed: bool,
    /// Names of the variables that anybody may see.
    #[serde(skip)]
    pub plain: BTreeSet<String>,
}

/// Settings of the URL that leads to a function's live version, and who may use it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FunctionUrl {
    /// Who is let in by Lambda: `NONE` for all, whom the function itself then asks for the secret.
    pub auth: String,
    /// How answers are passed on: `BUFFERED`, `RESPONSE_STREAM`.
    pub invoke_mode: String,
    /// Whether it answers other origins' preflights by itself.
    pub cors: bool,
    /// Statements of the live version's policy, by `Sid`, without the resource, which is the live version.
    pub statements: BTreeMap<String, Value>,
}
