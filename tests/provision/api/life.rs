//! A site whose API ships with it: made, changed, put right, removed.

use serde_json::json;

use super::{Api, KINDS, LAMBDA, ask, kinds, world};
use crate::provision::world::World;
use treebeard_cdn::model::infrastructure::LIVE_ALIAS;

#[test]
fn a_function_comes_with_the_site_and_answers_behind_it() {
    let world = world();
    let made = world.provision();
    assert_eq!(kinds(&made), KINDS);
    assert_eq!(world.drift(), Vec::<String>::new());
    assert_eq!(world.provision()["changes"], json!(false));
    let api = Api::of(&world);
    api.assert_agreed();
    assert_eq!(api.environment()["DATABASE_URL"], "ssm:/site/url");

    let reply = ask(&world, &made);
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("60")), "{reply:?}");
    assert!(reply.text().contains("not_deployed"), "{reply:?}");
    assert!(reply.header("cache-control").unwrap().contains("no-store"), "{reply:?}");
    api.deploy("one");
    assert_eq!(ask(&world, &made).text(), "one");

    // Settings change, and the code stays.
    world.configure("", &LAMBDA.replace("256MiB", "512MiB"));
    assert_eq!(world.drift(), ["lambda memory"]);
    world.provision();
    assert_eq!((world.drift(), ask(&world, &made).text()), (Vec::new(), "one".to_owned()));

    let status = world.json(&["status"]);
    let ids: Vec<_> = status["resources"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert!(ids.contains(&json!(api.name)) && ids.contains(&json!(format!("/aws/lambda/{}", api.name))), "{ids:?}");

    world.json(&["provision", "--destroy", "--with-content", "--yes"]);
    assert_eq!(api.count(), 0);
}

#[test]
fn what_somebody_changed_is_put_right_and_no_value_of_theirs_is_shown() {
    let world = world();
    let made = world.provision();
    let api = Api::of(&world);
    api.deploy("one");
    api.meddle(&[("DATABASE_URL", "postgres://u:hunter2@h/d"), ("EXTRA", "hunter2")]);
    world.runtime.block_on(async {
        let all = api.client.add_permission().function_name(&api.name).qualifier(LIVE_ALIAS).statement_id("everybody");
        all.action("lambda:InvokeFunction").principal("*").send().await.unwrap();
    });
    let mut drift = world.drift();
    drift.sort();
    let expected = [
        "function-url statements.everybody",
        "lambda accepts",
        "lambda environment.DATABASE_URL",
        "lambda environment.EXTRA",
        "lambda environment.JWT_SECRET",
        "lambda environment.RUST_LOG",
        "lambda memory",
    ];
    assert_eq!(drift, expected);
    let seen = [&["plan", "--only", "infra", "-v"][..], &["status", "-v"]].map(|args| world.run(args));
    assert!(seen.iter().all(|run| run.code == 0 && !format!("{run:?}").contains("hunter2")), "{seen:?}");
    let mended = world.run(&["provision", "--yes", "-v"]);
    assert!(mended.code == 0 && !format!("{mended:?}").contains("hunter2"), "{mended:?}");
    assert_eq!((world.drift(), ask(&world, &made).text()), (Vec::new(), "one".to_owned()));
    api.assert_agreed();
}

#[test]
fn viewers_of_another_api_are_led_to_the_function_once_it_has_code() {
    let elsewhere = "api_origin: https://api.example.com";
    let world = World::new(elsewhere, "api: { path: '/api/*' }");
    let made = world.provision();
    world.configure("", LAMBDA);
    let kept = world.json(&["provision", "--yes"]);
    assert!(kept["notes"].to_string().contains("api.example.com"), "{kept}");
    assert_eq!(world.drift(), Vec::<String>::new());
    let api = Api::of(&world);
    api.deploy("one");
    assert!(world.drift().contains(&"distribution origins.treebeard-api.domain".to_owned()));
    world.provision();
    assert_eq!(ask(&world, &made).text(), "one");
    api.assert_agreed();
    // And back again.
    world.configure(elsewhere, "api: { path: '/api/*' }");
    world.provision();
    world.json(&["provision", "--destroy", "--with-content", "--yes"]);
    world.configure("", LAMBDA);
    assert_eq!(api.count(), 0);
}
