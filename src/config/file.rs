//! The shape of cdn-config.yml. Comments here become the descriptions of its JSON Schema.

mod api;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

pub use api::{Api, Architecture, Lambda, Package, Vpc};

use super::{Checksums, Invalidation};
use crate::model::encoding::Encoding;

const YEAR: u64 = 31_536_000;

/// Configuration of treebeard-cdn.
///
/// Every setting may also stand under an environment, where it overrides the one here:
/// mappings are merged key by key, lists and single values replace. Values may hold variables:
/// `${NAME}` must be set, `${NAME:-default}` need not be; `$${` stands for a plain `${`.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields, extend("required" = ["version", "site", "environments"]))]
#[expect(dead_code, reason = "the schema alone needs it: environments are what is read")]
pub struct File {
    /// Version of this format.
    #[schemars(extend("enum" = [1]))]
    version: u64,
    #[serde(flatten)]
    settings: Settings,
    /// Where the site is published, by name. `--env` chooses one; without it, the one named `local`.
    #[schemars(extend("minProperties" = 1))]
    environments: BTreeMap<String, Environment>,
}

/// One place where the site is published, and the settings that differ there.
///
/// It is `target: local`, or it has a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Environment {
    #[serde(flatten)]
    pub place: Place,
    #[serde(flatten)]
    pub settings: Settings,
}

/// Where an environment is.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Place {
    /// `local`: a store on this machine's disk, served by the local edge. `aws`: an S3 bucket.
    /// An environment with a bucket is `aws` without saying so.
    pub target: Option<TargetKind>,
    /// Name of the S3 bucket.
    #[schemars(example = "treebeard-static-assets")]
    pub bucket: Option<String>,
    /// Region of the bucket.
    #[schemars(example = "us-east-1")]
    pub region: Option<String>,
    /// `cloudfront`: a distribution serves the bucket. `none`: no CDN, so no invalidation and no security headers.
    pub cdn: Option<Cdn>,
    /// Host names of the site; the first one is canonical.
    #[serde(default)]
    #[schemars(example = ["example.com", "www.example.com"])]
    pub domains: Vec<String>,
    /// ARN of the certificate for the domains. CloudFront takes certificates of us-east-1 only.
    #[schemars(example = "${CERTIFICATE_ARN}")]
    pub certificate_arn: Option<String>,
    /// Id of the distribution in front of the bucket. Empty or absent: the one that `provision` made, found by its tag.
    #[schemars(example = "${DISTRIBUTION_ID:-}")]
    pub distribution_id: Option<String>,
    /// Where the distribution sends requests for the API.
    #[schemars(example = "https://api.example.com")]
    pub api_origin: Option<String>,
    /// Address of an S3-compatible server or an emulator. Empty or absent: AWS.
    #[schemars(example = "${AWS_ENDPOINT_URL:-}")]
    pub endpoint_url: Option<String>,
    /// Where visitors find the site, for `verify`: the address of a proxy or a preview in front of the distribution.
    /// Empty or absent: the first domain, else the distribution's own.
    #[schemars(example = "https://www.example.com")]
    pub viewer_url: Option<String>,
    /// Named profile of the AWS configuration files. Empty or absent: `AWS_PROFILE`, else the default one.
    #[schemars(example = "${AWS_PROFILE:-}")]
    pub profile: Option<String>,
    /// Role to assume with the credentials that were found. Empty or absent: those credentials act themselves.
    #[schemars(example = "arn:aws:iam::123456789012:role/deploy")]
    pub role_arn: Option<String>,
    /// `on`: one deploy at a time, by conditional writes to the bucket. `off`: for servers that lack them;
    /// nothing but you then keeps two deploys from mixing their files.
    #[schemars(extend("default" = "on"))]
    pub locking: Option<Switch>,
    /// `auto`: every upload carries a checksum that the server compares. `when_required`: for servers that refuse
    /// those headers.
    #[serde(default)]
    pub checksums: Checksums,
}

/// `on` or `off`, which readers of YAML 1.1 take for booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub struct Switch(pub bool);

