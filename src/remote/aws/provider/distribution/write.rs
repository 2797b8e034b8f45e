//! A distribution's configuration as CloudFront wants it. What is not spoken of stays as it is, known to us or not.

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types::{
    Aliases, CacheTagConfig, CustomErrorResponse, CustomErrorResponses, DistributionConfig, GeoRestriction,
    GeoRestrictionType, HttpVersion, LoggingConfig, MinimumProtocolVersion, PriceClass, Restrictions, SslSupportMethod,
    ViewerCertificate,
};

use super::{
    super::build::{built, list},
    behavior, origin, read,
};
use crate::{
    error::Result,
    model::{
        distribution::ErrorPage,
        infrastructure::{Certificate, Distribution, Geo, Known, Logging, Restriction},
    },
};

/// Lays what is wanted over a configuration. What is already so is not written anew.
pub fn lay(wanted: &Distribution, known: &Known, config: &mut DistributionConfig) -> Result<()> {
    config.enabled = wanted.enabled;
    if let Some(aliases) = wanted.aliases.as_ref().filter(|it| **it != read::aliases(config)) {
        config.aliases = Some(list!(Aliases::builder(), aliases.iter().cloned().collect())?);
    }
    if let Some(certificate) = wanted.certificate.as_ref().filter(|it| **it != read::certificate(config)) {
        config.viewer_certificate = Some(viewer_certificate(certificate));
    }
    if let Some(version) = &wanted.http_version {
        config.http_version = Some(HttpVersion::from(version.as_str()));
    }
    if let Some(on) = wanted.ipv6 {
        config.is_ipv6_enabled = Some(on);
    }
    if let Some(class) = &wanted.price_class {
        config.price_class = Some(PriceClass::from(class.as_str()));
    }
    lay_text(wanted.default_root_object.as_ref(), &mut config.default_root_object);
    lay_text(wanted.waf_acl.as_ref(), &mut config.web_acl_id);
    if let Some(logging) = wanted.logging.as_ref().filter(|it| **it != read::logging(config)) {
        config.logging = Some(logging_config(logging));
    }
    if let Some(geo) = wanted.geo.as_ref().filter(|it| **it != read::geo(config)) {
        config.restrictions = Some(restrictions(geo)?);
    }
    if let Some(header) = wanted.cache_tag_header.as_ref().filter(|it| *it != read::cache_tag_header(config)) {
        let tags = CacheTagConfig::builder().header_name(header).build();
        config.cache_tag_config = if header.is_empty() { None } else { Some(built(tags)?) };
    }
    if let Some(pages) = wanted.error_pages.as_ref().filter(|it| **it != read::error_pages(config)) {
        config.custom_error_responses = Some(error_responses(pages)?);
    }
    origin::lay(wanted, known, config)?;
    behavior::lay(wanted, known, config)
}

/// Empty stands for none, as absent does.
fn lay_text(wanted: Option<&String>, there: &mut Option<String>) {
    if let Some(text) = wanted.filter(|text| *text != there.as_deref().unwrap_or_default()) {
        *there = Some(text.clone());
    }
}

/// ACM's certificates go to viewers that say which host they want (SNI); addresses of one's own cost $600 a month.
fn viewer_certificate(wanted: &Certificate) -> ViewerCertificate {
    if wanted.arn.is_empty() {
        return ViewerCertificate::builder().cloud_front_default_certificate(true).build();
    }
    ViewerCertificate::builder()
        .cloud_front_default_certificate(false)
        .acm_certificate_arn(&wanted.arn)
        .ssl_support_method(SslSupportMethod::SniOnly)
        .set_minimum_protocol_version(wanted.minimum_tls.as_deref().map(MinimumProtocolVersion::from))
        .build()
}

/// Without logs, all fields must be there, and be empty.
fn logging_config(wanted: &Logging) -> LoggingConfig {
    LoggingConfig::builder()
        .enabled(!wanted.bucket.is_empty())
        .include_cookies(wanted.cookies)
        .bucket(&wanted.bucket)
        .prefix(&wanted.prefix)
        .build()
}

fn restrictions(wanted: &Geo) -> Result<Restrictions> {
    let kind = match wanted.restriction {
        Restriction::None => GeoRestrictionType::None,
        Restriction::Allow => GeoRestrictionType::Whitelist,
        Restriction::Deny => GeoRestrictionType::Blacklist,
    };
    let countries = wanted.countries.iter().cloned().collect();
    let restriction = list!(GeoRestriction::builder().restriction_type(kind), countries)?;
    Ok(Restrictions::builder().geo_restriction(restriction).build())
}

fn error_responses(wanted: &BTreeMap<u16, ErrorPage>) -> Result<CustomErrorResponses> {
    let response = |(&status, page): (&u16, &ErrorPage)| {
        let response = CustomErrorResponse::builder()
            .error_code(status.into())
            .error_caching_min_ttl(i64::try_from(page.ttl).unwrap_or(i64::MAX))
            // Empty where the error stays as it is.
            .response_page_path(&page.page)
            .response_code(if page.status == 0 { String::new() } else { page.status.to_string() });
        built(response.build())
    };
    list!(CustomErrorResponses::builder(), wanted.iter().map(response).collect::<Result<_>>()?)
}
