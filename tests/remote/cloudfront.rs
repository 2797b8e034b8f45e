//! The CloudFront adapter: on ministack, and where that only ever says yes, on a scripted server.

use std::time::Duration;

use aws_sdk_cloudfront::{
    Client,
    config::{BehaviorVersion, Region},
    primitives::Blob,
    types::{
        DefaultCacheBehavior, DistributionConfig, EventType, FunctionAssociation, FunctionAssociations, FunctionConfig,
        FunctionRuntime, Origin, Origins, ResponseHeadersPolicyConfig, ResponseHeadersPolicyContentTypeOptions,
        ResponseHeadersPolicySecurityHeadersConfig, S3OriginConfig, ViewerProtocolPolicy, builders,
    },
};
use treebeard_cdn::{
    error::Class,
    model::{
        encoding::Encoding,
        function::{self, Settings},
    },
    remote::{
        aws::CloudFront,
        cdn::{Cdn, Delivery},
    },
};

use crate::support::servers::{Answer, Scripted, Server, ministack};

fn client(server: &Server) -> Client {
    let config = aws_sdk_cloudfront::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(server.endpoint())
        .credentials_provider(server.credentials())
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    Client::from_conf(config.build())
}

/// A distribution in front of a bucket, and its domain name.
async fn distribution(
    client: &Client,
    set_up: impl FnOnce(builders::DefaultCacheBehaviorBuilder) -> builders::DefaultCacheBehaviorBuilder,
) -> (String, String) {
    let s3 = S3OriginConfig::builder().origin_access_identity("").build();
    let origin = Origin::builder().id("s3").domain_name("site.s3.amazonaws.com").s3_origin_config(s3).build().unwrap();
    let behavior = DefaultCacheBehavior::builder()
        .target_origin_id("s3")
        .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps);
    let config = DistributionConfig::builder()
        .caller_reference(format!("{:x}", fastrand::u64(..)))
        .comment("")
        .enabled(true)
        .origins(Origins::builder().quantity(1).items(origin).build().unwrap())
        .default_cache_behavior(set_up(behavior).build().unwrap());
    let made = client.create_distribution().distribution_config(config.build().unwrap()).send().await.unwrap();
    let made = made.distribution.unwrap();
    (made.id, made.domain_name)
}

/// The ARN of a published function.
async fn function(client: &Client, name: &str, source: &str) -> String {
    let config = FunctionConfig::builder().comment("").runtime(FunctionRuntime::CloudfrontJs20).build().unwrap();
    let code = Blob::new(source);
    let made = client.create_function().name(name).function_config(config).function_code(code).send().await.unwrap();
    let arn = made.function_summary.unwrap().function_metadata.unwrap().function_arn;
    client.publish_function().name(name).if_match(made.e_tag.unwrap()).send().await.unwrap();
    arn
}

fn on_requests(arn: String) -> FunctionAssociations {
    let one = FunctionAssociation::builder().event_type(EventType::ViewerRequest).function_arn(arn).build().unwrap();
    FunctionAssociations::builder().quantity(1).items(one).build().unwrap()
}

async fn cdn(server: &Server, id: &str) -> CloudFront {
    server.connection().await.cdn(id)
}