impl TryFrom<serde_json::Value> for Switch {
    type Error = &'static str;

    fn try_from(value: serde_json::Value) -> Result<Self, Self::Error> {
        match value {
            serde_json::Value::Bool(on) => Ok(Self(on)),
            value if value == "on" => Ok(Self(true)),
            value if value == "off" => Ok(Self(false)),
            _ => Err("must be on or off"),
        }
    }
}

impl JsonSchema for Switch {
    fn schema_name() -> Cow<'static, str> {
        "Switch".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": ["on", "off", true, false] })
    }
}

/// Kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    Local,
    Aws,
}

/// What serves a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Cdn {
    Cloudfront,
    None,
}

/// What may stand at the top level and under an environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Settings {
    /// How the site is built and routed.
    #[serde(default)]
    pub site: Site,
    /// `Cache-Control` by path; the first match wins. A list of yours replaces this one.
    /// What no rule matches gets `public, max-age=0, must-revalidate`.
    #[serde(default = "default_cache")]
    pub cache: Vec<CacheRule>,
    /// Which encodings are prepared at build time.
    #[serde(default)]
    pub compression: Compression,
    /// Headers of every response, errors included. A header that is not mentioned has its default;
    /// `null` removes it.
    #[serde(default)]
    pub security_headers: SecurityHeaders,
    /// The API behind the site, if it has one.
    pub api: Option<Api>,
    /// What is kept of earlier releases.
    #[serde(default)]
    pub releases: Releases,
    /// The scan for secrets in the built site.
    #[serde(default)]
    pub secrets: Secrets,
    /// `minimal`: the paths that a deploy changed. `all`: everything.
    #[serde(default)]
    pub invalidation: Invalidation,
    /// CloudFront's custom error responses. They hold for the whole distribution, its API included:
    /// `site.spa` routes pages without them.
    #[serde(default)]
    pub error_responses: Vec<ErrorResponse>,
    /// Other headers of every response, errors included; each replaces the origin's.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "Permissions-Policy": "geolocation=()" }))]
    pub response_headers: BTreeMap<String, String>,
    /// What pages of other sites may read of this one. Absent: nothing but what browsers allow anyway.
    pub cors: Option<Cors>,
    /// Where CloudFront's edges are: 100 is the United States, Canada and Europe, 200 adds Asia, the Middle East and
    /// Africa. Absent: everywhere.
    pub price_class: Option<PriceClass>,
    /// Oldest security policy of viewers' connections.
    #[serde(default)]
    pub minimum_tls: MinimumTls,
    /// Access logs of the distribution. Absent: none.
    pub logging: Option<Logging>,
    /// ARN of the AWS WAF web ACL that guards the distribution. Empty or absent: the one that somebody may have put
    /// there; `none`: none.
    #[schemars(
        example = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/473e64fd-f30b-4765-81a0-62ad96dd167a"
    )]
    pub waf_acl: Option<String>,
    /// Which countries are served. Absent: all.
    pub geo: Option<Geo>,
    /// Region of an Origin Shield: one more cache, in front of the bucket. Empty or absent: none.
    #[schemars(example = "us-east-1")]
    pub origin_shield: Option<String>,
    /// Response header of the origins by whose values `invalidate '#tag'` finds what is cached. Empty or absent: none.
    #[schemars(example = "x-amz-meta-cache-tag")]
    pub cache_tag_header: Option<String>,
    /// Tags of the bucket and the distribution, beside the tool's own.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "team": "web" }))]
    pub tags: BTreeMap<String, String>,
}

/// How the site is built and routed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Site {
    /// The frontend's folder, from the folder of this file. Commands run there.
    pub root: String,
    /// Command that installs the frontend's dependencies. Absent: nothing to install.
    #[schemars(example = "npm ci")]
    pub install: Option<String>,
    /// Command that builds the frontend. Absent: the output is already built.
    #[schemars(example = "npm run build")]
    pub build: Option<String>,
    /// The folder that holds the built site, from `root`.
    pub output: String,
    /// Environment variables of both commands.
    #[schemars(example = serde_json::json!({ "VITE_API_URL": "/api/v1" }))]
    pub env: BTreeMap<String, String>,
    /// Client-side routing: a path whose last segment has no dot shows index.html.
    pub spa: bool,
    /// Redirect `/docs` to `/docs/`; for sites with `spa: false`.
    pub clean_urls: bool,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            root: ".".into(),
            install: None,
            build: None,
            output: "dist".into(),
            env: BTreeMap::new(),
            spa: true,
            clean_urls: false,
        }
    }
}

