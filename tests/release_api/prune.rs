//! What is left of earlier APIs, and taken away.

use serde_json::json;

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::{
    crash::{bucket::Objects, sites::release},
    support::{aws_model::assert_valid, proxy::Fate},
};

#[test]
fn code_that_no_release_needs_is_pruned_and_what_is_live_is_not() {
    let world = World::new();
    let keep = "releases: { keep: 1, grace: 0s }";
    world.configure("", keep);
    let first = world.release(&Program::new("one", ROUTES), &release("a"));
    let one = world.live();
    let second = world.release(&Program::new("two", ROUTES), &release("b"));
    let zip = |objects: &Objects| format!("_tb/api/{}.zip", objects.api()["digest"].as_str().unwrap());
    // Somebody moved the alias back by hand: its code stays, whatever release it is of.
    let two = world.live();
    world.point_to(&one.version);
    world.json(&["prune", "--yes"]);
    assert!(world.objects().0.contains_key(&zip(&first)));
    world.point_to(&two.version);
    let pruned = world.json(&["prune", "--yes"]);
    assert!(pruned["deleted"].as_array().unwrap().contains(&json!(zip(&first))), "{pruned}");
    let left = world.objects();
    assert!(!left.0.contains_key(&zip(&first)) && left.0.contains_key(&zip(&second)));
    assert_eq!(world.live(), two);
}

/// A site that keeps two of three releases, and a fourth version that did not work: 1 was provisioned, 2 to 4 were
/// deployed, 5 never went live.
fn grown() -> World {
    let world = World::new();
    world.configure("", "releases: { keep: 2, grace: 0s }");
    for (name, pages) in [("one", "a"), ("two", "b"), ("three", "c")] {
        world.release(&Program::new(name, ROUTES), &release(pages));
    }
    world.build(&Program { health: 503, ..Program::new("four", ROUTES) }, &release("c"));
    world.refused(&["deploy"], 7, "smoke-failed");
    assert_eq!((world.versions(), &*world.live().version), (numbers(1..=5), "4"));
    world
}

fn numbers(range: impl Iterator<Item = u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn versions_that_no_release_names_are_deleted_one_by_one_and_nothing_else_of_the_function() {
    let world = grown();
    // Somebody else's name for a version keeps it.
    world.name("1", "canary");
    let planned = world.json(&["prune", "--dry-run"]);
    assert_eq!(planned["versions"], json!(["1", "2"]), "{planned}");
    let text = world.run(&["prune", "--dry-run"]).stdout;
    assert!(text.contains("version 1 of the API") && text.contains("version 2 of the API"), "{text}");
    assert_eq!(world.versions(), numbers(1..=5));

    let live = world.live();
    world.proxy.record();
    let pruned = world.json(&["prune", "--yes"]);
    let made = world.proxy.recorded();
    let operations = assert_valid(&made);
    assert!(operations.iter().any(|it| it.name == "ListVersionsByFunction"), "{operations:?}");
    let deletions = made.iter().filter(|it| it.method() == "DELETE" && it.target().starts_with("/2015-03-31/"));
    let function = deletions.clone().map(|it| it.target().split('?').next().unwrap()).next().unwrap();
    let mut qualifiers: Vec<_> = deletions.clone().filter_map(|it| it.target().split_once("?Qualifier=")).collect();
    qualifiers.sort_unstable();
    assert_eq!(qualifiers, [(function, "1"), (function, "2")]);
    assert_eq!(deletions.count(), 2);
    // The newest one stays, and those that a release names.
    assert_eq!((&pruned["versions"], world.versions()), (&json!(["2"]), [vec!["1".into()], numbers(3..=5)].concat()));
    assert_eq!(world.live(), live);
    world.objects().assert_at_rest();

    let back = world.json(&["rollback"]);
    assert_eq!(back["api"]["published"], json!(true));
    // That release names the version now which came back.
    assert_eq!(world.json(&["prune", "--yes"])["versions"], json!(["3", "5"]));
    assert_eq!(world.versions(), ["1", "4", "6"]);
}

#[test]
fn a_version_whose_deletion_goes_wrong_is_deleted_by_the_next_prune() {
    let world = grown();
    let is_deletion = |line: &str| line.starts_with("DELETE ") && line.contains("/2015-03-31/");
    // The answer gets lost: the version is gone, which is what was asked for.
    let lost = std::sync::atomic::AtomicBool::new(false);
    let run = world.suffer(&["prune", "--yes"], move |request, _| {
        let first = is_deletion(&request.line) && !lost.swap(true, std::sync::atomic::Ordering::SeqCst);
        if first { Fate::answer_lost() } else { Fate::passes() }
    });
    assert_eq!((run.code, world.versions()), (0, numbers(3..=5)), "{run:?}");

    // It dies before one.
    world.release(&Program::new("four", ROUTES), &release("d"));
    let run = world.suffer(&["prune", "--yes"], move |request, victim| {
        let victim = victim.clone();
        if is_deletion(&request.line) { Fate::lost().first(move || victim.kill()) } else { Fate::passes() }
    });
    assert_ne!(run.code, 0);
    assert_eq!(world.versions(), numbers(3..=6));
    assert_eq!(world.json(&["prune", "--yes"])["versions"], json!(["3", "5"]));
    assert_eq!(world.versions(), ["4", "6"]);
    world.objects().assert_at_rest();
}
