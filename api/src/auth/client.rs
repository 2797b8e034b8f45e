//! The address that a request comes from.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::state::AppState;

/// What proxies say of the client.
pub const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address, where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub Option<IpAddr>);

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        if state.auth.trusted_proxies == 0 && parts.headers.contains_key(X_FORWARDED_FOR) {
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                tracing::warn!(
                    "requests come through a proxy, and all of its clients share one limit of attempts: \
                     set TRUSTED_PROXIES to the number of proxies that stand before the service"
                );
            });
        }
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        Ok(Self(peer.map(|peer| client(peer, &parts.headers, state.auth.trusted_proxies))))
    }
}

/// Each proxy appends the address that it was called from to X-Forwarded-For, and what stands before those may be
/// anybody's invention. So with `proxies` of ours, the client is that many from the right.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: usize) -> IpAddr {
    let forwarded = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    let told = proxies.checked_sub(1).and_then(|n| hops.iter().rev().nth(n));
    told.and_then(|text| text.parse().ok()).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_own_proxies_wrote_is_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "10.9.9.9, 192.0.2.1".parse().unwrap());
        headers.append("x-forwarded-for", "203.0.113.5".parse().unwrap());
        let seen = |proxies| client("198.51.100.7".parse().unwrap(), &headers, proxies).to_string();
        assert_eq!(seen(0), "198.51.100.7");
        assert_eq!(seen(1), "203.0.113.5");
        assert_eq!(seen(2), "192.0.2.1");
        assert_eq!(seen(4), "198.51.100.7");
    }
}
