//! Origins: who answers what CloudFront does not hold.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types::{
    CustomHeaders, CustomOriginConfig, DistributionConfig, Origin as There, OriginCustomHeader, OriginProtocolPolicy,
    OriginShield, OriginSslProtocols, Origins, S3OriginConfig, SslProtocol,
};

use super::super::{
    build::{built, list},
    failure::changed,
};
use crate::{
    error::Result,
    model::infrastructure::{Distribution, FUNCTION_URL, Kind, Known, NEW_SECRET, Origin, OriginSecret, SECRET_HEADER},
};

/// All origins in our words, by id.
pub fn read(config: &DistributionConfig, known: &Known) -> Vec<(String, Origin)> {
    listed(config).iter().map(|origin| (origin.id.clone(), words(origin, known))).collect()
}

fn words(there: &There, known: &Known) -> Origin {
    let custom = there.custom_origin_config.as_ref();
    let control = there.origin_access_control_id.as_deref().unwrap_or_default();
    Origin {
        domain: there.domain_name.clone(),
        path: there.origin_path.clone().unwrap_or_default(),
        access_control: Some(known.name(Kind::OriginAccessControl, control).to_owned())
            .filter(|name| custom.is_none() || !name.is_empty()),
        protocol: custom.map(|it| it.origin_protocol_policy.as_str().to_owned()),
        port: custom.and_then(|it| {
            let plain = it.origin_protocol_policy == OriginProtocolPolicy::HttpOnly;
            u16::try_from(if plain { it.http_port } else { it.https_port }).ok()
        }),
        tls: custom.map(|it| {
            let versions = it.origin_ssl_protocols.as_ref().map(|it| it.items.as_slice()).unwrap_or_default();
            versions.iter().map(|version| version.as_str().to_owned()).collect()
        }),
        read_timeout: custom.and_then(|it| it.origin_read_timeout?.try_into().ok()),
        secret: secret(there).map(OriginSecret::digest_of),
        shield: Some(
            there
                .origin_shield
                .as_ref()
                .filter(|shield| shield.enabled)
                .and_then(|shield| shield.origin_shield_region.clone())
                .unwrap_or_default(),
        ),
    }
}

/// Lays what is wanted over the origins there are.
pub fn lay(wanted: &Distribution, known: &Known, config: &mut DistributionConfig) -> Result<()> {
    let mut origins = listed(config).to_vec();
    for (id, wanted) in &wanted.origins {
        if let Some(there) = origins.iter_mut().find(|there| there.id == *id) {
            lay_one(wanted, known, there)?;
        } else {
            let mut made = made(id, &domain(&wanted.domain, known)?)?;
            lay_one(wanted, known, &mut made)?;
            origins.push(made);
        }
    }
    if let Some(ids) = &wanted.origin_ids {
        origins.retain(|there| ids.contains(&there.id));
    }
    if origins != listed(config) {
        config.origins = Some(list!(Origins::builder(), origins)?);
    }
    Ok(())
}

fn listed(config: &DistributionConfig) -> &[There] {
    config.origins.as_ref().map(|it| it.items.as_slice()).unwrap_or_default()
}

/// The secret that an origin is sent.
fn secret(there: &There) -> Option<&str> {
    let sent = there.custom_headers.as_ref().map(CustomHeaders::items).unwrap_or_default();
    let sent = sent.iter().find(|it| it.header_name.eq_ignore_ascii_case(SECRET_HEADER));
    sent.map(|it| it.header_value.as_str())
}

/// Sends an origin a secret, beside the headers that somebody else set.
fn send(secret: &OriginSecret, there: &mut There) -> Result<()> {
    let header = OriginCustomHeader::builder().header_name(SECRET_HEADER).header_value(secret.reveal());
    let mut sent = there.custom_headers.as_ref().map(CustomHeaders::items).unwrap_or_default().to_vec();
    sent.retain(|it| !it.header_name.eq_ignore_ascii_case(SECRET_HEADER));
    sent.push(built(header.build())?);
    there.custom_headers = Some(list!(CustomHeaders::builder(), sent)?);
    Ok(())
}

