//! A distribution in our words.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types::{DistributionConfig, GeoRestrictionType};

use super::{behavior, origin};
use crate::model::{
    distribution::ErrorPage,
    infrastructure::{Certificate, Distribution, Geo, Known, Logging, Restriction},
};

/// How long an error is kept where nothing is said (CloudFront Developer Guide, "How CloudFront caches errors").
const ERROR_TTL: u64 = 10;

/// Everything that we speak of. Fields have the value that stands for nothing rather than none.
pub fn settings(
    config: &DistributionConfig,
    tags: BTreeMap<String, String>,
    wanted: &Distribution,
    known: &Known,
) -> Distribution {
    Distribution {
        enabled: config.enabled,
        aliases: Some(aliases(config)),
        certificate: Some(certificate(config)),
        http_version: config.http_version.as_ref().map(|it| it.as_str().to_owned()),
        ipv6: Some(config.is_ipv6_enabled.unwrap_or_default()),
        price_class: config.price_class.as_ref().map(|it| it.as_str().to_owned()),
        default_root_object: Some(config.default_root_object.clone().unwrap_or_default()),
        logging: Some(logging(config)),
        waf_acl: Some(config.web_acl_id.clone().unwrap_or_default()),
        geo: Some(geo(config)),
        cache_tag_header: Some(cache_tag_header(config).to_owned()),
        origin_ids: Some(origin::read(config, known).into_iter().map(|(id, _)| id).collect()),
        patterns: Some(behavior::patterns(config, wanted)),
        origins: origin::read(config, known).into_iter().collect(),
        behaviors: behavior::read(config, wanted, known).into_iter().collect(),
        error_pages: Some(error_pages(config)),
        tags,
    }
}

pub fn aliases(config: &DistributionConfig) -> BTreeSet<String> {
    config.aliases.as_ref().and_then(|it| it.items.clone()).unwrap_or_default().into_iter().collect()
}

pub fn certificate(config: &DistributionConfig) -> Certificate {
    let Some(there) = &config.viewer_certificate else { return Certificate::default() };
    let own = [&there.acm_certificate_arn, &there.iam_certificate_id].into_iter().flatten().find(|it| !it.is_empty());
    let Some(own) = own else { return Certificate::default() };
    let minimum_tls = there.minimum_protocol_version.as_ref().map(|it| it.as_str().to_owned());
    Certificate { arn: own.clone(), minimum_tls }
}

pub fn logging(config: &DistributionConfig) -> Logging {
    let there = config.logging.as_ref().filter(|it| it.enabled);
    there.map_or_else(Logging::default, |it| Logging {
        bucket: it.bucket.clone(),
        prefix: it.prefix.clone(),
        cookies: it.include_cookies,
    })
}

pub fn geo(config: &DistributionConfig) -> Geo {
    let Some(there) = config.restrictions.as_ref().and_then(|it| it.geo_restriction.as_ref()) else {
        return Geo::default();
    };
    Geo {
        restriction: match there.restriction_type {
            GeoRestrictionType::Whitelist => Restriction::Allow,
            GeoRestrictionType::Blacklist => Restriction::Deny,
            _ => Restriction::None,
        },
        countries: there.items.clone().unwrap_or_default().into_iter().collect(),
    }
}

pub fn cache_tag_header(config: &DistributionConfig) -> &str {
    config.cache_tag_config.as_ref().map(|it| it.header_name.as_str()).unwrap_or_default()
}

pub fn error_pages(config: &DistributionConfig) -> BTreeMap<u16, ErrorPage> {
    let there = config.custom_error_responses.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default();
    let page = |it: &aws_sdk_cloudfront::types::CustomErrorResponse| {
        let page = ErrorPage {
            page: it.response_page_path.clone().unwrap_or_default(),
            status: it.response_code.as_deref().and_then(|code| code.parse().ok()).unwrap_or_default(),
            ttl: it.error_caching_min_ttl.and_then(|ttl| ttl.try_into().ok()).unwrap_or(ERROR_TTL),
        };
        Some((u16::try_from(it.error_code).ok()?, page))
    };
    there.iter().filter_map(page).collect()
}