/// A rule for caching.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheRule {
    /// Glob over paths of the site: `*` stays within a folder, `**` crosses folders.
    #[serde(rename = "match")]
    #[schemars(example = "assets/**")]
    pub pattern: String,
    /// `Cache-Control` of what it matches. `immutable` applies only to names with a content hash;
    /// other names fall through to the next rule.
    #[schemars(example = "public, max-age=31536000, immutable")]
    pub cache_control: String,
    /// Also publish matching files under names with their content hash, and refer to them by those.
    #[serde(default)]
    pub fingerprint: bool,
}

fn default_cache() -> Vec<CacheRule> {
    let rule = |pattern: &str, cache_control: &str, fingerprint| CacheRule {
        pattern: pattern.into(),
        cache_control: cache_control.into(),
        fingerprint,
    };
    let year = "public, max-age=31536000, immutable";
    vec![
        rule("assets/**", year, false),
        rule("images/**", year, true),
        rule("**/*.html", "public, max-age=300, must-revalidate", false),
    ]
}

/// Which encodings are prepared.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Compression {
    /// In order of preference.
    pub encodings: Vec<Encoding>,
    /// Larger files are published uncompressed: `10MiB`, `500 kB`.
    #[schemars(regex(pattern = r"^([0-9]+(\.[0-9]+)? ?([KkMmGg]i?)?[Bb]?|.*\$\{.*)$"))]
    pub max_size: String,
}

impl Default for Compression {
    fn default() -> Self {
        Self { encodings: vec![Encoding::Br, Encoding::Gzip], max_size: "10MiB".into() }
    }
}

/// Headers of every response.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityHeaders {
    /// `Strict-Transport-Security`: browsers use https only.
    pub strict_transport_security: Option<StrictTransportSecurity>,
    /// `Content-Security-Policy`: where scripts, styles and data may come from.
    pub content_security_policy: Option<ContentSecurityPolicy>,
    /// `X-Content-Type-Options`: browsers believe the content type.
    pub x_content_type_options: Option<ContentTypeOptions>,
    /// `X-Frame-Options`: who may show the site in a frame.
    pub x_frame_options: Option<FrameOptions>,
    /// `X-XSS-Protection`, for old browsers.
    pub x_xss_protection: Option<String>,
    /// `Referrer-Policy`: what other sites learn about where a visitor comes from.
    pub referrer_policy: Option<ReferrerPolicy>,
}

impl Default for SecurityHeaders {
    fn default() -> Self {
        Self {
            strict_transport_security: Some(StrictTransportSecurity {
                max_age: YEAR,
                include_subdomains: true,
                preload: true,
            }),
            content_security_policy: Some(ContentSecurityPolicy {
                policy: Some("default-src 'self'; script-src 'self' 'unsafe-inline'".into()),
            }),
            x_content_type_options: Some(ContentTypeOptions::Nosniff),
            x_frame_options: Some(FrameOptions::Deny),
            x_xss_protection: Some("1; mode=block".into()),
            referrer_policy: Some(ReferrerPolicy::StrictOriginWhenCrossOrigin),
        }
    }
}

/// `Strict-Transport-Security` (RFC 6797).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrictTransportSecurity {
    /// For how many seconds.
    #[serde(default = "year")]
    pub max_age: u64,
    /// Also for every subdomain.
    #[serde(default)]
    pub include_subdomains: bool,
    /// The owner agrees to the preload lists of browsers.
    #[serde(default)]
    pub preload: bool,
}

fn year() -> u64 {
    YEAR
}

/// `Content-Security-Policy`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContentSecurityPolicy {
    /// The policy, in one line.
    pub policy: Option<String>,
}

