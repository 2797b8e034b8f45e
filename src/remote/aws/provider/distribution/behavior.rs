//! Behaviors: what is done with requests for a pattern of paths.

#![expect(deprecated, reason = "the settings that were there before policies are taken away by name")]

use std::collections::BTreeSet;

use aws_sdk_cloudfront::types::{
    AllowedMethods, CacheBehavior, CacheBehaviors, CachedMethods, DefaultCacheBehavior, DistributionConfig, EventType,
    ForwardedValues, FunctionAssociation, FunctionAssociations, LambdaFunctionAssociations, Method, TrustedKeyGroups,
    TrustedSigners, ViewerProtocolPolicy,
};

use super::super::build::{built, list};
use crate::{
    error::{Class, Error, Result},
    model::{
        distribution::pattern_matches,
        infrastructure::{Behavior, Distribution, Kind, Known, Oddity, ViewerProtocol},
    },
};

/// What the pattern of the default behavior would be.
const DEFAULT: &str = "*";

/// Methods where nothing is said (CloudFront API Reference, `AllowedMethods`).
const PLAIN_METHODS: [&str; 2] = ["GET", "HEAD"];

/// The fields that the default behavior and all others share, for which the SDK has two types.
struct Fields<'a> {
    origin: &'a mut String,
    viewer_protocol: &'a mut ViewerProtocolPolicy,
    methods: &'a mut Option<AllowedMethods>,
    compress: &'a mut Option<bool>,
    cache_policy: &'a mut Option<String>,
    origin_request_policy: &'a mut Option<String>,
    response_headers_policy: &'a mut Option<String>,
    functions: &'a mut Option<FunctionAssociations>,
    lambdas: &'a mut Option<LambdaFunctionAssociations>,
    signers: &'a mut Option<TrustedSigners>,
    key_groups: &'a mut Option<TrustedKeyGroups>,
    encryption: &'a mut Option<String>,
    logs: &'a mut Option<String>,
    forwarded: &'a mut Option<ForwardedValues>,
    ttls: [&'a mut Option<i64>; 3],
}

macro_rules! fields {
    ($behavior:expr) => {{
        let behavior = $behavior;
        Fields {
            origin: &mut behavior.target_origin_id,
            viewer_protocol: &mut behavior.viewer_protocol_policy,
            methods: &mut behavior.allowed_methods,
            compress: &mut behavior.compress,
            cache_policy: &mut behavior.cache_policy_id,
            origin_request_policy: &mut behavior.origin_request_policy_id,
            response_headers_policy: &mut behavior.response_headers_policy_id,
            functions: &mut behavior.function_associations,
            lambdas: &mut behavior.lambda_function_associations,
            signers: &mut behavior.trusted_signers,
            key_groups: &mut behavior.trusted_key_groups,
            encryption: &mut behavior.field_level_encryption_id,
            logs: &mut behavior.realtime_log_config_arn,
            forwarded: &mut behavior.forwarded_values,
            ttls: [&mut behavior.min_ttl, &mut behavior.default_ttl, &mut behavior.max_ttl],
        }
    }};
}

/// A behavior with everything that an update must say, which is more than a creation must: CloudFront's own defaults
/// (CloudFront Developer Guide, "Required API fields for creating and updating distributions").
macro_rules! made {
    ($builder:expr, $wanted:expr) => {{
        let signers = built(TrustedSigners::builder().enabled(false).quantity(0).build())?;
        let groups = built(TrustedKeyGroups::builder().enabled(false).quantity(0).build())?;
        let builder = $builder
            .target_origin_id(&$wanted.origin)
            .viewer_protocol_policy(protocol($wanted.viewer_protocol))
            .trusted_signers(signers)
            .trusted_key_groups(groups)
            .smooth_streaming(false)
            .field_level_encryption_id("")
            .allowed_methods(allowed_methods(&$wanted.methods, &$wanted.cached_methods)?)
            .function_associations(list!(FunctionAssociations::builder(), Vec::new())?)
            .lambda_function_associations(list!(LambdaFunctionAssociations::builder(), Vec::new())?);
        built(builder.build())?
    }};
}

/// All behaviors in our words. A pattern that differs from one of `wanted` in its leading slash only is that one.
pub fn read(config: &DistributionConfig, wanted: &Distribution, known: &Known) -> Vec<(String, Behavior)> {
    let mut behaviors = Vec::new();
    for mut other in listed(config).iter().cloned() {
        let pattern = wanted.behaviors.keys().find(|pattern| same(pattern, &other.path_pattern));
        let pattern = pattern.unwrap_or(&other.path_pattern).clone();
        behaviors.push((pattern, fields!(&mut other).read(known)));
    }
    if let Some(mut default) = config.default_cache_behavior.clone() {
        behaviors.push((DEFAULT.to_owned(), fields!(&mut default).read(known)));
    }
    behaviors
}

/// Patterns of all behaviors but the default one, in match order.
pub fn patterns(config: &DistributionConfig, wanted: &Distribution) -> Vec<String> {
    let ours = |pattern: &String| wanted.behaviors.keys().find(|it| same(it, pattern)).unwrap_or(pattern).clone();
    listed(config).iter().map(|it| ours(&it.path_pattern)).collect()
}

