//! The API behind the site, with nothing left to look up.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use super::{
    file,
    resolve::{duration, given, invalid, joined, size},
};
use crate::{error::Result, model::secret_reference::SecretReference};

/// The API behind the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Api {
    /// CloudFront path pattern of its requests: `/api/*`.
    pub path: String,
    /// `Cache-Control` of its responses.
    pub cache_control: String,
    /// How the local environment starts it.
    pub local: Option<LocalApi>,
    /// The OpenAPI document that the frontend's client was generated from, absolute.
    pub openapi: Option<PathBuf>,
    /// Shell command, run in the configuration's folder, that migrates the database before a version is published.
    pub migrate: Option<String>,
    /// Paths, with their leading slash, whose GET must answer 2xx before viewers meet a new version.
    pub smoke: Vec<String>,
    /// The Lambda function that it ships to; none where it is hosted elsewhere, or nowhere on AWS.
    pub lambda: Option<Lambda>,
}

/// The API as the local environment runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalApi {
    /// Shell command, run in the configuration's folder; the port to listen on is in `PORT`.
    pub command: String,
    /// Path that answers 2xx once the API can serve.
    pub health: String,
}

/// A Lambda function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lambda {
    /// Shell command that builds it, run in the configuration's folder.
    pub build: Option<String>,
    /// The program that was built, absolute.
    pub binary: PathBuf,
    /// Processors that it was built for.
    pub architecture: Architecture,
    /// Memory in MiB.
    pub memory: u32,
    /// How long a request may take, in seconds.
    pub timeout: u32,
    /// How many requests run at once at most.
    pub reserved_concurrency: Option<u32>,
    /// The network that it runs in.
    pub vpc: Option<Vpc>,
    /// Environment variables that anybody may see.
    pub environment: BTreeMap<String, String>,
    /// Environment variables that say where a secret is kept.
    pub secrets: BTreeMap<String, SecretReference>,
    /// Days that its logs are kept.
    pub log_retention: u32,
}

/// Processors that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Intel's and AMD's, 64 bits.
    X86,
    /// AWS Graviton.
    Arm64,
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86 => "x86_64",
            Self::Arm64 => "arm64",
        })
    }
}

/// A virtual private cloud's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vpc {
    /// Ids of its subnets.
    pub subnets: Vec<String>,
    /// Ids of the security groups.
    pub security_groups: Vec<String>,
}

/// Resolves the API of an environment in `place`, with the configuration in the folder `root`.
pub(super) fn resolve(root: &Path, place: &file::Place, api: file::Api) -> Result<Api> {
    let file::Api { path, cache_control, local, package, openapi, migrate, smoke, lambda } = api;
    let on_cloudfront = place.bucket.is_some() && place.cdn != Some(file::Cdn::None);
    let ships = package == file::Package::Lambda && on_cloudfront;
    Ok(Api {
        path,
        cache_control,
        local: local.and_then(|local| Some(LocalApi { command: local.command?, health: local.health })),
        openapi: given(openapi).map(|path| joined(root, &path)),
        migrate: given(migrate),
        smoke,
        lambda: ships.then(|| resolve_lambda(root, lambda)).transpose()?,
    })
}

fn resolve_lambda(root: &Path, lambda: file::Lambda) -> Result<Lambda> {
    let file::Lambda {
        build,
        binary,
        architecture,
        memory,
        timeout,
        reserved_concurrency,
        vpc,
        environment,
        secrets,
        log_retention,
    } = lambda;
    let secret = |(name, reference): (String, String)| Ok((name, reference.parse().map_err(invalid)?));
    Ok(Lambda {
        build: given(build),
        binary: joined(root, &binary.unwrap_or_default()),
        architecture: match architecture {
            file::Architecture::X86 => Architecture::X86,
            file::Architecture::Arm64 => Architecture::Arm64,
        },
        memory: mebibytes(&memory).ok_or_else(|| invalid(format!("{memory} is no memory size")))?,
        timeout: seconds(&timeout).ok_or_else(|| invalid(format!("{timeout} is no timeout")))?,
        reserved_concurrency,
        vpc: vpc.map(|file::Vpc { subnets, security_groups }| Vpc { subnets, security_groups }),
        environment,
        secrets: secrets.into_iter().map(secret).collect::<Result<_>>()?,
        log_retention: days(&log_retention).ok_or_else(|| invalid(format!("{log_retention} is no time")))?,
    })
}

/// Whole MiB of `512MiB`.
pub(super) fn mebibytes(text: &str) -> Option<u32> {
    const MEBIBYTE: u64 = 1 << 20;
    let bytes = size(text).ok()?;
    (bytes % MEBIBYTE == 0).then(|| u32::try_from(bytes / MEBIBYTE).ok()).flatten()
}

/// Whole seconds of `15s`.
pub(super) fn seconds(text: &str) -> Option<u32> {
    whole(text, 1)
}

/// Whole days of `30d`.
pub(super) fn days(text: &str) -> Option<u32> {
    const DAY: u64 = 24 * 60 * 60;
    whole(text, DAY)
}

fn whole(text: &str, unit: u64) -> Option<u32> {
    let time = duration(text).ok()?;
    let divides = time.subsec_nanos() == 0 && time.as_secs() % unit == 0;
    divides.then(|| u32::try_from(time.as_secs() / unit).ok()).flatten()
}
