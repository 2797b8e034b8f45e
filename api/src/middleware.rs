//! What surrounds every request: its id, its span in the log, and the bodies of cached documents and of errors.

use std::any::Any;
use std::time::Instant;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::cache::{Cached, Terms};
use crate::error::{Error, ErrorResponse};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over from a client or a proxy.
const MAX_REQUEST_ID: usize = 128;

/// What a response says that no route has settled: it is this caller's, and now.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Gives the request an id, logs it, and writes the body of a cached document or of a failure.
pub async fn observe(request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let id_text = id.to_str().unwrap_or_default().to_owned();
    let span = tracing::info_span!("request", id = id_text, method = %request.method(), path = request.uri().path());
    async move {
        let start = Instant::now();
        let terms = Terms::of(request.method(), request.headers());
        let mut response = next.run(request).await;
        if let Some(cached) = response.extensions_mut().remove::<Cached>() {
            cached.write(&terms, &mut response);
        }
        if let Some(error) = response.extensions_mut().remove::<Error>() {
            if let Some(detail) = error.detail() {
                tracing::error!(status = response.status().as_u16(), detail, "request failed");
            }
            response = with_body(&response, error.body(id_text));
        }
        response.headers_mut().insert(X_REQUEST_ID, id);
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(NO_STORE);
        tracing::debug!(status = response.status().as_u16(), elapsed = ?start.elapsed(), "request served");
        response
    }
    .instrument(span)
    .await
}

/// Turns a panic into the answer that every mistake of ours gets.
#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer asks for")]
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    Error::Internal(message.unwrap_or("panic").into()).into_response()
}

/// The id that the client or a proxy gave, when it is harmless to log and to repeat; else a new one.
fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get(X_REQUEST_ID).filter(|value| {
        (1..=MAX_REQUEST_ID).contains(&value.len())
            && value.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    });
    given.cloned().unwrap_or_else(|| {
        let text = format!("{:032x}", fastrand::u128(..));
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("0"))
    })
}

/// The failure's status and headers (Allow, Retry-After, WWW-Authenticate) with the JSON body.
fn with_body(failure: &Response, body: ErrorResponse) -> Response {
    let mut response = (failure.status(), Json(body)).into_response();
    for (name, value) in failure.headers() {
        if name != header::CONTENT_LENGTH {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
