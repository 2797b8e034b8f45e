//! What behaviors refer to: access control, policies, the function.

use super::Names;
use crate::model::{
    digest::Digest,
    distribution::{Behavior, Caching, Distribution, Origin},
    infrastructure::{AccessControl, CachePolicy, Function, Resource, ResponseHeaders, Settings},
};

fn resource(name: String, settings: Settings) -> Resource {
    Resource { name, id: None, settings }
}

/// CloudFront signs what it asks of the bucket.
pub fn access_control(names: &Names) -> Resource {
    let settings =
        AccessControl { origin_type: "s3".to_owned(), signing: "always".to_owned(), protocol: "sigv4".to_owned() };
    resource(names.access_control(), Settings::OriginAccessControl(settings))
}

/// One policy for each origin that has a behavior.
pub fn response_headers(names: &Names, described: &Distribution) -> Vec<Resource> {
    let of = |behavior: &Behavior| {
        resource(headers_name(names, behavior.origin), Settings::ResponseHeadersPolicy(headers(behavior)))
    };
    described.behaviors.iter().map(of).collect()
}

/// The policy of an API that there may have been, by its name.
pub fn api_headers(names: &Names) -> Resource {
    resource(names.api_headers(), Settings::ResponseHeadersPolicy(ResponseHeaders::default()))
}

/// The name of the policy for an origin's responses.
pub fn headers_name(names: &Names, origin: Origin) -> String {
    match origin {
        Origin::Bucket => names.site_headers(),
        Origin::Api => names.api_headers(),
    }
}

fn headers(behavior: &Behavior) -> ResponseHeaders {
    ResponseHeaders {
        headers: behavior.response_headers.iter().cloned().collect(),
        remove: behavior.removed_headers.iter().cloned().collect(),
        cors: behavior.cors.clone(),
    }
}

/// How the site's responses are kept.
///
/// # Panics
/// When the site's behavior keeps nothing: compiled descriptions do.
pub fn cache(names: &Names, described: &Distribution) -> Resource {
    let Caching::Enabled { min_ttl, default_ttl, max_ttl } = described.behavior("/").caching else {
        unreachable!("the site is cached")
    };
    let settings = CachePolicy {
        min_ttl: min_ttl.as_secs(),
        default_ttl: default_ttl.as_secs(),
        max_ttl: max_ttl.as_secs(),
        // The function chooses among variants that were compressed better at build time.
        gzip: false,
        brotli: false,
        key: ["headers:none", "cookies:none", "query-strings:none"].map(str::to_owned).into(),
    };
    resource(names.cache(), Settings::CachePolicy(settings))
}

/// The viewer-request function.
pub fn function(names: &Names, described: &Distribution) -> Resource {
    let settings = Function {
        code: Digest::of(described.function.as_bytes()),
        source: described.function.clone(),
        runtime: "cloudfront-js-2.0".to_owned(),
        published: true,
    };
    resource(names.function(), Settings::Function(settings))
}
