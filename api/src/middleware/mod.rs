//! What surrounds every request: its id, its place in traces, its histogram, and what happens when its handler panics.

mod request;

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tower::{Layer, Service};
use tracing::Instrument;

use crate::error::Error;
use crate::metrics::{Metrics, Route};
use request::{REQUEST, TRACEPARENT, X_REQUEST_ID};

pub(crate) use request::{Origin, origin};
pub use request::{id, span, terms};

/// What a response says that no route has settled: it is this caller's, and now.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// How long a request that changes something may take. Reads are bounded by their cache fill.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// Gives requests an id, counts them, and answers for handlers that panic.
#[derive(Debug, Clone)]
pub struct Observe {
    metrics: Arc<Metrics>,
    writes: TaskTracker,
}

impl Observe {
    /// Counts in `metrics`, and runs what changes something among `writes`.
    #[must_use]
    pub const fn new(metrics: Arc<Metrics>, writes: TaskTracker) -> Self {
        Self { metrics, writes }
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        Observed { inner, around: self.clone(), route: Arc::default() }
    }
}

/// A route within [`Observe`].
#[derive(Debug, Clone)]
pub struct Observed<S> {
    inner: S,
    around: Observe,
    /// The route's counters, looked up when it is first called.
    route: Arc<OnceLock<Arc<Route>>>,
}

impl<S> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let start = Instant::now();
        let pattern = || request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str);
        let route = Arc::clone(self.route.get_or_init(|| self.around.metrics.route(pattern())));
        let origin = Origin::of(&request);
        let reads = request.method() == Method::GET || request.method() == Method::HEAD;
        let served = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        let served = async move {
            let response = match served.await {
                Ok(Ok(response)) => response,
                Err(panic) => panicked(&*panic),
            };
            let response = complete(response);
            route.served(response.status().as_u16(), start.elapsed());
            response
        };
        if reads {
            // A read that the cache answers needs no span: its fill makes one.
            return Box::pin(REQUEST.scope(origin, served.map(Ok)));
        }
        Box::pin(self.around.write(origin, served).map(Ok))
    }
}

impl Observe {
    /// Runs a request that changes something in a task of its own: it is carried through, with everything that follows
    /// from it, when the client has left or is told that it takes too long.
    fn write<F>(&self, origin: Origin, served: F) -> impl Future<Output = Response> + Send + use<F>
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let span = origin.span();
        let ours = origin.clone();
        let task = self.writes.spawn(REQUEST.scope(origin, served).instrument(span));
        REQUEST.scope(ours, async move {
            match timeout(WRITE_TIMEOUT, task).await {
                Ok(Ok(response)) => response,
                Ok(Err(ended)) => complete(Error::Internal(ended.to_string().into()).into_response()),
                Err(_) => complete(Error::Unavailable("the request took too long".into()).into_response()),
            }
        })
    }
}

/// What every response has.
fn complete(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    let (id, traceparent) = REQUEST.with(|origin| (origin.id.clone(), origin.traceparent.clone()));
    if let Some(parent) = traceparent {
        headers.insert(TRACEPARENT, parent);
    }
    headers.insert(X_REQUEST_ID, id);
    response
}

/// The answer that every mistake of ours gets.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    Error::Internal(message.unwrap_or("panic").into()).into_response()
}
