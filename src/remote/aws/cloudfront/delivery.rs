//! How a distribution is set up to serve the site.

use aws_sdk_cloudfront::{
    primitives::Blob,
    types::{DefaultCacheBehavior, EventType, FunctionStage, ResponseHeadersPolicyConfig},
};

use super::CloudFront;
use crate::{error::Result, model::function, remote::cdn::Delivery};

impl CloudFront {
    pub(super) async fn look_at_delivery(&self) -> Result<Delivery> {
        let request = self.request("look at", "cloudfront:GetDistribution");
        let found = self.client.get_distribution().id(&self.id).send().await;
        let found = found.map_err(|failure| request.failed(&failure))?.distribution;
        let Some(distribution) = found else { return Err(request.unreachable("it answered without a distribution")) };
        let behavior = distribution.distribution_config.and_then(|config| config.default_cache_behavior);
        let (function, adds_headers) = match &behavior {
            Some(behavior) => (self.function(behavior).await?, self.adds_headers(behavior).await?),
            None => (None, false),
        };
        let negotiates = function.is_some();
        let encodings = function.as_deref().map(function::encodings).unwrap_or_default();
        let domain = Some(distribution.domain_name).filter(|domain| !domain.is_empty());
        Ok(Delivery { domain, negotiates, encodings, adds_headers })
    }

    /// The viewer-request function of the default behavior, if what is published of it is ours: a name proves nothing.
    async fn function(&self, behavior: &DefaultCacheBehavior) -> Result<Option<Vec<u8>>> {
        let functions =
            behavior.function_associations.as_ref().and_then(|all| all.items.as_deref()).unwrap_or_default();
        let of_requests = functions.iter().find(|function| function.event_type == EventType::ViewerRequest);
        let Some((_, name)) = of_requests.and_then(|function| function.function_arn.rsplit_once('/')) else {
            return Ok(None);
        };
        let request = self.request("read the function of", "cloudfront:GetFunction");
        let code = self.client.get_function().name(name).stage(FunctionStage::Live).send().await;
        let code = code.map_err(|failure| request.failed(&failure))?.function_code;
        Ok(code.map(Blob::into_inner).filter(|code| function::is_ours(code)))
    }

    async fn adds_headers(&self, behavior: &DefaultCacheBehavior) -> Result<bool> {
        let Some(id) = behavior.response_headers_policy_id.as_ref().filter(|id| !id.is_empty()) else {
            return Ok(false);
        };
        let request = self.request("read the response headers policy of", "cloudfront:GetResponseHeadersPolicy");
        let policy = self.client.get_response_headers_policy().id(id).send().await;
        let policy = policy.map_err(|failure| request.failed(&failure))?.response_headers_policy;
        Ok(policy.and_then(|policy| policy.response_headers_policy_config).is_some_and(|config| has_security(&config)))
    }
}

/// Whether a policy sets any security header, in the place made for them or as a header of its own.
fn has_security(config: &ResponseHeadersPolicyConfig) -> bool {
    let made_for = config.security_headers_config.as_ref().is_some_and(|security| {
        security.content_type_options.is_some()
            || security.content_security_policy.is_some()
            || security.strict_transport_security.is_some()
            || security.frame_options.is_some()
            || security.referrer_policy.is_some()
            || security.xss_protection.is_some()
    });
    let custom = config.custom_headers_config.as_ref().and_then(|custom| custom.items.as_deref()).unwrap_or_default();
    made_for || custom.iter().any(|header| header.header.eq_ignore_ascii_case("x-content-type-options"))
}
