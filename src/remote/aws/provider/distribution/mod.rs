//! Distributions: found by tag and bucket, made once, changed and removed on condition of their entity tag.

mod behavior;
mod origin;
mod read;
mod tags;
mod write;

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{
    Distribution as Described, DistributionConfig, DistributionConfigWithTags, DistributionSummary,
};

use super::{
    AwsProvider,
    build::built,
    document::{self, Document},
    failure::{Failure, if_any},
};
use crate::{
    error::{Class, Error, Result},
    model::infrastructure::{Distribution, Found, Kind, Known, SITE_TAG, Settings},
};

/// A distribution.
pub struct Configuration<'a> {
    pub provider: &'a AwsProvider,
    pub id: &'a str,
}

const KIND: Kind = Kind::Distribution;

impl AwsProvider {
    /// The id of the distribution whose tag names the site, among those in front of its bucket.
    pub(super) async fn distribution_id(&self, site: &str) -> Result<Option<String>> {
        let request = self.kept("look for", "cloudfront:ListDistributions", KIND, site, None);
        let mut pages = self.cloudfront.list_distributions().into_paginator().items().send();
        let mut found = Vec::new();
        while let Some(listed) = pages.next().await {
            let listed = listed.map_err(|failure| request.failed(&failure))?;
            if !is_candidate(&listed, site) {
                continue;
            }
            let tags = if_any(self.tags(&listed.id, &listed.arn).await)?.unwrap_or_default();
            if tags.get(SITE_TAG).is_some_and(|of| of == site) {
                found.push(listed.id);
            }
        }
        if found.len() > 1 {
            let message = format!("several distributions are tagged {SITE_TAG}={site}: {}", found.join(", "));
            return Err(Error::new(Class::Conflict, "distribution-ambiguous", message)
                .help("set `distribution_id` for this environment in cdn-config.yml to the one that serves the site"));
        }
        Ok(found.pop())
    }

    /// A distribution and its entity tag.
    async fn describe_distribution(&self, id: &str) -> Result<(Described, String), Failure> {
        let request = self.kept("read", "cloudfront:GetDistribution", KIND, id, Some(id));
        let found = self.cloudfront.get_distribution().id(id).send().await;
        let found = found.map_err(|failure| Failure::of(&request, &failure))?;
        Ok((request.answered(found.distribution)?, request.answered(found.e_tag)?))
    }

    /// The distribution of that id, which must exist.
    pub(super) async fn distribution(&self, id: &str, wanted: &Distribution, known: &Known) -> Result<Found> {
        let (found, etag) = self.describe_distribution(id).await?;
        let request = self.kept("read", "cloudfront:GetDistribution", KIND, id, Some(id));
        let config = request.answered(found.distribution_config)?;
        let tags = self.tags(id, &found.arn).await?;
        Ok(Found {
            id: found.id,
            arn: Some(found.arn),
            domain: Some(found.domain_name).filter(|domain| !domain.is_empty()),
            version: Some(etag),
            settings: Settings::Distribution(Box::new(read::settings(&config, tags, wanted, known))),
            oddities: behavior::oddities(&config, wanted),
        })
    }

    pub(super) async fn make_distribution(
        &self,
        site: &str,
        wanted: &Distribution,
        known: &Known,
    ) -> Result<String, Failure> {
        let request = self.kept("create", "cloudfront:CreateDistribution", KIND, site, None);
        let config = DistributionConfig::builder().caller_reference(reference(site, wanted, known)).comment(site);
        let mut config = built(config.enabled(wanted.enabled).build())?;
        write::lay(wanted, known, &mut config)?;
        let tagged = DistributionConfigWithTags::builder()
            .distribution_config(config)
            .tags(tags::sdk_tags(&wanted.tags)?)
            .build();
        let asked = self.once.create_distribution_with_tags().distribution_config_with_tags(tagged);
        let made = asked.send().await.map_err(|failure| named(Failure::of(&request, &failure), wanted))?;
        Ok(request.answered(made.distribution)?.id)
    }

