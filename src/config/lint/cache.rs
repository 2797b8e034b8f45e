//! Caching rules.

use std::time::Duration;

use globset::Glob;

use super::Report;
use crate::{
    config::file,
    model::{
        cache_policy::{CacheRule, is_immutable},
        path::INTERNAL_PREFIX,
    },
};

/// Directives of responses: RFC 9111, RFC 5861, RFC 8246.
const DIRECTIVES: &[&str] = &[
    "immutable",
    "max-age",
    "must-revalidate",
    "must-understand",
    "no-cache",
    "no-store",
    "no-transform",
    "private",
    "proxy-revalidate",
    "public",
    "s-maxage",
    "stale-if-error",
    "stale-while-revalidate",
];

/// Longer than this, and visitors see yesterday's pages.
const LONGEST_FOR_PAGES: Duration = Duration::from_hours(24);

/// Every rule, and how they follow each other.
pub fn rules(report: &mut Report<'_>, rules: &[file::CacheRule]) {
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("cache[{index}]");
        cache_control(report, &format!("{path}.cache_control"), &rule.cache_control);
        pattern(report, &format!("{path}.match"), &rule.pattern);
        pages(report, &path, rule);
        if rule.fingerprint && !is_immutable(&rule.cache_control) {
            report.warn(
                "fingerprint-without-immutable",
                &format!("{path}.cache_control"),
                "files get names with their content hash, yet browsers are not told that these never change",
                "use `public, max-age=31536000, immutable` here",
            );
        }
        if let Some(earlier) = rules[..index].iter().position(|earlier| shadows(earlier, rule)) {
            let message = format!("this rule is never reached: `cache[{earlier}]` matches everything that it does");
            report.warn(
                "cache-unreachable",
                &format!("{path}.match"),
                message,
                "the first match wins: put narrow rules first",
            );
        }
    }
}

/// Whether nothing that `later` applies to gets past `earlier`.
fn shadows(earlier: &file::CacheRule, later: &file::CacheRule) -> bool {
    let wider = earlier.pattern == later.pattern || matches!(earlier.pattern.as_str(), "**" | "**/*");
    // Plain names fall through rules with `immutable`.
    wider && (!is_immutable(&earlier.cache_control) || is_immutable(&later.cache_control))
}

fn pattern(report: &mut Report<'_>, path: &str, pattern: &str) {
    if let Err(cause) = Glob::new(pattern) {
        let message = format!("{} is no glob: {}", report.shown(path), cause.kind());
        report.error("glob-syntax", path, message, "use `*` within a folder and `**` across folders: `assets/**`");
    } else if pattern.is_empty() || pattern.starts_with('/') || pattern.starts_with("./") || pattern.contains('\\') {
        let message = format!("{} matches nothing: paths of the site have no leading slash", report.shown(path));
        report.error("glob-syntax", path, message, "write it as in `assets/**`");
    } else if pattern.starts_with(INTERNAL_PREFIX) {
        let message = "nothing of the site lies under `_tb/`, which is reserved";
        report.warn("reserved-path", path, message, "remove this rule");
    }
}

/// Rules that match pages.
fn pages(report: &mut Report<'_>, path: &str, rule: &file::CacheRule) {
    let Ok(compiled) = CacheRule::new(&rule.pattern, "", false) else { return };
    let matches_pages = ["index.html", "docs/index.html"].iter().any(|page| compiled.pattern.is_match(page));
    if !matches_pages {
        return;
    }
    let value = format!("{path}.cache_control");
    let help = "use `public, max-age=300, must-revalidate` for pages, and `immutable` for `assets/**`";
    let everything = compiled.pattern.is_match("robots.txt");
    if rule.fingerprint {
        let message = "pages would get names with their content hash, which nobody can link to";
        report.error("fingerprint-html", &format!("{path}.fingerprint"), message, "match images or fonts only");
    } else if is_immutable(&rule.cache_control) && everything {
        let message = "`immutable` on everything: only names with a content hash have it, all others fall through";
        report.warn("immutable-everything", &value, message, help);
    } else if is_immutable(&rule.cache_control) {
        let message = "`immutable` on pages: a browser that holds one would never ask for the next";
        report.error("immutable-html", &value, message, help);
    } else if max_age(&rule.cache_control).is_some_and(|age| age > LONGEST_FOR_PAGES) {
        let message = "pages are kept for longer than a day: no invalidation reaches a browser";
        report.warn("html-max-age", &value, message, help);
    }
}

/// The syntax and the sense of a `Cache-Control`.
pub fn cache_control(report: &mut Report<'_>, path: &str, value: &str) {
    if value.contains("${") {
        return;
    }
    if value.trim().is_empty() || !value.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        let message = format!("{} is no Cache-Control", report.shown(path));
        report.error("cache-control-syntax", path, message, "write directives as in `public, max-age=300`");
        return;
    }
    let mut names = Vec::new();
    for directive in value.split(',') {
        let (name, argument) = match directive.trim().split_once('=') {
            Some((name, argument)) => (name.to_ascii_lowercase(), Some(argument)),
            None => (directive.trim().to_ascii_lowercase(), None),
        };
        let seconds = matches!(name.as_str(), "max-age" | "s-maxage" | "stale-while-revalidate" | "stale-if-error");
        if name.is_empty() {
            let message = "a directive is missing between the commas of this Cache-Control";
            report.error("cache-control-syntax", path, message, "remove the comma that is too many");
        } else if seconds && argument.is_none_or(|argument| argument.parse::<u32>().is_err()) {
            let message = format!("`{name}` needs a number of seconds");
            report.error("cache-control-syntax", path, message, format!("write `{name}=300`"));
        } else if !DIRECTIVES.contains(&name.as_str()) {
            let meant = crate::config::words::did_you_mean(&name, DIRECTIVES.iter().copied());
            let help = meant.map_or_else(
                || "separate directives with commas; browsers ignore those that they do not know".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            // The name may come from a variable.
            report.warn("cache-control-unknown", path, "this Cache-Control has an unknown directive", help);
        } else if names.contains(&name) {
            let message = format!("`{name}` is there twice");
            report.warn("cache-control-conflict", path, message, "keep one of them");
        }
        names.push(name);
    }
    let has = |name: &str| names.iter().any(|directive| directive == name);
    let keeps = has("immutable") || max_age(value).is_some_and(|age| !age.is_zero());
    let conflict = match () {
        () if has("no-store") && keeps => "`no-store` forbids what `max-age` or `immutable` asks for",
        () if has("public") && has("private") => "`public` and `private` contradict each other",
        () if has("immutable")
            && (has("no-cache") || has("must-revalidate") && max_age(value).is_none_or(|age| age.is_zero())) =>
        {
            "`immutable` says that revalidation is pointless, the rest asks for it each time"
        }
        () => return,
    };
    report.error("cache-control-conflict", path, conflict, "keep the one that you mean");
}

fn max_age(value: &str) -> Option<Duration> {
    let directives = value.split(',').filter_map(|directive| directive.trim().split_once('='));
    let seconds = directives.filter(|(name, _)| name.eq_ignore_ascii_case("max-age")).find_map(|(_, n)| n.parse().ok());
    seconds.map(Duration::from_secs)
}
