//! A distribution that was there before this tool.

use aws_sdk_cloudfront::types::{
    CacheBehavior, CacheBehaviors, CustomErrorResponse, CustomErrorResponses, EventType, LambdaFunctionAssociation,
    LambdaFunctionAssociations, ViewerProtocolPolicy,
};
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use serde_json::json;

use super::world::{WHOLE, World};
use crate::support::distribution::{edit, foreign};

/// A bucket and a distribution that somebody set up by hand, with a behavior and a comment of their own.
fn by_hand() -> (World, String, String) {
    let world = World::new("", "");
    let (id, domain) = world.runtime.block_on(async {
        world.server.s3().create_bucket().bucket(&world.bucket).send().await.unwrap();
        let (id, domain) = foreign(&world.server, &world.bucket).await;
        let client = world.cloudfront();
        edit(&client, &id, |config| {
            let behavior = CacheBehavior::builder()
                .path_pattern("/legacy/*")
                .target_origin_id("bucket")
                .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
                .compress(true)
                .build()
                .unwrap();
            config.cache_behaviors = Some(CacheBehaviors::builder().quantity(1).items(behavior).build().unwrap());
            config.comment = "by hand".into();
        })
        .await;
        (id, domain)
    });
    world.configure(&format!("distribution_id: {id}"), "price_class: PriceClass_100");
    (world, id, domain)
}

#[test]
fn it_is_taken_over_when_there_is_something_to_serve_and_keeps_what_is_not_spoken_of() {
    let (world, id, domain) = by_hand();
    let error = world.refused(&["provision", "--yes"], 8, "nothing-live");
    assert!(error["help"].as_str().unwrap().contains("deploy"), "{error}");
    world.json(&["deploy"]);
    assert_eq!(
        world.view(&domain, "GET", "/", &[("Accept-Encoding", "br")], b"").status,
        403,
        "no function, no root object"
    );
    let plan = world.run(&["plan", "--only", "infra"]).stdout;
    for line in [
        "~ distribution",
        "+ price_class: PriceClass_100",
        "+ default_root_object: index.html",
        "behaviors.*.origin: bucket → treebeard-bucket",
    ] {
        assert!(plan.contains(line), "{line}: {plan}");
    }
    assert!(!plan.contains("legacy") && !plan.contains("aliases"), "{plan}");

    let made = world.provision();
    assert_eq!((&made["distribution"]["id"], made["notes"].as_array().unwrap().len()), (&json!(id), 1));
    // There are no variants yet, so nobody is sent to them.
    let page = world.view(&domain, "GET", "/route", &[("Accept-Encoding", "br")], b"");
    assert_eq!((page.status, page.header("content-encoding")), (200, None));
    world.project.write("dist/index.html", "<script type=module src=/assets/app.1a2b3c4d.js></script>two");
    world.json(&["deploy"]);
    assert_eq!(world.drift(), ["function code"]);
    world.provision();
    let script = world.view(&domain, "GET", "/assets/app.1a2b3c4d.js", &[("Accept-Encoding", "br")], b"");
    assert_eq!((script.status, script.header("content-encoding")), (200, Some("br")));
    assert_eq!(world.drift(), Vec::<String>::new());

    let now = world.runtime.block_on(world.cloudfront().get_distribution_config().id(&id).send()).unwrap();
    let config = now.distribution_config.unwrap();
    let theirs = config.cache_behaviors.unwrap().items.unwrap();
    assert_eq!((config.comment.as_str(), theirs.len(), theirs[0].path_pattern.as_str()), ("by hand", 1, "/legacy/*"));
    assert_eq!((theirs[0].compress, config.origins.unwrap().items.len()), (Some(true), 2));
    // It was not ours to make, and is not ours to remove.
    world.refused(&["provision", "--destroy", "--with-content", "--yes"], 8, "adopted");
}

#[test]
fn it_is_found_again_by_its_tag_when_the_configuration_forgets_its_id() {
    let (world, id, _) = by_hand();
    world.json(&["deploy"]);
    world.provision();
    world.configure("", "price_class: PriceClass_100");
    world.json(&["deploy"]);
    assert_eq!(world.provision()["distribution"]["id"], json!(id));
}

