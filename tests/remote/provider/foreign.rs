//! What is not spoken of stays as it is, whoever set it.

use aws_sdk_cloudfront::types::{
    AllowedMethods, CacheBehavior, CacheBehaviors, CookiePreference, CustomHeaders, CustomOriginConfig,
    DefaultCacheBehavior, DistributionConfig, EventType, ForwardedValues, FunctionAssociation, FunctionAssociations,
    ItemSelection, LambdaFunctionAssociation, LambdaFunctionAssociations, Method, Origin, OriginCustomHeader,
    OriginProtocolPolicy, Origins, ResponseHeadersPolicyServerTimingHeadersConfig, S3OriginConfig, Tag, Tags,
    ViewerProtocolPolicy,
};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, Tagging,
};
use serde_json::{Value, json};
use treebeard_cdn::{
    model::infrastructure::{Distribution, Found, Kind, Lifecycle, Oddity, Settings, ViewerProtocol},
    remote::provider::Provider as _,
};

use super::{Site, cloudfront, map, resource, set};
use crate::support::{aws_model::assert_valid, servers::ministack};

fn legacy() -> ForwardedValues {
    let cookies = CookiePreference::builder().forward(ItemSelection::None).build().unwrap();
    ForwardedValues::builder().query_string(false).cookies(cookies).build().unwrap()
}

/// A distribution as somebody made it years ago.
#[expect(deprecated, reason = "what an old distribution has")]
fn old(bucket: &str, function_arn: &str) -> DistributionConfig {
    let secret = OriginCustomHeader::builder().header_name("X-Secret").header_value("s").build().unwrap();
    let secret = CustomHeaders::builder().quantity(1).items(secret).build().unwrap();
    let files = Origin::builder()
        .id("files")
        .domain_name(format!("{bucket}.s3.amazonaws.com"))
        .custom_headers(secret)
        .connection_attempts(2)
        .s3_origin_config(
            S3OriginConfig::builder().origin_access_identity("origin-access-identity/cloudfront/E1").build(),
        );
    let shop = CustomOriginConfig::builder().http_port(80).https_port(443);
    let shop = shop.origin_protocol_policy(OriginProtocolPolicy::HttpsOnly).origin_read_timeout(50).build().unwrap();
    let shop = Origin::builder().id("shop").domain_name("shop.example.com").custom_origin_config(shop);
    let origins = [files.build().unwrap(), shop.build().unwrap()];
    let response = FunctionAssociation::builder().event_type(EventType::ViewerResponse).function_arn(function_arn);
    let response = FunctionAssociations::builder().quantity(1).items(response.build().unwrap()).build().unwrap();
    let lambda = "arn:aws:lambda:us-east-1:000000000000:function:resize:1";
    let lambda = LambdaFunctionAssociation::builder().event_type(EventType::OriginRequest).lambda_function_arn(lambda);
    let lambda = LambdaFunctionAssociations::builder().quantity(1).items(lambda.build().unwrap()).build().unwrap();
    let methods = AllowedMethods::builder().quantity(2).items(Method::Get).items(Method::Head).build().unwrap();
    let default = DefaultCacheBehavior::builder()
        .target_origin_id("files")
        .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
        .allowed_methods(methods)
        .forwarded_values(legacy())
        .min_ttl(1)
        .default_ttl(2)
        .max_ttl(3)
        .smooth_streaming(true)
        .function_associations(response)
        .lambda_function_associations(lambda);
    let behavior = |pattern: &str| {
        let behavior = CacheBehavior::builder().path_pattern(pattern).target_origin_id("shop");
        let behavior = behavior.viewer_protocol_policy(ViewerProtocolPolicy::AllowAll).forwarded_values(legacy());
        behavior.min_ttl(0).build().unwrap()
    };
    let behaviors = CacheBehaviors::builder().quantity(2).items(behavior("api/*")).items(behavior("/shop/*"));
    DistributionConfig::builder()
        .caller_reference(bucket)
        .comment("ours since 2015")
        .enabled(true)
        .origins(Origins::builder().quantity(2).set_items(Some(origins.to_vec())).build().unwrap())
        .default_cache_behavior(default.build().unwrap())
        .cache_behaviors(behaviors.build().unwrap())
        .default_root_object("home.html")
        .web_acl_id("acl")
        .staging(false)
        .build()
        .unwrap()
}

