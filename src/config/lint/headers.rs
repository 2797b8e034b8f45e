//! Security headers.

use super::{Report, known};
use crate::{
    config::file::{SecurityHeaders, StrictTransportSecurity},
    model::xss_protection::{Unsendable, XssProtection},
};

/// The least `max-age` that browsers' preload lists take, in seconds.
const PRELOAD_MAX_AGE: u64 = 31_536_000;

/// Longest `Content-Security-Policy` that a response headers policy takes, in characters
/// (CloudFront Developer Guide, "Understand response headers policies").
const LONGEST_CSP: usize = 1783;

/// Every header with a rule of its own.
pub fn security(report: &mut Report<'_>, headers: &SecurityHeaders) {
    let base = "security_headers";
    if let Some(hsts) = &headers.strict_transport_security {
        transport(report, hsts);
    }
    if let Some(csp) = &headers.content_security_policy {
        let path = format!("{base}.content_security_policy");
        match &csp.policy {
            None => report.error(
                "missing-key",
                &path,
                "`content_security_policy` has no `policy`",
                "add `policy: \"default-src 'self'\"`, or write `content_security_policy: null` for none",
            ),
            Some(policy) => content(report, &format!("{path}.policy"), policy),
        }
    }
    if let Some(value) = known(headers.x_xss_protection.as_ref()) {
        let path = format!("{base}.x_xss_protection");
        if sendable(report, &path, value) {
            xss(report, &path, value);
        }
    }
}

fn transport(report: &mut Report<'_>, hsts: &StrictTransportSecurity) {
    let path = "security_headers.strict_transport_security";
    let StrictTransportSecurity { max_age, include_subdomains, preload } = hsts;
    if *preload && (!include_subdomains || *max_age < PRELOAD_MAX_AGE) {
        report.warn(
            "hsts-preload",
            &format!("{path}.preload"),
            "`preload` without `include_subdomains: true` and a `max_age` of a year is refused by the preload lists",
            "set `include_subdomains: true` and `max_age: 31536000`, or `preload: false`",
        );
    }
    super::seconds(report, &format!("{path}.max_age"), *max_age);
    if *max_age == 0 {
        let help = "use 31536000, or `strict_transport_security: null` to send none";
        report.warn(
            "hsts-off",
            &format!("{path}.max_age"),
            "`max_age: 0` makes browsers forget that the site is https only",
            help,
        );
    }
}

/// Refuses what would end the header or is no header at all.
fn sendable(report: &mut Report<'_>, path: &str, value: &str) -> bool {
    if value.chars().any(|c| c.is_control() || !c.is_ascii()) {
        let message = "this header has a line break, a control character or a non-ASCII character";
        report.error("header-value", path, message, "write it in one line of ASCII; `>-` folds lines into one");
        return false;
    }
    true
}

fn content(report: &mut Report<'_>, path: &str, policy: &str) {
    if policy.contains("${") || !sendable(report, path, policy) {
        return;
    }
    let directives: Vec<(String, Vec<&str>)> = policy
        .split(';')
        .filter_map(|directive| {
            let mut words = directive.split_whitespace();
            Some((words.next()?.to_ascii_lowercase(), words.collect()))
        })
        .collect();
    let lists_scripts = |name: &str| matches!(name, "default-src" | "script-src" | "script-src-elem");
    if directives.is_empty() {
        report.error("header-value", path, "the policy is empty", "write `content_security_policy: null` to send none");
        return;
    }
    if policy.len() > LONGEST_CSP {
        let message = format!("the policy has {} characters, and CloudFront takes {LONGEST_CSP}", policy.len());
        report.error("csp-too-long", path, message, "name fewer hosts, or whole domains: `https://*.example.com`");
    }
    if !directives.iter().any(|(name, _)| name == "default-src") {
        let message = "the policy has no `default-src`: kinds of content that it does not name may come from anywhere";
        report.warn("csp-no-default", path, message, "start it with `default-src 'self'`");
    }
    for (index, (name, sources)) in directives.iter().enumerate() {
        if directives[..index].iter().any(|(earlier, _)| earlier == name) {
            let message = "a directive is there twice: browsers ignore the second";
            report.warn("csp-duplicate", path, message, "list all its sources in one directive");
        }
        if sources.iter().any(|source| source.eq_ignore_ascii_case("'unsafe-eval'")) {
            let message = "`'unsafe-eval'` lets injected text run as a script";
            let help = "remove it; `'wasm-unsafe-eval'` is enough for WebAssembly";
            report.warn("csp-unsafe-eval", path, message, help);
        }
        if lists_scripts(name) && sources.contains(&"*") {
            let message = "scripts may come from any host";
            report.warn("csp-wildcard", path, message, "name the hosts, or `'self'`");
        }
        let keywords = ["self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic"];
        if let Some(keyword) = keywords.iter().find(|keyword| sources.contains(*keyword)) {
            let message = format!("`{keyword}` without quotes is a host name");
            report.error("csp-unquoted", path, message, format!("write `'{keyword}'`"));
        }
    }
}

fn xss(report: &mut Report<'_>, path: &str, value: &str) {
    let help = "write \"1; mode=block\", or \"0\"";
    match value.parse() {
        Ok(XssProtection::On) => {
            let message = "`1` without `mode=block` lets attackers switch off parts of a page";
            report.warn("x-xss-protection", path, message, help);
        }
        Ok(XssProtection::Off | XssProtection::Block | XssProtection::Report(_)) => {}
        Err(Unsendable::Form) => {
            let message = format!("{} is no X-XSS-Protection", report.shown(path));
            report.error("x-xss-protection", path, message, help);
        }
        Err(both @ Unsendable::Both) => report.error("x-xss-protection", path, both.to_string(), help),
    }
}
