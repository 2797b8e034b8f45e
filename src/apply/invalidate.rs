//! Asks the CDN for what is owed, strikes off the ledger what it accepted, and waits until it is done.

use std::time::{Duration, Instant};

use super::{Applied, Event, Ports};
use crate::{
    error::{Class, Error, Result},
    model::ledger::{Owed, Pointer},
    remote::lease::Tenure,
};

/// How often the CDN is asked whether it is done.
const POLL: Duration = Duration::from_secs(2);

/// CloudFront takes a minute or two. What is accepted is carried out, whether or not anybody waits.
const PATIENCE: Duration = Duration::from_mins(15);

/// Asks for what is `owed`, then writes the pointer's last step, without a lease.
pub async fn request(owed: &[Owed], mut pointer: Pointer, tenure: &Tenure, ports: &Ports) -> Result<Applied> {
    let mut applied = Applied::default();
    let mut failure = None;
    for one in owed {
        match ports.cdn.invalidate(&one.paths, &one.reference).await {
            Ok(invalidation) => {
                (ports.listener)(Event::Invalidated(&invalidation));
                pointer.owed.retain(|it| it != one);
                applied.invalidations.push(invalidation);
            }
            // One that is refused keeps no other one waiting.
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    pointer.generation += 1;
    tenure.end(&pointer).await?;
    match failure {
        None => Ok(applied),
        Some(error) => {
            let message = format!("the release is live, but its invalidation failed: {error}");
            let cause = error.help.map(|help| format!("{help}. ")).unwrap_or_default();
            Err(Error::new(Class::Remote, "invalidation-owed", message).help(format!(
                "{cause}Viewers may see the earlier release until its TTL ends; the next deploy asks again"
            )))
        }
    }
}

/// Waits until every cache has dropped what was invalidated; false when that takes longer than anybody waits.
pub async fn wait(applied: &Applied, ports: &Ports) -> Result<bool> {
    let began = Instant::now();
    for invalidation in &applied.invalidations {
        while !ports.cdn.finished(&invalidation.id).await? {
            if ports.stop.is_cancelled() {
                return Err(Error::new(Class::Interrupted(15), "interrupted", "interrupted while the CDN was at work")
                    .help("the release is live, and the CDN goes on with its invalidation; `treebeard-cdn status` shows it"));
            }
            if began.elapsed() > PATIENCE {
                return Ok(false);
            }
            (ports.listener)(Event::Waiting(invalidation, began.elapsed().as_secs()));
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = ports.stop.cancelled() => {}
            }
        }
    }
    Ok(true)
}