/// What works on behaviors that are wanted, and a site would suffer from.
pub fn oddities(config: &DistributionConfig, wanted: &Distribution) -> Vec<Oddity> {
    let mut oddities = Vec::new();
    let mut look = |pattern: &str, fields: &Fields<'_>| {
        let lambdas = fields.lambdas.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default();
        let of_viewers = lambdas.iter().filter(|it| it.event_type.as_str().starts_with("viewer-"));
        oddities.extend(of_viewers.map(|it| Oddity::ViewerLambda(pattern.to_owned(), it.lambda_function_arn.clone())));
        oddities.extend(fields.extras().into_iter().map(|what| Oddity::Extra(pattern.to_owned(), what)));
    };
    for mut other in listed(config).iter().cloned() {
        if let Some(pattern) = wanted.behaviors.keys().find(|pattern| same(pattern, &other.path_pattern)) {
            look(pattern, &fields!(&mut other));
        }
    }
    if let Some(mut default) = config.default_cache_behavior.clone() {
        look(DEFAULT, &fields!(&mut default));
    }
    oddities
}

/// Lays what is wanted over the behaviors there are. A new one goes behind those that are narrower, and before all
/// others: the first that matches counts.
pub fn lay(wanted: &Distribution, known: &Known, config: &mut DistributionConfig) -> Result<()> {
    let mut behaviors = listed(config).to_vec();
    for (pattern, wanted) in &wanted.behaviors {
        if pattern == DEFAULT {
            let made = made!(DefaultCacheBehavior::builder(), wanted);
            fields!(config.default_cache_behavior.get_or_insert(made)).lay(wanted, known)?;
        } else if let Some(there) = behaviors.iter_mut().find(|it| same(&it.path_pattern, pattern)) {
            fields!(there).lay(wanted, known)?;
        } else {
            let mut made = made!(CacheBehavior::builder().path_pattern(pattern), wanted);
            fields!(&mut made).lay(wanted, known)?;
            let narrower = |it: &CacheBehavior| pattern_matches(pattern, &it.path_pattern);
            let place = behaviors.iter().rposition(narrower).map_or(0, |last| last + 1);
            behaviors.insert(place, made);
        }
    }
    if let Some(patterns) = &wanted.patterns {
        let place = |it: &CacheBehavior| patterns.iter().position(|pattern| same(pattern, &it.path_pattern));
        behaviors.retain(|it| place(it).is_some());
        behaviors.sort_by_key(place);
    }
    if behaviors != listed(config) {
        config.cache_behaviors = Some(list!(CacheBehaviors::builder(), behaviors)?);
    }
    Ok(())
}

fn listed(config: &DistributionConfig) -> &[CacheBehavior] {
    config.cache_behaviors.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default()
}

/// Whether two patterns match the same: the leading slash means nothing
/// (CloudFront Developer Guide, "Path pattern").
fn same(one: &str, other: &str) -> bool {
    one.strip_prefix('/').unwrap_or(one) == other.strip_prefix('/').unwrap_or(other)
}

