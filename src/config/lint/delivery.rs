//! What CloudFront would refuse of the settings that it takes as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, is_region, known};
use crate::config::file::{Cors, ErrorResponse, Geo, Logging, Place, Settings};

/// Alternate domain names of a distribution (CloudFront Developer Guide, "Quotas").
const MOST_DOMAINS: usize = 100;

/// Headers that a policy may add beside the security headers (as above).
const MOST_HEADERS: usize = 10;

/// Length of all header values of a policy together (as above).
const LONGEST_HEADERS: usize = 10_240;

/// Tags of a resource, less the two of ours (AWS General Reference, "Tag naming limits and requirements").
const MOST_TAGS: usize = 48;

/// Longest time that an error can be kept: a year.
const LONGEST_TTL: u32 = 31_536_000;

/// Statuses that an error response can be for, and be sent with
/// (CloudFront API Reference, `CustomErrorResponse`).
const STATUSES: [u16; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/// Headers that no response headers policy may set (CloudFront Developer Guide, "Restrictions on edge functions").
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
    "x-amzn-auth",
    "x-cache",
    "x-forwarded-proto",
    "x-real-ip",
];

/// What the names of forbidden headers begin with.
const FORBIDDEN_PREFIXES: [&str; 4] = ["x-accel-", "x-amz-cf-", "x-amzn-cf-", "x-edge-"];

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
    if headers.values().map(String::len).sum::<usize>() > LONGEST_HEADERS {
        let message = format!("together these values are longer than {LONGEST_HEADERS} characters");
        report.error("headers-too-long", base, message, "shorten them");
    }
    let mut seen = BTreeSet::new();
    for (name, value) in headers {
        let path = format!("{base}.{name}");
        let lower = name.to_ascii_lowercase();
        let is_token =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !is_token {
            let message = format!("{name:?} cannot name a header");
            report.error("header-name", &path, message, "use letters, digits and `-`");
        } else if let Some((_, instead)) = ELSEWHERE.iter().find(|(taken, _)| *taken == lower) {
            let message = format!("`{name}` is set by {instead}");
            report.error("header-elsewhere", &path, message, "remove it here");
        } else if FORBIDDEN.contains(&lower.as_str()) || FORBIDDEN_PREFIXES.iter().any(|it| lower.starts_with(it)) {
            let message = format!("CloudFront does not let anybody set `{name}`");
            report.error("header-forbidden", &path, message, "remove it");
        } else if !seen.insert(lower) {
            report.error("header-duplicate", &path, format!("`{name}` is there twice"), "remove one of them");
        } else if !value.contains("${") && (value.is_empty() || value.chars().any(|c| c.is_control() || !c.is_ascii()))
        {
            let message = "this value is empty, or has a line break, a control character or a non-ASCII character";
            report.error("header-value", &path, message, "write it in one line of printable ASCII");
        }
    }
}

/// Cross-origin resource sharing.
pub fn cors(report: &mut Report<'_>, cors: &Cors) {
    let Cors { allow_origins, allow_methods, allow_headers, expose_headers, credentials, max_age: _ } = cors;
    let path = "cors.allow_origins";
    if allow_origins.is_empty() {
        report.error("cors-origin", path, "no origin may read anything", "name one, or remove `cors`");
    }
    for origin in allow_origins.iter().filter(|origin| !origin.contains("${") && *origin != "*") {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).unwrap_or_default();
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            let message = format!("`{origin}` is no origin");
            report.error("cors-origin", path, message, "write scheme and host only: `https://app.example.com`");
        }
    }
    if *credentials && [allow_origins, allow_headers, expose_headers].iter().any(|list| list.contains("*")) {
        let message = "browsers take no `*` where cookies come along";
        report.error(
            "cors-credentials",
            "cors.credentials",
            message,
            "name origins and headers, or remove `credentials`",
        );
    }
    let methods = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE", "ALL"];
    for method in allow_methods.iter().filter(|method| !methods.contains(&method.as_str())) {
        let message = format!("`{method}` is no method that CloudFront knows");
        report.error("cors-method", "cors.allow_methods", message, format!("use {}", methods.join(", ")));
    }
}

/// Access logs.
pub fn logging(report: &mut Report<'_>, logging: &Logging, place: &Place) {
    let Logging { bucket, prefix, cookies: _ } = logging;
    if place.bucket.as_ref() == Some(bucket) {
        let message = "logs in the site's bucket would be published with it";
        report.error("logging-bucket", "logging.bucket", message, "name another bucket");
    } else if bucket.contains(".s3") || bucket.contains('/') {
        let message = format!("{} is no name of a bucket", report.shown("logging.bucket"));
        report.error("logging-bucket", "logging.bucket", message, "write its name only: `example-logs`");
    }
    if prefix.starts_with('/') || prefix.len() > 256 {
        let message = format!("{} cannot begin the keys of logs", report.shown("logging.prefix"));
        report.error("logging-prefix", "logging.prefix", message, "write it as in `cdn/`");
    }
}

/// Which countries are served.
pub fn geo(report: &mut Report<'_>, geo: &Geo) {
    let (key, countries) = match geo {
        Geo { allow: Some(countries), deny: None } => ("geo.allow", countries),
        Geo { allow: None, deny: Some(countries) } => ("geo.deny", countries),
        _ => {
            let message = "`geo` is either a list of countries to `allow` or one to `deny`";
            return report.error("geo", "geo", message, "keep one of them: `geo: { allow: [US, CA] }`");
        }
    };
    if countries.is_empty() {
        let message = if key == "geo.allow" { "this would lock every visitor out" } else { "this denies nobody" };
        report.error("geo-empty", key, message, "name countries, or remove `geo`");
    }
    for country in countries.iter().filter(|country| !country.contains("${")) {
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            let message = format!("`{country}` is no country");
            report.error("geo-country", key, message, "write two capital letters, as in `DE` (ISO 3166-1)");
        }
    }
}

