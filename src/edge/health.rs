//! Waits for a starting API, and says what is in the way when that takes long.

use std::{
    error::Error as _,
    io,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{StatusCode, Uri};
use http_body_util::Empty;
use hyper_util::{
    client::legacy::{Client, Error, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{sleep, timeout};

use super::proxy::reason;

/// The time between the first two looks. Each pause is a fifth longer than the one before, so that
/// a quick API is found at once and a slow one's log is not flooded.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest time between two looks.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// How long one look may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks the API on `port` of the loopback address for `path` until it answers 2xx.
///
/// After `patience`, `say` is told what is seen instead, and again whenever that changes.
pub async fn wait_until_healthy(port: u16, path: &str, patience: Duration, say: impl Fn(&str)) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut said = None;
    while let Err(finding) = look(&client, port, path).await {
        if started.elapsed() >= patience && said.as_ref() != Some(&finding) {
            say(&format!("the API is not ready: {finding}"));
            said = Some(finding);
        }
        sleep(pause).await;
        pause = (pause * 6 / 5).min(LAST_PAUSE);
    }
}

/// One look: what is wrong, in words.
async fn look(client: &Client<HttpConnector, Empty<Bytes>>, port: u16, path: &str) -> Result<(), String> {
    let uri = format!("http://127.0.0.1:{port}{path}").parse::<Uri>();
    let uri = uri.map_err(|cause| format!("{path} cannot be asked for ({cause}); correct api.local.health"))?;
    match timeout(LOOK_TIMEOUT, client.get(uri)).await {
        Ok(Ok(response)) if response.status().is_success() => Ok(()),
        Ok(Ok(response)) => Err(unhealthy(path, response.status())),
        Ok(Err(cause)) if is_refused(&cause) => {
            Err(format!("nothing listens on 127.0.0.1:{port} yet (it must listen on the port in PORT)"))
        }
        Ok(Err(cause)) => Err(format!("{path} has no HTTP answer: {}", reason(&cause))),
        Err(_elapsed) => Err(format!("{path} is not answered within {} s", LOOK_TIMEOUT.as_secs())),
    }
}

fn unhealthy(path: &str, status: StatusCode) -> String {
    let status_code = status.as_u16();
    if status.is_server_error() {
        return format!("{path} answers {status_code}; it must answer 2xx");
    }
    format!("{path} answers {status_code}; set api.local.health to a path that answers 2xx")
}

fn is_refused(cause: &Error) -> bool {
    std::iter::successors(cause.source(), |&cause| cause.source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::ConnectionRefused)
}
