//! The distribution.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Facts, Names,
    bucket::tags,
    policies::headers_name,
    secret::{Exchange, keeps_api},
};
use crate::{
    config::{Aws, Config},
    model::{
        distribution as described,
        infrastructure::{
            ALL_VIEWER_EXCEPT_HOST_HEADER, Behavior, CACHING_DISABLED, Certificate, Distribution, ErrorPage,
            FUNCTION_URL, Geo, Logging, Origin, Resource, Settings, ViewerProtocol, partition,
        },
    },
};

/// Ids of our origins.
const BUCKET: &str = "treebeard-bucket";
pub const API: &str = "treebeard-api";

/// Seconds that CloudFront waits for an origin's answer unless it is told otherwise, and at most unless AWS was asked
/// for more (CloudFront Developer Guide, "Response timeout").
const READ_TIMEOUT: u32 = 30;
const MOST_READ_TIMEOUT: u32 = 60;

/// What the pattern of the default behavior would be.
const DEFAULT: &str = "*";

/// What `waf_acl` says for no web ACL.
const NO_ACL: &str = "none";

/// The distribution. One that this tool made has no settings but the configuration's; of one that it adopted,
/// what the configuration does not speak of is nobody's business.
pub fn distribution(
    config: &Config,
    aws: &Aws,
    facts: &Facts,
    names: &Names,
    described: &described::Distribution,
) -> Resource {
    let delivery = &config.delivery;
    let adopted = facts.adopted();
    let ours = adopted.is_none();
    let certificate = aws
        .certificate_arn
        .as_ref()
        .map(|arn| Certificate { arn: arn.clone(), minimum_tls: Some(delivery.minimum_tls.to_owned()) });
    let mut origins = origins(config, aws, facts, ours, names);
    let mut kept = BTreeMap::new();
    if let (Some((_, there)), Some(api)) = (keeps_api(config, facts), &config.api) {
        let behavior = &there.behaviors[&api.path];
        origins.insert(behavior.origin.clone(), there.origins[&behavior.origin].clone());
        kept.insert(api.path.clone(), behavior.clone());
    }
    let behaviors = || described.behaviors.iter().filter(|it| it.path_pattern != DEFAULT);
    let settings = Distribution {
        enabled: adopted.is_none_or(|it| it.enabled),
        aliases: aliases(aws, adopted),
        certificate: certificate.or_else(|| ours.then(Certificate::default)),
        http_version: ours.then(|| "http2and3".to_owned()),
        ipv6: ours.then_some(true),
        price_class: delivery.price_class.or(ours.then_some("PriceClass_All")).map(str::to_owned),
        // Where no function rewrites `/`, whoever may list the bucket would show what it holds.
        default_root_object: Some("index.html".to_owned()),
        logging: delivery.logging.clone().or_else(|| ours.then(Logging::default)),
        // Somebody else may have put it there to protect the site: it goes only when that is said.
        waf_acl: delivery.waf_acl.clone().map(|acl| if acl == NO_ACL { String::new() } else { acl }),
        geo: delivery.geo.clone().or_else(|| ours.then(Geo::default)),
        cache_tag_header: delivery.cache_tag_header.clone().or_else(|| ours.then(String::new)),
        origin_ids: ours.then(|| origins.keys().cloned().collect()),
        patterns: ours.then(|| behaviors().map(|it| it.path_pattern.clone()).collect()),
        origins,
        behaviors: (described.behaviors.iter().map(|it| (it.path_pattern.clone(), behavior(names, it, ours))))
            .chain(kept)
            .collect(),
        error_pages: error_pages(config, described, adopted),
        tags: tags(config, aws, facts.distribution.as_ref()),
    };
    Resource {
        name: aws.bucket.clone(),
        id: aws.distribution_id.clone(),
        settings: Settings::Distribution(Box::new(settings)),
    }
}

/// The domains, beside those that an adopted distribution has.
fn aliases(aws: &Aws, adopted: Option<&Distribution>) -> Option<BTreeSet<String>> {
    let domains: BTreeSet<_> = aws.domains.iter().cloned().collect();
    match adopted {
        None => Some(domains),
        Some(_) if domains.is_empty() => None,
        Some(adopted) => Some(domains.into_iter().chain(adopted.aliases.iter().flatten().cloned()).collect()),
    }
}

