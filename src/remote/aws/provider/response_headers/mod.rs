//! Response headers policies: what viewers are told beside what the origin says.

mod cors;
mod security;

use async_trait::async_trait;
use aws_sdk_cloudfront::types::{
    ResponseHeadersPolicyConfig, ResponseHeadersPolicyCustomHeader as CustomHeader,
    ResponseHeadersPolicyCustomHeadersConfig as CustomHeaders, ResponseHeadersPolicyRemoveHeader as RemoveHeader,
    ResponseHeadersPolicyRemoveHeadersConfig as RemoveHeaders, ResponseHeadersPolicyType,
};

use super::{
    AwsProvider,
    build::{built, list},
    document::Document,
    failure::Failure,
};
use crate::{
    error::Result,
    model::infrastructure::{Kind, ResponseHeaders},
};

/// A response headers policy.
pub struct ResponseHeadersPolicy<'a> {
    pub provider: &'a AwsProvider,
    pub name: &'a str,
    pub id: &'a str,
}

const KIND: Kind = Kind::ResponseHeadersPolicy;

/// Said behind the value of a header that does not replace the origin's.
const GIVES_WAY: &str = " (unless the origin says otherwise)";

impl AwsProvider {
    /// The id of the account's response headers policy of that name.
    pub(super) async fn response_headers_id(&self, name: &str) -> Result<Option<String>> {
        let request = self.kept("look for", "cloudfront:ListResponseHeadersPolicies", KIND, name, None);
        let mut marker = None;
        loop {
            let asked = self.cloudfront.list_response_headers_policies().r#type(ResponseHeadersPolicyType::Custom);
            let page = asked.set_marker(marker).send().await.map_err(|failure| request.failed(&failure))?;
            let page = request.answered(page.response_headers_policy_list)?;
            let mut policies = page.items.unwrap_or_default().into_iter().filter_map(|it| it.response_headers_policy);
            let named =
                |config: &Option<ResponseHeadersPolicyConfig>| config.as_ref().is_some_and(|it| it.name == name);
            if let Some(found) = policies.find(|policy| named(&policy.response_headers_policy_config)) {
                return Ok(Some(found.id));
            }
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(None);
            }
        }
    }

    pub(super) async fn make_response_headers(&self, name: &str, wanted: &ResponseHeaders) -> Result<String, Failure> {
        let request = self.kept("create", "cloudfront:CreateResponseHeadersPolicy", KIND, name, None);
        let mut config = built(ResponseHeadersPolicyConfig::builder().name(name).build())?;
        lay(wanted, &mut config)?;
        let made = self.once.create_response_headers_policy().response_headers_policy_config(config).send().await;
        let made = made.map_err(|failure| Failure::of(&request, &failure))?;
        Ok(request.answered(made.response_headers_policy)?.id)
    }
}

/// A response headers policy in our words.
pub fn settings(config: &ResponseHeadersPolicyConfig) -> ResponseHeaders {
    let said = |value: &str, replaces: bool| format!("{value}{}", if replaces { "" } else { GIVES_WAY });
    let security = config.security_headers_config.as_ref().map(security::read).unwrap_or_default();
    let security = security.into_iter().map(|(name, value, replaces)| (name.to_owned(), said(&value, replaces)));
    let custom = config.custom_headers_config.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default();
    let custom = custom.iter().map(|it| (it.header.clone(), said(&it.value, it.r#override)));
    let removed = config.remove_headers_config.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default();
    ResponseHeaders {
        headers: security.chain(custom).collect(),
        remove: removed.iter().map(|it| it.header.to_ascii_lowercase()).collect(),
        cors: config.cors_config.as_ref().map(cors::read),
    }
}

/// Lays what is wanted over a policy. Which headers there are is for us alone to say.
pub fn lay(wanted: &ResponseHeaders, config: &mut ResponseHeadersPolicyConfig) -> Result<()> {
    let now = settings(config);
    if now.headers != wanted.headers {
        let (security, custom): (Vec<_>, Vec<_>) = wanted.headers.iter().partition(|(name, _)| security::has(name));
        config.security_headers_config = security::written(security.into_iter())?;
        let custom = custom
            .into_iter()
            .map(|(name, value)| built(CustomHeader::builder().header(name).value(value).r#override(true).build()));
        let custom = custom.collect::<Result<Vec<_>>>()?;
        config.custom_headers_config =
            if custom.is_empty() { None } else { Some(list!(CustomHeaders::builder(), custom)?) };
    }
    if now.remove != wanted.remove {
        let removed = wanted.remove.iter().map(|name| built(RemoveHeader::builder().header(name).build()));
        let removed = removed.collect::<Result<Vec<_>>>()?;
        config.remove_headers_config =
            if removed.is_empty() { None } else { Some(list!(RemoveHeaders::builder(), removed)?) };
    }
    if now.cors != wanted.cors {
        config.cors_config = wanted.cors.as_ref().map(cors::written).transpose()?;
    }
    Ok(())
}

#[async_trait]
impl Document for ResponseHeadersPolicy<'_> {
    type Config = ResponseHeadersPolicyConfig;

    fn label(&self) -> String {
        format!("{KIND} {}", self.name)
    }

    async fn read(&self) -> Result<(Self::Config, String), Failure> {
        let request = self.provider.kept("read", "cloudfront:GetResponseHeadersPolicy", KIND, self.name, Some(self.id));
        let found = self.provider.cloudfront.get_response_headers_policy().id(self.id).send().await;
        let found = found.map_err(|failure| Failure::of(&request, &failure))?;
        let config = found.response_headers_policy.and_then(|it| it.response_headers_policy_config);
        Ok((request.answered(config)?, request.answered(found.e_tag)?))
    }

    async fn write(&self, config: Self::Config, etag: &str) -> Result<(), Failure> {
        let request =
            self.provider.kept("change", "cloudfront:UpdateResponseHeadersPolicy", KIND, self.name, Some(self.id));
        let asked = self.provider.cloudfront.update_response_headers_policy().id(self.id).if_match(etag);
        let changed = asked.response_headers_policy_config(config).send().await;
        changed.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }

    async fn remove(&self, etag: &str) -> Result<(), Failure> {
        let request =
            self.provider.kept("delete", "cloudfront:DeleteResponseHeadersPolicy", KIND, self.name, Some(self.id));
        let asked = self.provider.cloudfront.delete_response_headers_policy().id(self.id).if_match(etag);
        asked.send().await.map(drop).map_err(|failure| Failure::of(&request, &failure))
    }
}
