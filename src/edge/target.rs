//! A request's target: what is asked for.

use std::borrow::Cow;

use http::{StatusCode, Uri};
use percent_encoding::percent_decode_str;

/// Longest path with its query that CloudFront takes, in bytes.
const MAX_BYTES: usize = 8_192;

/// Checks the target, and gives the path that behaviors are matched against.
///
/// CloudFront normalizes a path as RFC 3986 (6.2.2) says and merges slashes before it chooses a behavior;
/// the function and the origin still see it as the viewer sent it.
pub fn matched_path(uri: &Uri) -> Result<String, StatusCode> {
    let path = uri.path();
    if path.len() + uri.query().map_or(0, |query| query.len() + 1) > MAX_BYTES {
        return Err(StatusCode::URI_TOO_LONG);
    }
    if !path.starts_with('/') {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(normalize(path))
}

fn normalize(path: &str) -> String {
    let mut kept: Vec<Cow<str>> = Vec::new();
    let mut segments = path.split('/').filter(|segment| !segment.is_empty()).peekable();
    let mut is_folder = path.ends_with('/');
    while let Some(segment) = segments.next() {
        let segment = decode_unreserved(segment);
        let is_dot = matches!(segment.as_ref(), "." | "..");
        if segment == ".." {
            kept.pop();
        }
        if is_dot {
            is_folder |= segments.peek().is_none();
        } else {
            kept.push(segment);
        }
    }
    let slash = if is_folder && !kept.is_empty() { "/" } else { "" };
    format!("/{}{slash}", kept.join("/"))
}

/// Decodes what never needed encoding: letters, digits, `-`, `.`, `_` and `~`.
fn decode_unreserved(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return segment.into();
    }
    let mut decoded = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        let triplet = rest.get(at..at + 3);
        let byte = triplet.and_then(|triplet| percent_decode_str(triplet).next().filter(|&byte| byte != b'%'));
        let unreserved = byte.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte));
        let taken = if let Some(byte) = unreserved {
            decoded.push(char::from(byte));
            3
        } else {
            decoded.push('%');
            1
        };
        rest = &rest[at + taken..];
    }
    decoded.push_str(rest);
    decoded.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviors_see_normal_paths() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/a/b", "/a/b"),
            ("/a//b/", "/a/b/"),
            ("/x/../api/v1", "/api/v1"),
            ("/x/%2e%2E/api/", "/api/"),
            ("/../../a", "/a"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/%61pi/x%7ey", "/api/x~y"),
            ("/a%2Fb%20c", "/a%2Fb%20c"),
            ("/%zz%4", "/%zz%4"),
            ("/%é%", "/%é%"),
        ] {
            assert_eq!(normalize(path), expected, "{path}");
        }
    }
}