#[test]
fn what_would_harm_its_viewers_is_refused_before_anything_is_done() {
    let (world, id, _) = by_hand();
    world.json(&["deploy"]);
    let (client, s3) = (world.cloudfront(), world.server.s3());
    let before = world.inventory();
    // A Lambda function where the function is to work.
    let set = |lambda: Option<LambdaFunctionAssociations>| {
        world.runtime.block_on(async {
            edit(&client, &id, |config| {
                config.default_cache_behavior.as_mut().unwrap().lambda_function_associations = lambda;
            })
            .await;
        });
    };
    let lambda = LambdaFunctionAssociation::builder()
        .lambda_function_arn("arn:aws:lambda:us-east-1:000000000000:function:edge:1")
        .event_type(EventType::ViewerResponse)
        .build()
        .unwrap();
    set(Some(LambdaFunctionAssociations::builder().quantity(1).items(lambda).build().unwrap()));
    world.refused(&["provision", "--yes"], 8, "viewer-lambda");
    set(None);
    // A bucket that CloudFront could not read.
    let key = |algorithm: ServerSideEncryption| {
        let by_default = ServerSideEncryptionByDefault::builder().sse_algorithm(algorithm).build().unwrap();
        let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(by_default).build();
        let rules = ServerSideEncryptionConfiguration::builder().rules(rule).build().unwrap();
        let put = s3.put_bucket_encryption().bucket(&world.bucket).server_side_encryption_configuration(rules);
        world.runtime.block_on(put.send()).unwrap();
    };
    key(ServerSideEncryption::AwsKms);
    world.refused(&["provision", "--yes"], 8, "bucket-kms");
    key(ServerSideEncryption::Aes256);
    assert_eq!(world.inventory(), before);
    world.provision();
}

#[test]
fn its_aliases_error_pages_and_narrower_behaviors_stay() {
    let (world, id, _) = by_hand();
    world.json(&["deploy"]);
    let client = world.cloudfront();
    world.runtime.block_on(async {
        edit(&client, &id, |config| {
            let page =
                CustomErrorResponse::builder().error_code(404).response_page_path("/gone.html").response_code("404");
            let pages = CustomErrorResponses::builder().quantity(1).items(page.build().unwrap());
            config.custom_error_responses = Some(pages.build().unwrap());
            config.cache_behaviors.as_mut().unwrap().items.as_mut().unwrap()[0].path_pattern = "/api/legacy/*".into();
        })
        .await;
    });
    world.configure(
        &format!("distribution_id: {id}\n    api_origin: http://127.0.0.1:9999"),
        "api: { path: '/api/*' }\nerror_responses: [{ error_code: 503, response_code: 503, response_page_path: /503.html }]",
    );
    world.provision();
    let now = world.runtime.block_on(client.get_distribution_config().id(&id).send()).unwrap();
    let config = now.distribution_config.unwrap();
    let patterns: Vec<_> =
        config.cache_behaviors.unwrap().items.unwrap().into_iter().map(|it| it.path_pattern).collect();
    assert_eq!(patterns, ["/api/legacy/*", "/api/*"], "the narrower one still comes first");
    let pages = config.custom_error_responses.unwrap().items.unwrap();
    assert_eq!(pages.iter().map(|page| page.error_code).collect::<Vec<_>>(), [404, 503]);
    assert_eq!(world.drift(), Vec::<String>::new());
}

#[test]
fn a_bucket_that_was_there_before_is_never_emptied_or_removed() {
    let world = World::new("", "");
    world.runtime.block_on(async {
        let s3 = world.server.s3();
        s3.create_bucket().bucket(&world.bucket).send().await.unwrap();
        s3.put_object().bucket(&world.bucket).key("theirs.txt").body(b"theirs".to_vec().into()).send().await.unwrap();
    });
    world.provision();
    world.refused(&["provision", "--destroy", "--with-content", "--yes"], 8, "adopted");
    world.json(&["provision", "--destroy", "--yes"]);
    let left = world.runtime.block_on(world.server.s3().get_object().bucket(&world.bucket).key("theirs.txt").send());
    assert!(left.is_ok(), "{left:?}");
    assert_eq!(world.inventory(), [&[("bucket", 1)], &WHOLE.map(|(kind, _)| (kind, 0))[1..]].concat());
}

#[test]
fn somebody_elses_object_in_our_bucket_stops_the_removal() {
    let world = World::new("", "");
    world.provision();
    world.json(&["deploy"]);
    let put = world.server.s3().put_object().bucket(&world.bucket).key("theirs.txt").body(b"theirs".to_vec().into());
    world.runtime.block_on(put.send()).unwrap();
    let error = world.refused(&["provision", "--destroy", "--with-content", "--yes"], 8, "foreign-object");
    assert!(error["message"].as_str().unwrap().contains("theirs.txt"), "{error}");
    assert_eq!(world.inventory(), WHOLE);
}
