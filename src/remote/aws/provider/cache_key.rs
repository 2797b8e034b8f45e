//! What of a request is part of a cache key: `headers:none`, `cookies:all`, `query-strings:whitelist:page,size`.

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types::{
    CachePolicyCookiesConfig, CachePolicyHeadersConfig, CachePolicyQueryStringsConfig, CookieNames, Headers,
    ParametersInCacheKeyAndForwardedToOrigin as Parameters, QueryStringNames,
    builders::ParametersInCacheKeyAndForwardedToOriginBuilder as ParametersBuilder,
};

use super::build::{built, list};
use crate::error::Result;

const HEADERS: &str = "headers";
const COOKIES: &str = "cookies";
const QUERY_STRINGS: &str = "query-strings";

/// The key in our words.
pub fn read(parameters: &Parameters) -> BTreeSet<String> {
    let headers = parameters.headers_config.as_ref().map(|config| {
        said(HEADERS, config.header_behavior.as_str(), config.headers.as_ref().and_then(|it| it.items.as_deref()))
    });
    let cookies = parameters.cookies_config.as_ref().map(|config| {
        said(COOKIES, config.cookie_behavior.as_str(), config.cookies.as_ref().and_then(|it| it.items.as_deref()))
    });
    let queries = parameters.query_strings_config.as_ref().map(|config| {
        let names = config.query_strings.as_ref().and_then(|it| it.items.as_deref());
        said(QUERY_STRINGS, config.query_string_behavior.as_str(), names)
    });
    [headers, cookies, queries].into_iter().flatten().collect()
}

fn said(part: &str, behavior: &str, names: Option<&[String]>) -> String {
    let names: BTreeSet<&str> = names.unwrap_or_default().iter().map(String::as_str).collect();
    let names: Vec<_> = names.into_iter().collect();
    if names.is_empty() { format!("{part}:{behavior}") } else { format!("{part}:{behavior}:{}", names.join(",")) }
}

/// The key as CloudFront wants it. A part that is not spoken of is no part of the key.
pub fn written(key: &BTreeSet<String>) -> Result<ParametersBuilder> {
    let part = |name: &str| -> (String, Vec<String>) {
        let mut said = key.iter().filter_map(|it| it.strip_prefix(name)?.strip_prefix(':'));
        let (behavior, names) = said.next().map_or(("none", ""), |it| it.split_once(':').unwrap_or((it, "")));
        let names = names.split(',').filter(|name| !name.is_empty()).map(str::to_owned);
        (behavior.to_owned(), names.collect())
    };
    let (behavior, names) = part(HEADERS);
    let headers = CachePolicyHeadersConfig::builder().header_behavior(behavior.as_str().into());
    let headers = if names.is_empty() { headers } else { headers.headers(list!(Headers::builder(), names)?) };
    let (behavior, names) = part(COOKIES);
    let cookies = CachePolicyCookiesConfig::builder().cookie_behavior(behavior.as_str().into());
    let cookies = if names.is_empty() { cookies } else { cookies.cookies(list!(CookieNames::builder(), names)?) };
    let (behavior, names) = part(QUERY_STRINGS);
    let queries = CachePolicyQueryStringsConfig::builder().query_string_behavior(behavior.as_str().into());
    let queries =
        if names.is_empty() { queries } else { queries.query_strings(list!(QueryStringNames::builder(), names)?) };
    Ok(Parameters::builder()
        .headers_config(built(headers.build())?)
        .cookies_config(built(cookies.build())?)
        .query_strings_config(built(queries.build())?))
}
