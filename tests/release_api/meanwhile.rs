//! Two deploys at once.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    program::Program,
    world::{ROUTES, World},
};
use crate::{crash::sites::release, support::Run};

#[test]
fn what_another_deploy_put_live_during_a_build_is_seen_after_it() {
    let world = World::new();
    let (one, two) = (Program::new("one", ROUTES), Program::new("two", ROUTES));
    world.release(&one, &release("a"));
    // The code that is live now, with other pages, and a build that takes its time.
    world.build(&one, &release("c"));
    world.configure_api(
        "smoke: [/plans]\n  lambda: { binary: api.sh, build: \"touch building; until test -e go; do sleep 0.1; done\" }",
        "",
    );
    let mut slow = world.command(&["deploy", "--json"]);
    let done = thread::scope(|scope| {
        let running = scope.spawn(move || Run::of(&mut slow));
        let begun = Instant::now();
        while !world.project.path("building").exists() {
            assert!(begun.elapsed() < Duration::from_mins(1), "the build does not begin");
            thread::sleep(Duration::from_millis(20));
        }
        world.configure("", "");
        let other = world.release(&two, &release("b"));
        assert_eq!(json!(world.live().code), other.api()["digest"]);
        // It is all as it was when the build began.
        world.build(&one, &release("c"));
        world.project.write("go", "");
        running.join().unwrap()
    });
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["api"]["published"], json!(true), "{done:?}");
    let now = world.objects();
    now.assert_at_rest();
    assert_eq!(json!(world.live().code), now.api()["digest"]);
    assert_eq!(world.json(&["status"])["api"]["matches"], json!(true));
}
