//! A cached document as response. The parts that depend on the request (which encoding, whether the client has it
//! already) are settled for each one: the cache holds documents, never a caller's headers.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};

use serde::Serialize;

use super::entry::{Body, Entry, Value};
use super::{Cached, Namespace, Policy, Source, policy};
use crate::error::Error;
use crate::middleware;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
/// Stored, and asked for again each time: the catalogue may change at any moment, and a 304 is small.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=0, must-revalidate");
/// What belongs to one user stays out of stores.
const PRIVATE: HeaderValue = HeaderValue::from_static("no-store");

/// What a response depends on in the request.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    head: bool,
    accept_encoding: Option<HeaderValue>,
    if_none_match: Option<HeaderValue>,
}

impl Terms {
    /// The terms of a request.
    #[must_use]
    pub fn of(method: &Method, headers: &HeaderMap) -> Self {
        Self {
            head: method == Method::HEAD,
            accept_encoding: all(headers, header::ACCEPT_ENCODING),
            if_none_match: all(headers, header::IF_NONE_MATCH),
        }
    }
}

/// A header's lines as one: RFC 9110, section 5.3.
fn all(headers: &HeaderMap, name: HeaderName) -> Option<HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?.clone();
    lines.try_fold(first, |all, line| HeaderValue::from_bytes(&[all.as_bytes(), b", ", line.as_bytes()].concat()).ok())
}

impl Source {
    const fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::L1 => "HIT-L1",
            Self::L2 => "HIT-L2",
            Self::Filled => "MISS",
            Self::Stale => "STALE",
        })
    }
}

impl IntoResponseParts for Source {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.headers_mut().insert(X_CACHE, self.header());
        Ok(parts)
    }
}

/// As the request that the running task serves asked for it.
impl IntoResponse for Cached {
    fn into_response(self) -> Response {
        self.write(&middleware::terms())
    }
}

impl Cached {
    /// A document that is made of a value from `source`, which is kept elsewhere.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which our types rule out.
    pub fn made(value: &impl Serialize, namespace: Namespace, source: Source) -> Result<Self, Error> {
        let json = serde_json::to_vec(value).map_err(|e| Error::Internal(e.to_string().into()))?;
        let now = policy::now();
        let entry = Entry::new(Value::Document(Body::new(json)), Policy::brief(now), 0, now);
        Ok(Self { entry: Arc::new(entry), namespace, source })
    }

    /// The document as response.
    fn write(self, terms: &Terms) -> Response {
        let (body, public) = (self.body(), self.namespace.is_public());
        let mut response = Response::new(HttpBody::empty());
        let headers = response.headers_mut();
        headers.reserve(10); // ours, the request's id, and the server's own
        headers.insert(X_CACHE, self.source.header());
        headers.insert(header::CACHE_CONTROL, if public { PUBLIC } else { PRIVATE });
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if public {
            headers.insert(header::ETAG, body.etag.clone());
            if terms.if_none_match.as_ref().is_some_and(|tags| matches(tags, &body.etag)) {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                return response;
            }
        }
        headers.insert(header::CONTENT_TYPE, JSON);
        let (encoding, bytes) = select(body, terms.accept_encoding.as_ref());
        if let Some(encoding) = encoding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if terms.head {
            headers.insert(header::CONTENT_LENGTH, bytes.len().into());
        } else {
            *response.body_mut() = HttpBody::from(bytes.clone());
        }
        response
    }
}

/// Whether one of the client's tags is the document's. The comparison is the weak one: RFC 9110, section 13.1.2.
fn matches(tags: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(tags), Ok(etag)) = (tags.to_str(), etag.to_str()) else { return false };
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(etag))
}

/// The smallest form that the client accepts.
fn select<'a>(body: &'a Body, accepted: Option<&HeaderValue>) -> (Option<&'static str>, &'a axum::body::Bytes) {
    let Some(accepted) = accepted.and_then(|value| value.to_str().ok()) else { return (None, &body.json) };
    match (&body.br, &body.gzip) {
        (Some(br), _) if accepts(accepted, "br") => (Some("br"), br),
        (_, Some(gzip)) if accepts(accepted, "gzip") => (Some("gzip"), gzip),
        _ => (None, &body.json),
    }
}

/// Whether an Accept-Encoding names a coding, or `*`, with a weight above zero: RFC 9110, section 12.5.3.
fn accepts(accepted: &str, coding: &str) -> bool {
    let weight = |name: &str| {
        accepted.split(',').find_map(|item| {
            let (token, parameter) = item.split_once(';').unwrap_or((item, "q=1"));
            let weight = parameter.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
            token.trim().eq_ignore_ascii_case(name).then(|| weight.unwrap_or(0.0))
        })
    };
    weight(coding).or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_accepted_as_the_standard_says() {
        for (accepted, br) in [
            ("gzip, br", true),
            ("GZIP;q=0.5, BR;q=0.1", true),
            ("br;q=0", false),
            ("*", true),
            ("*;q=0", false),
            ("br;q=0, *", false),
            ("gzip", false),
            ("bro", false),
            ("br;q=much", false),
            ("", false),
        ] {
            assert_eq!(accepts(accepted, "br"), br, "{accepted}");
        }
    }

    #[test]
    fn tags_are_compared_weakly() {
        let etag = HeaderValue::from_static("W/\"abc\"");
        for (tags, expected) in [
            ("W/\"abc\"", true),
            ("\"abc\"", true),
            ("\"x\", W/\"abc\"", true),
            ("*", true),
            ("\"ab\"", false),
            ("", false),
        ] {
            assert_eq!(matches(&HeaderValue::from_static(tags), &etag), expected, "{tags}");
        }
    }
}