/// A web ACL is named by an ARN of us-east-1 (AWS WAF Developer Guide: scope CLOUDFRONT).
pub fn waf(report: &mut Report<'_>, acl: Option<&String>) {
    let Some(arn) = known(acl) else { return };
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let is_acl = matches!(fields[..], ["arn", _, "wafv2", _, _, resource] if resource.starts_with("global/webacl/"));
    if !is_acl || fields[3] != "us-east-1" {
        let message = format!("{} is no ARN of a web ACL for CloudFront", report.shown("waf_acl"));
        let help = "write it as in `arn:aws:wafv2:us-east-1:123456789012:global/webacl/NAME/ID`";
        report.error("waf-acl", "waf_acl", message, help);
    }
}

/// The region of an Origin Shield.
pub fn origin_shield(report: &mut Report<'_>, region: Option<&String>) {
    if known(region).is_some_and(|region| !is_region(region)) {
        let message = format!("{} is no region", report.shown("origin_shield"));
        report.error("region", "origin_shield", message, "write it as in `us-east-1`");
    }
}

/// The header of cache tags.
pub fn cache_tag_header(report: &mut Report<'_>, name: Option<&String>) {
    let token = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if known(name).is_some_and(|name| !token(name)) {
        let message = format!("{} cannot name a header", report.shown("cache_tag_header"));
        report.error("header-name", "cache_tag_header", message, "write it as in `x-amz-meta-cache-tag`");
    }
}

/// Tags.
pub fn tags(report: &mut Report<'_>, tags: &BTreeMap<String, String>) {
    if tags.len() > MOST_TAGS {
        report.error("too-many-tags", "tags", format!("AWS takes {MOST_TAGS} tags beside ours"), "remove some");
    }
    for (key, value) in tags {
        let path = format!("tags.{key}");
        let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
        if key.is_empty() || key.len() > 128 || value.len() > 256 || !key.chars().all(allowed) {
            let help = "up to 128 letters, digits and `_.:/=+-@` for a key, 256 for a value";
            report.error("tag", &path, format!("{key:?} cannot be a tag"), help);
        } else if !value.contains("${") && !value.chars().all(allowed) {
            let message = "AWS refuses a character of this value";
            report.error("tag", &path, message, "use letters, digits, spaces and `_.:/=+-@`");
        } else if key.starts_with("aws:") || key.starts_with("treebeard-cdn:") {
            report.error("tag", &path, format!("`{key}` begins with a reserved word"), "choose another key");
        }
    }
}

/// Error responses that CloudFront takes.
pub fn error_response(report: &mut Report<'_>, path: &str, response: &ErrorResponse) {
    let ErrorResponse { error_code, response_page_path, response_code, error_caching_min_ttl } = response;
    let statuses = || STATUSES.map(|status| status.to_string()).join(", ");
    if !STATUSES.contains(error_code) {
        let message = format!("CloudFront has no error response for {error_code}");
        report.error("error-response", &format!("{path}.error_code"), message, format!("use {}", statuses()));
    }
    match (response_page_path.as_deref(), response_code) {
        (Some(page), Some(code)) => {
            if !page.contains("${") && (!page.starts_with('/') || page.contains(['?', '#', ' '])) {
                let message = format!("{} is no path of a page", report.shown(&format!("{path}.response_page_path")));
                let help = "start it with a slash: `/errors/500.html`";
                report.error("error-response", &format!("{path}.response_page_path"), message, help);
            }
            if *code != 200 && !STATUSES.contains(code) {
                let message = format!("CloudFront cannot send {code} with a page");
                let help = format!("use 200, {}", statuses());
                report.error("error-response", &format!("{path}.response_code"), message, help);
            }
        }
        (None, None) => {}
        _ => {
            let message = "`response_page_path` and `response_code` go together";
            report.error("error-response", path, message, "add the other one, or remove both");
        }
    }
    if *error_caching_min_ttl > LONGEST_TTL {
        let message = format!("CloudFront keeps no error for longer than {LONGEST_TTL} seconds");
        report.error("error-response", &format!("{path}.error_caching_min_ttl"), message, "use 10");
    }
}

/// What is refused only because there is so much of it, and what works in one place only.
pub fn quotas(report: &mut Report<'_>, place: &Place, settings: &Settings) {
    if place.domains.len() > MOST_DOMAINS {
        let message = format!("a distribution takes {MOST_DOMAINS} domains unless AWS was asked for more");
        report.error("too-many-domains", "domains", message, "remove some, or use a `*.` name");
    }
    let mut seen = BTreeSet::new();
    for (index, response) in settings.error_responses.iter().enumerate() {
        let path = format!("error_responses[{index}]");
        error_response(report, &path, response);
        if !seen.insert(response.error_code) {
            let message = format!("{} is there twice", response.error_code);
            report.error("error-response", &format!("{path}.error_code"), message, "remove one of them");
        }
    }
    let on_cloudfront = place.bucket.is_some() && place.cdn != Some(crate::config::file::Cdn::None);
    if on_cloudfront && !settings.site.spa && settings.api.is_some() {
        let message = "404.html is not sent on CloudFront, where it would replace the API's 404s, too";
        report.warn("not-found-page", "site.spa", message, "missing pages are plain 404s there; see docs/cdn-setup.md");
    }
}