    pub(super) async fn change_distribution(&self, found: &Found, wanted: &Distribution, known: &Known) -> Result<()> {
        let configuration = Configuration { provider: self, id: &found.id };
        let changed =
            document::change(&configuration, found.version.as_deref(), |config| write::lay(wanted, known, config));
        changed.await.map_err(|error| taken(error, wanted))?;
        match &found.arn {
            Some(arn) => self.tag(&found.id, arn, &wanted.tags).await,
            None => Ok(()),
        }
    }

    /// Whether every edge knows the distribution as it is.
    pub(super) async fn is_deployed(&self, id: &str) -> Result<bool> {
        Ok(self.describe_distribution(id).await?.0.status == "Deployed")
    }
}

/// Whether a distribution is in front of the site's bucket: `BUCKET.s3.REGION.amazonaws.com`, or an older form of it.
/// A staging distribution is another one's copy.
fn is_candidate(listed: &DistributionSummary, bucket: &str) -> bool {
    let origins = listed.origins.as_ref().map(|it| it.items.as_slice()).unwrap_or_default();
    let is_bucket = |domain: &str| {
        let host = domain.strip_prefix(bucket);
        host.is_some_and(|host| {
            (host.starts_with(".s3.") || host.starts_with(".s3-")) && host.contains(".amazonaws.com")
        })
    };
    !listed.staging && origins.iter().any(|origin| is_bucket(&origin.domain_name))
}

/// The same for every attempt to make this distribution, and another one once everything was removed: CloudFront
/// remembers the references of distributions that are gone.
fn reference(site: &str, wanted: &Distribution, known: &Known) -> String {
    let control = wanted.origins.values().find_map(|origin| origin.access_control.as_deref()).unwrap_or_default();
    format!("treebeard-cdn-{site}-{}", known.id(Kind::OriginAccessControl, control))
}

fn named(failure: Failure, wanted: &Distribution) -> Failure {
    Failure { error: taken(failure.error, wanted), ..failure }
}

/// CloudFront does not say which of the names is taken.
fn taken(error: Error, wanted: &Distribution) -> Error {
    if error.rule != "alias-taken" {
        return error;
    }
    let aliases: Vec<_> = wanted.aliases.iter().flatten().map(String::as_str).collect();
    let message = format!("another distribution already has one of {}: {}", aliases.join(", "), error.message);
    Error::new(Class::Config, "alias-taken", message).help(
        "`aws cloudfront list-conflicting-aliases` shows who holds it; remove it there, or move it with `aws cloudfront associate-alias`",
    )
}

#[async_trait]
impl Document for Configuration<'_> {
    type Config = DistributionConfig;

    fn label(&self) -> String {
        format!("{KIND} {}", self.id)
    }

    async fn read(&self) -> Result<(Self::Config, String), Failure> {
        let (found, etag) = self.provider.describe_distribution(self.id).await?;
        let request = self.provider.kept("read", "cloudfront:GetDistribution", KIND, self.id, Some(self.id));
        Ok((request.answered(found.distribution_config)?, etag))
    }

    async fn write(&self, config: Self::Config, etag: &str) -> Result<(), Failure> {
        let request = self.provider.kept("change", "cloudfront:UpdateDistribution", KIND, self.id, Some(self.id));
        let asked = self.provider.cloudfront.update_distribution().id(self.id).if_match(etag);
        let changed = asked.distribution_config(config).send().await;
        changed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }

    async fn remove(&self, etag: &str) -> Result<(), Failure> {
        let request = self.provider.kept("delete", "cloudfront:DeleteDistribution", KIND, self.id, Some(self.id));
        let removed = self.provider.cloudfront.delete_distribution().id(self.id).if_match(etag).send().await;
        removed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }
}
