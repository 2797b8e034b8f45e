//! Security headers, which CloudFront has settings of its own for, and refuses as any other header.

use aws_sdk_cloudfront::types::{
    FrameOptionsList, ReferrerPolicyList, ResponseHeadersPolicyContentSecurityPolicy as ContentSecurityPolicy,
    ResponseHeadersPolicyContentTypeOptions as ContentTypeOptions, ResponseHeadersPolicyFrameOptions as FrameOptions,
    ResponseHeadersPolicyReferrerPolicy as ReferrerPolicy,
    ResponseHeadersPolicySecurityHeadersConfig as SecurityHeaders,
    ResponseHeadersPolicyStrictTransportSecurity as StrictTransportSecurity,
    ResponseHeadersPolicyXssProtection as XssProtection,
};

use super::super::build::built;
use crate::{
    error::{Class, Error, Result},
    model::xss_protection::XssProtection as Xss,
};

const STRICT_TRANSPORT_SECURITY: &str = "Strict-Transport-Security";
const CONTENT_SECURITY_POLICY: &str = "Content-Security-Policy";
const CONTENT_TYPE_OPTIONS: &str = "X-Content-Type-Options";
const FRAME_OPTIONS: &str = "X-Frame-Options";
const XSS_PROTECTION: &str = "X-XSS-Protection";
const REFERRER_POLICY: &str = "Referrer-Policy";