/// `X-Content-Type-Options`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContentTypeOptions {
    Nosniff,
}

/// `X-Frame-Options`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum FrameOptions {
    Deny,
    SameOrigin,
}

/// `Referrer-Policy`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReferrerPolicy {
    NoReferrer,
    NoReferrerWhenDowngrade,
    Origin,
    OriginWhenCrossOrigin,
    SameOrigin,
    StrictOrigin,
    StrictOriginWhenCrossOrigin,
    UnsafeUrl,
}

/// What is kept of earlier releases.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Releases {
    /// How many releases stay, the live one included.
    pub keep: u32,
    /// How long a superseded one stays at least: `7d`, `12h`.
    #[schemars(regex(pattern = r"^( ?[0-9]+ ?[A-Za-zµ]+)+$|\$\{"))]
    pub grace: String,
    /// No run deletes more objects than this.
    pub max_deletes: u32,
}

impl Default for Releases {
    fn default() -> Self {
        Self { keep: 5, grace: "7d".into(), max_deletes: 256 }
    }
}

/// The scan for secrets.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// Globs over paths of the site that may be published although they look like secrets.
    #[schemars(example = ["docs/example-key.pem"])]
    pub allow: Vec<String>,
}

/// A custom error response of CloudFront.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorResponse {
    /// Status of the origin.
    pub error_code: u16,
    /// Page to send instead, with its leading slash.
    #[schemars(example = "/errors/500.html")]
    pub response_page_path: Option<String>,
    /// Status to send with the page.
    pub response_code: Option<u16>,
    /// Seconds that the error is kept at the edge.
    #[serde(default = "default_error_ttl")]
    pub error_caching_min_ttl: u32,
}

fn default_error_ttl() -> u32 {
    10
}

/// Cross-origin resource sharing.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Origins whose pages may read: `https://app.example.com`, or `*` for all.
    #[schemars(example = ["https://app.example.com"])]
    pub allow_origins: BTreeSet<String>,
    /// Methods that they may use.
    #[serde(default = "default_cors_methods")]
    pub allow_methods: BTreeSet<String>,
    /// Headers that they may send; `*` for all.
    #[serde(default = "default_cors_headers")]
    pub allow_headers: BTreeSet<String>,
    /// Headers that their scripts may see, beside the safe ones.
    #[serde(default)]
    pub expose_headers: BTreeSet<String>,
    /// Whether cookies may come along.
    #[serde(default)]
    pub credentials: bool,
    /// Seconds that a preflight's answer holds.
    pub max_age: Option<u32>,
}

fn default_cors_methods() -> BTreeSet<String> {
    ["GET".to_owned(), "HEAD".to_owned()].into()
}

fn default_cors_headers() -> BTreeSet<String> {
    ["*".to_owned()].into()
}

/// Where CloudFront's edges are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PriceClass {
    #[serde(rename = "PriceClass_100")]
    Class100,
    #[serde(rename = "PriceClass_200")]
    Class200,
    #[serde(rename = "PriceClass_All")]
    All,
}

/// Security policies of viewers' connections, named by CloudFront.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MinimumTls {
    #[serde(rename = "TLSv1.2_2021")]
    V12Of2021,
    #[default]
    #[serde(rename = "TLSv1.2_2025")]
    V12Of2025,
    #[serde(rename = "TLSv1.3_2025")]
    V13Of2025,
}

/// Access logs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logging {
    /// Name of the bucket that gets them, whose access control lists are on: CloudFront writes them by one.
    #[schemars(example = "example-logs")]
    pub bucket: String,
    /// What their keys begin with.
    #[serde(default)]
    #[schemars(example = "cdn/")]
    pub prefix: String,
    /// Whether cookies are logged.
    #[serde(default)]
    pub cookies: bool,
}

/// Which countries are served: `allow` or `deny`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Geo {
    /// Only these: ISO 3166-1 alpha-2 codes.
    #[schemars(example = ["US", "CA"])]
    pub allow: Option<BTreeSet<String>>,
    /// All but these.
    pub deny: Option<BTreeSet<String>>,
}
