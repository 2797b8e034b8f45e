//! An environment as it was written → [`Config`].

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Aws, Compression, Config, Delivery, Releases, Site, Target, api,
    file::{self, Switch},
    headers,
};
use crate::{
    error::{Class, Error, IoContext, Result},
    model::{
        cache_policy::CacheRule,
        distribution::{Cors, ErrorPage},
        infrastructure::{Geo, Logging, Restriction},
    },
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
        api: written_api,
        releases,
        secrets,
        invalidation,
        error_responses,
        response_headers,
        cors,
        price_class,
        minimum_tls,
        logging,
        waf_acl,
        geo,
        origin_shield,
        cache_tag_header,
        tags,
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
        response_headers: headers::render(&security_headers).into_iter().chain(response_headers).collect(),
        api: written_api.map(|it| api::resolve(&root, &place, it)).transpose()?,
        releases: Releases {
            keep: releases.keep as usize,
            grace: duration(&releases.grace).map_err(invalid)?,
            max_deletes: releases.max_deletes as usize,
        },
        secrets_allow: secrets.allow,
        invalidation,
        error_pages: error_responses.into_iter().map(error_page).collect(),
        cors: cors.map(resolve_cors),
        delivery: Delivery {
            price_class: price_class.map(price_class_name),
            minimum_tls: minimum_tls_name(minimum_tls),
            logging: logging.map(resolve_logging),
            waf_acl: given(waf_acl),
            geo: geo.map(resolve_geo),
            origin_shield: given(origin_shield),
            cache_tag_header: given(cache_tag_header).map(|name| name.to_ascii_lowercase()),
            tags,
        },
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

pub fn invalid(cause: impl std::fmt::Display) -> Error {
    Error::new(Class::Config, "config-invalid", cause.to_string())
}

fn resolve_site(root: &Path, site: file::Site) -> Site {
    let file::Site { root: folder, install, build, output, env, spa, clean_urls } = site;
    let root = joined(root, &folder);
    Site { output: joined(&root, &output), root, install, build, env, spa, clean_urls }
}

/// `base/relative` without `.` steps.
pub fn joined(base: &Path, relative: &str) -> PathBuf {
    base.join(relative).components().collect()
}

/// `${NAME:-}` writes "absent" as an empty text.
pub fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn error_page(response: file::ErrorResponse) -> (u16, ErrorPage) {
    let file::ErrorResponse { error_code, response_page_path, response_code, error_caching_min_ttl } = response;
    let page = ErrorPage {
        page: response_page_path.unwrap_or_default(),
        status: response_code.unwrap_or_default(),
        ttl: error_caching_min_ttl.into(),
    };
    (error_code, page)
}

fn resolve_cors(cors: file::Cors) -> Cors {
    let file::Cors { allow_origins, allow_methods, allow_headers, expose_headers, credentials, max_age } = cors;
    Cors { allow_origins, allow_methods, allow_headers, expose_headers, credentials, max_age }
}

fn price_class_name(class: file::PriceClass) -> &'static str {
    match class {
        file::PriceClass::Class100 => "PriceClass_100",
        file::PriceClass::Class200 => "PriceClass_200",
        file::PriceClass::All => "PriceClass_All",
    }
}

fn minimum_tls_name(minimum: file::MinimumTls) -> &'static str {
    match minimum {
        file::MinimumTls::V12Of2021 => "TLSv1.2_2021",
        file::MinimumTls::V12Of2025 => "TLSv1.2_2025",
        file::MinimumTls::V13Of2025 => "TLSv1.3_2025",
    }
}

/// CloudFront wants the bucket's domain name.
fn resolve_logging(logging: file::Logging) -> Logging {
    let file::Logging { bucket, prefix, cookies } = logging;
    Logging { bucket: format!("{bucket}.s3.amazonaws.com"), prefix, cookies }
}

fn resolve_geo(geo: file::Geo) -> Geo {
    match geo {
        file::Geo { allow: Some(countries), .. } => Geo { restriction: Restriction::Allow, countries },
        file::Geo { deny: Some(countries), .. } => Geo { restriction: Restriction::Deny, countries },
        file::Geo { allow: None, deny: None } => Geo::default(),
    }
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
