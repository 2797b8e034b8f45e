//! What an environment needs on AWS, and what there is of it: what `plan`, `provision` and `status` share.

use std::{collections::BTreeSet, sync::Arc};

use super::Environment;
use crate::{
    config::{Aws, Config},
    error::{Class, Error, Result},
    model::{
        encoding::Encoding,
        infrastructure::{Kind, Known, SITE_TAG, Settings},
        manifest::Manifest,
    },
    plan::infrastructure::{self as plan, Action, Facts, Steps},
    remote::{
        provider::{Certificate, Provider},
        state, survey,
    },
};

/// What has to be done, and by whom.
pub struct Infrastructure {
    /// What becomes of each resource.
    pub steps: Steps,
    /// Who makes resources.
    pub provider: Arc<dyn Provider>,
    /// The certificate of the domains, where it could be looked at.
    pub certificate: Option<Certificate>,
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
            adopted: of(Kind::Distribution).is_some_and(crate::model::infrastructure::Found::is_adopted),
            distribution_arn: of(Kind::Distribution).and_then(|found| found.arn.clone()),
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

    /// Refuses what CloudFront would refuse, or what would take a site away from its viewers.
    pub fn check(&self, aws: &Aws) -> Result<()> {
        if let Some(certificate) = &self.certificate {
            covers(certificate, &aws.domains)?;
        }
        let Some(step) = self.steps.0.iter().find(|step| step.wanted.kind() == Kind::Distribution) else {
            return Ok(());
        };
        let leaves = |path: &str| path.starts_with("behaviors.*.origin") && !path.contains("request");
        let moves = step.action == Action::Update && step.changes.iter().any(|change| leaves(&change.path));
        if moves && !self.is_live && answers(step.found.as_ref()) {
            let message =
                format!("nothing is published in bucket {}, and the distribution already has viewers", aws.bucket);
            return Err(Error::new(Class::Brake, "nothing-live", message)
                .help("run `treebeard-cdn deploy` first: then nobody meets an empty site"));
        }
        Ok(())
    }
}

fn answers(found: Option<&crate::model::infrastructure::Found>) -> bool {
    matches!(found.map(|found| &found.settings), Some(Settings::Distribution(it)) if it.enabled)
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

/// A certificate that is not issued, or not for these names, would be refused with the distribution half made.
fn covers(certificate: &Certificate, domains: &[String]) -> Result<()> {
    let Certificate { status, names, validation } = certificate;
    if status != "ISSUED" {
        let records: Vec<_> =
            validation.iter().map(|[name, kind, value]| format!("\n  {name} {kind} {value}")).collect();
        let help = if records.is_empty() {
            "request another one: AWS issues this one no more".to_owned()
        } else {
            format!(
                "create these DNS records, which prove that the names are yours, and wait a few minutes:{}",
                records.concat()
            )
        };
        let message = format!("the certificate is not issued: it is {status}");
        return Err(Error::new(Class::Config, "certificate-pending", message).help(help));
    }
    let covered = |domain: &str| {
        names.iter().any(|name| {
            name == domain
                || name
                    .strip_prefix("*.")
                    .is_some_and(|parent| domain.split_once('.').is_some_and(|(_, it)| it == parent))
        })
    };
    match domains.iter().find(|domain| !covered(domain)) {
        None => Ok(()),
        Some(domain) => {
            let message = format!("the certificate is not for {domain}, but for {}", names.join(", "));
            Err(Error::new(Class::Config, "certificate-names", message)
                .help("request one for every name of `domains`, in us-east-1"))
        }
    }
}
