//! Security headers as they are sent: the names and forms that CloudFront gives them.

use super::file::{ContentTypeOptions, FrameOptions, ReferrerPolicy, SecurityHeaders, StrictTransportSecurity};
use crate::model::xss_protection::XssProtection;

/// Names and values, in the order of the configuration.
pub fn render(headers: &SecurityHeaders) -> Vec<(String, String)> {
    let SecurityHeaders {
        strict_transport_security,
        content_security_policy,
        x_content_type_options,
        x_frame_options,
        x_xss_protection,
        referrer_policy,
    } = headers;
    let policy = content_security_policy.as_ref().and_then(|csp| csp.policy.clone());
    [
        ("Strict-Transport-Security", strict_transport_security.as_ref().map(hsts)),
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", x_content_type_options.map(|ContentTypeOptions::Nosniff| "nosniff".into())),
        ("X-Frame-Options", x_frame_options.map(|value| frame_options(value).into())),
        ("X-XSS-Protection", x_xss_protection.as_deref().map(xss_protection)),
        ("Referrer-Policy", referrer_policy.map(|value| policy_token(value).into())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name.to_owned(), value?)))
    .collect()
}

fn hsts(hsts: &StrictTransportSecurity) -> String {
    let subdomains = if hsts.include_subdomains { "; includeSubDomains" } else { "" };
    let preload = if hsts.preload { "; preload" } else { "" };
    format!("max-age={}{subdomains}{preload}", hsts.max_age)
}

/// CloudFront keeps the parts and not the text: another spelling would never be found as it was written.
fn xss_protection(value: &str) -> String {
    value.parse().map_or_else(|_| value.to_owned(), |value: XssProtection| value.to_string())
}

fn frame_options(value: FrameOptions) -> &'static str {
    match value {
        FrameOptions::Deny => "DENY",
        FrameOptions::SameOrigin => "SAMEORIGIN",
    }
}

fn policy_token(value: ReferrerPolicy) -> &'static str {
    match value {
        ReferrerPolicy::NoReferrer => "no-referrer",
        ReferrerPolicy::NoReferrerWhenDowngrade => "no-referrer-when-downgrade",
        ReferrerPolicy::Origin => "origin",
        ReferrerPolicy::OriginWhenCrossOrigin => "origin-when-cross-origin",
        ReferrerPolicy::SameOrigin => "same-origin",
        ReferrerPolicy::StrictOrigin => "strict-origin",
        ReferrerPolicy::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
        ReferrerPolicy::UnsafeUrl => "unsafe-url",
    }
}