/// An old distribution that the configuration adopts, in our words.
async fn adopted(site: &Site) -> (Found, DistributionConfig) {
    let client = cloudfront();
    let control = site.found(&site.wanted_of(Kind::Function));
    let config = old(&site.name, control.arn.as_ref().unwrap());
    let made = client.create_distribution().distribution_config(config).send().await.unwrap().distribution.unwrap();
    let tag = Tag::builder().key("owner").value("marketing").build().unwrap();
    client.tag_resource().resource(&made.arn).tags(Tags::builder().items(tag).build()).send().await.unwrap();
    let mut wanted = resource(site.name.clone(), Settings::Distribution(Box::default()));
    wanted.id = Some(made.id.clone());
    (site.find(&wanted).await.unwrap(), config_of(&made.id).await)
}

async fn config_of(id: &str) -> DistributionConfig {
    cloudfront().get_distribution_config().id(id).send().await.unwrap().distribution_config.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[expect(deprecated, reason = "what an old distribution has")]
async fn an_adopted_distribution_keeps_what_is_not_spoken_of() {
    let site = Site::prepared().await;
    let (found, before) = adopted(&site).await;
    assert!(found.is_adopted());
    let mut spoken = super::distribution(&site.name);
    let mut wanted = Distribution {
        enabled: true,
        aliases: spoken.aliases.take(),
        tags: map(&[("team", "web")]),
        ..Distribution::default()
    };
    // The bucket's origin, the default behavior, one that is there by another spelling, and a new one.
    let mut files = spoken.origins.remove("files").unwrap();
    files.shield = None;
    wanted.origins.insert("files".to_owned(), files);
    for behavior in spoken.behaviors.values_mut() {
        behavior.extras = None;
    }
    wanted.behaviors.insert("*".to_owned(), spoken.behaviors["*"].clone());
    let mut calls = spoken.behaviors["/api/*"].clone();
    calls.origin = "shop".to_owned();
    wanted.behaviors.insert("/api/*".to_owned(), calls.clone());
    wanted.behaviors.insert("/img/*".to_owned(), calls.clone());
    wanted.behaviors.insert("/img/icons/*".to_owned(), calls);
    let wanted = resource(site.name.clone(), Settings::Distribution(Box::new(wanted)));
    let changed = site.update(&wanted, &found).await.unwrap();
    let after = config_of(&found.id).await;

    // The whole of what is there now: what was there, with what was spoken of, and nothing else.
    let mut expected = before.clone();
    expected.aliases.clone_from(&after.aliases);
    let origins = &mut expected.origins.as_mut().unwrap().items;
    let there = &after.origins.as_ref().unwrap().items[0];
    origins[0].domain_name = format!("{}.s3.us-east-1.amazonaws.com", site.name);
    origins[0].origin_access_control_id.clone_from(&there.origin_access_control_id);
    origins[0].s3_origin_config.as_mut().unwrap().origin_access_identity.clear();
    let default = expected.default_cache_behavior.as_mut().unwrap();
    let there = after.default_cache_behavior.clone().unwrap();
    default.viewer_protocol_policy = ViewerProtocolPolicy::RedirectToHttps;
    default.allowed_methods = there.allowed_methods;
    default.compress = Some(false);
    default.cache_policy_id = there.cache_policy_id;
    default.response_headers_policy_id = there.response_headers_policy_id;
    default.forwarded_values = None;
    (default.min_ttl, default.default_ttl, default.max_ttl) = (None, None, None);
    let functions = there.function_associations.clone().unwrap().items.unwrap();
    let events: Vec<_> = functions.iter().map(|it| it.event_type.as_str()).collect();
    assert_eq!(events, ["viewer-response", "viewer-request"]);
    default.function_associations = there.function_associations;
    let behaviors = after.cache_behaviors.clone().unwrap();
    let items = behaviors.items.clone().unwrap();
    let patterns: Vec<_> = items.iter().map(|it| it.path_pattern.as_str()).collect();
    assert_eq!(patterns, ["/img/icons/*", "/img/*", "api/*", "/shop/*"]);
    assert_eq!(items[3], before.cache_behaviors.unwrap().items.unwrap()[1]);
    assert!(items[..3].iter().all(|it| it.forwarded_values.is_none() && it.min_ttl.is_none()), "{items:?}");
    expected.cache_behaviors = Some(behaviors);
    assert_eq!(after, expected);

    let Settings::Distribution(settings) = &changed.settings else { panic!("{changed:?}") };
    assert_eq!(settings.tags, map(&[("owner", "marketing"), ("team", "web")]));
    assert_eq!(settings.default_root_object.as_deref(), Some("home.html"));
    assert_eq!(settings.waf_acl.as_deref(), Some("acl"));
    assert_eq!(settings.behaviors["/api/*"].viewer_protocol, ViewerProtocol::HttpsOnly);
    assert_eq!(settings.behaviors["/shop/*"].cache_policy, "");
    assert_eq!(settings.behaviors["/shop/*"].methods, set(&["GET", "HEAD"]));
    assert_valid(&site.proxy.recorded());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_keeps_others_rules_and_tags() {
    let site = Site::new().await;
    let s3 = ministack().s3();
    s3.create_bucket().bucket(&site.name).send().await.unwrap();
    let rule = |id: &str, days| {
        let expiration = LifecycleExpiration::builder().days(days).build();
        let filter = LifecycleRuleFilter::builder().prefix("logs/").build();
        let rule = LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).filter(filter);
        rule.expiration(expiration).build().unwrap()
    };
    let rules = vec![rule("theirs", 1), rule(Lifecycle::RULE, 2)];
    let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().unwrap();
    s3.put_bucket_lifecycle_configuration().bucket(&site.name).lifecycle_configuration(rules).send().await.unwrap();
    let tag = |key: &str| aws_sdk_s3::types::Tag::builder().key(key).value("theirs").build().unwrap();
    let tags = Tagging::builder().tag_set(tag("owner")).tag_set(tag("team")).build().unwrap();
    s3.put_bucket_tagging().bucket(&site.name).tagging(tags).send().await.unwrap();

    let wanted = site.wanted_of(Kind::Bucket);
    let found = site.find(&wanted).await.unwrap();
    let Settings::Bucket(settings) = &found.settings else { panic!("{found:?}") };
    assert_eq!((settings.versioning, settings.block_public_access, settings.lifecycle), (false, false, None));
    site.update(&wanted, &found).await.unwrap();
    let there = s3.get_bucket_lifecycle_configuration().bucket(&site.name).send().await.unwrap().rules.unwrap();
    assert_eq!(there.iter().map(|it| it.id.as_deref().unwrap()).collect::<Vec<_>>(), ["theirs", Lifecycle::RULE]);
    assert_eq!(there[0], rule("theirs", 1));
    assert_eq!((there[1].expiration.as_ref(), there[1].noncurrent_version_expiration.is_some()), (None, true));
    let Settings::Bucket(settings) = site.find(&wanted).await.unwrap().settings else { panic!() };
    assert_eq!(settings.tags, map(&[("owner", "theirs"), ("team", "web"), (super::SITE_TAG, &site.name)]));
    assert_valid(&site.proxy.recorded());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_headers_policy_keeps_its_server_timing() {
    let mut site = Site::new().await;
    let wanted = site.wanted_of(Kind::ResponseHeadersPolicy);
    let made = site.create(&wanted).await.unwrap();
    let client = cloudfront();
    let there = client.get_response_headers_policy_config().id(&made.id).send().await.unwrap();
    let mut config = there.response_headers_policy_config.unwrap();
    let timing = ResponseHeadersPolicyServerTimingHeadersConfig::builder().enabled(true).sampling_rate(5.0);
    config.server_timing_headers_config = Some(timing.build().unwrap());
    config.security_headers_config.as_mut().unwrap().frame_options.as_mut().unwrap().r#override = false;
    config.custom_headers_config.as_mut().unwrap().items.as_mut().unwrap()[0].r#override = false;
    let edit = client.update_response_headers_policy().id(&made.id).if_match(there.e_tag.unwrap());
    edit.response_headers_policy_config(config).send().await.unwrap();

    let found = site.find(&wanted).await.unwrap();
    let Settings::ResponseHeadersPolicy(settings) = &found.settings else { panic!("{found:?}") };
    assert_eq!(settings.headers["X-Frame-Options"], "DENY (unless the origin says otherwise)");
    assert_eq!(settings.headers["Permissions-Policy"], "geolocation=() (unless the origin says otherwise)");
    assert_eq!(site.update(&wanted, &found).await.unwrap().settings, wanted.settings);
    let there = client.get_response_headers_policy_config().id(&made.id).send().await.unwrap();
    let timing = there.response_headers_policy_config.unwrap().server_timing_headers_config.unwrap();
    assert_eq!((timing.enabled, timing.sampling_rate), (true, Some(5.0)));
    assert_valid(&site.proxy.recorded());
}

async fn policy_of(bucket: &str) -> Value {
    let policy = ministack().s3().get_bucket_policy().bucket(bucket).send().await.unwrap().policy.unwrap();
    serde_json::from_str(&policy).unwrap()
}

async fn put_policy(bucket: &str, statements: Value) {
    let policy = json!({ "Version": "2012-10-17", "Id": "theirs", "Statement": statements });
    ministack().s3().put_bucket_policy().bucket(bucket).policy(policy.to_string()).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_policy_keeps_others_statements() {
    let (site, wanted) = Site::whole().await;
    let (wanted, bucket) = (&wanted[6], &site.name);
    let theirs = json!({
        "Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": format!("arn:aws:s3:::{bucket}/*"), "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    });
    site.provider.delete(&site.found(wanted)).await.unwrap();
    let none = ministack().s3().get_bucket_policy().bucket(bucket).send().await;
    assert!(none.is_err(), "without a statement there is no policy");
    // One statement alone need not be in a list.
    put_policy(bucket, theirs.clone()).await;
    assert_eq!(site.find(wanted).await, None);
    let made = site.provider.create(wanted, &site.known).await.unwrap();
    let policy = policy_of(bucket).await;
    assert_eq!((&policy["Id"], &policy["Statement"][0]), (&json!("theirs"), &theirs));
    assert_eq!(policy["Statement"].as_array().unwrap().len(), 3);

    // The same in other words is the same.
    let mut said = policy["Statement"].clone();
    said[1]["Action"] = json!("s3:GetObject");
    said[1]["Resource"] = json!([said[1]["Resource"]]);
    put_policy(bucket, said.clone()).await;
    assert_eq!(site.find(wanted).await.unwrap().settings, made.settings);
    // Something else is something else.
    said[1]["Action"] = json!("s3:*");
    put_policy(bucket, said).await;
    let found = site.find(wanted).await.unwrap();
    assert_ne!(found.settings, made.settings);
    assert_eq!(site.update(wanted, &found).await.unwrap().settings, made.settings);

    site.provider.delete(&made).await.unwrap();
    assert_eq!(policy_of(bucket).await["Statement"], json!([theirs]));
    assert_valid(&site.proxy.recorded());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_opens_a_bucket_to_everybody_is_seen_with_the_bucket() {
    let site = Site::new().await;
    let bucket = site.name.clone();
    ministack().s3().create_bucket().bucket(&bucket).send().await.unwrap();
    let open = json!({
        "Sid": "Open", "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "s3:GetObject",
        "Resource": format!("arn:aws:s3:::{bucket}/*"),
    });
    put_policy(&bucket, json!([open])).await;
    let found = site.find(&site.wanted_of(Kind::Bucket)).await.unwrap();
    assert_eq!(found.oddities, [Oddity::PublicStatement(open.to_string())]);
}
