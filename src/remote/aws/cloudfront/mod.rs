//! A CloudFront distribution.

mod delivery;
mod tagged;

use std::time::{Duration, Instant};

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_cloudfront::{
    Client,
    types::{Invalidation as Created, InvalidationBatch, Paths},
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{DateTime, date_time::Format, error::metadata::ProvideErrorMetadata};

pub use tagged::Tagged;

use super::fault::{Request, Target};
use crate::{
    error::{Class, Error, Result},
    remote::cdn::{Cdn, Delivery, Invalidation},
};

/// Paths that may be in progress at once, and so the most that one request can have
/// (CloudFront Developer Guide, "Quotas on invalidations").
const MOST_PATHS: usize = 3_000;

/// Paths with a wildcard that may be in progress at once (as above).
const MOST_WILDCARDS: usize = 15;

/// Stands between the ids of the batches of one invalidation. No id has one.
const SEPARATOR: &str = ",";

/// A distribution, through CloudFront's control plane.
#[derive(Debug, Clone)]
pub struct CloudFront {
    client: Client,
    id: String,
    region: String,
    endpoint: Option<String>,
    patience: Duration,
}

impl CloudFront {
    pub(super) fn new(sdk: &SdkConfig, id: &str) -> Self {
        Self {
            client: Client::new(sdk),
            id: id.to_owned(),
            region: sdk.region().map_or_else(String::new, ToString::to_string),
            endpoint: sdk.endpoint_url().map(str::to_owned),
            patience: Duration::from_mins(15),
        }
    }

    /// How long an invalidation may wait for earlier ones to make room for it: 15 minutes unless said otherwise.
    #[must_use]
    pub fn waiting_at_most(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn request(&self, verb: &'static str, action: &'static str) -> Request<'_> {
        let target = Target::Distribution(&self.id);
        Request { verb, action, target, region: &self.region, endpoint: self.endpoint.as_deref() }
    }

    /// Asks for one batch, again and again while the quota is used up.
    async fn create(&self, paths: &[String], reference: &str) -> Result<Created> {
        let request = self.request("invalidate", "cloudfront:CreateInvalidation");
        let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
        let paths = Paths::builder().quantity(quantity).set_items(Some(paths.to_vec())).build();
        let paths = paths.map_err(|cause| Error::new(Class::Unexpected, "aws", cause.to_string()))?;
        let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build();
        let batch = batch.map_err(|cause| Error::new(Class::Unexpected, "aws", cause.to_string()))?;
        let (begun, mut pause) = (Instant::now(), Duration::from_secs(2));
        loop {
            let asked = self.client.create_invalidation().distribution_id(&self.id).invalidation_batch(batch.clone());
            match asked.send().await {
                Ok(answer) => {
                    return answer
                        .invalidation
                        .ok_or_else(|| request.unreachable("it answered without an invalidation"));
                }
                Err(failure) if quota_is_used_up(&failure) => {
                    let wait = pause.mul_f64(fastrand::f64().mul_add(0.5, 0.5));
                    if begun.elapsed() + wait > self.patience {
                        return Err(self.no_room());
                    }
                    tokio::time::sleep(wait).await;
                    pause = (pause * 2).min(Duration::from_secs(30));
                }
                Err(failure) => return Err(request.failed(&failure)),
            }
        }
    }

    fn no_room(&self) -> Error {
        let message = format!(
            "distribution {} has as many invalidations in progress as CloudFront allows, and still has after {}",
            self.id,
            humantime::format_duration(self.patience)
        );
        Error::new(Class::Remote, "invalidation-quota", message)
            .help("`treebeard-cdn status` shows them; what is owed is paid by the next deploy")
    }

    async fn describe(&self, id: &str) -> Result<Created> {
        let request = self.request("look at an invalidation of", "cloudfront:GetInvalidation");
        let found = self.client.get_invalidation().distribution_id(&self.id).id(id).send().await;
        let found = found.map_err(|failure| request.failed(&failure))?;
        found.invalidation.ok_or_else(|| request.unreachable("it answered without an invalidation"))
    }
}

fn quota_is_used_up<E: ProvideErrorMetadata>(failure: &SdkError<E, HttpResponse>) -> bool {
    failure.as_service_error().and_then(ProvideErrorMetadata::code) == Some("TooManyInvalidationsInProgress")
}

/// Cuts paths into batches that the quotas allow, in their order.
fn batches(paths: &[String]) -> Vec<&[String]> {
    let (mut cut, mut start, mut wildcards) = (Vec::new(), 0, 0);
    for (at, path) in paths.iter().enumerate() {
        let wildcard = usize::from(path.ends_with('*'));
        if at - start == MOST_PATHS || wildcards + wildcard > MOST_WILDCARDS {
            cut.push(&paths[start..at]);
            (start, wildcards) = (at, 0);
        }
        wildcards += wildcard;
    }
    cut.push(&paths[start..]);
    cut
}

fn rfc3339(at: &DateTime) -> String {
    at.fmt(Format::DateTime).unwrap_or_default()
}

#[async_trait]
impl Cdn for CloudFront {
    /// More paths than a request takes become several invalidations, with references of their own, and the ids of all
    /// of them become one.
    async fn invalidate(&self, paths: &[String], reference: &str) -> Result<Invalidation> {
        let (mut ids, mut created_at) = (Vec::new(), String::new());
        for (number, batch) in batches(paths).into_iter().enumerate() {
            let created = if number == 0 {
                self.create(batch, reference).await?
            } else {
                self.create(batch, &format!("{reference}-{}", number + 1)).await?
            };
            if number == 0 {
                created_at = rfc3339(&created.create_time);
            }
            ids.push(created.id);
        }
        let (reference, paths) = (reference.to_owned(), paths.to_vec());
        Ok(Invalidation { id: ids.join(SEPARATOR), created_at, reference, paths })
    }

    async fn finished(&self, id: &str) -> Result<bool> {
        for id in id.split(SEPARATOR) {
            if self.describe(id).await?.status != "Completed" {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn delivery(&self) -> Result<Delivery> {
        self.look_at_delivery().await
    }

    async fn in_progress(&self) -> Result<Vec<Invalidation>> {
        let request = self.request("list the invalidations of", "cloudfront:ListInvalidations");
        let mut pages = self.client.list_invalidations().distribution_id(&self.id).into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(listed) = pages.next().await {
            let listed = listed.map_err(|failure| request.failed(&failure))?;
            if listed.status == "Completed" {
                continue;
            }
            let whole = self.describe(&listed.id).await?;
            let batch = whole.invalidation_batch;
            found.push(Invalidation {
                id: whole.id,
                created_at: rfc3339(&whole.create_time),
                reference: batch.as_ref().map(|batch| batch.caller_reference.clone()).unwrap_or_default(),
                paths: batch.and_then(|batch| batch.paths?.items).unwrap_or_default(),
            });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_to_both_quotas_and_lose_nothing() {
        let plain = |n: usize| (0..n).map(|n| format!("/{n}")).collect::<Vec<_>>();
        let sizes = |paths: &[String]| batches(paths).iter().map(|batch| batch.len()).collect::<Vec<_>>();
        assert_eq!(sizes(&plain(1)), [1]);
        assert_eq!(sizes(&plain(3_000)), [3_000]);
        assert_eq!(sizes(&plain(3_001)), [3_000, 1]);
        let wild: Vec<_> = plain(20).into_iter().map(|path| path + "/*").collect();
        assert_eq!(sizes(&wild), [15, 5]);
        let mixed: Vec<_> = plain(2_990).into_iter().chain(wild).collect();
        assert_eq!(sizes(&mixed), [3_000, 10]);
        assert_eq!(batches(&mixed).concat(), mixed);
    }
}
