//! Conditional requests (RFC 9110, 13): has the viewer's copy changed?

use std::time::SystemTime;

use http::{HeaderMap, header};

use super::object::Validators;

/// Whether the viewer wants another version than the current one, and nothing else: S3 answers that with 412.
pub fn is_refused(request: &HeaderMap, current: &Validators) -> bool {
    let mut tags = request.get_all(header::IF_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // Strong comparison: bytes are wanted.
        let is_it = |tag: &str| matches!(tag.trim(), tag if tag == "*" || tag == current.etag);
        return !tags.filter_map(|tags| tags.to_str().ok()).flat_map(|tags| tags.split(',')).any(is_it);
    }
    date(request, &header::IF_UNMODIFIED_SINCE).is_some_and(|since| current.last_modified > since)
}

/// Whether the viewer's copy still is the current one.
pub fn is_not_modified(request: &HeaderMap, current: &Validators) -> bool {
    let mut tags = request.get_all(header::IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // With an entity tag the date is not looked at.
        return tags.filter_map(|tags| tags.to_str().ok()).any(|tags| names(tags, &current.etag));
    }
    date(request, &header::IF_MODIFIED_SINCE).is_some_and(|since| current.last_modified <= since)
}

/// Whether `If-Range` lets a range through: absent, or exactly the current version.
pub fn is_same_version(request: &HeaderMap, current: &Validators) -> bool {
    let Some(condition) = request.get(header::IF_RANGE) else { return true };
    if condition.as_bytes().starts_with(b"\"") {
        return condition.as_bytes() == current.etag.as_bytes();
    }
    date(request, &header::IF_RANGE) == Some(current.last_modified)
}

/// Weak comparison: a weak tag names the same representation as its strong one.
fn names(list: &str, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.trim() == "*" || list.split(',').any(|tag| opaque(tag) == opaque(etag))
}

fn date(request: &HeaderMap, name: &http::HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(request.get(name)?.to_str().ok()?).ok()
}
