//! Asks over HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri, header, uri::Authority};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use sha2::{Digest as _, Sha256};

use super::{Probe, Received};
use crate::{
    error::{Class, Error, Result},
    model::digest::Digest,
};

/// How long an answer may take, its body included.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A client of one site.
pub struct Client {
    base: Base,
    http: HyperClient<HttpConnector, Empty<Bytes>>,
}

/// Where a site is.
#[derive(Debug, Clone)]
pub struct Base(Authority);

impl Base {
    fn parse(url: &str) -> Result<Self> {
        let bad = |why: &str| {
            Error::new(Class::Config, "bad-url", format!("{url} cannot be verified: {why}"))
                .help("give the site's address, such as http://localhost:8787")
        };
        let uri: Uri = url.parse().map_err(|_| bad("it is not a URL"))?;
        if !matches!(uri.path_and_query().map_or("/", |path| path.as_str()), "/" | "") {
            return Err(bad("it has a path, and sites are published at the root of a host"));
        }
        match uri.scheme_str() {
            Some("http") => uri.into_parts().authority.map(Self).ok_or_else(|| bad("it names no host")),
            Some("https") => Err(bad("this version does not speak TLS")),
            _ => Err(bad("it does not begin with http://")),
        }
    }

    /// The host's name or address, without brackets.
    pub fn host(&self) -> &str {
        self.0.host().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(80)
    }

    /// A request for a path, percent-encoded, with its leading slash.
    pub fn uri(&self, path: &str) -> std::result::Result<Uri, http::Error> {
        Uri::builder().scheme("http").authority(self.0.clone()).path_and_query(path).build()
    }
}

impl std::fmt::Display for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}", self.0)
    }
}

impl Client {
    /// A client of the site at `url`.
    pub fn new(url: &str) -> Result<Self> {
        let http = HyperClient::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build_http();
        Ok(Self { base: Base::parse(url)?, http })
    }

    /// Where the site is.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The answer, or why there is none.
    pub async fn fetch(&self, probe: &Probe) -> std::result::Result<Received, String> {
        tokio::time::timeout(TIMEOUT, self.receive(probe))
            .await
            .map_err(|_| format!("no whole answer within {} s", TIMEOUT.as_secs()))?
    }

    async fn receive(&self, probe: &Probe) -> std::result::Result<Received, String> {
        let request = Request::get(self.base.uri(&probe.path).map_err(|cause| cause.to_string())?)
            .header(header::ACCEPT_ENCODING, probe.accept_encoding)
            .header(header::USER_AGENT, concat!("treebeard-cdn/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|cause| cause.to_string())?;
        let response = self.http.request(request).await.map_err(|cause| innermost(&cause))?;
        let (head, mut body) = response.into_parts();
        let (mut hasher, mut size) = (Sha256::new(), 0);
        while let Some(frame) = body.frame().await {
            if let Ok(data) = frame.map_err(|cause| innermost(&cause))?.into_data() {
                hasher.update(&data);
                size += data.len() as u64;
            }
        }
        let sha256 = Digest::from(<[u8; 32]>::from(hasher.finalize()));
        Ok(Received { status: head.status.as_u16(), headers: head.headers, sha256, size })
    }
}

fn innermost(cause: &dyn std::error::Error) -> String {
    let mut innermost = cause;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