fn paths(paths: &[&str]) -> Vec<String> {
    paths.iter().map(|path| (*path).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reference_asks_once_and_another_asks_again() {
    let server = ministack();
    let (id, _) = distribution(&client(server), |behavior| behavior).await;
    let cdn = cdn(server, &id).await;
    let changed = paths(&["/index.html", "/caf%C3%A9/*"]);
    let first = cdn.invalidate(&changed, "one").await.unwrap();
    assert_eq!((first.reference.as_str(), &first.paths), ("one", &changed));
    assert!(first.created_at.ends_with('Z') && first.created_at.contains('T'), "{}", first.created_at);
    assert_eq!(cdn.invalidate(&changed, "one").await.unwrap(), first);
    assert_ne!(cdn.invalidate(&changed, "two").await.unwrap().id, first.id);
    assert!(cdn.finished(&first.id).await.unwrap());
    assert_eq!(cdn.in_progress().await.unwrap(), []);
    // What is too much for one request is several, and each has what it may have.
    let wild: Vec<_> = (0..20).map(|n| format!("/{n}/*")).collect();
    let several = cdn.invalidate(&wild, "three").await.unwrap();
    assert_eq!((several.id.split(',').count(), &several.paths), (2, &wild));
    assert!(cdn.finished(&several.id).await.unwrap());
    assert_eq!(cdn.invalidate(&wild, "three").await.unwrap().id, several.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_function_is_known_by_its_source_and_headers_by_their_policy() {
    let server = ministack();
    let client = client(server);
    let (bare, domain) = distribution(&client, |behavior| behavior).await;
    let found = cdn(server, &bare).await.delivery().await.unwrap();
    assert_eq!(found, Delivery { domain: Some(domain), negotiates: false, encodings: Vec::new(), adds_headers: false });

    let source =
        function::source(&Settings { spa: true, clean_urls: false, encodings: vec![Encoding::Gzip], cors: None });
    let ours = function(&client, "whatever-its-name", &source).await;
    let options = ResponseHeadersPolicyContentTypeOptions::builder().r#override(true).build().unwrap();
    let security = ResponseHeadersPolicySecurityHeadersConfig::builder().content_type_options(options).build();
    let policy = ResponseHeadersPolicyConfig::builder().name("secure").comment("").security_headers_config(security);
    let policy = policy.build().unwrap();
    let policy = client.create_response_headers_policy().response_headers_policy_config(policy).send().await.unwrap();
    let policy = policy.response_headers_policy.unwrap().id;
    let set_up = |behavior: builders::DefaultCacheBehaviorBuilder| {
        behavior.function_associations(on_requests(ours)).response_headers_policy_id(policy)
    };
    let (whole, _) = distribution(&client, set_up).await;
    let found = cdn(server, &whole).await.delivery().await.unwrap();
    assert!(found.negotiates && found.adds_headers, "{found:?}");
    assert_eq!(found.encodings, [Encoding::Gzip]);

    let theirs = function(&client, "treebeard-cdn", "function handler(event) { return event.request; }").await;
    let (foreign, _) = distribution(&client, |behavior| behavior.function_associations(on_requests(theirs))).await;
    let found = cdn(server, &foreign).await.delivery().await.unwrap();
    assert!(!found.negotiates && !found.adds_headers, "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distribution_that_does_not_exist() {
    let cdn = cdn(ministack(), "ENOSUCHID").await;
    for error in [
        cdn.invalidate(&paths(&["/*"]), "x").await.unwrap_err(),
        cdn.delivery().await.unwrap_err(),
        cdn.finished("I1").await.unwrap_err(),
        cdn.in_progress().await.unwrap_err(),
    ] {
        assert_eq!((error.class, error.rule), (Class::Config, "distribution-missing"), "{error}");
        assert!(error.message.contains("ENOSUCHID") && error.help.unwrap().contains("distribution_id"));
    }
}

const FULL: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>TooManyInvalidationsInProgress</Code>\
    <Message>Processing your request will cause you to exceed the maximum number of invalidations.</Message></Error></ErrorResponse>";

const MADE: &str = "<Invalidation><Id>I1</Id><Status>InProgress</Status><CreateTime>2026-01-02T03:04:05.678Z</CreateTime>\
    <InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths>\
    <CallerReference>one</CallerReference></InvalidationBatch></Invalidation>";

#[tokio::test(flavor = "multi_thread")]
async fn a_full_quota_is_waited_for() {
    let scripted = Scripted::new(|number, _| match number {
        0 => Answer::new(400, FULL),
        _ => Answer::new(201, MADE),
    });
    let made = cdn(&scripted.server, "E1").await.invalidate(&paths(&["/a"]), "one").await.unwrap();
    assert_eq!((made.id.as_str(), made.created_at.as_str()), ("I1", "2026-01-02T03:04:05.678Z"));
    let received = scripted.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body, received[1].body, "the same reference, so that it is asked once");
}

#[tokio::test]
async fn a_quota_that_stays_full_is_an_error() {
    let scripted = Scripted::new(|_, _| Answer::new(400, FULL));
    let cdn = cdn(&scripted.server, "E1").await.waiting_at_most(Duration::from_millis(100));
    let error = cdn.invalidate(&paths(&["/a"]), "one").await.unwrap_err();
    assert_eq!((error.class, error.rule), (Class::Remote, "invalidation-quota"));
    assert!(error.message.contains("E1") && error.message.contains("100ms"), "{error}");
}

#[tokio::test]
async fn what_is_in_progress_is_found_on_every_page() {
    let summary = |id: &str, status: &str| {
        format!(
            "<InvalidationSummary><Id>{id}</Id><CreateTime>2026-01-02T03:04:05Z</CreateTime><Status>{status}</Status></InvalidationSummary>"
        )
    };
    let page = move |items: String, next: &str| {
        let more = if next.is_empty() { String::new() } else { format!("<NextMarker>{next}</NextMarker>") };
        Answer::new(
            200,
            format!(
                "<InvalidationList><Marker/>{more}<MaxItems>100</MaxItems><IsTruncated>{}</IsTruncated><Quantity>1</Quantity><Items>{items}</Items></InvalidationList>",
                !next.is_empty()
            ),
        )
    };
    let scripted = Scripted::new(move |_, request| {
        if request.line.contains("/invalidation/I1 ") || request.line.contains("/invalidation/I1?") {
            Answer::new(200, MADE)
        } else if request.line.contains("Marker=m2") {
            page(summary("I1", "InProgress"), "")
        } else {
            page(summary("I9", "Completed"), "m2")
        }
    });
    let cdn = cdn(&scripted.server, "E1").await;
    let found = cdn.in_progress().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].id.as_str(), found[0].reference.as_str()), ("I1", "one"));
    assert_eq!(found[0].paths, ["/a"]);
    assert!(!cdn.finished("I1").await.unwrap());
}
