//! Whether a request came through our own distribution: it adds a secret to what it sends here, and nobody else knows
//! it.
//!
//! The service is given SHA-256 digests only, so that no environment, plan or log has the secret. It may accept two
//! while one takes the other's place.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::client::X_FORWARDED_FOR;
use crate::error::Error;

/// The header that the distribution adds.
pub const ORIGIN_VERIFY: HeaderName = HeaderName::from_static("x-origin-verify");
/// Where CloudFront writes the viewer's address and port. It replaces what the viewer sent under this name.
const VIEWER_ADDRESS: HeaderName = HeaderName::from_static("cloudfront-viewer-address");

/// The secrets that are accepted, by their digests; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginSecrets(Arc<[[u8; 32]]>);

/// Marks a request that did not come over HTTP: whoever sent it has permission to invoke the function. As an extension
/// it cannot be part of what a client sends.
#[derive(Debug, Clone, Copy)]
pub struct DirectInvocation;

impl FromStr for OriginSecrets {
    type Err = String;

    /// Reads SHA-256 digests in hexadecimal, separated by commas.
    fn from_str(list: &str) -> Result<Self, String> {
        let read = |digest: &str| {
            let mut bytes = [0; 32];
            hex::decode_to_slice(digest.trim(), &mut bytes).map(|()| bytes)
        };
        let digests: Result<Arc<[_]>, _> = list.split(',').map(read).collect();
        digests.map(Self).map_err(|_| "not SHA-256 digests of 64 hexadecimal digits, separated by commas".to_owned())
    }
}

impl OriginSecrets {
    /// Whether the request has one of the secrets, once. How long the answer takes says nothing about them.
    fn admit(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(ORIGIN_VERIFY).iter();
        let (Some(secret), None) = (values.next(), values.next()) else { return false };
        let given = Sha256::digest(secret.as_bytes());
        let known = self.0.iter().fold(Choice::from(0), |known, digest| known | given.as_slice().ct_eq(digest));
        known.into()
    }
}

/// Lets only those requests through to `routes` that have one of the secrets, where there are any.
pub fn guarded(routes: Router, secrets: Option<OriginSecrets>) -> Router {
    match secrets {
        Some(secrets) => routes.layer(from_fn_with_state(secrets, verify)),
        None => routes,
    }
}

/// What comes through the distribution comes from the viewer whom CloudFront names, not from CloudFront.
async fn verify(State(secrets): State<OriginSecrets>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<DirectInvocation>().is_none() {
        if !secrets.admit(request.headers()) {
            return Error::NotThroughCdn.into_response();
        }
        if let Some(viewer) = viewer(request.headers()) {
            request.extensions_mut().insert(ConnectInfo(viewer));
            request.headers_mut().remove(X_FORWARDED_FOR); // says no more, and partly what the viewer wrote
        }
    }
    request.headers_mut().remove(ORIGIN_VERIFY);
    next.run(request).await
}

/// `203.0.113.5:46532`, and for IPv6 `2001:db8::1:46532`, without brackets.
fn viewer(headers: &HeaderMap) -> Option<SocketAddr> {
    let (address, port) = headers.get(VIEWER_ADDRESS)?.to_str().ok()?.rsplit_once(':')?;
    let address = address.trim_start_matches('[').trim_end_matches(']');
    Some(SocketAddr::new(address.parse().ok()?, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    /// As `printf old | sha256sum` has it.
    const OLD: &str = "cba06b5736faf67e54b07b561eae94395e774c517a7d910a54369e1263ccfbd4";

    #[test]
    fn digests_are_read_and_nothing_else() {
        let digest = "0".repeat(64);
        assert_eq!(digest.parse::<OriginSecrets>().unwrap().0.len(), 1);
        assert_eq!(format!("{digest}, {OLD}").parse::<OriginSecrets>().unwrap().0.len(), 2);
        for wrong in ["", ",", "secret", &digest[1..], &format!("{digest},"), &format!("{}+1", &digest[2..])] {
            assert!(wrong.parse::<OriginSecrets>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_viewer_is_read_in_both_families() {
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(VIEWER_ADDRESS, text.parse().unwrap())]);
            viewer(&headers).map(|address| address.to_string())
        };
        assert_eq!(read("203.0.113.5:46532").as_deref(), Some("203.0.113.5:46532"));
        assert_eq!(read("2001:db8::c4a:42838").as_deref(), Some("[2001:db8::c4a]:42838"));
        for wrong in ["203.0.113.5", "nobody:1", "203.0.113.5:99999", "198.51.100.7:1,203.0.113.5:2", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    /// The status, and what the handler saw: the caller, and whether the secret reached it.
    async fn ask(request: axum::http::request::Builder) -> (u16, String) {
        let handler = async |ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap| {
            format!("{peer} {}", headers.contains_key(ORIGIN_VERIFY))
        };
        let secrets = format!("{},{OLD}", "0".repeat(64)).parse().unwrap();
        let routes = guarded(Router::new().route("/", get(handler)), Some(secrets));
        let peer = ConnectInfo("192.0.2.1:80".parse::<SocketAddr>().unwrap());
        let response = routes.oneshot(request.extension(peer).body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_who_has_the_secret_gets_through_and_its_viewer_is_believed() {
        let seen = |caller: &str| (200, format!("{caller} false"));
        assert_eq!(ask(Request::get("/").header(ORIGIN_VERIFY, "old")).await, seen("192.0.2.1:80"));
        let viewer = |request: axum::http::request::Builder| request.header(VIEWER_ADDRESS, "203.0.113.5:99");
        assert_eq!(ask(viewer(Request::get("/").header(ORIGIN_VERIFY, "old"))).await, seen("203.0.113.5:99"));
        for secret in ["", "Old", "old ", OLD, "older"] {
            assert_eq!(ask(viewer(Request::get("/").header(ORIGIN_VERIFY, secret))).await.0, 403, "{secret}");
        }
        assert_eq!(ask(viewer(Request::get("/"))).await.0, 403);
        let twice = Request::get("/").header(ORIGIN_VERIFY, "old").header(ORIGIN_VERIFY, "old");
        assert_eq!(ask(twice).await.0, 403);
    }

    #[tokio::test]
    async fn who_may_invoke_the_function_needs_no_secret_and_names_no_viewer() {
        let direct = Request::get("/").extension(DirectInvocation);
        assert_eq!(ask(direct.header(VIEWER_ADDRESS, "203.0.113.5:99")).await, (200, "192.0.2.1:80 false".to_owned()));
    }
}
