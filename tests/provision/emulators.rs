//! What the servers that stand for AWS do, as far as the tests of `provision` build on it.

use aws_sdk_s3::{
    error::ProvideErrorMetadata as _,
    types::{
        BucketLifecycleConfiguration, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
        NoncurrentVersionExpiration, Tag, Tagging,
    },
};
use treebeard_cdn::{config, plan::distribution};

use crate::support::{
    Project,
    aws_model::assert_valid,
    distribution as made,
    proxy::Proxy,
    servers::{LOOKS, Server, ministack, moto, strict_ministack, user},
};

/// The server behind `proxy`.
fn through(proxy: &Proxy, server: &Server) -> Server {
    Server { port: proxy.port, ..*server }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_sdk_sends_is_what_the_model_allows() {
    let proxy = Proxy::new(ministack().port);
    let server = through(&proxy, ministack());
    let project = Project::with_site(&[("index.html", "home")]);
    let config = config::load(&project.path("cdn-config.yml"), "local").unwrap();
    proxy.record();
    let bucket = server.bucket().await;
    made::managed(&server, &bucket, &distribution::compile(&config)).await;
    let operations = assert_valid(&proxy.recorded());
    let names: Vec<_> = operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "CreateBucket",
            "CreateFunction",
            "PublishFunction",
            "CreateResponseHeadersPolicy",
            "CreateOriginAccessControl",
            "CreateDistribution",
            "PutBucketPolicy"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_without_an_element_of_their_own_are_read() {
    let proxy = Proxy::new(ministack().port);
    let server = through(&proxy, ministack());
    let bucket = server.bucket().await;
    proxy.record();
    let old = NoncurrentVersionExpiration::builder().noncurrent_days(30).build();
    let rule = LifecycleRule::builder()
        .id("old-versions")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .noncurrent_version_expiration(old);
    let rules = BucketLifecycleConfiguration::builder().rules(rule.build().unwrap()).build().unwrap();
    let s3 = server.s3();
    s3.put_bucket_lifecycle_configuration().bucket(&bucket).lifecycle_configuration(rules).send().await.unwrap();
    let tags = Tagging::builder().tag_set(Tag::builder().key("site").value("treebeard").build().unwrap());
    s3.put_bucket_tagging().bucket(&bucket).tagging(tags.build().unwrap()).send().await.unwrap();
    let operations = assert_valid(&proxy.recorded());
    let names: Vec<_> = operations.iter().map(|operation| operation.name.as_str()).collect();
    assert_eq!(names, ["PutBucketLifecycleConfiguration", "PutBucketTagging"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_of_moto_takes_a_while() {
    let client = made::client(moto());
    let bucket = moto().bucket().await;
    let (id, _) = made::foreign(moto(), &bucket).await;
    for look in 1..=LOOKS {
        let found = client.get_distribution().id(&id).send().await.unwrap();
        let expected = if look < LOOKS { "InProgress" } else { "Deployed" };
        assert_eq!(found.distribution.unwrap().status, expected, "look {look}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_enforced_where_they_should_be() {
    let root = strict_ministack();
    let bucket = root.bucket().await;
    let allowed = serde_json::json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "cloudfront:ListDistributions", "Resource": "*" },
        { "Effect": "Allow", "Action": "s3:GetBucketTagging", "Resource": format!("arn:aws:s3:::{bucket}") },
    ]});
    let user = user(root, &allowed);
    let cloudfront = made::client(&user);
    cloudfront.list_distributions().send().await.unwrap();
    let refused = cloudfront.list_functions().send().await.unwrap_err();
    assert_eq!(refused.meta().code(), Some("AccessDenied"));
    assert!(refused.meta().message().unwrap().contains("cloudfront:ListFunctions"), "{refused:?}");
    let tags = user.s3().get_bucket_tagging().bucket(&bucket).send().await.unwrap_err();
    assert_eq!(tags.meta().code(), Some("NoSuchTagSet"), "allowed, and there are none");
    let refused = user.s3().delete_bucket().bucket(&bucket).send().await.unwrap_err();
    assert_eq!(refused.meta().code(), Some("AccessDenied"));
}