/// Each header with its value as it is sent, and whether it replaces the origin's.
pub fn read(config: &SecurityHeaders) -> Vec<(&'static str, String, bool)> {
    let SecurityHeaders {
        xss_protection,
        frame_options,
        referrer_policy,
        content_security_policy,
        content_type_options,
        strict_transport_security,
        ..
    } = config;
    [
        strict_transport_security.as_ref().map(|it| (STRICT_TRANSPORT_SECURITY, hsts(it), it.r#override)),
        content_security_policy
            .as_ref()
            .map(|it| (CONTENT_SECURITY_POLICY, it.content_security_policy.clone(), it.r#override)),
        content_type_options.as_ref().map(|it| (CONTENT_TYPE_OPTIONS, "nosniff".to_owned(), it.r#override)),
        frame_options.as_ref().map(|it| (FRAME_OPTIONS, it.frame_option.as_str().to_owned(), it.r#override)),
        xss_protection.as_ref().map(|it| (XSS_PROTECTION, xss(it), it.r#override)),
        referrer_policy.as_ref().map(|it| (REFERRER_POLICY, it.referrer_policy.as_str().to_owned(), it.r#override)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn hsts(it: &StrictTransportSecurity) -> String {
    let subdomains = if it.include_subdomains.unwrap_or_default() { "; includeSubDomains" } else { "" };
    let preload = if it.preload.unwrap_or_default() { "; preload" } else { "" };
    format!("max-age={}{subdomains}{preload}", it.access_control_max_age_sec)
}

fn xss(it: &XssProtection) -> String {
    if !it.protection {
        return "0".to_owned();
    }
    let block = if it.mode_block.unwrap_or_default() { "; mode=block" } else { "" };
    let report = it.report_uri.as_ref().filter(|uri| !uri.is_empty()).map(|uri| format!("; report={uri}"));
    format!("1{block}{}", report.unwrap_or_default())
}

/// Whether CloudFront has a setting of its own for a header.
pub fn has(name: &str) -> bool {
    [
        STRICT_TRANSPORT_SECURITY,
        CONTENT_SECURITY_POLICY,
        CONTENT_TYPE_OPTIONS,
        FRAME_OPTIONS,
        XSS_PROTECTION,
        REFERRER_POLICY,
    ]
    .iter()
    .any(|own| own.eq_ignore_ascii_case(name))
}

/// The settings that send these headers; none for none.
pub fn written<'a>(headers: impl Iterator<Item = (&'a String, &'a String)>) -> Result<Option<SecurityHeaders>> {
    let mut config = SecurityHeaders::builder().build();
    for (name, value) in headers {
        let known = set(&mut config, name, value)?;
        if known.is_none() {
            let message = format!("CloudFront cannot send {name}: {value}");
            return Err(Error::new(Class::Config, "header-invalid", message)
                .help("response headers policies know only the standard values of this header"));
        }
    }
    Ok((config != SecurityHeaders::builder().build()).then_some(config))
}

/// Sets one header; none when its value is not one that CloudFront can send.
fn set(config: &mut SecurityHeaders, name: &str, value: &str) -> Result<Option<()>> {
    let is = |own: &str| own.eq_ignore_ascii_case(name);
    if is(STRICT_TRANSPORT_SECURITY) {
        let Some((age, subdomains, preload)) = parse_hsts(value) else { return Ok(None) };
        let header = StrictTransportSecurity::builder()
            .access_control_max_age_sec(age)
            .include_subdomains(subdomains)
            .preload(preload);
        config.strict_transport_security = Some(built(header.r#override(true).build())?);
    } else if is(CONTENT_SECURITY_POLICY) {
        let header = ContentSecurityPolicy::builder().content_security_policy(value).r#override(true);
        config.content_security_policy = Some(built(header.build())?);
    } else if is(CONTENT_TYPE_OPTIONS) {
        if !value.eq_ignore_ascii_case("nosniff") {
            return Ok(None);
        }
        config.content_type_options = Some(built(ContentTypeOptions::builder().r#override(true).build())?);
    } else if is(FRAME_OPTIONS) {
        let Ok(option) = FrameOptionsList::try_parse(value) else { return Ok(None) };
        config.frame_options = Some(built(FrameOptions::builder().frame_option(option).r#override(true).build())?);
    } else if is(XSS_PROTECTION) {
        let Ok(value) = value.parse::<Xss>() else { return Ok(None) };
        let header = XssProtection::builder().protection(value != Xss::Off).r#override(true);
        let header = match value {
            Xss::Off | Xss::On => header,
            Xss::Block => header.mode_block(true),
            Xss::Report(uri) => header.report_uri(uri),
        };
        config.xss_protection = Some(built(header.build())?);
    } else {
        let Ok(policy) = ReferrerPolicyList::try_parse(value) else { return Ok(None) };
        let header = ReferrerPolicy::builder().referrer_policy(policy).r#override(true);
        config.referrer_policy = Some(built(header.build())?);
    }
    Ok(Some(()))
}

/// Seconds, whether for subdomains, whether for browsers' preload lists.
fn parse_hsts(value: &str) -> Option<(i32, bool, bool)> {
    let (mut age, mut subdomains, mut preload) = (None, false, false);
    for directive in value.split(';').map(str::trim) {
        match directive.to_ascii_lowercase().as_str() {
            "includesubdomains" => subdomains = true,
            "preload" => preload = true,
            other => age = Some(other.strip_prefix("max-age=")?.parse().ok()?),
        }
    }
    Some((age?, subdomains, preload))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(name: &str, value: &str) -> Result<Vec<(&'static str, String, bool)>> {
        let headers = [(name.to_owned(), value.to_owned())];
        let config = written(headers.iter().map(|(name, value)| (name, value)))?;
        Ok(config.as_ref().map(read).unwrap_or_default())
    }

    #[test]
    fn headers_come_back_as_they_were_written() {
        for (name, value) in [
            (STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains; preload"),
            (STRICT_TRANSPORT_SECURITY, "max-age=0"),
            (CONTENT_SECURITY_POLICY, "default-src 'self'; script-src 'self' 'unsafe-inline'"),
            (CONTENT_TYPE_OPTIONS, "nosniff"),
            (FRAME_OPTIONS, "DENY"),
            (FRAME_OPTIONS, "SAMEORIGIN"),
            (XSS_PROTECTION, "0"),
            (XSS_PROTECTION, "1"),
            (XSS_PROTECTION, "1; mode=block"),
            (XSS_PROTECTION, "1; report=https://example.com/xss"),
            (REFERRER_POLICY, "strict-origin-when-cross-origin"),
        ] {
            assert!(has(&name.to_ascii_lowercase()));
            assert_eq!(round_trip(name, value).unwrap(), [(name, value.to_owned(), true)]);
            assert_eq!(round_trip(&name.to_ascii_lowercase(), value).unwrap()[0].0, name);
        }
        assert!(!has("Permissions-Policy"));
    }

    #[test]
    fn values_that_cloudfront_cannot_send_are_refused() {
        for (name, value) in [
            (STRICT_TRANSPORT_SECURITY, "includeSubDomains"),
            (STRICT_TRANSPORT_SECURITY, "max-age=1; other"),
            (CONTENT_TYPE_OPTIONS, "sniff"),
            (FRAME_OPTIONS, "ALLOW-FROM https://example.com"),
            (XSS_PROTECTION, "2"),
            (REFERRER_POLICY, "never"),
        ] {
            let error = round_trip(name, value).unwrap_err();
            assert_eq!((error.class, error.rule), (Class::Config, "header-invalid"));
            assert!(error.message.contains(name) && error.message.contains(value), "{error}");
        }
    }
}
