//! Keys of CloudFront's own configuration, which people bring along: what to write instead, if anything.

use serde_json::Value;

use super::{lint::Report, path::KeyPath, problem::Problem, source::Source};

/// Keys without a rule of their own, in lower case without separators, and what does their job here.
const INSTEAD: &[(&str, &str)] = &[
    ("aliases", "list host names under `domains`"),
    ("cachebehaviors", "write rules under `cache`; requests for the API are those of `api.path`"),
    ("cachepolicyid", "write `cache_control` under `cache`"),
    ("comment", "write a comment: `# …`"),
    ("compress", "set `compression.encodings`: variants are prepared at build time"),
    ("defaultcachebehavior", "write rules under `cache`"),
    ("defaultrootobject", "remove it: `/` is index.html"),
    ("defaultttl", "write `max-age` or `s-maxage` in `cache_control`"),
    ("enabled", "remove it: a distribution is enabled when it is created"),
    ("httpversion", "remove it: HTTP/2 and HTTP/3 are on"),
    ("maxttl", "write `max-age` or `s-maxage` in `cache_control`"),
    ("minimumprotocolversion", "write `minimum_tls`: viewers need TLS 1.2 or later in any case"),
    ("originaccesscontrol", "remove it: the bucket is private to its distribution"),
    ("originaccessidentity", "remove it: origin access control took its place, and is always used"),
    ("originprotocolpolicy", "write `api_origin: https://…`: origins are asked over https"),
    ("origins", "the bucket is `bucket`, the API is `api_origin`, under an environment"),
    ("sslsupportmethod", "remove it: certificates are served by SNI"),
    ("viewercertificate", "write `certificate_arn` under an environment"),
    ("viewerprotocolpolicy", "remove it: http is redirected to https"),
];

/// Reports the key at `path`, and keys inside of it, if they are CloudFront's. Says whether its own name is.
pub fn explain(path: &KeyPath, source: &Source, problems: &mut Vec<Problem>) -> bool {
    let Some(value) = path.of(&source.value) else { return false };
    inside(path, value, source, problems);
    let Some(super::path::Segment::Key(key)) = path.last() else { return false };
    let at = source.key_position(path);
    let mut push = |rule, message: &str, help: &str| {
        problems.push(Problem::error(rule, path, at, message.to_owned(), help));
    };
    match plain(key).as_str() {
        "minttl" if is_positive(value) => {
            let message =
                "a MinTTL above zero keeps at the edge what `Cache-Control` says not to keep, even `no-store`";
            push("min-ttl", message, "remove it: the edge keeps what `cache_control` allows, for as long as that says");
        }
        "minttl" => push("cloudfront-key", "`min_ttl` is always 0 here", "remove it"),
        "forwardedvalues" => {
            let message = "`forwarded_values` is CloudFront's legacy way, which excludes Brotli and cache policies";
            push(
                "forwarded-values",
                message,
                "remove it: the cache key is the path, and the API gets everything untouched",
            );
        }
        "originsslprotocols" | "sslprotocols" => {
            if value.to_string().contains("TLSv1.3") {
                let message = "CloudFront's origins accept no TLSv1.3: such a distribution is refused";
                push("origin-tls", message, "remove it: origins are asked over TLSv1.2");
            } else {
                push(
                    "origin-tls",
                    "the protocol to origins is not a setting",
                    "remove it: origins are asked over TLSv1.2",
                );
            }
        }
        "customerrorresponses" => {
            let has_api = source.value.get("api").is_some_and(|api| !api.is_null());
            match swallowed(value) {
                Some(_) => push(
                    "spa-error-response",
                    swallowing(has_api),
                    "remove it: `site.spa: true` shows index.html for client-side routes alone",
                ),
                None => push(
                    "cloudfront-key",
                    "`CustomErrorResponses` is CloudFront's own key",
                    "write `error_responses`; with `spa: false`, 404.html is sent without it",
                ),
            }
        }
        plain => {
            let Some((_, instead)) = INSTEAD.iter().find(|(key, _)| *key == plain) else { return false };
            push("cloudfront-key", &format!("`{key}` is CloudFront's own key"), instead);
        }
    }
    true
}

/// The list `error_responses`, where it does harm.
pub fn error_responses(report: &mut Report<'_>, responses: &Value, has_api: bool) {
    for (index, response) in responses.as_array().into_iter().flatten().enumerate() {
        let path = format!("error_responses[{index}]");
        let help = "remove it: `site.spa: true` shows index.html for client-side routes alone";
        match (swallowed(response).is_some(), has_api) {
            (true, true) => report.error("spa-error-response", &path, swallowing(true), help),
            (true, false) => report.warn("spa-error-response", &path, swallowing(false), help),
            (false, _) => {}
        }
    }
}

fn swallowing(has_api: bool) -> &'static str {
    if has_api {
        "a distribution-wide 404 or 403 → index.html also turns the API's errors into a page with status 200"
    } else {
        "a distribution-wide 404 or 403 → index.html also turns missing scripts and images into a page"
    }
}

/// The status that `response`, or one in a list of them, replaces by index.html.
fn swallowed(response: &Value) -> Option<u64> {
    match response {
        Value::Array(items) => items.iter().find_map(swallowed),
        Value::Object(entries) => {
            let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
            let status = entries.values().filter_map(number).find(|status| matches!(status, 403 | 404));
            let page = |value: &Value| value.as_str().is_some_and(|text| text.trim_start_matches('/') == "index.html");
            status.filter(|_| entries.values().any(page)).or_else(|| entries.values().find_map(swallowed))
        }
        _ => None,
    }
}

fn inside(path: &KeyPath, value: &Value, source: &Source, problems: &mut Vec<Problem>) {
    match value {
        Value::Object(entries) => {
            for key in entries.keys() {
                explain(&path.key(key), source, problems);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                inside(&path.item(index), item, source, problems);
            }
        }
        _ => {}
    }
}

fn is_positive(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number > 0.0),
        Value::String(text) => text.chars().any(|c| c.is_ascii_digit() && c != '0'),
        _ => false,
    }
}

/// `MinTTL`, `min_ttl` and `min-ttl` are one name.
fn plain(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}