/// The host of the function's URL in its place.
fn domain(wanted: &str, known: &Known) -> Result<String> {
    if wanted != FUNCTION_URL {
        return Ok(wanted.to_owned());
    }
    let url = known.only(Kind::FunctionUrl).and_then(|found| found.domain.clone());
    url.ok_or_else(|| changed("the URL of the API's function"))
}

/// An origin with everything that an update must say, which is more than a creation must: CloudFront's own defaults
/// (CloudFront Developer Guide, "Required API fields for creating and updating distributions").
fn made(id: &str, domain: &str) -> Result<There> {
    let origin = There::builder().id(id).domain_name(domain).origin_path("");
    let origin = origin.custom_headers(list!(CustomHeaders::builder(), Vec::new())?);
    built(origin.connection_attempts(3).connection_timeout(10).build())
}

/// As [`made`], for what is no bucket.
fn made_custom(policy: OriginProtocolPolicy) -> Result<CustomOriginConfig> {
    let custom = CustomOriginConfig::builder().http_port(80).https_port(443).origin_protocol_policy(policy);
    let tls = list!(OriginSslProtocols::builder(), vec![SslProtocol::TlSv12])?;
    built(custom.origin_ssl_protocols(tls).origin_read_timeout(30).origin_keepalive_timeout(5).build())
}

fn lay_one(wanted: &Origin, known: &Known, there: &mut There) -> Result<()> {
    let now = words(there, known);
    there.domain_name = domain(&wanted.domain, known)?;
    if now.path != wanted.path {
        there.origin_path = Some(wanted.path.clone());
    }
    if let Some(control) = &wanted.access_control
        && now.access_control != wanted.access_control
    {
        let id = if control.is_empty() { "" } else { known.id(Kind::OriginAccessControl, control) };
        there.origin_access_control_id = Some(id.to_owned());
    }
    if let Some(protocol) = &wanted.protocol {
        lay_custom(protocol, wanted, there)?;
    } else if wanted.access_control.is_some() {
        there.custom_origin_config = None;
        let bucket = there.s3_origin_config.get_or_insert_with(|| S3OriginConfig::builder().build());
        // CloudFront refuses an identity of the older kind beside an access control.
        bucket.origin_access_identity.clear();
    }
    if let Some(secret) = &wanted.secret
        && now.secret != wanted.secret
    {
        let new = known.new_secret.as_ref().filter(|_| secret == NEW_SECRET);
        send(new.ok_or_else(|| changed("the secret of the API's origin"))?, there)?;
    }
    if let Some(shield) = &wanted.shield
        && now.shield != wanted.shield
    {
        let region = Some(shield.clone()).filter(|region| !region.is_empty());
        let made = OriginShield::builder().enabled(region.is_some()).set_origin_shield_region(region);
        there.origin_shield = Some(built(made.build())?);
    }
    Ok(())
}

fn lay_custom(protocol: &str, wanted: &Origin, there: &mut There) -> Result<()> {
    let policy = OriginProtocolPolicy::from(protocol);
    let made = made_custom(policy.clone())?;
    there.s3_origin_config = None;
    let custom = there.custom_origin_config.get_or_insert(made);
    custom.origin_protocol_policy = policy;
    if let Some(port) = wanted.port {
        let plain = custom.origin_protocol_policy == OriginProtocolPolicy::HttpOnly;
        *(if plain { &mut custom.http_port } else { &mut custom.https_port }) = port.into();
    }
    if let Some(seconds) = wanted.read_timeout {
        custom.origin_read_timeout = i32::try_from(seconds).ok();
    }
    if let Some(tls) = &wanted.tls {
        let there = custom.origin_ssl_protocols.as_ref().map(|it| it.items.as_slice()).unwrap_or_default();
        let there: BTreeSet<_> = there.iter().map(|version| version.as_str().to_owned()).collect();
        if there != *tls {
            let versions = tls.iter().map(|version| SslProtocol::from(version.as_str())).collect();
            custom.origin_ssl_protocols = Some(list!(OriginSslProtocols::builder(), versions)?);
        }
    }
    Ok(())
}
