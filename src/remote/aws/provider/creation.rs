//! Creation: at most one, whatever becomes of the answer.

use std::time::Duration;

use super::{
    AwsProvider,
    failure::{Failure, Meaning, changed},
};
use crate::{
    error::Result,
    model::infrastructure::{Found, Known, Resource, Settings},
    remote::provider::Provider,
};

/// Pauses before further attempts; and between looks for what was made, until all of AWS knows of it.
pub const PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(5)];

impl AwsProvider {
    /// Makes a resource. A creation is asked for once: after a failure of whatever kind the first thing is to look
    /// whether it went well nevertheless, and only then to ask again.
    pub(super) async fn made(&self, wanted: &Resource, known: &Known) -> Result<Found> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let failure = match self.make(wanted, known).await {
                Ok(id) => return self.finished(wanted, &id, known).await,
                Err(failure) => failure,
            };
            let repeatable = matches!(failure.meaning, Meaning::Transient | Meaning::Taken);
            match self.find(wanted, known).await {
                Ok(Some(found)) => return self.finished(wanted, &found.id, known).await,
                Ok(None) if repeatable => match pauses.next() {
                    Some(pause) => tokio::time::sleep(jittered(pause)).await,
                    None => return Err(failure.error),
                },
                // Whoever cannot see what there is must not make more of it.
                Ok(None) | Err(_) => return Err(failure.error),
            }
        }
    }

    async fn make(&self, wanted: &Resource, known: &Known) -> Result<String, Failure> {
        let name = &wanted.name;
        match &wanted.settings {
            Settings::Bucket(it) => self.make_bucket(name, it).await,
            Settings::OriginAccessControl(it) => self.make_access_control(name, it).await,
            Settings::ResponseHeadersPolicy(it) => self.make_response_headers(name, it).await,
            Settings::CachePolicy(it) => self.make_cache_policy(name, it).await,
            Settings::Function(it) => self.make_function(name, it).await,
            Settings::Role(it) => self.make_role(name, it).await,
            Settings::LogGroup(it) => self.make_log_group(name, it).await,
            Settings::Lambda(it) => self.make_lambda(name, it, known).await,
            Settings::FunctionUrl(it) => self.make_function_url(name, it).await,
            Settings::Distribution(it) => self.make_distribution(name, it, known).await,
            Settings::BucketPolicy(it) => self.make_bucket_policy(name, it, known).await,
        }
    }

    /// What takes more than one request, and the result.
    async fn finished(&self, wanted: &Resource, id: &str, known: &Known) -> Result<Found> {
        match &wanted.settings {
            Settings::Bucket(it) => self.furnish_bucket(id, it).await?,
            Settings::Function(it) => self.publish_if_ours(id, it).await?,
            Settings::Role(it) => self.furnish_role(&self.seen(wanted, id, known).await?, it).await?,
            Settings::LogGroup(it) => self.furnish_log_group(&self.seen(wanted, id, known).await?, it).await?,
            Settings::Lambda(it) => {
                let found = self.seen(wanted, id, known).await?;
                Box::pin(self.change_lambda(&found, it, known)).await?;
            }
            Settings::FunctionUrl(it) => self.furnish_function_url(&self.seen(wanted, id, known).await?, it).await?,
            _ => {}
        }
        self.seen(wanted, id, known).await
    }

    /// What was made, once it is seen: that takes IAM and others a few seconds.
    async fn seen(&self, wanted: &Resource, id: &str, known: &Known) -> Result<Found> {
        for pause in PAUSES {
            if let Some(found) = self.look(wanted, id, known).await? {
                return Ok(found);
            }
            tokio::time::sleep(jittered(pause)).await;
        }
        let gone = || changed(&format!("{} {}", wanted.kind(), wanted.name));
        self.look(wanted, id, known).await?.ok_or_else(gone)
    }
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(fastrand::f64().mul_add(0.5, 0.5))
}
