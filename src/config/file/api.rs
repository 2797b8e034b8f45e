//! The section `api`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The API behind the site.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Path of its requests, as CloudFront writes patterns.
    #[serde(default = "default_path")]
    pub path: String,
    /// `Cache-Control` of its responses. With `no-store` come `Pragma: no-cache` and `Expires: 0`.
    #[serde(default = "default_cache_control")]
    pub cache_control: String,
    /// How the local environment starts it.
    pub local: Option<LocalApi>,
    /// `lambda`: `provision` makes a Lambda function, and `deploy` publishes the API there together with the pages.
    /// `none`: it is hosted elsewhere, at `api_origin`.
    #[serde(default)]
    pub package: Package,
    /// The OpenAPI document that the frontend's client was generated from, from the folder of this file. Pages whose
    /// API lacks one of its operations are not published. Absent: that is not checked.
    #[schemars(example = "api/openapi.json")]
    pub openapi: Option<String>,
    /// Command that migrates the database before a new version of the API is published, in the folder of this file.
    /// Absent: none.
    #[schemars(example = "cargo run --release -p my-api -- migrate")]
    pub migrate: Option<String>,
    /// Paths whose GET must answer 2xx before viewers meet a new version.
    #[serde(default)]
    #[schemars(example = ["/api/v1/plans/catalog"])]
    pub smoke: Vec<String>,
    /// The Lambda function, with `package: lambda`.
    #[serde(default)]
    pub lambda: Lambda,
}

fn default_path() -> String {
    "/api/*".into()
}

fn default_cache_control() -> String {
    "no-cache, no-store, must-revalidate".into()
}

/// The API as the local environment runs it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalApi {
    /// Command that starts it, in the folder of this file. The port to listen on is in `PORT`.
    #[schemars(example = "node server.js")]
    pub command: Option<String>,
    /// Path that answers 2xx once it can serve.
    #[serde(default = "default_health")]
    pub health: String,
}

fn default_health() -> String {
    "/health".into()
}

/// How the API is shipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Package {
    #[default]
    None,
    Lambda,
}

/// The Lambda function that runs the API.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Lambda {
    /// Command that builds the API for Amazon Linux 2023, in the folder of this file. Absent: it is already built.
    #[schemars(example = "cargo zigbuild --release -p my-api --target x86_64-unknown-linux-gnu.2.34")]
    pub build: Option<String>,
    /// The program that was built, from the folder of this file: it becomes the function's `bootstrap`.
    #[schemars(example = "target/x86_64-unknown-linux-gnu/release/my-api")]
    pub binary: Option<String>,
    /// Processors that it was built for.
    pub architecture: Architecture,
    /// Memory, 128 MiB to 10 GiB; computing power grows with it: `512MiB`.
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)? ?([KkMmGg]i?)?[Bb]?|.*\$\{.*)$"))]
    pub memory: String,
    /// How long a request may take, 1 to 59 seconds: CloudFront waits for 60.
    #[schemars(regex(pattern = r"^( ?[0-9]+ ?[A-Za-zµ]+)+$|\$\{"))]
    pub timeout: String,
    /// How many requests run at once at most, set aside from the account's. Absent: what the account has left.
    pub reserved_concurrency: Option<u32>,
    /// The network that it runs in, to reach a database there. Absent: none of yours.
    pub vpc: Option<Vpc>,
    /// Environment variables. Secrets belong under `secrets`.
    #[schemars(example = serde_json::json!({ "RUST_LOG": "info" }))]
    pub environment: BTreeMap<String, String>,
    /// Environment variables whose values are kept in Systems Manager's Parameter Store (`ssm:/name`) or in Secrets
    /// Manager (`secretsmanager:name`). The API reads them when it starts; nothing of AWS or of this tool shows them.
    #[schemars(example = serde_json::json!({ "DATABASE_URL": "ssm:/my-site/production/database-url" }))]
    pub secrets: BTreeMap<String, String>,
    /// How long its logs are kept, in days that CloudWatch Logs knows: `7d`, `30d`, `365d`.
    #[schemars(regex(pattern = r"^( ?[0-9]+ ?[A-Za-zµ]+)+$|\$\{"))]
    pub log_retention: String,
}

impl Default for Lambda {
    fn default() -> Self {
        Self {
            build: None,
            binary: None,
            architecture: Architecture::default(),
            memory: "512MiB".into(),
            timeout: "15s".into(),
            reserved_concurrency: None,
            vpc: None,
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            log_retention: "30d".into(),
        }
    }
}

/// Processors that Lambda has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    #[default]
    #[serde(rename = "x86_64")]
    X86,
    Arm64,
}

/// A virtual private cloud's network.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vpc {
    /// Ids of its subnets.
    #[schemars(example = ["subnet-0a1b2c3d4e5f60718", "subnet-18071f60e5d4c3b2a"])]
    pub subnets: Vec<String>,
    /// Ids of the security groups.
    #[schemars(example = ["sg-0a1b2c3d4e5f60718"])]
    pub security_groups: Vec<String>,
}
