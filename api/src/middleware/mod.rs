//! What surrounds every request: its id, its place in traces, its histogram, and the bodies of cached documents and of
//! errors.

mod request;

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use crate::cache::{Cached, Terms};
use crate::error::{Error, ErrorResponse};
use crate::metrics::Metrics;
use request::{Origin, REQUEST, TRACEPARENT, X_REQUEST_ID};

pub use request::span;

/// What a response says that no route has settled: it is this caller's, and now.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// How long a request that changes something may take. Reads are bounded by their cache fill.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Gives the request an id, counts it, and writes the body of a cached document or of a failure.
pub async fn observe(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => metrics.route(path.as_str()),
        None => metrics.route("none"),
    };
    let terms = Terms::of(request.method(), request.headers());
    let origin = Origin::of(&request);
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;

    let served = REQUEST.scope(origin.clone(), next.run(request));
    // A read that the cache answers needs no span: its fill makes one.
    let mut response = if reads {
        served.await
    } else {
        let late = |_| Error::Unavailable("the request took too long".into()).into_response();
        tokio::time::timeout(WRITE_TIMEOUT, served.instrument(origin.span())).await.unwrap_or_else(late)
    };

    if let Some(cached) = response.extensions_mut().remove::<Cached>() {
        cached.write(&terms, &mut response);
    } else if let Some(error) = response.extensions_mut().remove::<Error>() {
        if let Some(detail) = error.detail() {
            let _request = origin.span().entered();
            tracing::error!(status = response.status().as_u16(), detail, "request failed");
        }
        response = with_body(&response, error.body(origin.id_text().to_owned()));
    }
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    if let Some(parent) = origin.traceparent {
        headers.insert(TRACEPARENT, parent);
    }
    headers.insert(X_REQUEST_ID, origin.id);
    route.served(response.status().as_u16(), start.elapsed());
    response
}

/// Turns a panic into the answer that every mistake of ours gets.
#[expect(clippy::needless_pass_by_value, reason = "the signature that CatchPanicLayer asks for")]
pub fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    Error::Internal(message.unwrap_or("panic").into()).into_response()
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
