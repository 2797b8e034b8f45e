//! What identifies a request in responses, logs and traces.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, Uri};
use tracing::Span;

use crate::cache::Terms;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The longest request id that is taken over from a client or a proxy.
const MAX_REQUEST_ID: usize = 128;

tokio::task_local! {
    /// The request that the running task serves.
    pub static REQUEST: Origin;
}

/// Where a request comes from. Cheap to clone: parts are shared.
#[derive(Debug, Clone)]
pub struct Origin {
    pub id: HeaderValue,
    pub traceparent: Option<HeaderValue>,
    terms: Terms,
    method: Method,
    uri: Uri,
}

/// The request that the running task serves; none outside of one.
#[must_use]
pub fn origin() -> Option<Origin> {
    REQUEST.try_with(Clone::clone).ok()
}

/// The span of the request that the running task serves. It is made by whoever has something to do in it, since most
/// requests are answered from the cache and have nothing to say.
#[must_use]
pub fn span() -> Span {
    REQUEST.try_with(Origin::span).unwrap_or_else(|_| Span::current())
}

/// The id of the request that the running task serves; empty outside of one.
#[must_use]
pub fn id() -> String {
    REQUEST.try_with(|origin| origin.id_text().to_owned()).unwrap_or_default()
}

/// What a response to the request that the running task serves depends on.
#[must_use]
pub fn terms() -> Terms {
    REQUEST.try_with(|origin| origin.terms.clone()).unwrap_or_default()
}

impl Origin {
    pub fn of(request: &Request) -> Self {
        Self {
            id: request_id(request),
            traceparent: request.headers().get(TRACEPARENT).filter(|value| trace_id(value).is_some()).cloned(),
            terms: Terms::of(request.method(), request.headers()),
            method: request.method().clone(),
            uri: request.uri().clone(),
        }
    }

    fn id_text(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    pub fn span(&self) -> Span {
        let trace_id = self.traceparent.as_ref().and_then(trace_id);
        tracing::info_span!("request", id = self.id_text(), trace_id, method = %self.method, path = self.uri.path())
    }
}

/// The id that the client or a proxy gave, when it is harmless to log and to repeat; else a new one.
fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get(X_REQUEST_ID).filter(|value| {
        (1..=MAX_REQUEST_ID).contains(&value.len())
            && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    });
    given.cloned().unwrap_or_else(|| {
        let mut text = [0; 32];
        // Sixteen bytes are thirty-two digits, and digits are always a header's value.
        let _ = hex::encode_to_slice(fastrand::u128(..).to_be_bytes(), &mut text);
        HeaderValue::from_bytes(&text).unwrap_or_else(|_| HeaderValue::from_static("0"))
    })
}

/// The trace's id in a `traceparent`: `version-trace-parent-flags` in lowercase hexadecimal, ids not all zero.
/// W3C Trace Context, section 3.2.
fn trace_id(value: &HeaderValue) -> Option<&str> {
    let mut parts = value.to_str().ok()?.split('-');
    let mut field = |length| {
        let hex = |part: &&str| part.len() == length && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        parts.next().filter(hex)
    };
    let (version, trace, parent, _flags) = (field(2)?, field(32)?, field(16)?, field(2)?);
    let zero = |id: &str| id.bytes().all(|b| b == b'0');
    (version != "ff" && !zero(trace) && !zero(parent) && (version != "00" || parts.next().is_none())).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_traceparent_of_the_standards_form_is_passed_on() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for (value, valid) in [
            (format!("00-{trace}-00f067aa0ba902b7-01"), true),
            (format!("cc-{trace}-00f067aa0ba902b7-01-what-the-future-brings"), true),
            (format!("00-{trace}-00f067aa0ba902b7-01-more"), false),
            (format!("ff-{trace}-00f067aa0ba902b7-01"), false),
            (format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()), false),
            (format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), false),
            (format!("00-{trace}-{}-01", "0".repeat(16)), false),
            ("00-1-2-3".to_owned(), false),
            (String::new(), false),
        ] {
            let header = HeaderValue::try_from(&value).unwrap();
            assert_eq!(trace_id(&header), valid.then_some(trace), "{value}");
        }
    }
}
