//! What every response gets on its way out.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::body::{Body, full};
use crate::model::distribution::Behavior;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// A response before the edge's own headers.
pub struct Answer {
    /// The response.
    pub response: Response<Body>,
    /// Where it comes from.
    pub source: Source,
}

/// Where a response comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The cache, `age` seconds after it was fetched.
    Cache {
        /// Seconds.
        age: u64,
    },
    /// The cache, after the origin said that nothing changed.
    Revalidated,
    /// The origin, or the edge itself.
    Origin,
    /// The viewer-request function.
    Function,
}

impl Answer {
    /// The edge's own refusal.
    pub fn refused(status: StatusCode) -> Self {
        Self { response: text(status, format!("{status}\n")), source: Source::Origin }
    }
}

/// A plain-text response.
pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// Adds the behavior's response headers, each in place of the origin's, and what CloudFront says of itself.
/// `origin` is the viewer's header of that name.
pub fn finish(answer: Answer, behavior: &Behavior, origin: Option<&HeaderValue>, is_head: bool) -> Response<Body> {
    let Answer { mut response, source } = answer;
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let headers = response.headers_mut();
    for name in &behavior.removed_headers {
        headers.remove(name);
    }
    for (name, value) in &behavior.response_headers {
        set(headers, name, value);
    }
    if let (Some(cors), Some(origin)) = (&behavior.cors, origin.and_then(|origin| origin.to_str().ok())) {
        for (name, value) in cors.headers(origin) {
            set(headers, name, &value);
        }
    }
    let x_cache = match source {
        Source::Function => "FunctionGeneratedResponse from cloudfront",
        _ if is_error => "Error from cloudfront",
        Source::Cache { .. } => "Hit from cloudfront",
        Source::Revalidated => "RefreshHit from cloudfront",
        Source::Origin => "Miss from cloudfront",
    };
    headers.insert(X_CACHE, HeaderValue::from_static(x_cache));
    if let Source::Cache { age } = source {
        headers.insert(header::AGE, age.into());
    }
    headers.append(header::VIA, HeaderValue::from_static("1.1 treebeard-edge (CloudFront)"));
    if let Ok(now) = HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())) {
        headers.entry(header::DATE).or_insert(now);
    }
    if is_head { without_body(response) } else { response }
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        headers.insert(name, value);
    }
}

/// The same headers, the length of the body included, and no body. The API has already left its own out.
fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    if let Some(size) = hyper::body::Body::size_hint(&body).exact().filter(|&size| size > 0) {
        head.headers.entry(header::CONTENT_LENGTH).or_insert(size.into());
    }
    Response::from_parts(head, full(Bytes::new()))
}
