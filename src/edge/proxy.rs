//! The API as an origin: requests pass as they are.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Uri, Version, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::sync::watch;

use super::{
    answer::text,
    body::{Body, full},
};

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// CloudFront's default time for an origin to begin its response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may take; the API is on this machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Whether the API can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It has not said yet that it is healthy.
    Starting,
    /// It listens on this port of the loopback address.
    Ready(u16),
    /// It cannot be asked, and why.
    Unavailable(String),
}

/// The API behind the edge.
pub struct Api {
    availability: watch::Receiver<Availability>,
    client: Client<HttpConnector, Incoming>,
    timeout: Duration,
}

impl Api {
    /// An API that is asked whenever it is available.
    #[must_use]
    pub fn new(availability: watch::Receiver<Availability>) -> Self {
        Self::with_timeout(availability, RESPONSE_TIMEOUT)
    }

    /// The same, with another time to begin a response in.
    #[must_use]
    pub fn with_timeout(availability: watch::Receiver<Availability>, timeout: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self { availability, client, timeout }
    }

    /// No API: every request is answered with 503 and `why`.
    #[must_use]
    pub fn absent(why: &str) -> Self {
        Self::new(watch::channel(Availability::Unavailable(why.to_owned())).1)
    }

    /// Forwards a request and gives the API's answer, or 502, 503 or 504 in the API's error shape.
    pub async fn forward(&self, mut request: Request<Incoming>, viewer: IpAddr) -> Response<Body> {
        let id = request.headers().get(REQUEST_ID).cloned().unwrap_or_else(new_request_id);
        if request.headers().contains_key(header::UPGRADE) {
            let message = "the edge does not pass protocol upgrades on";
            return failure(StatusCode::NOT_IMPLEMENTED, "upgrade_unsupported", message, id);
        }
        let availability = self.availability.borrow().clone();
        let port = match availability {
            Availability::Ready(port) => port,
            Availability::Starting => {
                let mut response = failure(StatusCode::SERVICE_UNAVAILABLE, "api_starting", "the API is starting", id);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                return response;
            }
            Availability::Unavailable(why) => {
                return failure(StatusCode::SERVICE_UNAVAILABLE, "api_unavailable", &why, id);
            }
        };
        if prepare(&mut request, viewer, port).is_none() {
            return text(StatusCode::BAD_REQUEST, "400 Bad Request\n");
        }
        match tokio::time::timeout(self.timeout, self.client.request(request)).await {
            Ok(Ok(response)) => received(response),
            Ok(Err(cause)) => {
                let message = format!("the API closed the connection or refused it: {}", reason(&cause));
                failure(StatusCode::BAD_GATEWAY, "api_unreachable", &message, id)
            }
            Err(_elapsed) => {
                let message = format!("the API did not answer within {} s", self.timeout.as_secs_f64());
                failure(StatusCode::GATEWAY_TIMEOUT, "api_timeout", &message, id)
            }
        }
    }
}

/// Addresses the request to the API. None when its target cannot be addressed.
fn prepare(request: &mut Request<Incoming>, viewer: IpAddr, port: u16) -> Option<()> {
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    *request.uri_mut() =
        Uri::builder().scheme("http").authority(format!("127.0.0.1:{port}")).path_and_query(path).build().ok()?;
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    remove_hop_by_hop(headers);
    headers.remove(header::EXPECT);
    // The client writes the API's own Host.
    if let Some(host) = headers.remove(header::HOST) {
        headers.insert("x-forwarded-host", host);
    }
    headers.insert("x-forwarded-proto", HeaderValue::from_static("http"));
    let hops = headers.get_all("x-forwarded-for").iter().filter_map(|hop| hop.to_str().ok());
    let hops: Vec<_> = hops.map(str::to_owned).chain([viewer.to_string()]).collect();
    headers.insert("x-forwarded-for", HeaderValue::from_str(&hops.join(", ")).ok()?);
    Some(())
}

fn received(response: Response<Incoming>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    remove_hop_by_hop(&mut head.headers);
    // X-Cache is the edge's; what the API says of its own cache keeps a name of its own (RFC 9211).
    if let Some(status) = head.headers.remove(X_CACHE).as_ref().and_then(cache_status) {
        head.headers.append(CACHE_STATUS, status);
    }
    Response::from_parts(head, body.map_err(Into::into).boxed_unsync())
}

/// `HIT-L1` → `api; hit; detail="HIT-L1"`.
fn cache_status(x_cache: &HeaderValue) -> Option<HeaderValue> {
    let detail = x_cache.to_str().ok()?.replace(['"', '\\'], "");
    let kind = match detail.to_ascii_lowercase() {
        it if it.starts_with("hit") || it.starts_with("stale") => "; hit",
        it if it.starts_with("miss") => "; fwd=miss",
        _ => "",
    };
    HeaderValue::from_str(&format!("api{kind}; detail=\"{detail}\"")).ok()
}

/// Removes what is meant for one connection only (RFC 9110, 7.6.1).
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let always = [
        header::CONNECTION,
        HeaderName::from_static("keep-alive"),
        HeaderName::from_static("proxy-connection"),
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
        header::TE,
        header::TRAILER,
        header::TRANSFER_ENCODING,
        header::UPGRADE,
    ];
    for name in named.into_iter().chain(always) {
        // A Content-Length that the viewer calls a connection's own still frames the body.
        if name != header::CONTENT_LENGTH {
            headers.remove(name);
        }
    }
}

/// A failure in the shape of the API's own errors.
fn failure(status: StatusCode, code: &str, message: &str, id: HeaderValue) -> Response<Body> {
    let request_id = id.to_str().unwrap_or_default();
    let document =
        serde_json::json!({ "error": { "code": code, "message": message, "request_id": request_id } }).to_string();
    let mut response = Response::new(full(document));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(REQUEST_ID, id);
    response
}

/// The innermost cause: the outer ones only say that sending failed.
pub(super) fn reason(cause: &dyn std::error::Error) -> String {
    let mut innermost = cause;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn new_request_id() -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    HeaderValue::from_str(&format!("edge-{now:x}-{number:x}")).unwrap_or_else(|_| HeaderValue::from_static("edge"))
}
