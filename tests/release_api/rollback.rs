//! Rollbacks of the pair.

use serde_json::json;

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::{
    crash::sites::{self, release},
    support::proxy::Fate,
};

#[test]
fn the_pair_comes_back_and_a_rollback_that_died_between_its_halves_is_finished() {
    let world = World::new();
    let zero = world.release(&Program::new("zero", ROUTES), &release("a"));
    let first = world.release(&Program::new("one", ROUTES), &release("b"));
    let second = world.release(&Program::new("two", ROUTES), &release("c"));
    // It dies when the pages are live again and the alias is about to move.
    let run = world.suffer(&["rollback"], |request, victim| {
        let victim = victim.clone();
        if request.line.starts_with("PUT ") && request.line.contains("/aliases/live") {
            Fate::lost().first(move || victim.kill())
        } else {
            Fate::passes()
        }
    });
    assert_ne!(run.code, 0);
    let half = world.objects();
    half.assert_promises(&first);
    assert_eq!(half.pointer()["live"], first.pointer()["live"]);
    assert_eq!(json!(world.live().code), second.api()["digest"]);
    let status = world.json(&["status"]);
    assert_eq!(status["api"]["matches"], json!(false), "{status}");
    // Without a name it is that rollback which is finished, and not another one begun.
    let done = world.json(&["rollback"]);
    assert_eq!((&done["release"], &done["api"]["published"]), (&first.pointer()["live"], &json!(true)));
    assert_eq!(json!(world.live().code), first.api()["digest"]);
    let now = world.objects();
    now.assert_at_rest();
    now.assert_promises(&first);
    assert_eq!(now.api()["version"], json!(world.live().version));
    // And the next one goes further back.
    assert_eq!(world.json(&["rollback"])["release"], zero.pointer()["live"]);
    assert_eq!(json!(world.live().code), zero.api()["digest"]);
}

#[test]
fn a_deploy_that_died_between_its_halves_is_taken_back_by_a_rollback_and_finished_by_a_deploy() {
    let world = World::new();
    let old = world.release(&Program::new("one", ROUTES), &release("a"));
    let die = || {
        world.build(&Program::new("two", ROUTES), &release("b"));
        world.suffer(&["deploy"], |request, victim| {
            let victim = victim.clone();
            if request.line.starts_with("PUT ") && request.line.contains("/aliases/live") {
                Fate::answer_lost().then(move || victim.kill())
            } else {
                Fate::passes()
            }
        });
        let half = world.objects();
        assert_eq!(half.pointer()["live"], old.pointer()["live"]);
        assert_ne!(json!(world.live().code), old.api()["digest"]);
    };
    die();
    assert_eq!(world.json(&["rollback"])["release"], old.pointer()["live"]);
    assert_eq!(json!(world.live().code), old.api()["digest"]);
    die();
    let done = world.json(&["deploy"]);
    assert_eq!(done["api"]["published"], json!(false));
    let now = world.objects();
    now.assert_at_rest();
    assert_eq!(json!(world.live().code), now.api()["digest"]);
    assert!(now.api()["openapi"].is_string(), "{}", now.api());
}

#[test]
fn an_earlier_version_that_does_not_work_any_more_stops_the_rollback_before_the_pages() {
    let world = World::new();
    world.configure_api("lambda: { binary: api.sh }", "");
    let ill = Program { plans: 500, ..Program::new("one", ROUTES) };
    world.release(&ill, &release("a"));
    let second = world.release(&Program::new("two", ROUTES), &release("b"));
    let live = world.live();
    world.configure("", "");
    let error = world.refused(&["rollback"], 7, "smoke-failed");
    assert!(error["message"].as_str().unwrap().contains("GET /plans answered 500"), "{error}");
    let now = world.objects();
    assert_eq!((world.live(), now.public()), (live, second.public()));
    now.assert_at_rest();
}

#[test]
fn code_that_is_gone_is_missed_before_anything_changes() {
    let world = World::new();
    let first = world.release(&Program::new("one", ROUTES), &release("a"));
    let second = world.release(&Program::new("two", ROUTES), &release("b"));
    let live = world.live();
    let mut without = world.objects();
    without.0.remove(&format!("_tb/api/{}.zip", first.api()["digest"].as_str().unwrap()));
    world.restore(&without, &live);
    world.refused(&["rollback"], 6, "release-incomplete");
    let now = world.objects();
    assert_eq!((world.live(), now.public()), (live, second.public()));
    now.assert_at_rest();
}

#[test]
fn an_api_that_is_hosted_elsewhere_by_now_is_left_alone() {
    let world = World::new();
    let first = world.release(&Program::new("one", ROUTES), &release("a"));
    world.release(&Program::new("two", ROUTES), &release("b"));
    let (live, versions) = (world.live(), world.versions());
    let config = std::fs::read_to_string(world.project.path("cdn-config.yml")).unwrap();
    let (before, rest) = config.split_once("\napi:").unwrap();
    let after = rest.split_once("\nenvironments:").unwrap().1;
    world.project.write(
        "cdn-config.yml",
        format!("{before}\napi: {{ package: none }}\nenvironments:{after}    api_origin: https://api.example.com\n"),
    );
    let asked = world.asked(|| {
        let done = world.json(&["rollback"]);
        assert_eq!((&done["release"], &done["api"]), (&first.pointer()["live"], &json!(null)));
        let note = done["notes"][0].as_str().unwrap();
        assert!(note.contains("version 2") && note.contains("stays as it is"), "{done}");
        let now = world.objects();
        now.assert_at_rest();
        now.assert_promises(&first);
        // What the release was published with is still written down.
        assert_eq!(now.api(), first.api());
        assert_eq!(world.json(&["status"])["api"], json!(null));
        world.json(&["prune", "--yes"]);
        sites::write(&world.project, &release("a"));
        world.json(&["deploy"]);
    });
    assert_eq!(asked, [""; 0]);
    assert_eq!((world.live(), world.versions()), (live, versions));
    // And ours again.
    world.configure("", "");
    let again = world.release(&Program::new("three", ROUTES), &release("c"));
    assert_eq!(json!(world.live().code), again.api()["digest"]);
}
