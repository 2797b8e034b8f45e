//! A distribution that was there before this tool.

use aws_sdk_cloudfront::types::{CacheBehavior, CacheBehaviors, ViewerProtocolPolicy};
use serde_json::json;

use super::world::World;
use crate::support::distribution::foreign;

/// A bucket and a distribution that somebody set up by hand, with a behavior and a comment of their own.
fn by_hand() -> (World, String, String) {
    let world = World::new("", "");
    let (id, domain) = world.runtime.block_on(async {
        world.server.s3().create_bucket().bucket(&world.bucket).send().await.unwrap();
        let (id, domain) = foreign(&world.server, &world.bucket).await;
        let client = world.cloudfront();
        let now = client.get_distribution_config().id(&id).send().await.unwrap();
        let mut config = now.distribution_config.unwrap();
        let behavior = CacheBehavior::builder()
            .path_pattern("/legacy/*")
            .target_origin_id("bucket")
            .viewer_protocol_policy(ViewerProtocolPolicy::AllowAll)
            .compress(true)
            .build()
            .unwrap();
        config.cache_behaviors = Some(CacheBehaviors::builder().quantity(1).items(behavior).build().unwrap());
        config.comment = "by hand".into();
        let update = client.update_distribution().id(&id).if_match(now.e_tag.unwrap()).distribution_config(config);
        update.send().await.unwrap();
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
