//! Asks over HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client as HyperClient, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::ClientConfig;

use super::{Address, Probe, Received};
use crate::model::digest::Digest;

/// How long an answer may take, its body included.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The largest document that is read, in bytes.
const DOCUMENT: usize = 8 << 20;

/// A client of one site.
pub struct Client {
    address: Address,
    http: HyperClient<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Client {
    /// A client of the site at `address`.
    pub fn new(address: &Address, tls: ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        // TLS is the outer connector's.
        tcp.enforce_http(false);
        let connector = HttpsConnector::from((tcp, tls));
        let http = HyperClient::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connector);
        Self { address: address.clone(), http }
    }

    /// The answer, or why there is none.
    pub async fn fetch(&self, probe: &Probe) -> Result<Received, String> {
        tokio::time::timeout(TIMEOUT, self.receive(probe))
            .await
            .map_err(|_| format!("no whole answer within {} s", TIMEOUT.as_secs()))?
    }

    /// The status and the body of the answer to `GET path`, or why there is none.
    pub async fn read(&self, path: &str) -> Result<(u16, Vec<u8>), String> {
        let answer = async {
            let uri = self.address.uri(path).map_err(|cause| cause.to_string())?;
            let request =
                self.address.headers(Request::get(uri)).body(Empty::new()).map_err(|cause| cause.to_string())?;
            let response = self.http.request(request).await.map_err(|cause| innermost(&cause))?;
            let status = response.status().as_u16();
            let body = Limited::new(response.into_body(), DOCUMENT).collect().await;
            Ok((status, body.map_err(|cause| innermost(cause.as_ref()))?.to_bytes().into()))
        };
        let late = |_| format!("no whole answer within {} s", TIMEOUT.as_secs());
        tokio::time::timeout(TIMEOUT, answer).await.map_err(late)?
    }

    async fn receive(&self, probe: &Probe) -> Result<Received, String> {
        let uri = self.address.uri(&probe.path).map_err(|cause| cause.to_string())?;
        let request = self
            .address
            .headers(Request::get(uri))
            .header(header::ACCEPT_ENCODING, probe.accept_encoding)
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

/// The first cause of all: the outer ones say no more than "client error".
pub fn innermost(cause: &dyn std::error::Error) -> String {
    let mut innermost = cause;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
