//! `cdn-config.yml` → [`Config`]: the desired state, for one environment, with nothing left to look up.

pub mod api;
mod cloudfront;
mod effective;
mod file;
mod headers;
mod lint;
mod path;
mod private;
mod problem;
mod resolve;
pub mod schema;
mod source;
pub mod starter;
mod structure;
mod variables;
mod words;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use api::{Api, Lambda, LocalApi};
pub use problem::{Problem, Problems, Severity};

use crate::{
    error::{Class, Error, Result},
    model::{
        cache_policy::CacheRule,
        distribution::{Cors, ErrorPage},
        encoding::Encoding,
        infrastructure::{Geo, Logging},
        path::ViewerPath,
    },
};

/// The resolved configuration of one environment.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file that it was read from.
    pub file: PathBuf,
    /// The folder that holds the file; relative paths start here.
    pub root: PathBuf,
    /// The environment's name.
    pub environment: String,
    /// Where the site is published.
    pub target: Target,
    /// How the site is built and routed.
    pub site: Site,
    /// Cache-Control by path; first match wins.
    pub cache: Vec<CacheRule>,
    /// Encodings to prepare.
    pub compression: Compression,
    /// Header names and values of every response: the security headers, then others.
    pub response_headers: Vec<(String, String)>,
    /// The API behind the site, if it has one.
    pub api: Option<Api>,
    /// What is kept.
    pub releases: Releases,
    /// What may be published although it looks like a secret: globs over viewer paths.
    pub secrets_allow: Vec<String>,
    /// Which paths a deploy invalidates.
    pub invalidation: Invalidation,
    /// Pages in the place of errors, by the origin's status, for the whole distribution.
    pub error_pages: BTreeMap<u16, ErrorPage>,
    /// What pages of other sites may read.
    pub cors: Option<Cors>,
    /// How the distribution delivers.
    pub delivery: Delivery,
}

/// How a distribution delivers: settings that CloudFront takes as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Where its edges are: `PriceClass_100`.
    pub price_class: Option<&'static str>,
    /// Security policy of viewers' connections: `TLSv1.2_2025`.
    pub minimum_tls: &'static str,
    /// Access logs.
    pub logging: Option<Logging>,
    /// ARN of a web ACL.
    pub waf_acl: Option<String>,
    /// Which countries are served.
    pub geo: Option<Geo>,
    /// Region of an Origin Shield.
    pub origin_shield: Option<String>,
    /// Response header that tags what is cached.
    pub cache_tag_header: Option<String>,
    /// Tags of the bucket and the distribution.
    pub tags: BTreeMap<String, String>,
}

/// Which paths a deploy invalidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Invalidation {
    /// Those that changed.
    #[default]
    Minimal,
    /// Everything, with one wildcard.
    All,
}

/// Where an environment's site is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A store on this machine's disk, served by the local edge.
    Local,
    /// An S3 bucket, with or without a CloudFront distribution.
    Aws(Box<Aws>),
}

/// An environment on AWS, or on servers that stand for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aws {
    /// Bucket name.
    pub bucket: String,
    /// The bucket's region.
    pub region: String,
    /// Whether a CloudFront distribution serves the bucket (`cdn: none` says no).
    pub cdn: bool,
    /// Host names of the site, the canonical one first.
    pub domains: Vec<String>,
    /// ARN of the certificate of those names, in us-east-1.
    pub certificate_arn: Option<String>,
    /// Id of the distribution in front of the bucket.
    pub distribution_id: Option<String>,
    /// Origin of the API: `https://api.example.com`.
    pub api_origin: Option<String>,
    /// Endpoint of an S3-compatible server or an emulator.
    pub endpoint_url: Option<String>,
    /// Where visitors find the site, when that is neither a domain nor the distribution's: `https://host`.
    pub viewer_url: Option<String>,
    /// Named profile of the AWS configuration files.
    pub profile: Option<String>,
    /// ARN of the role that acts.
    pub role_arn: Option<String>,
    /// Whether one deploy at a time is enforced, by conditional writes.
    pub locking: bool,
    /// Which uploads carry checksums.
    pub checksums: Checksums,
}

