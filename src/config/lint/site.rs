//! The site, its API, compression and retention.

use std::{
    path::{Component, Path},
    time::Duration,
};

use super::{Report, cache, known};
use crate::config::{
    file::{Api, Compression, Place, Releases, Secrets, Site, TargetKind},
    resolve,
};

/// Shorter than this, and tabs that are open during a deploy lose their assets.
const SHORTEST_GRACE: Duration = Duration::from_hours(1);

/// Folders, commands and routing.
pub fn site(report: &mut Report<'_>, site: &Site) {
    folder(report, "site.root", &site.root);
    folder(report, "site.output", &site.output);
    if leaves(&site.root) {
        let message = "`site.root` lies outside of this file's folder";
        let help = "keep this file in the folder that holds the frontend, or in one above it";
        report.warn("root-outside", "site.root", message, help);
    }
    let builds = site.build.is_some() || site.install.is_some();
    if leaves(&site.output) || Path::new(&site.output).is_absolute() {
        let message = "`site.output` lies outside of `site.root`";
        report.error("output-outside", "site.output", message, "name the folder that the build writes, such as `dist`");
    } else if builds && steps(&site.output) == Some(0) {
        let message = "`site.output` is `site.root` itself: sources and node_modules would be published";
        report.error("output-is-root", "site.output", message, "name the folder that the build writes, such as `dist`");
    }
    for (key, command) in [("install", &site.install), ("build", &site.build)] {
        if command.as_ref().is_some_and(|command| command.trim().is_empty()) {
            let path = format!("site.{key}");
            report.error(
                "empty-command",
                &path,
                format!("`{path}` is empty"),
                format!("write a command, or remove `{key}`"),
            );
        }
    }
    if site.clean_urls && site.spa {
        let message = "`clean_urls` has no effect with `spa: true`: paths without an extension show index.html";
        report.warn("clean-urls-spa", "site.clean_urls", message, "remove it, or set `spa: false`");
    }
    for name in site.env.keys() {
        if name.is_empty() || name.contains(['=', '\0']) {
            report.error(
                "variable-name",
                "site.env",
                format!("{name:?} cannot name a variable"),
                "use letters, digits and `_`",
            );
        }
    }
}

fn folder(report: &mut Report<'_>, path: &str, folder: &str) {
    if folder.is_empty() {
        report.error("empty-path", path, format!("`{path}` is empty"), "write `.` for the folder itself");
    } else if folder.contains('\\') {
        let message = format!("`{path}` has a backslash");
        report.error("path-syntax", path, message, "separate folders with `/`, on every system");
    }
}

/// How many folders below its start a relative path ends; none when it leaves it.
fn steps(path: &str) -> Option<usize> {
    Path::new(path).components().try_fold(0_usize, |depth, component| match component {
        Component::ParentDir => depth.checked_sub(1),
        Component::Normal(_) => Some(depth + 1),
        _ => Some(depth),
    })
}

fn leaves(path: &str) -> bool {
    !path.contains("${") && steps(path).is_none()
}

/// The API behind the site.
pub fn api(report: &mut Report<'_>, place: &Place, api: Option<&Api>) {
    let Some(api) = api else { return };
    api_path(report, &api.path);
    cache::cache_control(report, "api.cache_control", &api.cache_control);
    let lower = api.cache_control.to_ascii_lowercase();
    if lower.split(',').any(|directive| directive.trim() == "public") {
        let message = "`public` lets shared caches keep every response of the API, other users' included";
        report.warn("api-cacheable", "api.cache_control", message, "use `no-cache, no-store, must-revalidate`");
    }
    match &api.local {
        Some(local) => {
            if local.command.as_ref().is_none_or(|command| command.trim().is_empty()) {
                let help = "add the command that starts the API, or remove `local`";
                report.error("missing-key", "api.local", "`api.local` has no `command`", help);
            }
            if known(Some(&local.health)).is_some_and(|health| !health.starts_with('/')) {
                let message = format!("{} is no path", report.shown("api.local.health"));
                report.error("api-health", "api.local.health", message, "start it with a slash: `/health`");
            }
        }
        None if place.target == Some(TargetKind::Local) => {
            let message = "the local environment has no API to send these requests to: it answers 503";
            report.warn(
                "api-local",
                "api",
                message,
                "add `local: { command: … }`, or `api: null` under this environment",
            );
        }
        None => {}
    }
}

