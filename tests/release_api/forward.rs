//! Rollbacks to a release that is later than the live one.

use serde_json::json;

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::{crash::sites::release, support::proxy::Fate};

const PAGE: &str = "/index.html";
const ALIAS: &str = "/aliases/live";

#[test]
fn a_later_release_comes_back_with_its_api_before_its_pages() {
    let world = World::new();
    world.release(&Program::new("one", ROUTES), &release("a"));
    let second = world.release(&Program::new("two", ROUTES), &release("b"));
    world.json(&["rollback"]);
    let (first, live) = (world.objects(), world.live());
    let name = second.pointer()["live"].as_str().unwrap().to_owned();

    // Where its API cannot be put live, its pages are not.
    let run = world.suffer(&["rollback", &name, "--json"], |request, _| {
        let moves = request.line.starts_with("PUT ") && request.line.contains(ALIAS);
        if moves { Fate::slow_down() } else { Fate::passes() }
    });
    let error = &run.json()["error"];
    assert_eq!(run.code, 5, "{run:?}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&format!("viewers meet version {} of the API as before", live.version)), "{error}");
    assert!(!message.contains("pages are live again"), "{error}");
    assert_eq!((world.live(), world.objects().public()), (live, first.public()));

    let asked = world.order_of(&["rollback", &name], &[ALIAS, PAGE]);
    assert!(asked.is_sorted(), "{asked:?}");
    let now = world.objects();
    now.assert_at_rest();
    now.assert_promises(&second);
    assert_eq!(json!(world.live().code), second.api()["digest"]);
}

#[test]
fn after_a_deploy_that_did_not_finish_every_release_is_an_earlier_one() {
    let world = World::new();
    world.release(&Program::new("one", ROUTES), &release("a"));
    let second = world.release(&Program::new("two", ROUTES), &release("b"));
    world.json(&["rollback"]);
    world.build(&Program::new("three", ROUTES), &release("c"));
    let run = world.suffer(&["deploy", "--json"], |request, _| {
        let refused = request.line.starts_with("PUT ") && request.line.contains("/new.html");
        if refused { Fate::slow_down() } else { Fate::passes() }
    });
    assert_eq!(run.code, 5, "{run:?}");
    // Pages of the third release are in place, which the second one's API may not serve.
    let asked = world.order_of(&["rollback", second.pointer()["live"].as_str().unwrap()], &[PAGE, ALIAS]);
    assert!(asked.is_sorted(), "{asked:?}");
    let now = world.objects();
    now.assert_at_rest();
    now.assert_promises(&second);
    assert_eq!(json!(world.live().code), second.api()["digest"]);
}