/// Which uploads carry checksums in S3's own headers, beside the digest that each signature covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Checksums {
    /// All.
    #[default]
    Auto,
    /// Those of operations that demand one: some S3-compatible servers refuse the others.
    WhenRequired,
}

/// How the site is built and routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The frontend's folder, absolute.
    pub root: PathBuf,
    /// Shell command that installs its dependencies.
    pub install: Option<String>,
    /// Shell command that builds it.
    pub build: Option<String>,
    /// The build's output folder, absolute.
    pub output: PathBuf,
    /// Environment of both commands, beyond what this process has.
    pub env: BTreeMap<String, String>,
    /// Whether paths without an extension are client-side routes.
    pub spa: bool,
    /// Whether `/docs` redirects to `/docs/` (only without `spa`).
    pub clean_urls: bool,
}

/// Which encodings are prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compression {
    /// In order of preference.
    pub encodings: Vec<Encoding>,
    /// Files above this many bytes are published uncompressed.
    pub max_size: u64,
}

/// What is kept of earlier releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Releases {
    /// How many releases stay.
    pub keep: usize,
    /// How long a superseded one stays at least.
    pub grace: Duration,
    /// The brake on deletions: no run deletes more objects than this.
    pub max_deletes: usize,
}

impl Config {
    /// Where this environment keeps local state.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.root.join(".treebeard").join(&self.environment)
    }

    /// Where the local environment's objects lie.
    #[must_use]
    pub fn store_dir(&self) -> PathBuf {
        self.state_dir().join("bucket")
    }

    /// Where the local environment's invalidations are written down.
    #[must_use]
    pub fn invalidation_log(&self) -> PathBuf {
        self.state_dir().join("invalidations.jsonl")
    }

    /// Where compressed variants are kept from build to build, for all environments.
    #[must_use]
    pub fn cache_dir(&self) -> PathBuf {
        self.root.join(".treebeard").join("cache")
    }

    /// The page that a site without client-side routing sends with its 404s.
    #[must_use]
    pub fn not_found_page(&self) -> Option<ViewerPath> {
        if self.site.spa { None } else { ViewerPath::new("404.html").ok() }
    }
}

/// A configuration that was read: everything that is wrong with it, and what it says unless that is an error.
#[derive(Debug)]
pub struct Checked {
    /// The file's text, as it may be shown: what may be a secret is hidden.
    pub text: String,
    /// What is wrong, in the order of the file.
    pub problems: Problems,
    /// The environment's configuration; none when a problem is an error.
    pub config: Option<Config>,
}

/// Reads, checks and resolves the configuration in `file` for `environment`,
/// with the variables of this process.
///
/// # Errors
/// [`Class::Config`], with every problem, when it cannot be used.
pub fn load(file: &Path, environment: &str) -> Result<Config> {
    let Checked { text, problems, config } = check(file, environment, &|name| std::env::var(name).ok())?;
    config.ok_or_else(|| {
        let blocks = problems.blocks(file, &text);
        let blocks = anstream::adapter::strip_str(&blocks);
        let message = format!("{} cannot be used: {}\n\n{}", file.display(), problems.summary(), blocks);
        Error::new(Class::Config, "config-invalid", message.trim_end())
            .help("fix the errors; `treebeard-cdn check` looks again")
            .details(serde_json::json!(problems))
    })
}

/// Looks for everything that is wrong with the configuration in `file`, and resolves it for `environment`
/// with the variables that `lookup` finds. Other environments are checked without their variables.
///
/// # Errors
/// When `file` cannot be read: problems of what it says are no errors here.
pub fn check(file: &Path, environment: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Checked> {
    let text = source::read(file)?;
    let (source, mut problems) = match source::Source::parse(&text) {
        Ok(parsed) => parsed,
        Err(problem) => {
            let text = private::mask(&text, &private::ranges_of_unread(&text));
            return Ok(Checked { text, problems: Problems::new(vec![problem]), config: None });
        }
    };
    problems.extend(structure::check(&source));
    let chosen = lint::run(&source, environment, lookup, &mut problems);
    let problems = Problems::new(problems);
    let config = chosen
        .filter(|_| !problems.any_error())
        .map(|chosen| resolve::resolve(file, environment, chosen))
        .transpose()?;
    Ok(Checked { text: private::mask(&text, &source.private), problems, config })
}
