//! A new API must have what the pages need that viewers have open.

use serde_json::json;

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::crash::sites::release;

#[test]
fn an_api_that_drops_routes_of_the_live_one_is_refused_unless_that_is_allowed() {
    let world = World::new();
    let objects = world.release(&Program::new("two", ROUTES), &release("b"));
    let live = world.live();
    // An older commit, whose pages need no more than it has.
    let older = Program::new("one", &["/plans"]);
    world.project.write("openapi.json", older.document());
    world.configure("openapi: openapi.json", "");
    world.build(&older, &release("a"));
    let error = world.refused(&["deploy"], 8, "api-drops-routes");
    assert_eq!(error["details"]["routes"], json!(["GET /plans/{id}"]));
    assert!(error["message"].as_str().unwrap().contains("GET /plans/{id}"), "{error}");
    assert!(error["help"].as_str().unwrap().contains("--allow-breaking"), "{error}");
    let now = world.objects();
    now.assert_at_rest();
    assert_eq!((world.live(), now.public()), (live, objects.public()));

    world.json(&["deploy", "--allow-breaking"]);
    assert_eq!(json!(world.live().code), world.objects().api()["digest"]);
    // Back and forth between releases is not held up by it: both were allowed.
    let first = objects.pointer()["live"].as_str().unwrap().to_owned();
    assert_eq!(world.json(&["rollback", &first])["api"]["published"], json!(true));
}

#[test]
fn a_live_api_without_a_document_holds_up_nothing() {
    let world = World::new();
    let mute = Program::new("mute", ROUTES);
    world.build(&mute, &release("a"));
    world.project.write("api.sh", mute.script().replace("/openapi.json", "/elsewhere.json"));
    world.json(&["deploy"]);
    assert_eq!(world.objects().api().get("openapi"), None);
    let said = world.release(&Program::new("says", ROUTES), &release("a"));
    assert_eq!(json!(world.live().code), said.api()["digest"]);
    // One that does not say what it has may lack all of it.
    world.project.write("api.sh", mute.script().replace("/openapi.json", "/elsewhere.json"));
    world.refused(&["deploy"], 8, "api-drops-routes");
}

#[test]
fn that_no_read_is_tried_is_noted() {
    let world = World::new();
    let note = |args: &[&str]| world.json(args)["notes"].to_string().contains("`api.smoke`");
    world.build(&Program::new("one", ROUTES), &release("a"));
    assert!(!note(&["deploy", "--dry-run"]));
    world.configure_api("lambda: { binary: api.sh }", "");
    assert!(note(&["deploy", "--dry-run"]) && note(&["deploy"]));
    // It goes live no second time.
    assert!(!note(&["deploy"]));
}
