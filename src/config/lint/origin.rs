//! Where requests for the API go.

use super::{
    Report, known,
    publish::{is_host, is_loopback},
};
use crate::config::file::{Api, Package, Place};

/// What CloudFront takes as a custom origin: a domain name, and a port of 80, 443, or from 1024
/// (CloudFront API Reference, `Origin` and `CustomOriginConfig`).
pub fn api(report: &mut Report<'_>, place: &Place, api: Option<&Api>) {
    if api.is_some_and(|api| api.package == Package::Lambda) {
        return;
    }
    let path = "api_origin";
    let Some(origin) = known(place.api_origin.as_ref()) else {
        if api.is_some() && place.api_origin.as_deref().is_none_or(str::is_empty) {
            let message = "this environment has an API and no `api_origin` to send its requests to";
            report.lacks("api-origin", message, "add `api_origin: https://api.example.com`, or `api: null` here");
        }
        return;
    };
    let help = "write scheme and host only: `https://api.example.com`";
    let Some(Origin { host, port, is_local }) = Origin::parse(origin) else {
        let message = format!("{} is no https address of a host", report.shown(path));
        return report.error("api-origin", path, message, help);
    };
    // An emulator runs where the API may run, too.
    let emulated = place.endpoint_url.as_ref().is_some_and(|url| !url.is_empty());
    if is_local && !emulated {
        let message = format!("{} is this machine, which CloudFront cannot reach", report.shown(path));
        report.error("api-origin", path, message, help);
    } else if !is_local && (!host.contains('.') || is_address(host)) {
        let message = format!("{} has no domain name, and CloudFront takes nothing else", report.shown(path));
        report.error("api-origin", path, message, help);
    } else if port.is_some_and(|port| !matches!(port, 80 | 443 | 1024..)) {
        let message = format!("{} has a port that CloudFront does not connect to", report.shown(path));
        report.error("api-origin", path, message, "listen on 443, 80, or a port from 1024 to 65535");
    } else if place.domains.iter().any(|domain| domain == host) {
        let message = "the API would be asked at the distribution's own domain: each request would come back to it";
        report.error("api-origin", path, message, "give the API a host name of its own");
    }
}

/// `https://host` or `https://host:port`; over the loopback interface, `http://` will do.
struct Origin<'a> {
    host: &'a str,
    port: Option<u16>,
    /// Whether it is reached over the loopback interface.
    is_local: bool,
}

impl<'a> Origin<'a> {
    fn parse(origin: &'a str) -> Option<Self> {
        let plain = || origin.strip_prefix("http://").filter(|authority| is_loopback(authority));
        let authority = origin.strip_prefix("https://").or_else(plain)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
            None => (authority, None),
        };
        is_host(host).then(|| Self { host, port, is_local: is_loopback(authority) })
    }
}

/// No top-level domain is a number: `10.0.0.1` is an address, in whatever way it is written.
fn is_address(host: &str) -> bool {
    host.rsplit('.').next().is_some_and(|label| label.bytes().all(|b| b.is_ascii_digit()))
}
