//! Configuration → distribution: what CloudFront is told, and what the local edge does.

use std::time::Duration;

use crate::{
    config::{Api, Config},
    model::{
        distribution::{Behavior, Caching, Distribution, Methods, Origin},
        encoding::Encoding,
        function::{self, Settings},
    },
};

/// How long an error stays at the edge: CloudFront's default, short enough that a missing file soon appears.
const ERROR_TTL: Duration = Duration::from_secs(10);

/// For objects that do not say, which are none of ours: CloudFront's default.
const DEFAULT_TTL: Duration = Duration::from_hours(24);

/// CloudFront's default upper bound.
const MAX_TTL: Duration = Duration::from_hours(365 * 24);

/// The distribution that serves what `config` describes.
#[must_use]
pub fn compile(config: &Config) -> Distribution {
    let api = config.api.as_ref().map(|api| api_behavior(api, config));
    Distribution {
        behaviors: api.into_iter().chain([site_behavior(config)]).collect(),
        function: function(config, |_| true),
        error_ttl: ERROR_TTL,
        error_pages: config.error_pages.clone(),
    }
}

/// The viewer-request function, choosing among those of the configured encodings that `has` has.
#[must_use]
pub fn function(config: &Config, has: impl Fn(&Encoding) -> bool) -> String {
    function::source(&Settings {
        spa: config.site.spa,
        clean_urls: config.site.clean_urls,
        encodings: config.compression.encodings.iter().copied().filter(has).collect(),
        cors: config.cors.as_ref().map(Into::into),
    })
}

fn site_behavior(config: &Config) -> Behavior {
    // The function chooses a representation by Accept-Encoding, and CloudFront strips most of the origin's Vary.
    let vary = ("Vary".to_owned(), "Accept-Encoding".to_owned());
    Behavior {
        path_pattern: "*".into(),
        origin: Origin::Bucket,
        methods: Methods::Read,
        // A minimum above zero would keep even what says no-store.
        caching: Caching::Enabled { min_ttl: Duration::ZERO, default_ttl: DEFAULT_TTL, max_ttl: MAX_TTL },
        function: true,
        response_headers: config.response_headers.iter().cloned().chain([vary]).collect(),
        removed_headers: internal_headers(config),
        cors: config.cors.clone(),
        not_found_page: config.not_found_page(),
    }
}

/// What S3 says of how it keeps objects, which is nobody's business.
fn internal_headers(config: &Config) -> Vec<String> {
    let tags = config.delivery.cache_tag_header.clone().filter(|name| name.starts_with("x-amz-meta-"));
    ["x-amz-server-side-encryption".to_owned(), "x-amz-version-id".to_owned()].into_iter().chain(tags).collect()
}

fn api_behavior(api: &Api, config: &Config) -> Behavior {
    let never_kept = [("Cache-Control", api.cache_control.as_str()), ("Pragma", "no-cache"), ("Expires", "0")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Behavior {
        path_pattern: api.path.clone(),
        origin: Origin::Api,
        methods: Methods::All,
        caching: Caching::Disabled,
        function: false,
        response_headers: config.response_headers.iter().cloned().chain(never_kept).collect(),
        // A page in place of an error comes from the bucket.
        removed_headers: if config.error_pages.is_empty() { Vec::new() } else { internal_headers(config) },
        cors: None, // the API answers for itself
        not_found_page: None,
    }
}
