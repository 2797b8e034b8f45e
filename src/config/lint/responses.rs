//! What a response headers policy takes beside the security headers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, is_token};
use crate::config::file::Cors;

/// Headers that a policy may add beside the security headers (CloudFront Developer Guide, "Quotas").
const MOST_HEADERS: usize = 10;

/// Length of the value of one of them (as above).
const LONGEST_HEADER: usize = 1783;

/// Length of all their names and values together (as above).
const LONGEST_HEADERS: usize = 10_240;

/// Headers that CloudFront keeps to itself. Which ones it does not add is nowhere said; these are those that it does
/// not remove (CloudFront Developer Guide, "Understand response headers policies"), and those of RFC 8586 and RFC 9110
/// that belong to the connection.
const FORBIDDEN: [&str; 19] = [
    "cdn-loop",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
    "x-cache",
    "x-forwarded-proto",
    "x-real-ip",
];

/// What the names of forbidden headers begin with (as above): `X-Amzn-RequestId` is one of many.
const FORBIDDEN_PREFIXES: [&str; 4] = ["x-accel-", "x-amz-cf-", "x-amzn-", "x-edge-"];

/// Headers that have settings of their own, and what sets them.
const ELSEWHERE: [(&str, &str); 10] = [
    ("cache-control", "`cache`, and `api.cache_control`"),
    ("content-security-policy", "`security_headers`"),
    ("expires", "`api.cache_control`"),
    ("pragma", "`api.cache_control`"),
    ("referrer-policy", "`security_headers`"),
    ("strict-transport-security", "`security_headers`"),
    ("vary", "nothing: it is always `Accept-Encoding`"),
    ("x-content-type-options", "`security_headers`"),
    ("x-frame-options", "`security_headers`"),
    ("x-xss-protection", "`security_headers`"),
];

/// What sets a header, if it has a setting of its own.
fn elsewhere(lower: &str) -> Option<&'static str> {
    let named = ELSEWHERE.iter().find(|(taken, _)| *taken == lower).map(|(_, instead)| *instead);
    named.or_else(|| lower.starts_with("access-control-").then_some("`cors`"))
}

/// Headers of the configuration's own.
pub fn response_headers(report: &mut Report<'_>, headers: &BTreeMap<String, String>, has_api: bool) {
    let base = "response_headers";
    // `Vary` on the site; what keeps responses from being kept on the API.
    let ours = if has_api { 3 } else { 1 };
    if headers.len() + ours > MOST_HEADERS {
        let message =
            format!("a policy takes {MOST_HEADERS} headers, of which {ours} are taken: {} are too many", headers.len());
        report.error("too-many-headers", base, message, format!("keep {}", MOST_HEADERS - ours));
    }
    if headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LONGEST_HEADERS {
        let message = format!("together these names and values are longer than {LONGEST_HEADERS} characters");
        report.error("headers-too-long", base, message, "shorten them");
    }
    let mut seen = BTreeSet::new();
    for (name, value) in headers {
        let path = format!("{base}.{name}");
        let lower = name.to_ascii_lowercase();
        if !is_token(name) {
            let message = format!("{name:?} cannot name a header");
            report.error("header-name", &path, message, "use letters, digits and `-`");
        } else if let Some(instead) = elsewhere(&lower) {
            let message = format!("`{name}` is set by {instead}");
            report.error("header-elsewhere", &path, message, "remove it here");
        } else if lower == "set-cookie" {
            let message = "the edge would send one and the same cookie to every visitor";
            report.error("header-forbidden", &path, message, "remove it: cookies are for the API to set");
        } else if FORBIDDEN.contains(&lower.as_str()) || FORBIDDEN_PREFIXES.iter().any(|it| lower.starts_with(it)) {
            let message = format!("CloudFront does not let anybody set `{name}`");
            report.error("header-forbidden", &path, message, "remove it");
        } else if !seen.insert(lower) {
            report.error("header-duplicate", &path, format!("`{name}` is there twice"), "remove one of them");
        } else if !value.contains("${") {
            header_value(report, &path, value);
        }
    }
}

fn header_value(report: &mut Report<'_>, path: &str, value: &str) {
    if value.is_empty() || value.chars().any(|c| c.is_control() || !c.is_ascii()) {
        let message = "this value is empty, or has a line break, a control character or a non-ASCII character";
        report.error("header-value", path, message, "write it in one line of printable ASCII");
    } else if value.len() > LONGEST_HEADER {
        let message = format!("this value is longer than {LONGEST_HEADER} characters");
        report.error("headers-too-long", path, message, "shorten it");
    }
}

/// Cross-origin resource sharing (CloudFront Developer Guide, "Understand response headers policies").
pub fn cors(report: &mut Report<'_>, cors: &Cors) {
    let Cors { allow_origins, allow_methods, allow_headers, expose_headers, credentials, max_age } = cors;
    origins(report, allow_origins);
    methods(report, allow_methods);
    if allow_headers.is_empty() {
        let message = "no header may be sent, which CloudFront has no way to say";
        report.error("cors-header", "cors.allow_headers", message, "name headers, or remove it: `*` is the default");
    }
    for (key, headers) in [("allow_headers", allow_headers), ("expose_headers", expose_headers)] {
        for header in headers.iter().filter(|header| !header.contains("${") && !is_token(header)) {
            let path = format!("cors.{key}");
            let message = format!("{} cannot name a header", report.shown_item(&path, header));
            report.error("cors-header", &path, message, "write names of headers, or `*` for all");
        }
    }
    // A `*` within a name is a pattern to CloudFront, and refused as well.
    let patterns = allow_headers.iter().any(|header| header.contains('*'));
    if *credentials && (patterns || [allow_origins, expose_headers].iter().any(|list| list.contains("*"))) {
        let message = "browsers take no `*` where cookies come along";
        let help = "name origins and headers, or remove `credentials`";
        report.error("cors-credentials", "cors.credentials", message, help);
    }
    if let Some(max_age) = max_age {
        super::seconds(report, "cors.max_age", u64::from(*max_age));
    }
}

fn origins(report: &mut Report<'_>, origins: &BTreeSet<String>) {
    let path = "cors.allow_origins";
    if origins.is_empty() {
        report.error("cors-origin", path, "no origin may read anything", "name one, or remove `cors`");
    }
    for origin in origins.iter().filter(|origin| !origin.contains("${") && *origin != "*") {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).unwrap_or_default();
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            let message = format!("{} is no origin", report.shown_item(path, origin));
            report.error("cors-origin", path, message, "write scheme and host only: `https://app.example.com`");
        } else if host.strip_prefix("*.").unwrap_or(host).contains('*') {
            let message = format!("{} has a `*` that CloudFront refuses", report.shown_item(path, origin));
            report.error(
                "cors-origin",
                path,
                message,
                "it may stand for what is left of a domain: `https://*.example.com`",
            );
        }
    }
}

fn methods(report: &mut Report<'_>, methods: &BTreeSet<String>) {
    let path = "cors.allow_methods";
    let known = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE", "ALL"];
    if methods.is_empty() {
        let message = "no method may be used";
        report.error("cors-method", path, message, "name methods, or remove it: GET and HEAD are the default");
    } else if methods.contains("ALL") && methods.len() > 1 {
        report.error("cors-method", path, "`ALL` includes the others", "write `[ALL]`, or name each");
    }
    for method in methods.iter().filter(|method| !known.contains(&method.as_str())) {
        let message = format!("{} is no method that CloudFront knows", report.shown_item(path, method));
        report.error("cors-method", path, message, format!("use {}", known.join(", ")));
    }
}
