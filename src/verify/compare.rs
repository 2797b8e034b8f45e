//! Judges an answer.

use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::{Probe, probe::Server};
use crate::model::digest::Digest;

/// An answer, its body hashed.
#[derive(Debug, Clone)]
pub struct Received {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Digest of the bytes on the wire, not decoded.
    pub sha256: Digest,
    /// Their number.
    pub size: u64,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Path, percent-encoded.
    pub path: String,
    /// `Accept-Encoding` of the request.
    pub accept_encoding: String,
    /// What is wrong: `status`, `content`, or a header's name.
    pub what: String,
    /// What was promised.
    pub expected: String,
    /// What was answered.
    pub got: String,
    /// What to do about it.
    pub hint: String,
}

impl Failure {
    fn new(probe: &Probe, what: &str, expected: impl Into<String>, got: impl Into<String>, hint: &str) -> Self {
        Self {
            path: probe.path.clone(),
            accept_encoding: probe.accept_encoding.to_owned(),
            what: what.to_owned(),
            expected: expected.into(),
            got: got.into(),
            hint: hint.to_owned(),
        }
    }

    /// What is wrong where there is no answer.
    pub(super) const REQUEST: &str = "request";

    /// A request without an answer.
    #[must_use]
    pub fn of_request(probe: &Probe, cause: &str) -> Self {
        Self::new(probe, Self::REQUEST, "an answer", cause, "see whether the server still runs")
    }
}

const EDGE_HEADER: &str = "the edge runs an earlier configuration: restart `treebeard-cdn serve`, which reads it once";
const MISSING: &str = "the object is missing: something deleted it after the deploy";
const CHANGED: &str = "the object in the bucket is not the deployed one: something wrote it after the deploy";
const HIDDEN: &str = "this must not be served: the edge does not run the viewer-request function of this configuration";
const DISTRIBUTION: &str = "the distribution is not set up as configured: `treebeard-cdn provision` does that";
const FORBIDDEN: &str = "the object is missing, or the distribution may not read it: `treebeard-cdn provision` lets it";
const UNLISTED: &str = "S3 says 403 for what is missing unless the distribution may list the bucket: \
                        `treebeard-cdn provision` grants it s3:ListBucket";

/// What is wrong with an answer of `server`.
#[must_use]
pub fn compare(probe: &Probe, received: &Received, server: Server) -> Vec<Failure> {
    let (hidden, edge_header) =
        if server == Server::Edge { (HIDDEN, EDGE_HEADER) } else { (DISTRIBUTION, DISTRIBUTION) };
    let expected = &probe.expected;
    let content_hint = content_hint(probe, received);
    if let Some(status) = expected.status.filter(|&status| status != received.status) {
        let hint = match (status, received.status) {
            (404, 200) => hidden,
            (404, 403) => UNLISTED,
            (_, 404) if !is_cached(received) => MISSING,
            (_, 403) => FORBIDDEN,
            _ => &content_hint,
        };
        // The rest is that of another answer.
        return vec![Failure::new(probe, "status", status.to_string(), received.status.to_string(), hint)];
    }
    let mut failures = Vec::new();
    if let Some((sha256, size)) = expected.content.filter(|(sha256, _)| *sha256 != received.sha256) {
        let words = |sha256: &Digest, size: u64| format!("{size} bytes, sha256 {}", sha256.short());
        let got = words(&received.sha256, received.size);
        failures.push(Failure::new(probe, "content", words(&sha256, size), got, &content_hint));
    }
    for (name, value) in &expected.headers {
        failures.extend(header(probe, received, name, value.as_deref(), &content_hint));
    }
    for (name, value) in &expected.edge_headers {
        failures.extend(header(probe, received, name, Some(value), edge_header));
    }
    let content_type = value(&received.headers, "content-type").unwrap_or_default();
    if expected.never_html && content_type.starts_with("text/html") {
        failures.push(Failure::new(probe, "Content-Type", "anything but HTML", content_type, hidden));
    }
    failures
}

/// What is worth knowing about an answer though no promise is broken: an API may be starting, or down for a while.
#[must_use]
pub fn note(probe: &Probe, received: &Received) -> Option<String> {
    let status = StatusCode::from_u16(received.status).ok()?;
    let is_gateways =
        matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT);
    (probe.expected.from_api && is_gateways).then(|| format!("the API does not answer: {} gives {status}", probe.path))
}

fn header(probe: &Probe, received: &Received, name: &str, expected: Option<&str>, hint: &str) -> Option<Failure> {
    let got = value(&received.headers, name);
    let words = |value: Option<&str>| value.map_or_else(|| "none".to_owned(), str::to_owned);
    (got.as_deref() != expected).then(|| Failure::new(probe, name, words(expected), words(got.as_deref()), hint))
}

/// All values of a header, as one.
fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Whether an answer may be another one in a moment although nobody deploys: caches learn of an invalidation one
/// after the other, and servers have moments of weakness.
#[must_use]
pub fn is_passing(probe: &Probe, received: &Received) -> bool {
    let weak = received.status == 429 || received.status >= 500;
    is_cached(received) || (weak && !probe.expected.from_api)
}

fn is_cached(received: &Received) -> bool {
    received.headers.contains_key("age")
}

fn content_hint(probe: &Probe, received: &Received) -> String {
    if is_cached(received) {
        return format!("a cached response is out of date: `treebeard-cdn invalidate '{}'`", probe.path);
    }
    CHANGED.to_owned()
}
