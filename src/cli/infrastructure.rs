//! What an environment needs on AWS, and what there is of it: what `plan`, `provision` and `status` share.

use std::{collections::BTreeSet, sync::Arc};

use super::Environment;
use crate::{
    config::{Aws, Config},
    error::{Error, Result},
    model::{
        encoding::Encoding,
        infrastructure::{Found, Issued, Kind, Known, Resource, SITE_TAG, Settings},
        manifest::Manifest,
    },
    plan::infrastructure::{self as plan, Facts, Steps},
    remote::{provider::Provider, state, survey},
};

/// What has to be done, and by whom.
pub struct Infrastructure {
    /// What becomes of each resource.
    pub steps: Steps,
    /// Who makes resources.
    pub provider: Arc<dyn Provider>,
    /// The certificate of the domains, where it could be looked at.
    pub certificate: Option<Issued>,
    /// Whether a release is live.
    pub is_live: bool,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// What may be said of an environment's infrastructure where nobody asked for it by name.
pub enum Glance {
    /// `provision` was run here, or has to be.
    Ours(Box<Infrastructure>),
    /// It was not: those who keep theirs by other means are not told again and again what would change.
    SomebodyElses,
    /// Why it was not looked at: a server that stands for S3 has no such settings, and a deployer need not see them.
    Hidden(String),
}

impl Glance {
    /// Looks at the bucket, and at the rest if that is ours or not there.
    pub async fn at(config: &Config, aws: &Aws, environment: &Environment) -> Result<Self> {
        let looked = async {
            let wanted = plan::compile(config, aws, &Facts::default());
            let bucket = environment.provider().find(&wanted[0], &Known::default()).await?;
            let is_ours = |found: &Found| matches!(&found.settings, Settings::Bucket(bucket) if bucket.tags.contains_key(SITE_TAG));
            if bucket.as_ref().is_some_and(|found| !is_ours(found)) {
                return Ok::<_, Error>(Self::SomebodyElses);
            }
            let found = Infrastructure::beyond(bucket, &wanted, config, aws, environment, false).await?;
            Ok(Self::Ours(Box::new(found)))
        };
        match looked.await {
            Err(error) if matches!(error.rule, "access-denied" | "not-implemented") => {
                Ok(Self::Hidden(format!("the infrastructure was not looked at: {error}")))
            }
            other => other,
        }
    }
}

impl Infrastructure {
    /// Looks at everything and changes nothing. With `rotate` the distribution is to send another secret to the API.
    pub async fn look(config: &Config, aws: &Aws, environment: &Environment, rotate: bool) -> Result<Self> {
        let wanted = plan::compile(config, aws, &Facts::default());
        let bucket = environment.provider().find(&wanted[0], &Known::default()).await?;
        Self::beyond(bucket, &wanted, config, aws, environment, rotate).await
    }

    /// Looks at everything beyond the bucket, the first of what is `wanted`.
    async fn beyond(
        bucket: Option<Found>,
        wanted: &[Resource],
        config: &Config,
        aws: &Aws,
        environment: &Environment,
        rotate: bool,
    ) -> Result<Self> {
        let provider = environment.provider();
        let found = survey::survey(provider.as_ref(), bucket, wanted).await?;
        let only = |kind: Kind| found.get(&kind).and_then(|of| of.values().next()).cloned();
        let of = |kind: Kind| found.get(&kind).and_then(|of| of.get(&aws.bucket));
        let live = if of(Kind::Bucket).is_some() { live(environment).await? } else { None };
        let facts = Facts {
            bucket: of(Kind::Bucket).cloned(),
            role: only(Kind::Role),
            lambda: only(Kind::Lambda),
            url: only(Kind::FunctionUrl),
            rotate,
            distribution: of(Kind::Distribution).cloned(),
            live: live.as_ref().map(Manifest::encodings),
        };
        let certificate = match &aws.certificate_arn {
            Some(arn) if aws.cdn => provider.certificate(arn).await?,
            _ => None,
        };
        let encodings = facts.live.as_ref().and_then(|live| not_yet(config, live));
        let api = plan::kept_api(config, &facts).map(|domain| {
            format!(
                "requests for the API still go to {domain}, since its function has no code yet: \
                 run `treebeard-cdn deploy`, then `provision` again"
            )
        });
        let notes = encodings.into_iter().chain(api).collect();
        let steps = plan::plan(plan::compile(config, aws, &facts), found)?;
        Ok(Self { steps, provider, certificate, is_live: live.is_some(), notes })
    }

    /// Refuses what must not be done, and gives what is worth knowing otherwise.
    pub fn check(&self, aws: &Aws) -> Result<Vec<String>> {
        plan::check(&self.steps, aws, self.certificate.as_ref(), self.is_live)
    }

    /// As [`check`](Self::check), for who only looks: what would be refused is news then, and no failure.
    pub fn news(&self, aws: &Aws) -> Vec<String> {
        self.check(aws).unwrap_or_else(|refusal| vec![format!("provision would refuse: {refusal}")])
    }
}

async fn live(environment: &Environment) -> Result<Option<Manifest>> {
    let store = environment.store.as_ref();
    let pointer = state::load_pointer(store).await?.pointer;
    state::load_live(store, &pointer).await
}

/// What the function will not choose yet.
fn not_yet(config: &Config, live: &BTreeSet<Encoding>) -> Option<String> {
    let missing = config.compression.encodings.iter().filter(|encoding| !live.contains(encoding));
    let missing: Vec<_> = missing.map(|encoding| encoding.token()).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "the live release has no {} variants, so the function does not ask for them yet: \
             run `treebeard-cdn deploy`, then `provision` again",
            missing.join(" and ")
        )
    })
}
