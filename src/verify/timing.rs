//! How long the home page takes, step by step, in the words of `curl -w`.

use std::{
    fmt, io,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpStream, lookup_host};

use super::client::Base;
use crate::error::{Class, Error, Result};

/// How long the home page may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Seconds from the start of the request to the end of each step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
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

/// Loads the home page on a connection of its own.
pub async fn measure(base: &Base) -> Result<Timing> {
    let unreachable = |cause: String| {
        Error::new(Class::Verification, "unreachable", format!("{base} does not answer: {cause}"))
            .help("see whether the site is served there; `treebeard-cdn serve` serves the local environment")
    };
    let loaded = tokio::time::timeout(TIMEOUT, load(base)).await;
    let loaded = loaded.map_err(|_| unreachable(format!("nothing within {} s", TIMEOUT.as_secs())))?;
    loaded.map_err(|cause| unreachable(cause.to_string()))
}

async fn load(base: &Base) -> io::Result<Timing> {
    let started = Instant::now();
    let elapsed = || started.elapsed().as_secs_f64();
    let addresses: Vec<_> = lookup_host((base.host(), base.port())).await?.collect();
    let time_namelookup = elapsed();
    let stream = TcpStream::connect(addresses.as_slice()).await?;
    stream.set_nodelay(true)?;
    let time_connect = elapsed();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/")
        .header(header::HOST, base.to_string().trim_start_matches("http://"))
        .header(header::ACCEPT_ENCODING, "br, gzip")
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let mut body = sender.send_request(request).await.map_err(io::Error::other)?.into_body();
    let time_starttransfer = elapsed();
    while let Some(frame) = body.frame().await {
        frame.map_err(io::Error::other)?;
    }
    let time_total = elapsed();
    connection.abort();
    Ok(Timing { time_namelookup, time_connect, time_appconnect: 0.0, time_starttransfer, time_total })
}
