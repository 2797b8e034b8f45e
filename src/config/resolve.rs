//! An environment as it was written → [`Config`].

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Api, Aws, Compression, Config, LocalApi, Releases, Site, Target,
    file::{self, Switch},
    headers,
};
use crate::{
    error::{Class, Error, IoContext, Result},
    model::cache_policy::CacheRule,
};

/// Resolves `environment`, named `name`, of the configuration in `path`.
/// Fails where the lints should have found a problem: the words are those of the parsers.
pub fn resolve(path: &Path, name: &str, environment: file::Environment) -> Result<Config> {
    let file::Environment { place, settings } = environment;
    let file::Settings {
        site,
        cache,
        compression,
        security_headers,
        api,
        releases,
        secrets,
        invalidation,
        error_responses: _,
    } = settings;
    let path = std::path::absolute(path).doing("find", path)?;
    let root = path.parent().map(Path::to_owned).unwrap_or_default();
    Ok(Config {
        site: resolve_site(&root, site),
        cache: cache
            .into_iter()
            .map(|rule| CacheRule::new(&rule.pattern, rule.cache_control, rule.fingerprint))
            .collect::<Result<_, _>>()
            .map_err(invalid)?,
        compression: Compression {
            // Nothing would ever ask for a variant where no function chooses one.
            encodings: if place.cdn == Some(file::Cdn::None) { Vec::new() } else { compression.encodings },
            max_size: size(&compression.max_size).map_err(invalid)?,
        },
        security_headers: headers::render(&security_headers),
        api: api.map(resolve_api),
        releases: Releases {
            keep: releases.keep as usize,
            grace: duration(&releases.grace).map_err(invalid)?,
            max_deletes: releases.max_deletes as usize,
        },
        secrets_allow: secrets.allow,
        invalidation,
        target: resolve_target(place),
        environment: name.to_owned(),
        file: path,
        root,
    })
}

/// Bytes of `10MiB`.
pub fn size(text: &str) -> Result<u64, String> {
    text.parse::<bytesize::ByteSize>().map(|size| size.as_u64())
}

/// The time that `7d` names.
pub fn duration(text: &str) -> Result<Duration, humantime::DurationError> {
    humantime::parse_duration(text)
}

fn invalid(cause: impl std::fmt::Display) -> Error {
    Error::new(Class::Config, "config-invalid", cause.to_string())
}

fn resolve_site(root: &Path, site: file::Site) -> Site {
    let file::Site { root: folder, install, build, output, env, spa, clean_urls } = site;
    let root = joined(root, &folder);
    Site { output: joined(&root, &output), root, install, build, env, spa, clean_urls }
}

/// `base/relative` without `.` steps.
fn joined(base: &Path, relative: &str) -> PathBuf {
    base.join(relative).components().collect()
}

fn resolve_api(api: file::Api) -> Api {
    let file::Api { path, cache_control, local } = api;
    let local = local.and_then(|local| Some(LocalApi { command: local.command?, health: local.health }));
    Api { path, cache_control, local }
}

fn resolve_target(place: file::Place) -> Target {
    let file::Place {
        target: _,
        bucket,
        region,
        cdn,
        domains,
        certificate_arn,
        distribution_id,
        api_origin,
        endpoint_url,
        viewer_url,
        profile,
        role_arn,
        locking,
        checksums,
    } = place;
    let Some(bucket) = bucket else { return Target::Local };
    // `${NAME:-}` writes "absent" as an empty text.
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    Target::Aws(Box::new(Aws {
        bucket,
        region: region.unwrap_or_default(),
        cdn: cdn != Some(file::Cdn::None),
        domains,
        certificate_arn: given(certificate_arn),
        distribution_id: given(distribution_id),
        api_origin: given(api_origin),
        endpoint_url: given(endpoint_url),
        viewer_url: given(viewer_url),
        profile: given(profile),
        role_arn: given(role_arn),
        locking: locking.is_none_or(|Switch(on)| on),
        checksums,
    }))
}
