//! Is what is served what was promised? A release's manifest and the distribution say what each request must
//! be answered with (`probe`, pure); this module asks, and `compare` (pure) judges the answers.
//! A bucket without a CDN is read instead (`stored`).

mod address;
mod client;
mod compare;
mod get;
mod lacks;
mod probe;
mod report;
mod stored;
mod timing;
mod tls;

use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, header::CONTENT_TYPE};
use tokio_rustls::rustls::ClientConfig;

pub use address::Address;
pub use compare::{Failure, Received};
pub use get::get;
pub use probe::{Expectation, Options, Probe, Server};
pub use report::Report;
pub use stored::verify_stored;
pub use timing::Timing;

use crate::{
    error::Result,
    model::{distribution::Distribution, manifest::Manifest},
};
use client::Client;
use lacks::Lacks;
use probe::LEDGER;

/// Requests under way at once.
const CONCURRENCY: usize = 16;

/// How long to wait before what a distribution's caches may yet put right is asked for again. An invalidation that is
/// complete has reached every cache, so this only has to outlast a weak moment; what stays wrong after it is wrong.
const SECOND_THOUGHTS: &[Duration] = &[Duration::from_secs(1), Duration::from_secs(3)];

/// Whether anyone can read the ledger at `address`: on a distribution that nobody told otherwise.
pub async fn ledger_is_open(address: &Address) -> Result<bool> {
    let client = Client::new(address, tls::config(address)?);
    let probe = Probe { path: LEDGER.into(), accept_encoding: "identity", expected: Expectation::default() };
    // Who does not answer shows nothing, and a page in place of what is missing is no ledger.
    let is_document = |headers: &HeaderMap| headers.get(CONTENT_TYPE).is_some_and(|it| it == "application/json");
    Ok(client.fetch(&probe).await.is_ok_and(|received| received.status == 200 && is_document(&received.headers)))
}

/// The home page and its timing. A distribution is asked again after a failure, as for everything else.
async fn home(address: &Address, tls: &ClientConfig, server: Server) -> Result<Timing> {
    let mut pauses = if server == Server::Edge { &[] } else { SECOND_THOUGHTS }.iter();
    loop {
        match timing::measure(address, tls).await {
            Ok(timing) => return Ok(timing),
            Err(error) => match pauses.next() {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => return Err(error),
            },
        }
    }
}

/// Requests what `manifest` promises from the site at `address` and judges the answers.
///
/// Bodies are hashed as they arrive and never held. Of a distribution, wrong answers from a cache, answers that a
/// server gives in distress, and requests without an answer are asked for again, all together, twice at most.
///
/// # Errors
/// When nothing answers at `address`; wrong answers are failures of the [`Report`].
pub async fn verify(
    address: &Address,
    manifest: &Manifest,
    distribution: &Distribution,
    options: Options,
) -> Result<Report> {
    let started = Instant::now();
    let tls = tls::config(address)?;
    let timing = home(address, &tls, options.server).await?;
    let client = Client::new(address, tls);
    let plan = probe::probes(manifest, distribution, options);
    let mut report = Report::new(address.to_string(), plan.files, manifest.entries.len());
    report.host = address.distribution().map(str::to_owned);
    report.timing = Some(timing);
    let mut lacks = Lacks::new(options.server);
    let mut pauses = if options.server == Server::Edge { &[] } else { SECOND_THOUGHTS }.iter();
    let mut probes = plan.probes;
    while !probes.is_empty() {
        let pause = pauses.next();
        let mut again = Vec::new();
        let mut answers = stream::iter(probes)
            .map(|probe| async {
                let received = client.fetch(&probe).await;
                (probe, received)
            })
            .buffer_unordered(CONCURRENCY);
        while let Some((probe, received)) = answers.next().await {
            report.responses += 1;
            let (failures, passing) = match &received {
                Ok(received) => {
                    report.bytes += received.size;
                    let failures = lacks.take(&probe, compare::compare(&probe, received, options.server));
                    (failures, compare::is_passing(&probe, received))
                }
                Err(cause) => (vec![Failure::of_request(&probe, cause)], true),
            };
            if !failures.is_empty() && passing && pause.is_some() {
                again.push(probe);
                continue;
            }
            report.failures.extend(failures);
            report.notes.extend(received.ok().and_then(|received| compare::note(&probe, &received)));
        }
        probes = again;
        if let Some(pause) = pause.filter(|_| !probes.is_empty()) {
            tokio::time::sleep(*pause).await;
        }
    }
    report.notes.extend(lacks.notes());
    report.finish(started.elapsed());
    Ok(report)
}