fn api_path(report: &mut Report<'_>, pattern: &str) {
    let path = "api.path";
    if pattern.contains("${") {
        return;
    }
    let help = "write it as in `/api/*`";
    // https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CacheBehavior.html: PathPattern
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.*$/~\"'@:+&".contains(c);
    if matches!(pattern, "*" | "/*" | "/**") {
        report.error("api-path", path, "this sends every request to the API: the site would never be served", help);
    } else if !pattern.starts_with('/') || !pattern.ends_with("/*") || pattern.matches('*').count() != 1 {
        let message = format!("{} must start with `/`, end with `/*`, and have no other `*`", report.shown(path));
        report.error("api-path", path, message, help);
    } else if !pattern.chars().all(allowed) || pattern.len() > 255 || pattern.contains("//") {
        let message = format!("{} has characters that CloudFront refuses in a path pattern", report.shown(path));
        report.error("api-path", path, message, help);
    } else if pattern.starts_with("/_tb/") {
        report.error("reserved-path", path, "`/_tb/` is reserved", help);
    }
}

/// Encodings and the largest file.
pub fn compression(report: &mut Report<'_>, compression: &Compression) {
    for (index, encoding) in compression.encodings.iter().enumerate() {
        if compression.encodings[..index].contains(encoding) {
            let path = format!("compression.encodings[{index}]");
            report.error("duplicate-encoding", &path, format!("`{encoding}` is there twice"), "remove one of them");
        }
    }
    let path = "compression.max_size";
    match resolve::size(&compression.max_size) {
        _ if compression.max_size.contains("${") => {}
        Ok(0) => {
            let message = "nothing would be compressed";
            report.warn("max-size-zero", path, message, "use `10MiB`; to compress nothing, write `encodings: []`");
        }
        Ok(_) => {}
        Err(_) => {
            let message = format!("{} is no size", report.shown(path));
            report.error("wrong-format", path, message, "write it as in `10MiB`");
        }
    }
}

/// Retention.
pub fn releases(report: &mut Report<'_>, releases: &Releases) {
    if releases.keep == 0 {
        let message = "`keep: 0` keeps nothing to roll back to, and breaks every tab that is open during a deploy";
        report.error("keep-zero", "releases.keep", message, "keep at least 1; 5 is the default");
    }
    let path = "releases.grace";
    match resolve::duration(&releases.grace) {
        _ if releases.grace.contains("${") => {}
        Ok(grace) if grace < SHORTEST_GRACE => {
            let message = "tabs that are open during a deploy lose their assets within the hour";
            report.warn("grace-short", path, message, "use `7d`, or at least `1h`");
        }
        Ok(_) => {}
        Err(_) => {
            let message = format!("{} is no length of time", report.shown(path));
            report.error("wrong-format", path, message, "write it as in `7d` or `12h`");
        }
    }
}

/// Exceptions from the scan for secrets.
pub fn secrets(report: &mut Report<'_>, secrets: &Secrets) {
    for (index, pattern) in secrets.allow.iter().enumerate() {
        let path = format!("secrets.allow[{index}]");
        if globset::Glob::new(pattern).is_err() {
            let message = format!("{} is no glob", report.shown(&path));
            report.error("glob-syntax", &path, message, "name files as in `docs/example-key.pem` or `docs/**`");
        } else if matches!(pattern.as_str(), "*" | "**" | "**/*") {
            let message = "this switches the scan for secrets off";
            report.warn("secrets-allow-all", &path, message, "name the files that are harmless");
        }
    }
}