impl Fields<'_> {
    fn read(&self, known: &Known) -> Behavior {
        let (methods, cached_methods) = self.methods();
        Behavior {
            origin: self.origin.clone(),
            viewer_protocol: match self.viewer_protocol {
                ViewerProtocolPolicy::HttpsOnly => ViewerProtocol::HttpsOnly,
                ViewerProtocolPolicy::AllowAll => ViewerProtocol::AllowAll,
                _ => ViewerProtocol::RedirectToHttps,
            },
            methods,
            cached_methods,
            compress: self.compress.unwrap_or_default(),
            cache_policy: name(known, Kind::CachePolicy, self.cache_policy.as_ref()),
            origin_request_policy: name(known, Kind::CachePolicy, self.origin_request_policy.as_ref()),
            response_headers_policy: name(known, Kind::ResponseHeadersPolicy, self.response_headers_policy.as_ref()),
            viewer_request: self.function().map(function_name).unwrap_or_default().to_owned(),
            extras: Some(self.extras()),
        }
    }

    /// What works on the behavior beside what we speak of.
    fn extras(&self) -> BTreeSet<String> {
        let functions = self.functions.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default();
        let functions = functions.iter().filter(|it| it.event_type != EventType::ViewerRequest);
        let functions = functions.map(|it| format!("{} function {}", it.event_type, function_name(&it.function_arn)));
        let lambdas = self.lambdas.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default();
        let lambdas = lambdas.iter().map(|it| format!("{} {}", it.event_type, it.lambda_function_arn));
        let signers = self.signers.as_ref().is_some_and(|it| it.enabled).then(|| "trusted signers".to_owned());
        let groups = self.key_groups.as_ref().is_some_and(|it| it.enabled).then(|| "trusted key groups".to_owned());
        let given = |text: &Option<String>, what: &str| {
            text.as_ref().filter(|id| !id.is_empty()).map(|id| format!("{what} {id}"))
        };
        let encryption = given(self.encryption, "field-level encryption");
        let logs = given(self.logs, "real-time logs");
        functions.chain(lambdas).chain(signers).chain(groups).chain(encryption).chain(logs).collect()
    }

    fn methods(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let set = |items: &[Method]| items.iter().map(|it| it.as_str().to_owned()).collect();
        let plain = || PLAIN_METHODS.map(str::to_owned).into();
        let Some(allowed) = self.methods.as_ref() else { return (plain(), plain()) };
        (set(&allowed.items), allowed.cached_methods.as_ref().map_or_else(plain, |it| set(&it.items)))
    }

    /// ARN of the function that runs on viewers' requests.
    fn function(&self) -> Option<&str> {
        let items = self.functions.as_ref().and_then(|it| it.items.as_deref()).unwrap_or_default();
        items.iter().find(|it| it.event_type == EventType::ViewerRequest).map(|it| it.function_arn.as_str())
    }

    fn lay(self, wanted: &Behavior, known: &Known) -> Result<()> {
        let now = self.read(known);
        self.origin.clone_from(&wanted.origin);
        if now.viewer_protocol != wanted.viewer_protocol {
            *self.viewer_protocol = protocol(wanted.viewer_protocol);
        }
        if (&now.methods, &now.cached_methods) != (&wanted.methods, &wanted.cached_methods) {
            *self.methods = Some(allowed_methods(&wanted.methods, &wanted.cached_methods)?);
        }
        *self.compress = Some(wanted.compress);
        // Each is absent from what is sent when there is none.
        let id = |kind, name: &str| (!name.is_empty()).then(|| known.id(kind, name).to_owned());
        if now.cache_policy != wanted.cache_policy {
            *self.cache_policy = id(Kind::CachePolicy, &wanted.cache_policy);
        }
        if now.origin_request_policy != wanted.origin_request_policy {
            *self.origin_request_policy = id(Kind::CachePolicy, &wanted.origin_request_policy);
        }
        if now.response_headers_policy != wanted.response_headers_policy {
            *self.response_headers_policy = id(Kind::ResponseHeadersPolicy, &wanted.response_headers_policy);
        }
        // CloudFront refuses a cache policy beside the settings that came before there were any.
        if self.cache_policy.is_some() {
            *self.forwarded = None;
            self.ttls.into_iter().for_each(|ttl| *ttl = None);
        }
        if now.viewer_request != wanted.viewer_request {
            let there = self.functions.take().and_then(|it| it.items).unwrap_or_default();
            let mut items: Vec<_> = there.into_iter().filter(|it| it.event_type != EventType::ViewerRequest).collect();
            if !wanted.viewer_request.is_empty() {
                let association = FunctionAssociation::builder().event_type(EventType::ViewerRequest);
                items.push(built(association.function_arn(function_arn(known, &wanted.viewer_request)?).build())?);
            }
            *self.functions = Some(list!(FunctionAssociations::builder(), items)?);
        }
        if wanted.extras.as_ref().is_some_and(BTreeSet::is_empty) && now.extras.is_some_and(|it| !it.is_empty()) {
            let there = self.functions.take().and_then(|it| it.items).unwrap_or_default();
            let ours = there.into_iter().filter(|it| it.event_type == EventType::ViewerRequest).collect();
            *self.functions = Some(list!(FunctionAssociations::builder(), ours)?);
            *self.lambdas = Some(list!(LambdaFunctionAssociations::builder(), Vec::new())?);
            *self.signers = Some(built(TrustedSigners::builder().enabled(false).quantity(0).build())?);
            *self.key_groups = Some(built(TrustedKeyGroups::builder().enabled(false).quantity(0).build())?);
            *self.encryption = Some(String::new());
            *self.logs = None;
        }
        Ok(())
    }
}

fn allowed_methods(allowed: &BTreeSet<String>, cached: &BTreeSet<String>) -> Result<AllowedMethods> {
    let items = |names: &BTreeSet<String>| names.iter().map(|it| Method::from(it.as_str())).collect();
    let cached = list!(CachedMethods::builder(), items(cached))?;
    list!(AllowedMethods::builder().cached_methods(cached), items(allowed))
}

fn protocol(wanted: ViewerProtocol) -> ViewerProtocolPolicy {
    match wanted {
        ViewerProtocol::RedirectToHttps => ViewerProtocolPolicy::RedirectToHttps,
        ViewerProtocol::HttpsOnly => ViewerProtocolPolicy::HttpsOnly,
        ViewerProtocol::AllowAll => ViewerProtocolPolicy::AllowAll,
    }
}

/// The name of a policy; origin request policies are AWS's own, which have names whatever the kind, or keep their id.
fn name(known: &Known, kind: Kind, id: Option<&String>) -> String {
    id.map(|id| known.name(kind, id).to_owned()).unwrap_or_default()
}

/// `arn:aws:cloudfront::123456789012:function/name`.
fn function_name(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}

fn function_arn<'a>(known: &'a Known, name: &str) -> Result<&'a str> {
    let found = known.get(Kind::Function, name).and_then(|found| found.arn.as_deref());
    found.ok_or_else(|| Error::new(Class::Unexpected, "function-unknown", format!("function {name} is not known")))
}
