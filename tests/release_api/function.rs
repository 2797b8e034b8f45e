//! A function that is not as a deploy would leave it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::{crash::sites::release, support::proxy::Fate};

#[test]
fn an_alias_that_leads_some_viewers_elsewhere_is_made_whole() {
    let world = World::new();
    world.release(&Program::new("one", ROUTES), &release("a"));
    let one = world.live();
    world.release(&Program::new("two", ROUTES), &release("b"));
    let two = world.live();
    let whole = |world: &World| {
        assert_eq!(world.shares(), None);
        assert_eq!(world.json(&["status"])["api"]["matches"], json!(true));
    };
    whole(&world);

    world.share_with(&one.version);
    assert_eq!(world.json(&["status"])["api"]["matches"], json!(false));
    let mended = world.json(&["deploy"]);
    assert_eq!(mended["api"]["published"], json!(true), "{mended}");
    assert_eq!(world.live().code, two.code);
    whole(&world);
    assert_eq!(world.json(&["deploy"])["api"]["published"], json!(false));

    // A third version takes the place of both.
    world.share_with(&one.version);
    world.release(&Program::new("three", ROUTES), &release("b"));
    whole(&world);
}

#[test]
fn where_it_is_not_known_whether_the_alias_moved_that_is_said() {
    let world = World::new();
    world.release(&Program::new("one", ROUTES), &release("a"));
    let (before, objects) = (world.live(), world.objects());
    world.build(&Program::new("two", ROUTES), &release("b"));
    let moved = AtomicBool::new(false);
    let run = world.suffer(&["deploy", "--json"], move |request, _| {
        let puts = request.line.starts_with("PUT ") && request.line.contains("/aliases/live");
        moved.fetch_or(puts, Ordering::SeqCst);
        let silent = request.line.contains("/aliases/live") && moved.load(Ordering::SeqCst);
        if silent { Fate::answer_lost() } else { Fate::passes() }
    });
    let error = &run.json()["error"];
    assert_eq!(run.code, 5, "{run:?}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&format!("or still {} is not known", before.version)), "{error}");
    assert!(error["help"].as_str().unwrap().contains("status"), "{error}");
    assert_eq!(world.objects().public(), objects.public());
    world.json(&["deploy"]);
    assert_eq!(json!(world.live().code), world.objects().api()["digest"]);
}

#[test]
fn an_update_that_failed_before_is_tried_again_by_the_next_deploy() {
    let world = World::new();
    world.release(&Program::new("one", ROUTES), &release("a"));
    world.build(&Program::new("two", ROUTES), &release("b"));
    let digest = world.json(&["deploy", "--dry-run"])["api"]["digest"].as_str().unwrap().to_owned();
    // So Lambda speaks of a function that got this code, and could not start it.
    let failed = json!({
        "FunctionName": "x", "Version": "$LATEST", "CodeSha256": base64(&digest), "State": "Active",
        "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "the key is disabled",
    })
    .to_string();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{failed}",
        failed.len()
    );
    let answer: &'static str = answer.leak();
    let sent = AtomicBool::new(false);
    let run = world.suffer(&["deploy", "--json"], move |request, _| {
        sent.fetch_or(request.line.contains("/code ") && request.line.starts_with("PUT "), Ordering::SeqCst);
        let looks = request.line.starts_with("GET ") && request.line.contains("/configuration?Qualifier=%24LATEST");
        if looks && !sent.load(Ordering::SeqCst) { Fate::refuses(answer) } else { Fate::passes() }
    });
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(world.live().code, digest);

    // When it fails again, that is what stops the deploy.
    world.build(&Program::new("one", ROUTES), &release("a"));
    let run = world.suffer(&["deploy", "--json"], move |request, _| {
        let looks = request.line.starts_with("GET ") && request.line.contains("/configuration?Qualifier=%24LATEST");
        if looks { Fate::refuses(answer) } else { Fate::passes() }
    });
    assert_eq!((run.code, &run.json()["error"]["rule"]), (5, &json!("function-failed")), "{run:?}");
    assert!(run.stdout.contains("the key is disabled"), "{run:?}");
    assert_eq!(world.live().code, digest);
}

#[test]
fn code_comes_back_for_the_processors_that_it_was_built_for() {
    let world = World::new();
    let first = world.release(&Program::new("one", ROUTES), &release("a"));
    assert_eq!(first.api()["architecture"], json!("x86_64"));
    world.configure_api("smoke: [/plans]\n  lambda: { binary: api.sh, architecture: arm64 }", "");
    world.build(&Program::new("two", ROUTES), &release("b"));
    let sent = |args: &[&str]| {
        world.proxy.record();
        world.json(args);
        let made = world.proxy.recorded();
        let codes = made.iter().filter(|it| it.method() == "PUT" && it.target().ends_with("/code"));
        let bodies = codes.map(|it| serde_json::from_slice::<Value>(&it.body).unwrap());
        bodies.map(|body| body["Architectures"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(sent(&["deploy"]), [json!(["arm64"])]);
    assert_eq!(sent(&["rollback"]), [json!(["x86_64"])]);
    assert_eq!(
        world.objects().api(),
        first.api().as_object().map_or(json!(null), |api| {
            let mut api = api.clone();
            api["version"] = json!(world.live().version);
            json!(api)
        })
    );
}

/// Hexadecimal as we write digests → Base64 as Lambda does.
fn base64(digest: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(hex::decode(digest).unwrap())
}