/// Error pages hold for the whole distribution: that of a site without client-side routing is one only where no API
/// could meet it.
fn error_pages(
    config: &Config,
    described: &described::Distribution,
    adopted: Option<&Distribution>,
) -> Option<BTreeMap<u16, ErrorPage>> {
    let mut pages = described.error_pages.clone();
    if let (Some(page), None) = (config.not_found_page(), &config.api) {
        let ttl = described.error_ttl.as_secs();
        pages.entry(404).or_insert_with(|| ErrorPage { page: format!("/{page}"), status: 404, ttl });
    }
    match adopted {
        None => Some(pages),
        Some(_) if pages.is_empty() => None,
        // Those of others stay, and ours come before them.
        Some(adopted) => {
            Some(adopted.error_pages.iter().flatten().map(|(&k, v)| (k, v.clone())).chain(pages).collect())
        }
    }
}

fn origins(config: &Config, aws: &Aws, facts: &Facts, ours: bool, names: &Names) -> BTreeMap<String, Origin> {
    let suffix = if partition(&aws.region) == "aws-cn" { ".cn" } else { "" };
    let bucket = Origin {
        domain: format!("{}.s3.{}.amazonaws.com{suffix}", aws.bucket, aws.region),
        path: String::new(),
        access_control: Some(names.access_control()),
        shield: config.delivery.origin_shield.clone().or_else(|| ours.then(String::new)),
        ..Origin::default()
    };
    let api = config.api.as_ref().and_then(|api| match &api.lambda {
        None => aws.api_origin.as_deref().map(api_origin),
        // Until viewers may be led there, there is no such origin.
        Some(_) if keeps_api(config, facts).is_some() => None,
        Some(lambda) => Some(function(lambda.timeout, config, facts)),
    });
    [(BUCKET.to_owned(), bucket)].into_iter().chain(api.map(|api| (API.to_owned(), api))).collect()
}

/// The API's function, behind its URL. It is given time to say itself that something took too long.
fn function(timeout: u32, config: &Config, facts: &Facts) -> Origin {
    let host = facts.url_host().unwrap_or(FUNCTION_URL);
    Origin {
        read_timeout: Some((timeout + 1).clamp(READ_TIMEOUT, MOST_READ_TIMEOUT)),
        secret: Some(Exchange::of(config, facts).sends),
        ..api_origin(&format!("https://{host}"))
    }
}

/// `https://host` or `https://host:port`; `http://` only on this machine, which the lints see to.
fn api_origin(url: &str) -> Origin {
    let (secure, authority) = match url.split_once("://") {
        Some((scheme, authority)) => (scheme == "https", authority.trim_end_matches('/')),
        None => (true, url),
    };
    let (domain, port) = match authority.rsplit_once(':') {
        Some((domain, port)) => (domain, port.parse().ok()),
        None => (authority, None),
    };
    Origin {
        domain: domain.to_owned(),
        path: String::new(),
        protocol: Some(if secure { "https-only" } else { "http-only" }.to_owned()),
        port: port.or(Some(if secure { 443 } else { 80 })),
        // The newest that CloudFront speaks to origins.
        tls: Some(["TLSv1.2".to_owned()].into()),
        ..Origin::default()
    }
}

fn behavior(names: &Names, described: &described::Behavior, ours: bool) -> Behavior {
    let is_site = described.origin == described::Origin::Bucket;
    Behavior {
        origin: if is_site { BUCKET } else { API }.to_owned(),
        // A redirect turns POST into GET, and a request with a token should not be sent in the clear at all.
        viewer_protocol: if is_site { ViewerProtocol::RedirectToHttps } else { ViewerProtocol::HttpsOnly },
        methods: described.methods.names().iter().map(|&name| name.to_owned()).collect(),
        cached_methods: ["GET", "HEAD"].map(str::to_owned).into(),
        compress: false,
        cache_policy: if is_site { names.cache() } else { CACHING_DISABLED.to_owned() },
        origin_request_policy: if is_site { String::new() } else { ALL_VIEWER_EXCEPT_HOST_HEADER.to_owned() },
        response_headers_policy: headers_name(names, described.origin),
        viewer_request: if described.function { names.function() } else { String::new() },
        extras: ours.then(BTreeSet::new),
    }
}
