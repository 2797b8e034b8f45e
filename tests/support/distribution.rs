//! Distributions on ministack, which `provision` or somebody else set up.

use aws_sdk_cloudfront::{
    Client,
    primitives::Blob,
    types::{
        CacheBehavior, CacheBehaviors, DefaultCacheBehavior, DistributionConfig, EventType, FunctionAssociation,
        FunctionAssociations, FunctionConfig, FunctionRuntime, Origin, OriginAccessControlConfig,
        OriginAccessControlOriginTypes, OriginAccessControlSigningBehaviors, OriginAccessControlSigningProtocols,
        Origins, ResponseHeadersPolicyConfig, ResponseHeadersPolicyCustomHeader,
        ResponseHeadersPolicyCustomHeadersConfig, S3OriginConfig, ViewerProtocolPolicy,
        builders::DefaultCacheBehaviorBuilder,
    },
};
use treebeard_cdn::model::distribution::{Behavior, Distribution};

use super::servers::{REGION, Server};

/// A distribution that somebody set up by hand in front of `bucket`: its id and its domain.
pub async fn foreign(server: &Server, bucket: &str) -> (String, String) {
    create(server, bucket, |behavior| behavior).await
}

/// A distribution as `wanted` describes its default behavior: our function runs, our headers are sent.
pub async fn managed(server: &Server, bucket: &str, wanted: &Distribution) -> (String, String) {
    let client = client(server);
    let function = function(&client, bucket, &wanted.function).await;
    let policy = headers(&client, bucket, wanted.behavior("/")).await;
    create(server, bucket, |behavior| behavior.function_associations(function).response_headers_policy_id(policy)).await
}

/// Gives a distribution's API, whose requests begin with `path`, the headers of `wanted`. There is nothing behind it.
pub async fn with_api(server: &Server, id: &str, bucket: &str, path: &str, wanted: &Distribution) {
    let client = client(server);
    let policy = headers(&client, &format!("{bucket}-api"), wanted.behavior(path)).await;
    let behavior = CacheBehavior::builder()
        .path_pattern(format!("{path}*"))
        .target_origin_id("bucket")
        .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
        .response_headers_policy_id(policy);
    let behaviors = CacheBehaviors::builder().quantity(1).items(behavior.build().unwrap()).build().unwrap();
    edit(&client, id, |config| config.cache_behaviors = Some(behaviors)).await;
}

/// The SDK's own client.
pub fn client(server: &Server) -> Client {
    Client::new(&server.sdk())
}

/// Changes a distribution's configuration as somebody does by hand.
pub async fn edit(client: &Client, id: &str, change: impl FnOnce(&mut DistributionConfig)) {
    let now = client.get_distribution_config().id(id).send().await.unwrap();
    let mut config = now.distribution_config.unwrap();
    change(&mut config);
    let update = client.update_distribution().id(id).if_match(now.e_tag.unwrap()).distribution_config(config);
    update.send().await.unwrap();
}

async fn create(
    server: &Server,
    bucket: &str,
    set_up: impl FnOnce(DefaultCacheBehaviorBuilder) -> DefaultCacheBehaviorBuilder,
) -> (String, String) {
    let client = client(server);
    let s3 = S3OriginConfig::builder().origin_access_identity("").build();
    let domain = format!("{bucket}.s3.{REGION}.amazonaws.com");
    let access = OriginAccessControlConfig::builder()
        .name(bucket)
        .origin_access_control_origin_type(OriginAccessControlOriginTypes::S3)
        .signing_behavior(OriginAccessControlSigningBehaviors::Always)
        .signing_protocol(OriginAccessControlSigningProtocols::Sigv4)
        .build()
        .unwrap();
    let access = client.create_origin_access_control().origin_access_control_config(access).send().await.unwrap();
    let access = access.origin_access_control.unwrap().id;
    let origin = Origin::builder().id("bucket").domain_name(domain).s3_origin_config(s3);
    let origin = origin.origin_access_control_id(access).build().unwrap();
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id("bucket")
        .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps);
    let config = DistributionConfig::builder()
        .caller_reference(bucket)
        .comment("")
        .enabled(true)
        .origins(Origins::builder().quantity(1).items(origin).build().unwrap())
        .default_cache_behavior(set_up(behavior).build().unwrap());
    let made = client.create_distribution().distribution_config(config.build().unwrap()).send().await.unwrap();
    let made = made.distribution.unwrap();
    let condition = serde_json::json!({ "StringEquals": { "AWS:SourceArn": made.arn } });
    let statement = |action: &str, resource: String| {
        serde_json::json!({
            "Effect": "Allow", "Principal": { "Service": "cloudfront.amazonaws.com" }, "Action": action,
            "Resource": resource, "Condition": condition,
        })
    };
    let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [
        statement("s3:GetObject", format!("arn:aws:s3:::{bucket}/*")),
        statement("s3:ListBucket", format!("arn:aws:s3:::{bucket}")),
    ]});
    server.s3().put_bucket_policy().bucket(bucket).policy(policy.to_string()).send().await.unwrap();
    (made.id, made.domain_name)
}

async fn function(client: &Client, name: &str, source: &str) -> FunctionAssociations {
    let config = FunctionConfig::builder().comment("").runtime(FunctionRuntime::CloudfrontJs20).build().unwrap();
    let code = Blob::new(source);
    let made = client.create_function().name(name).function_config(config).function_code(code).send().await.unwrap();
    client.publish_function().name(name).if_match(made.e_tag.unwrap()).send().await.unwrap();
    let arn = made.function_summary.unwrap().function_metadata.unwrap().function_arn;
    let one = FunctionAssociation::builder().event_type(EventType::ViewerRequest).function_arn(arn).build().unwrap();
    FunctionAssociations::builder().quantity(1).items(one).build().unwrap()
}

async fn headers(client: &Client, name: &str, behavior: &Behavior) -> String {
    let items: Vec<_> = behavior
        .response_headers
        .iter()
        .map(|(name, value)| {
            let header = ResponseHeadersPolicyCustomHeader::builder().header(name).value(value).r#override(true);
            header.build().unwrap()
        })
        .collect();
    let count = i32::try_from(items.len()).unwrap();
    let custom = ResponseHeadersPolicyCustomHeadersConfig::builder().quantity(count).set_items(Some(items));
    let policy = ResponseHeadersPolicyConfig::builder().name(name).comment("");
    let policy = policy.custom_headers_config(custom.build().unwrap()).build().unwrap();
    let made = client.create_response_headers_policy().response_headers_policy_config(policy).send().await.unwrap();
    made.response_headers_policy.unwrap().id
}
