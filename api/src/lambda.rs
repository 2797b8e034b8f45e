//! The service as a Lambda function behind a function URL: the same router, without a listener.
//!
//! Lambda gives an execution environment one request at a time and freezes it in between, so nothing runs behind a
//! response: what the cache was about to write is written before the next request is asked for.

use std::env;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::header::SET_COOKIE;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use lambda_http::request::RequestContext;
use lambda_http::tower::ServiceExt;
use lambda_http::tower::util::MapFutureLayer;
use lambda_http::{RequestExt, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tokio::time::timeout;

use crate::auth::{DirectInvocation, X_FORWARDED_FOR};
use crate::cache::FILL_TIMEOUT;
use crate::router::router;
use crate::state::AppState;

/// The domain name of requests that a deployer sends by invoking the function. Lambda writes the function URL's own
/// domain name into what comes over HTTP, whatever the client says.
const DIRECT: &str = "smoke.internal";
/// What no path of a URI has: Lambda does not say whether it decodes paths.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'?').add(b'`');

/// Whether this process was started by Lambda's runtime.
#[must_use]
pub fn is_here() -> bool {
    env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Serves until the environment is ended.
///
/// # Errors
/// When Lambda's runtime cannot be reached.
pub async fn serve(state: AppState) -> Result<(), lambda_http::Error> {
    let routes = router(state.clone());
    let service = service_fn(move |request| answer(routes.clone(), request));
    // Around the sending of the response, so that nobody waits for it.
    let settle = MapFutureLayer::new(move |answered| {
        let state = state.clone();
        async move {
            let sent: Result<(), lambda_http::Error> = answered.await;
            let _ = timeout(FILL_TIMEOUT, state.drain()).await;
            sent
        }
    });
    lambda_http::runtime(service).layer(settle).run().await
}

async fn answer(routes: Router, request: lambda_http::Request) -> Result<Response<Full<Bytes>>, lambda_http::Error> {
    let (mut parts, body) = routes.oneshot(translate(request)).await?.into_parts();
    join_repeated(&mut parts.headers);
    Ok(Response::from_parts(parts, Full::new(body.collect().await?.to_bytes())))
}

/// The request as the service's own listener would have it.
fn translate(request: lambda_http::Request) -> Request<Body> {
    let path = utf8_percent_encode(request.raw_http_path(), NOT_IN_PATHS).to_string();
    let context = request.request_context_ref().and_then(|context| match context {
        RequestContext::ApiGatewayV2(context) => Some(context.clone()),
        _ => None,
    });
    let (mut parts, body) = request.into_parts();
    // Without the scheme and the host, and without what was made of dots in the path.
    let target = parts.uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    parts.uri = target.parse::<PathAndQuery>().map_or_else(|_| parts.uri, Uri::from);
    parts.extensions.clear();
    // Function URLs pass the first address of the list on, which is whatever the viewer wrote.
    parts.headers.remove(X_FORWARDED_FOR);
    if let Some(context) = context {
        let peer = context.http.source_ip.and_then(|address| address.parse::<IpAddr>().ok());
        if let Some(peer) = peer {
            parts.extensions.insert(ConnectInfo(SocketAddr::new(peer, 0)));
        }
        if context.domain_name.as_deref() == Some(DIRECT) {
            parts.extensions.insert(DirectInvocation);
        }
    }
    Request::from_parts(parts, Body::new(body))
}

/// Lambda takes one value a name, cookies apart: repeated ones become a list, which means the same (RFC 9110, 5.3).
fn join_repeated(headers: &mut HeaderMap) {
    let repeated = |name: &&HeaderName| **name != SET_COOKIE && headers.get_all(*name).iter().count() > 1;
    let names: Vec<_> = headers.keys().filter(repeated).cloned().collect();
    for name in names {
        let values: Vec<&[u8]> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(list) = HeaderValue::from_bytes(&values.join(&b", "[..])) {
            headers.insert(name, list);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::Request as Incoming;
    use axum::http::header;
    use axum::response::IntoResponse;
    use axum::routing::any;
    use lambda_http::{Adapter, LambdaEvent, Service};
    use serde_json::{Value, json};

    use super::*;

    /// What a function URL sends, and what it is answered; `change` makes another event of it.
    async fn exchange(routes: Router, change: impl FnOnce(&mut Value)) -> Value {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": "/a/../b%2Fc",
            "rawQueryString": "q=1&q=%20",
            "cookies": ["one=1", "two=2"],
            "headers": {
                "host": "x.lambda-url.eu-west-1.on.aws",
                "x-forwarded-for": "127.0.0.1",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "anonymous",
                "domainName": "x.lambda-url.eu-west-1.on.aws",
                "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7" },
                "stage": "$default",
                "timeEpoch": 1_700_000_000_000_u64,
            },
            "body": "AP8=",
            "isBase64Encoded": true,
        });
        change(&mut event);
        let event = serde_json::from_value(event).unwrap();
        let mut service = Adapter::from(service_fn(move |request| answer(routes.clone(), request)));
        let answer = service.call(LambdaEvent::new(event, lambda_http::Context::default())).await.unwrap();
        serde_json::to_value(answer).unwrap()
    }

    /// Answers with what a request looks like from inside.
    fn mirror() -> Router {
        Router::new().fallback(any(async |request: Incoming| {
            let (parts, body) = request.into_parts();
            let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.to_string());
            let direct = parts.extensions.get::<DirectInvocation>().is_some();
            let cookies = parts.headers.get(header::COOKIE).map(|value| value.to_str().unwrap().to_owned());
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            let forwarded = parts.headers.contains_key(X_FORWARDED_FOR);
            let seen = json!([parts.method.as_str(), parts.uri.to_string(), peer, direct, cookies, body, forwarded]);
            axum::Json(seen)
        }))
    }

    async fn seen(change: impl FnOnce(&mut Value)) -> Value {
        let answer = exchange(mirror(), change).await;
        serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_request_is_what_the_client_sent() {
        let expected = json!(["POST", "/a/../b%2Fc?q=1&q=%20", "192.0.2.7:0", false, "one=1; two=2", [0, 255], false]);
        assert_eq!(seen(|_| {}).await, expected);
        let decoded = seen(|event| event["rawPath"] = "/p l\u{e4}n".into()).await;
        assert_eq!(decoded[1], "/p%20l%C3%A4n?q=1&q=%20");
        assert_eq!(seen(|event| event["rawQueryString"] = "".into()).await[1], "/a/../b%2Fc");
    }

    #[tokio::test]
    async fn only_the_domain_name_makes_an_invocation_direct() {
        let direct = seen(|event| event["requestContext"]["domainName"] = DIRECT.into()).await;
        assert_eq!(direct[3], true);
        let claims = |event: &mut Value| {
            event["headers"] = json!({ "host": DIRECT, "x-forwarded-host": DIRECT, "x-forwarded-proto": "https" });
        };
        assert_eq!(seen(claims).await[3], false);
    }

    #[tokio::test]
    async fn a_response_keeps_its_repeated_headers_cookies_and_bytes() {
        let routes = Router::new().fallback(any(async || {
            let headers =
                [("vary", "accept"), ("vary", "accept-encoding"), ("set-cookie", "a=1"), ("set-cookie", "b=2")];
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            let mut response = [0_u8, 159, 146, 150].into_response();
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
            for (name, value) in headers {
                response.headers_mut().append(name, value);
            }
            response
        }));
        let answer = exchange(routes, |_| {}).await;
        assert_eq!(answer["headers"]["vary"], "accept, accept-encoding");
        assert_eq!(answer["cookies"], json!(["a=1", "b=2"]));
        assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&json!("AJ+Slg=="), &json!(true)));
    }
}
