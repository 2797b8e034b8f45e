//! Settings of a distribution.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::distribution::ErrorPage;

/// Settings of a distribution. Maps name what we speak of; other origins, behaviors and tags are left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Distribution {
    /// Whether it answers.
    pub enabled: bool,
    /// Host names beside its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliases: Option<BTreeSet<String>>,
    /// The certificate of those names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Newest version of HTTP: `http2and3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_version: Option<String>,
    /// Whether it has IPv6 addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<bool>,
    /// Where its edges are: `PriceClass_100`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_class: Option<String>,
    /// What `/` shows when no function rewrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_root_object: Option<String>,
    /// Access logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging: Option<Logging>,
    /// ARN of the web ACL that guards it; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waf_acl: Option<String>,
    /// Which countries it serves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo: Option<Geo>,
    /// The response header that tags what is cached; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_tag_header: Option<String>,
    /// Ids of all origins, where all are ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_ids: Option<BTreeSet<String>>,
    /// Patterns of all behaviors but the default one, in match order, where all are ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patterns: Option<Vec<String>>,
    /// Who answers, by id.
    pub origins: BTreeMap<String, Origin>,
    /// What is done with requests, by path pattern; `*` is the default behavior.
    pub behaviors: BTreeMap<String, Behavior>,
    /// Pages in the place of errors, by the origin's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_pages: Option<BTreeMap<u16, ErrorPage>>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

impl Distribution {
    /// Settings that speak of nothing but that it should not answer.
    #[must_use]
    pub fn disabled() -> Self {
        Self::default()
    }
}

/// How viewers' connections are secured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// ARN of an ACM certificate; empty for CloudFront's own, which has its own domain only.
    pub arn: String,
    /// Security policy of connections: `TLSv1.2_2025`; none with CloudFront's own certificate, which cannot choose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_tls: Option<String>,
}

/// Access logs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Logging {
    /// Domain name of the bucket that gets them; empty for none.
    pub bucket: String,
    /// What their keys begin with.
    pub prefix: String,
    /// Whether cookies are logged.
    pub cookies: bool,
}

/// Which countries are served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Geo {
    /// What the list means.
    pub restriction: Restriction,
    /// ISO 3166-1 alpha-2 codes.
    pub countries: BTreeSet<String>,
}

/// What a list of countries means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Restriction {
    /// Nothing.
    #[default]
    None,
    /// Only these.
    Allow,
    /// All but these.
    Deny,
}

/// Who answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Host name: of a bucket its regional one.
    pub domain: String,
    /// What every path begins with there: empty, or with a leading slash.
    pub path: String,
    /// Name (or, of one that we do not know, id) of the origin access control; of a bucket only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_control: Option<String>,
    /// `https-only`, `http-only` or `match-viewer`; not of a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// The port for that protocol; not of a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Versions of TLS; not of a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<BTreeSet<String>>,
    /// Seconds that its answer is waited for; not of a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_timeout: Option<u32>,
    /// SHA-256 of the secret that it is sent, by which it knows the distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// Region of the Origin Shield; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shield: Option<String>,
}

/// What becomes of plain HTTP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewerProtocol {
    /// It is redirected.
    #[default]
    RedirectToHttps,
    /// It is refused: a redirect would turn POST into GET.
    HttpsOnly,
    /// It is served.
    AllowAll,
}

/// What is done with requests for a pattern of paths. Policies and functions are named; one that is not ours and not
/// AWS's has its id instead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Behavior {
    /// Id of the origin.
    pub origin: String,
    /// What becomes of plain HTTP.
    pub viewer_protocol: ViewerProtocol,
    /// Methods that pass.
    pub methods: BTreeSet<String>,
    /// Methods whose responses are kept.
    pub cached_methods: BTreeSet<String>,
    /// Whether CloudFront compresses by itself.
    pub compress: bool,
    /// The cache policy; empty for legacy settings.
    pub cache_policy: String,
    /// The origin request policy; empty for none.
    pub origin_request_policy: String,
    /// The response headers policy; empty for none.
    pub response_headers_policy: String,
    /// Name of the viewer-request function; empty for none.
    pub viewer_request: String,
    /// What else works on it, where nothing should: other functions, Lambda functions, key groups, logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extras: Option<BTreeSet<String>>,
}
