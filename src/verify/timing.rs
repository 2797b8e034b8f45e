//! How long the home page takes, step by step, in the words of `curl -w`.

use std::{
    fmt, io,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use super::{Address, client::innermost};
use crate::error::{Class, Error, Result};

/// How long the home page may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Seconds from the start of the request to the end of each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Timing {
    /// The name is resolved.
    pub time_namelookup: f64,
    /// The connection is open.
    pub time_connect: f64,
    /// TLS is agreed; zero without TLS.
    pub time_appconnect: f64,
    /// The first byte of the answer is here.
    pub time_starttransfer: f64,
    /// The last one is.
    pub time_total: f64,
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time_namelookup, time_connect, time_appconnect, time_starttransfer, time_total } = self;
        write!(f, "time_namelookup: {time_namelookup:.3}s  time_connect: {time_connect:.3}s  ")?;
        write!(f, "time_appconnect: {time_appconnect:.3}s  time_starttransfer: {time_starttransfer:.3}s  ")?;
        write!(f, "time_total: {time_total:.3}s")
    }
}

/// Loads the home page on a connection of its own, and makes sure that it comes from the distribution that is meant.
pub async fn measure(address: &Address, tls: &ClientConfig) -> Result<Timing> {
    let unreachable = |cause: String| {
        Error::new(Class::Verification, "unreachable", format!("{address} does not answer: {cause}"))
            .help("see whether the site is served there; `treebeard-cdn serve` serves the local environment")
    };
    let loaded = tokio::time::timeout(TIMEOUT, load(address, tls)).await;
    let loaded = loaded.map_err(|_| unreachable(format!("nothing within {} s", TIMEOUT.as_secs())))?;
    let (timing, headers) = loaded.map_err(|cause| unreachable(innermost(&cause)))?;
    if let Some(domain) = address.distribution().filter(|_| !is_from_cloudfront(&headers)) {
        let message =
            format!("{address} does not serve the distribution {domain}: its answers bear neither Via nor X-Cache");
        return Err(Error::new(Class::Verification, "not-the-distribution", message).help(
            "check `distribution_id`: emulators answer for hosts that they do not know as if those were buckets",
        ));
    }
    Ok(timing)
}

/// What CloudFront adds to every response:
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html>
fn is_from_cloudfront(headers: &HeaderMap) -> bool {
    headers.contains_key(header::VIA) || headers.contains_key("x-cache")
}

async fn load(address: &Address, tls: &ClientConfig) -> io::Result<(Timing, HeaderMap)> {
    let started = Instant::now();
    let elapsed = || started.elapsed().as_secs_f64();
    let mut timing = Timing::default();
    let addresses: Vec<_> = lookup_host((address.host(), address.port())).await?.collect();
    timing.time_namelookup = elapsed();
    let stream = TcpStream::connect(addresses.as_slice()).await?;
    stream.set_nodelay(true)?;
    timing.time_connect = elapsed();
    if !address.is_secure() {
        return request(stream, address, timing, started).await;
    }
    let name = ServerName::try_from(address.host().to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(Arc::new(tls.clone())).connect(name, stream).await?;
    timing.time_appconnect = elapsed();
    request(stream, address, timing, started).await
}

async fn request(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    address: &Address,
    mut timing: Timing,
    started: Instant,
) -> io::Result<(Timing, HeaderMap)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let request = address.headers(Request::get("/")).header(header::ACCEPT_ENCODING, "br, gzip");
    let request = request.body(Empty::<Bytes>::new()).map_err(io::Error::other)?;
    let response = sender.send_request(request).await.map_err(io::Error::other)?;
    timing.time_starttransfer = started.elapsed().as_secs_f64();
    let (head, mut body) = response.into_parts();
    while let Some(frame) = body.frame().await {
        frame.map_err(io::Error::other)?;
    }
    timing.time_total = started.elapsed().as_secs_f64();
    connection.abort();
    Ok((timing, head.headers))
}
