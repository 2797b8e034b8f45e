//! Cross-origin resource sharing in a response headers policy.

use aws_sdk_cloudfront::types::{
    ResponseHeadersPolicyAccessControlAllowHeaders as AllowHeaders,
    ResponseHeadersPolicyAccessControlAllowMethods as AllowMethods,
    ResponseHeadersPolicyAccessControlAllowMethodsValues as Method,
    ResponseHeadersPolicyAccessControlAllowOrigins as AllowOrigins,
    ResponseHeadersPolicyAccessControlExposeHeaders as ExposeHeaders, ResponseHeadersPolicyCorsConfig as CorsConfig,
};

use super::super::build::{built, list};
use crate::{error::Result, model::distribution::Cors};

/// The settings in our words.
pub fn read(config: &CorsConfig) -> Cors {
    let set = |items: Option<&[String]>| items.unwrap_or_default().iter().cloned().collect();
    let methods = config.access_control_allow_methods.as_ref().map(|it| it.items.as_slice()).unwrap_or_default();
    Cors {
        allow_origins: set(config.access_control_allow_origins.as_ref().map(|it| it.items.as_slice())),
        allow_methods: methods.iter().map(|method| method.as_str().to_owned()).collect(),
        allow_headers: set(config.access_control_allow_headers.as_ref().map(|it| it.items.as_slice())),
        expose_headers: set(config.access_control_expose_headers.as_ref().and_then(|it| it.items.as_deref())),
        credentials: config.access_control_allow_credentials,
        max_age: config.access_control_max_age_sec.and_then(|seconds| u32::try_from(seconds).ok()),
    }
}

/// The settings as CloudFront wants them; what the origin says is replaced.
pub fn written(cors: &Cors) -> Result<CorsConfig> {
    let items = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
    let methods = cors.allow_methods.iter().map(|name| Method::from(name.as_str())).collect();
    let mut config = CorsConfig::builder()
        .access_control_allow_origins(list!(AllowOrigins::builder(), items(&cors.allow_origins))?)
        .access_control_allow_methods(list!(AllowMethods::builder(), methods)?)
        .access_control_allow_credentials(cors.credentials)
        .set_access_control_max_age_sec(cors.max_age.and_then(|seconds| i32::try_from(seconds).ok()))
        .origin_override(true);
    if !cors.allow_headers.is_empty() {
        let allowed = list!(AllowHeaders::builder(), items(&cors.allow_headers))?;
        config = config.access_control_allow_headers(allowed);
    }
    if !cors.expose_headers.is_empty() {
        let exposed = list!(ExposeHeaders::builder(), items(&cors.expose_headers))?;
        config = config.access_control_expose_headers(exposed);
    }
    built(config.build())
}
