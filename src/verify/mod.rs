//! Is what is served what was promised? A release's manifest and the distribution say what each request must
//! be answered with (`probe`, pure); this module asks, and `compare` (pure) judges the answers.

mod client;
mod compare;
mod probe;
mod report;
mod timing;

use std::time::Instant;

use futures_util::{StreamExt as _, stream};

pub use compare::{Failure, Received};
pub use probe::{Expectation, Options, Probe};
pub use report::Report;
pub use timing::Timing;

use crate::{
    error::Result,
    model::{distribution::Distribution, manifest::Manifest},
};
use client::Client;

/// Requests under way at once.
const CONCURRENCY: usize = 16;

/// Requests what `manifest` promises from the site at `base_url` (`http://host:port`) and judges the answers.
///
/// Bodies are hashed as they arrive and never held.
///
/// # Errors
/// When nothing answers at `base_url`; wrong answers are failures of the [`Report`].
pub async fn verify(
    base_url: &str,
    manifest: &Manifest,
    distribution: &Distribution,
    options: Options,
) -> Result<Report> {
    let started = Instant::now();
    let client = Client::new(base_url)?;
    let timing = timing::measure(client.base()).await?;
    let plan = probe::probes(manifest, distribution, options);
    let mut report = Report::new(client.base().to_string(), timing, plan.files, manifest.entries.len());
    let mut answers = stream::iter(plan.probes)
        .map(|probe| async {
            let received = client.fetch(&probe).await;
            (probe, received)
        })
        .buffer_unordered(CONCURRENCY);
    while let Some((probe, received)) = answers.next().await {
        report.responses += 1;
        match received {
            Ok(received) => {
                report.bytes += received.size;
                report.failures.extend(compare::compare(&probe, &received));
                report.notes.extend(compare::note(&probe, &received));
            }
            Err(cause) => report.failures.push(Failure::of_request(&probe, &cause)),
        }
    }
    report.finish(started.elapsed());
    Ok(report)
}
