//! A distribution that was there before, with an API that ships.

use aws_sdk_cloudfront::types::{CacheBehavior, CacheBehaviors, CustomOriginConfig, Origin, ViewerProtocolPolicy};
use aws_sdk_cloudfront::types::{Method, OriginProtocolPolicy};
use serde_json::json;

use super::{Api, LAMBDA, ask};
use crate::{
    provision::world::World,
    support::distribution::{edit, foreign},
};

/// A bucket and a distribution that somebody set up by hand, with pages, and with an API elsewhere if there is one.
fn by_hand(api: Option<&str>) -> (World, String) {
    let world = World::new("", "");
    let id = world.runtime.block_on(async {
        world.server.s3().create_bucket().bucket(&world.bucket).send().await.unwrap();
        let (id, _) = foreign(&world.server, &world.bucket).await;
        edit(&world.cloudfront(), &id, |config| {
            config.comment = "by hand".into();
            let Some(domain) = api else { return };
            let custom = CustomOriginConfig::builder().http_port(80).https_port(443);
            let custom = custom.origin_protocol_policy(OriginProtocolPolicy::HttpsOnly).build().unwrap();
            let origin =
                Origin::builder().id("theirs").domain_name(domain).custom_origin_config(custom).build().unwrap();
            let origins = config.origins.as_mut().unwrap();
            origins.items.push(origin);
            origins.quantity += 1;
            let behavior = CacheBehavior::builder().path_pattern("/api/*").target_origin_id("theirs");
            let behavior = behavior.viewer_protocol_policy(ViewerProtocolPolicy::AllowAll).build().unwrap();
            config.cache_behaviors = Some(CacheBehaviors::builder().quantity(1).items(behavior).build().unwrap());
        })
        .await;
        id
    });
    world.configure(&format!("distribution_id: {id}"), "");
    world.json(&["deploy"]);
    world.configure(&format!("distribution_id: {id}"), LAMBDA);
    (world, id)
}

#[test]
fn its_api_gets_a_function_of_its_own_behind_the_secret() {
    let (world, id) = by_hand(None);
    let made = world.provision();
    assert_eq!(made["distribution"]["id"], json!(id));
    assert_eq!(world.drift(), Vec::<String>::new());
    let api = Api::of(&world);
    api.assert_agreed();
    assert_eq!(ask(&world, &made).status, 503);
    api.deploy("one");
    assert_eq!(ask(&world, &made).text(), "one");
    world.json(&["provision", "--rotate-origin-secret", "--yes"]);
    api.assert_agreed();
    let now = world.runtime.block_on(world.cloudfront().get_distribution_config().id(&id).send()).unwrap();
    let config = now.distribution_config.unwrap();
    assert_eq!((config.comment.as_str(), config.origins.unwrap().quantity), ("by hand", 3));
    world.refused(&["provision", "--destroy", "--with-content", "--yes"], 8, "adopted");
    assert_eq!(api.left(), ["role", "log group", "function"]);
}

#[test]
fn its_viewers_keep_their_api_until_the_function_has_code() {
    let (world, id) = by_hand(Some("api.example.com"));
    let made = world.provision();
    assert!(made["notes"].to_string().contains("api.example.com"), "{made}");
    let led_to = || {
        let now = world.runtime.block_on(world.cloudfront().get_distribution_config().id(&id).send()).unwrap();
        let behaviors = now.distribution_config.unwrap().cache_behaviors.unwrap().items.unwrap();
        let api = behaviors.into_iter().find(|it| it.path_pattern == "/api/*").unwrap();
        let methods = api.allowed_methods.map(|it| it.items).unwrap_or_default();
        (api.target_origin_id, methods.contains(&Method::Post))
    };
    assert_eq!((led_to(), world.drift()), (("theirs".to_owned(), false), Vec::new()));
    let api = Api::of(&world);
    api.deploy("one");
    assert!(world.drift().contains(&"distribution behaviors./api/*.origin".to_owned()), "{:?}", world.drift());
    let made = world.provision();
    assert_eq!((led_to(), world.drift()), (("treebeard-api".to_owned(), true), Vec::new()));
    api.assert_agreed();
    assert_eq!(ask(&world, &made).text(), "one");
}
