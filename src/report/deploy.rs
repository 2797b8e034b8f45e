//! The result of a deploy, as `--json` prints it and as people read it.

use std::fmt::{self, Display};

use bytesize::ByteSize;
use serde::Serialize;

use super::ApiReport;
use crate::{
    model::ledger::Owed,
    plan::{Outcome, Plan},
    remote::cdn::Invalidation,
};

/// What a deploy did, or with `--dry-run` would do.
#[derive(Debug, Serialize)]
pub struct DeployReport {
    /// The environment.
    pub env: String,
    /// The release that the site's bytes belong to.
    pub release: String,
    /// Whether it is live.
    pub live: bool,
    /// Objects by what became of them. Copies that keep old bytes for a rollback do not count.
    pub objects: ObjectsReport,
    /// The API that the release has; none where no API is known to belong to the site.
    pub api: Option<ApiReport>,
    /// The invalidation of this deploy.
    pub invalidation: Option<InvalidationReport>,
    /// Requests made, without those of the verification.
    pub requests: RequestsReport,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Where the site is served, or will be by `serve`.
    pub url: String,
    /// Whether it is served there now.
    #[serde(skip)]
    pub served: bool,
    /// What was left out of the site or looks odd.
    pub notes: Vec<String>,
}

/// Numbers of objects.
#[derive(Debug, Serialize)]
pub struct ObjectsReport {
    /// Written, header-only changes included.
    pub uploaded: usize,
    /// Already as they should be.
    pub unchanged: usize,
    /// Deleted.
    pub deleted: usize,
    /// Bytes that travelled.
    pub bytes_uploaded: u64,
}

/// An invalidation: planned ones have no id.
#[derive(Debug, Serialize)]
pub struct InvalidationReport {
    /// The CDN's id.
    pub id: Option<String>,
    /// Its paths.
    pub paths: Vec<String>,
}

/// Numbers of requests.
#[derive(Debug, Default, Serialize)]
pub struct RequestsReport {
    /// To the bucket.
    pub s3: u64,
    /// To the CDN.
    pub cloudfront: u64,
    /// To what runs the API.
    pub lambda: u64,
}

impl From<&Plan> for ObjectsReport {
    fn from(plan: &Plan) -> Self {
        Self {
            uploaded: plan.writes().count(),
            unchanged: plan.unchanged,
            deleted: plan.removals.len(),
            bytes_uploaded: plan.bytes_to_upload(),
        }
    }
}

impl InvalidationReport {
    /// Several invalidations (one owed by an earlier deploy, one of this) as one.
    #[must_use]
    pub fn accepted(invalidations: &[Invalidation]) -> Option<Self> {
        let last = invalidations.last()?;
        let paths = invalidations.iter().flat_map(|it| it.paths.clone()).collect();
        Some(Self { id: Some(last.id.clone()), paths })
    }

    /// What would be asked for.
    #[must_use]
    pub fn planned(owed: &[Owed]) -> Option<Self> {
        let paths: Vec<_> = owed.iter().flat_map(|it| it.paths.clone()).collect();
        (!paths.is_empty()).then_some(Self { id: None, paths })
    }
}

impl DeployReport {
    /// The report on `plan`, before anything else is known of it.
    #[must_use]
    pub fn of(plan: &Plan, env: &str, url: String) -> Self {
        Self {
            env: env.to_owned(),
            release: plan.outcome.release().id.to_string(),
            live: matches!(plan.outcome, Outcome::Unchanged(_)),
            objects: ObjectsReport::from(plan),
            api: None,
            invalidation: InvalidationReport::planned(&plan.invalidations),
            requests: RequestsReport::default(),
            duration_ms: 0,
            url,
            served: false,
            notes: Vec::new(),
        }
    }
}

/// `1 path`, `2 paths`.
pub(super) fn counted<N: Copy + Display + From<u8> + PartialEq>(n: N, noun: &str) -> String {
    let plural = if n == N::from(1) { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

impl Display for DeployReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { env, release, objects, api, invalidation, requests, duration_ms, url, served, .. } = self;
        let place = if *served { url } else { "`treebeard-cdn serve` serves it" };
        let state = if self.live { "is live" } else { "would be live" };
        writeln!(f, "release {release} {state} in {env}: {place}")?;
        writeln!(
            f,
            "  {} written ({}), {} unchanged, {} removed",
            counted(objects.uploaded, "object"),
            ByteSize::b(objects.bytes_uploaded).display().si(),
            objects.unchanged,
            objects.deleted
        )?;
        if let Some(api) = api {
            writeln!(f, "  API: {api}")?;
        }
        if let Some(invalidation) = invalidation {
            writeln!(f, "  invalidated: {}", counted(invalidation.paths.len(), "path"))?;
        }
        let (store, cdn) = (counted(requests.s3, "store request"), counted(requests.cloudfront, "CDN request"));
        let lambda =
            if requests.lambda == 0 { String::new() } else { counted(requests.lambda, "Lambda request") + ", " };
        write!(f, "  {store}, {cdn}, {lambda}{duration_ms} ms")
    }
}
