//! Cache policies: how long, and by what of a request, responses are kept.

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{CachePolicyConfig, CachePolicyType};

use super::{AwsProvider, build::built, cache_key, document::Document, failure::Failure};
use crate::{
    error::Result,
    model::infrastructure::{CachePolicy as Settings, Kind},
};

/// A cache policy.
pub struct CachePolicy<'a> {
    pub provider: &'a AwsProvider,
    pub name: &'a str,
    pub id: &'a str,
}

const KIND: Kind = Kind::CachePolicy;

impl AwsProvider {
    /// The id of the account's cache policy of that name.
    pub(super) async fn cache_policy_id(&self, name: &str) -> Result<Option<String>> {
        let request = self.kept("look for", "cloudfront:ListCachePolicies", KIND, name, None);
        let mut marker = None;
        loop {
            let asked = self.cloudfront.list_cache_policies().r#type(CachePolicyType::Custom).set_marker(marker);
            let page = asked.send().await.map_err(|failure| request.failed(&failure))?;
            let page = request.answered(page.cache_policy_list)?;
            let mut policies = page.items.unwrap_or_default().into_iter().filter_map(|it| it.cache_policy);
            let named = |config: &Option<CachePolicyConfig>| config.as_ref().is_some_and(|it| it.name == name);
            if let Some(found) = policies.find(|policy| named(&policy.cache_policy_config)) {
                return Ok(Some(found.id));
            }
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(None);
            }
        }
    }

    pub(super) async fn make_cache_policy(&self, name: &str, wanted: &Settings) -> Result<String, Failure> {
        let request = self.kept("create", "cloudfront:CreateCachePolicy", KIND, name, None);
        let mut config = built(CachePolicyConfig::builder().name(name).min_ttl(0).build())?;
        lay(wanted, &mut config)?;
        let made = self.once.create_cache_policy().cache_policy_config(config).send().await;
        let made = made.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(request.answered(made.cache_policy)?.id)
    }
}

/// A cache policy in our words.
pub fn settings(config: &CachePolicyConfig) -> Settings {
    let seconds = |ttl: i64| u64::try_from(ttl).unwrap_or_default();
    let parameters = config.parameters_in_cache_key_and_forwarded_to_origin.as_ref();
    Settings {
        min_ttl: seconds(config.min_ttl),
        default_ttl: seconds(config.default_ttl.unwrap_or_default()),
        max_ttl: seconds(config.max_ttl.unwrap_or_default()),
        gzip: parameters.is_some_and(|it| it.enable_accept_encoding_gzip),
        brotli: parameters.and_then(|it| it.enable_accept_encoding_brotli).unwrap_or_default(),
        key: parameters.map(cache_key::read).unwrap_or_default(),
    }
}

/// Lays what is wanted over a cache policy.
pub fn lay(wanted: &Settings, config: &mut CachePolicyConfig) -> Result<()> {
    let seconds = |ttl: u64| i64::try_from(ttl).unwrap_or(i64::MAX);
    config.min_ttl = seconds(wanted.min_ttl);
    config.default_ttl = Some(seconds(wanted.default_ttl));
    config.max_ttl = Some(seconds(wanted.max_ttl));
    let now = settings(config);
    if (now.gzip, now.brotli, &now.key) != (wanted.gzip, wanted.brotli, &wanted.key) {
        let parameters = cache_key::written(&wanted.key)?
            .enable_accept_encoding_gzip(wanted.gzip)
            .enable_accept_encoding_brotli(wanted.brotli);
        config.parameters_in_cache_key_and_forwarded_to_origin = Some(built(parameters.build())?);
    }
    Ok(())
}

#[async_trait]
impl Document for CachePolicy<'_> {
    type Config = CachePolicyConfig;

    fn label(&self) -> String {
        format!("{KIND} {}", self.name)
    }

    async fn read(&self) -> Result<(Self::Config, String), Failure> {
        let request = self.provider.kept("read", "cloudfront:GetCachePolicy", KIND, self.name, Some(self.id));
        let found = self.provider.cloudfront.get_cache_policy().id(self.id).send().await;
        let found = found.map_err(|failure| Failure::of(&request, &failure))?;
        let config = found.cache_policy.and_then(|it| it.cache_policy_config);
        Ok((request.answered(config)?, request.answered(found.e_tag)?))
    }

    async fn write(&self, config: Self::Config, etag: &str) -> Result<(), Failure> {
        let request = self.provider.kept("change", "cloudfront:UpdateCachePolicy", KIND, self.name, Some(self.id));
        let asked = self.provider.cloudfront.update_cache_policy().id(self.id).if_match(etag);
        let changed = asked.cache_policy_config(config).send().await;
        changed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }

    async fn remove(&self, etag: &str) -> Result<(), Failure> {
        let request = self.provider.kept("delete", "cloudfront:DeleteCachePolicy", KIND, self.name, Some(self.id));
        let removed = self.provider.cloudfront.delete_cache_policy().id(self.id).if_match(etag).send().await;
        removed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }
}
