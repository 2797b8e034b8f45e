//! What CloudFront would refuse of the settings that it takes as they are.

use std::collections::{BTreeMap, BTreeSet};

use super::{Report, countries, is_region, is_token, known};
use crate::config::file::{ErrorResponse, Geo, Logging, Place, Settings};

/// Alternate domain names of a distribution (CloudFront Developer Guide, "Quotas").
const MOST_DOMAINS: usize = 100;

/// Tags of a resource, less the two of ours (AWS General Reference, "Tag naming limits and requirements").
const MOST_TAGS: usize = 48;

/// Longest time that an error can be kept: a year.
const LONGEST_TTL: u32 = 31_536_000;

/// Statuses that an error response can be for, and be sent with
/// (CloudFront API Reference, `CustomErrorResponse`).
const STATUSES: [u16; 11] = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504];

/// Regions that have an Origin Shield (CloudFront Developer Guide, "Use Amazon CloudFront Origin Shield").
const SHIELDS: [&str; 12] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
];

/// Regions that have none, and the one with the least latency to each (as above).
const NEAREST_SHIELDS: [(&str, &str); 8] = [
    ("af-south-1", "eu-west-1"),
    ("ap-east-1", "ap-southeast-1"),
    ("ca-central-1", "us-east-1"),
    ("eu-north-1", "eu-west-2"),
    ("eu-south-1", "eu-central-1"),
    ("eu-west-3", "eu-west-2"),
    ("me-south-1", "ap-south-1"),
    ("us-west-1", "us-west-2"),
];

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
        if !countries::exists(country) {
            let message = format!("{} is no country", report.shown_item(key, country));
            report.error("geo-country", key, message, "write its two capital letters, as in `DE` (ISO 3166-1 alpha-2)");
        }
    }
}

/// A web ACL is named by an ARN of us-east-1 (AWS WAF Developer Guide: scope CLOUDFRONT).
pub fn waf(report: &mut Report<'_>, acl: Option<&String>) {
    let Some(arn) = known(acl).filter(|acl| *acl != "none") else { return };
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
    let Some(region) = known(region).filter(|region| !SHIELDS.contains(region)) else { return };
    let path = "origin_shield";
    let shown = report.shown(path);
    if let Some((_, nearest)) = NEAREST_SHIELDS.iter().find(|(without, _)| *without == region) {
        let message = format!("CloudFront has no Origin Shield in {shown}");
        let help = format!("choose the region with the least latency to the bucket: here `{nearest}`");
        report.error("origin-shield", path, message, help);
    } else if is_region(region) {
        let message = format!("{shown} is not among the regions that AWS lists for Origin Shield");
        let help = format!("choose the one with the least latency to the bucket: {}", SHIELDS.join(", "));
        report.warn("origin-shield", path, message, help);
    } else {
        report.error("region", path, format!("{shown} is no region"), "write it as in `us-east-1`");
    }
}

/// The header of cache tags.
pub fn cache_tag_header(report: &mut Report<'_>, name: Option<&String>) {
    if known(name).is_some_and(|name| !is_token(name)) {
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
        let path = format!("{path}.error_code");
        let message = format!("CloudFront has no error response for {}", report.shown(&path));
        report.error("error-response", &path, message, format!("use {}", statuses()));
    }
    match (response_page_path.as_deref(), response_code) {
        (Some(page), Some(code)) => {
            if !page.contains("${") && (!page.starts_with('/') || page.contains(['?', '#', ' '])) {
                let message = format!("{} is no path of a page", report.shown(&format!("{path}.response_page_path")));
                let help = "start it with a slash: `/errors/500.html`";
                report.error("error-response", &format!("{path}.response_page_path"), message, help);
            }
            if *code != 200 && !STATUSES.contains(code) {
                let path = format!("{path}.response_code");
                let message = format!("CloudFront cannot send {} with a page", report.shown(&path));
                report.error("error-response", &path, message, format!("use 200, {}", statuses()));
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
            let path = format!("{path}.error_code");
            let message = format!("{} is there twice", report.shown(&path));
            report.error("error-response", &path, message, "remove one of them");
        }
    }
    let on_cloudfront = place.bucket.is_some() && place.cdn != Some(crate::config::file::Cdn::None);
    if on_cloudfront && !settings.site.spa && settings.api.is_some() {
        let message = "404.html is not sent on CloudFront, where it would replace the API's 404s, too";
        report.warn("not-found-page", "site.spa", message, "missing pages are plain 404s there; see docs/cdn-setup.md");
    }
}
