//! What an environment needs on AWS, and what there is of it: what `plan`, `provision` and `status` share.

use std::{collections::BTreeSet, sync::Arc};

use super::Environment;
use crate::{
    config::{Aws, Config},
    error::Result,
    model::{
        encoding::Encoding,
        infrastructure::{Issued, Kind, Known, SITE_TAG, Settings},
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

/// Who looks after an environment's bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeper {
    /// Nobody: there is none.
    Nobody,
    /// This tool.
    Us,
    /// Somebody else: `provision` was never run here.
    SomebodyElse,
}

/// Who looks after the bucket. Those who keep theirs by other means are not told again and again what would change.
pub async fn keeper(config: &Config, aws: &Aws, environment: &Environment) -> Result<Keeper> {
    let wanted = plan::compile(config, aws, &Facts::default());
    let Some(bucket) = wanted.first() else { return Ok(Keeper::Nobody) };
    Ok(match environment.provider().find(bucket, &Known::default()).await?.map(|found| found.settings) {
        None => Keeper::Nobody,
        Some(Settings::Bucket(bucket)) if bucket.tags.contains_key(SITE_TAG) => Keeper::Us,
        Some(_) => Keeper::SomebodyElse,
    })
}

impl Infrastructure {
    /// Looks at everything and changes nothing.
    pub async fn look(config: &Config, aws: &Aws, environment: &Environment) -> Result<Self> {
        let provider = environment.provider();
        let found = survey::survey(provider.as_ref(), &plan::compile(config, aws, &Facts::default())).await?;
        let of = |kind: Kind| found.get(&kind).and_then(|of| of.get(&aws.bucket));
        let live = if of(Kind::Bucket).is_some() { live(environment).await? } else { None };
        let facts = Facts {
            bucket: of(Kind::Bucket).cloned(),
            distribution: of(Kind::Distribution).cloned(),
            live: live.as_ref().map(Manifest::encodings),
        };
        let certificate = match &aws.certificate_arn {
            Some(arn) if aws.cdn => provider.certificate(arn).await?,
            _ => None,
        };
        let notes = facts.live.as_ref().and_then(|live| not_yet(config, live)).into_iter().collect();
        let steps = plan::plan(plan::compile(config, aws, &facts), found)?;
        Ok(Self { steps, provider, certificate, is_live: live.is_some(), notes })
    }

    /// Refuses what must not be done, and gives what is worth knowing otherwise.
    pub fn check(&self, aws: &Aws) -> Result<Vec<String>> {
        plan::check(&self.steps, aws, self.certificate.as_ref(), self.is_live)
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
