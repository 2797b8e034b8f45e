//! Whoever lost the lease in the middle of the API's half changes nothing any more.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use rustix::process::Signal;
use serde_json::json;

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::{
    crash::{bucket::Objects, sites::release},
    support::{Run, proxy::Fate},
};

/// The moment in which a command is stopped, and a colleague takes over.
#[derive(Clone, Copy)]
enum At {
    /// Before the server carries this out.
    Before(&'static str),
    /// When it has carried this out.
    After(&'static str),
}

/// Runs a command, stops it at a moment, has a colleague end its lock and deploy `theirs` with pages `c`, and lets it
/// go on. Gives the colleague's release.
fn overtaken(world: &Arc<World>, command: &[&str], at: At, theirs: &Program) -> (Run, Objects) {
    let colleague = Arc::new(world.colleague());
    World::build_in(&colleague, theirs, &release("c"));
    let (inside, once) = (Arc::clone(world), AtomicBool::new(false));
    let run = world.suffer(&[command, &["--json"]].concat(), move |request, victim| {
        let (At::Before(line) | At::After(line)) = at;
        let (method, part) = line.split_once(' ').unwrap();
        let is_it = request.line.starts_with(method) && request.line.contains(part);
        if !is_it || once.swap(true, Ordering::SeqCst) {
            return Fate::passes();
        }
        let (world, colleague, victim) = (Arc::clone(&inside), Arc::clone(&colleague), victim.clone());
        let take_over = move || {
            victim.signal(Signal::STOP);
            for args in [&["unlock", "--force"][..], &["deploy"]] {
                let run = Run::of(&mut world.command_in(&colleague, args));
                assert_eq!(run.code, 0, "{run:?}");
            }
            victim.signal(Signal::CONT);
        };
        match at {
            At::Before(_) => Fate::passes().first(take_over),
            At::After(_) => Fate::passes().then(take_over),
        }
    });
    (run, world.objects())
}

/// Fails unless the command gave up, both halves are the colleague's, and the next deploy goes well.
fn assert_lost(world: &World, run: &Run, code: &str, theirs: &Objects) {
    let error = &run.json()["error"];
    assert_eq!((run.code, &error["rule"]), (6, &json!("lock-lost")), "{run:?}");
    assert!(!error["message"].as_str().unwrap().contains("live"), "{error}");
    assert_eq!((&*world.live().code, &theirs.api()["digest"]), (code, &json!(code)));
    let status = world.json(&["status"]);
    assert_eq!((&status["api"]["matches"], &status["lock"]), (&json!(true), &json!(null)), "{status}");
    theirs.assert_at_rest();
    theirs.assert_pages_load();
    assert_eq!(theirs.0["index.html"].bytes, release("c")["index.html"].as_bytes());
    let after = world.release(&Program::new("next", ROUTES), &release("d"));
    after.assert_at_rest();
    assert_eq!(json!(world.live().code), after.api()["digest"]);
}

fn code_of(theirs: &Objects) -> String {
    theirs.api()["digest"].as_str().unwrap().to_owned()
}

#[test]
fn who_lost_the_lease_between_the_version_and_the_alias_moves_no_alias() {
    let one = Program::new("one", ROUTES);
    // The colleague changes the API, or pages alone: then nothing but the lease holds the alias.
    for theirs in [Program::new("three", ROUTES), one.clone()] {
        let world = Arc::new(World::new());
        world.release(&one, &release("a"));
        world.build(&Program::new("two", ROUTES), &release("b"));
        let (run, objects) = overtaken(&world, &["deploy"], At::Before("POST /invocations"), &theirs);
        assert_lost(&world, &run, &code_of(&objects), &objects);
    }
}

#[test]
fn who_lost_the_lease_between_the_alias_and_the_pointer_takes_nothing_back() {
    let one = Program::new("one", ROUTES);
    for theirs in [Program::new("three", ROUTES), one.clone(), Program::new("two", ROUTES)] {
        let world = Arc::new(World::new());
        world.release(&one, &release("a"));
        world.build(&Program::new("two", ROUTES), &release("b"));
        let (run, objects) = overtaken(&world, &["deploy"], At::After("PUT /aliases/live"), &theirs);
        assert_lost(&world, &run, &code_of(&objects), &objects);
    }
}

#[test]
fn a_rollback_that_lost_the_lease_after_its_pages_moves_no_alias() {
    let two = Program::new("two", ROUTES);
    for theirs in [Program::new("three", ROUTES), two.clone()] {
        let world = Arc::new(World::new());
        world.release(&Program::new("one", ROUTES), &release("a"));
        world.release(&two, &release("b"));
        // The inventory of the release before is deleted when the pages are live.
        let (run, objects) = overtaken(&world, &["rollback"], At::After("DELETE /_tb/ledger/inventory/"), &theirs);
        assert_lost(&world, &run, &code_of(&objects), &objects);
    }
}
